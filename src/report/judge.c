/* judge.c - what of the findings is allowed, known or a violation: see document.h. */
#include "report/document.h"

#include "base/strv.h"
#include "base/util.h"
#include "report/baseline.h"
#include "report/hint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As /proc shows the path of a file that has none any more. */
static bool is_deleted(const char *target)
{
	static const char mark[] = " (deleted)";
	size_t len = target ? strlen(target) : 0;

	return len >= sizeof(mark) && strcmp(target + len - (sizeof(mark) - 1), mark) == 0;
}

/* Reopening needs a path, and only an fd can be reopened, replaced or closed. */
static bool possible(enum rule_action action, const struct finding *finding)
{
	const char *type = finding->type ? finding->type : "";

	if (action == RULE_KEEP)
		return true;
	if (strcmp(finding->kind, "fd") != 0 ||
	    (action == RULE_REOPEN && is_deleted(finding->target)))
		return false;
	return action != RULE_REOPEN || strcmp(type, "file") == 0 ||
	       strcmp(type, "directory") == 0 || strcmp(type, "device") == 0;
}

/* The first rule that allows the finding, or NULL; every rule that would is marked as used. */
static int find_rule(const struct finding *finding, const struct rule *rules, size_t nrules,
		     bool *used, const struct rule **ret)
{
	const struct report_stack *stack = &finding->stack;
	CLEANUP_FREE struct rule_frame *frames = calloc(stack->nframes + 1, sizeof(*frames));
	struct rule_subject subject = { finding->kind, finding->type, finding->target, frames,
					stack->nframes };

	*ret = NULL;
	if (!frames)
		return -ENOMEM;
	for (size_t i = 0; i < stack->nframes; i++) {
		frames[i].file = stack->frames[i].file;
		frames[i].function = stack->frames[i].function;
		frames[i].line = stack->frames[i].line;
	}
	for (size_t i = 0; i < nrules; i++) {
		if (!rule_matches(&rules[i], &subject) || !possible(rules[i].action, finding))
			continue;
		used[i] = true;
		if (!*ret)
			*ret = &rules[i];
	}
	return 0;
}

/* Whether the line ends in `# forkserver: allow-fd [ACTION]`. */
static bool read_comment(const char *source, enum rule_action *action)
{
	static const enum rule_action actions[] = { RULE_KEEP, RULE_REOPEN, RULE_NULL, RULE_CLOSE };

	for (const char *at = strchr(source, '#'); at; at = strchr(at + 1, '#')) {
		const char *word = at + 1 + strspn(at + 1, " \t");
		size_t len;

		if (strncmp(word, "forkserver:", 11) != 0)
			continue;
		word += 11 + strspn(word + 11, " \t");
		if (strncmp(word, "allow-fd", 8) != 0 || (word[8] && !strchr(" \t#", word[8])))
			continue;
		word += 8 + strspn(word + 8, " \t");
		len = strcspn(word, " \t#");
		*action = RULE_KEEP;
		for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
			const char *name = rule_action_name(actions[i]);

			if (len == strlen(name) && strncmp(word, name, len) == 0)
				*action = actions[i];
		}
		return true;
	}
	return false;
}

/* The innermost comment counts. */
static int judge_comments(struct finding *finding)
{
	for (size_t i = finding->stack.nframes; i-- > 0;) {
		const struct report_frame *frame = &finding->stack.frames[i];
		enum rule_action action;

		if (!frame->source || !read_comment(frame->source, &action) ||
		    !possible(action, finding))
			continue;
		finding->action = action;
		if (asprintf(&finding->rule, "# forkserver: allow-fd%s%s in %s:%u",
			     action == RULE_KEEP ? "" : " ",
			     action == RULE_KEEP ? "" : rule_action_name(action), frame->file,
			     frame->line) < 0) {
			finding->rule = NULL;
			return -ENOMEM;
		}
		return 0;
	}
	return 0;
}

static bool is_known(const struct report *report, const struct finding *finding,
		     struct baseline *baseline)
{
	const struct report_frame *at = report_location(report, &finding->stack);
	struct baseline_key key = {
		.kind = finding->kind,
		.type = finding->type,
		.file = at ? at->file : NULL,
		.function = at ? (at->function ? at->function : "?") : NULL,
		.source = at ? at->source : NULL,
		.target = finding->target,
	};

	return baseline && baseline_take(baseline, &key, report->cwd);
}

static int judge_finding(const struct report *report, struct finding *finding,
			 const struct rule *rules, size_t nrules, bool *used)
{
	const struct rule *rule;
	int r;

	free(finding->rule);
	free(finding->hint);
	finding->rule = NULL;
	finding->hint = hint_make(report, finding);
	if (!finding->hint)
		return -ENOMEM;
	r = find_rule(finding, rules, nrules, used, &rule);
	if (r < 0)
		return r;
	if (rule) {
		finding->action = rule->action;
		finding->rule = strdup(rule->text);
		return finding->rule ? 0 : -ENOMEM;
	}
	r = strcmp(finding->kind, "fd") == 0 ? judge_comments(finding) : 0;
	if (r == 0 && !finding->rule && finding->excuse) {
		finding->action = RULE_KEEP;
		finding->rule = strdup(finding->excuse);
		r = finding->rule ? 0 : -ENOMEM;
	}
	return r;
}

int report_judge(struct report *report, const struct rule *rules, size_t nrules,
		 struct baseline *baseline)
{
	CLEANUP_FREE bool *used = calloc(nrules + 1, sizeof(*used));
	int r = used ? 0 : -ENOMEM;

	strv_free(report->unused_rules);
	report->unused_rules = NULL;
	for (size_t i = 0; i < report->nfindings && r == 0; i++) {
		struct finding *finding = &report->findings[i];

		r = judge_finding(report, finding, rules, nrules, used);
		finding->baseline = !finding->rule && is_known(report, finding, baseline);
	}
	/* an import that failed half-way says nothing about rules */
	for (size_t i = 0; i < nrules && r == 0 && !report->error; i++)
		if (!used[i])
			r = strv_add(&report->unused_rules, rules[i].text);
	return r;
}
