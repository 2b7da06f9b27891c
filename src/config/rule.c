/* rule.c - see rule.h. */
#include "config/rule.h"

#include "base/error.h"
#include "base/util.h"
#include "config/suggest.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n\f\v"

/* Kinds of finding first, then types of fd: those of src/tracer/survey.c, and the names that the
 * kernel gives to its anonymous inodes.  Its rarer ones are matched by fd:TARGET. */
#define FIRST_TYPE 6
/* clang-format off */
static const char *const kinds[] = {
	"fd", "thread", "process", "mapping", "lock", "io_uring",

	"file", "directory", "device", "tty", "socket", "pipe", "fifo", "memfd", "namespace",
	"pidfd", "eventpoll", "eventfd", "timerfd", "signalfd", "inotify", "fanotify",
	"userfaultfd", "perf_event", "bpf-map", "bpf-prog", "bpf_link", "btf", "landlock-ruleset",
	"fscontext", "kvm-vm", "anon_inode", "other",
};
/* clang-format on */

static const char *const actions[] = {
	[RULE_KEEP] = "keep",
	[RULE_REOPEN] = "reopen",
	[RULE_NULL] = "null",
	[RULE_CLOSE] = "close",
};

const char *rule_action_name(enum rule_action action)
{
	return actions[action];
}

static int find(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, words[i]) == 0)
			return (int)i;
	return -1;
}

bool rule_knows(const char *kind)
{
	return find(kind, kinds, ARRAY_LEN(kinds)) >= 0;
}

static bool is_type(const char *kind)
{
	return find(kind, kinds, ARRAY_LEN(kinds)) >= FIRST_TYPE;
}

/* Cuts the next word off *at; quotes are taken away, and within them a backslash keeps the next
 * character from ending them (it stays: fnmatch reads it the same way).  0 and a malloc'ed word
 * (NULL at the end), or -1. */
static int next_word(const char **at, char **ret, struct error *err)
{
	const char *p = *at + strspn(*at, BLANKS);
	bool quoted = false;
	size_t n = 0;
	char *word;

	*ret = NULL;
	*at = p;
	if (!*p)
		return 0;
	word = malloc(strlen(p) + 1);
	if (!word)
		return error_set(err, "out of memory");
	for (; *p && (quoted || !strchr(BLANKS, *p)); p++) {
		if (*p == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && *p == '\\' && p[1])
			word[n++] = *p++;
		word[n++] = *p;
	}
	word[n] = '\0';
	if (quoted) {
		free(word);
		return error_set(err, "a double quote is not closed");
	}
	*at = p;
	*ret = word;
	return 0;
}

static int unknown_kind(const char *kind, struct error *err)
{
	const char *near = suggest(kind, kinds, ARRAY_LEN(kinds));

	if (near)
		return error_set(err, "unknown kind \"%s\"; did you mean \"%s\"?", kind, near);
	if (*kind == '/')
		return error_set(err, "a rule begins with a kind; did you mean \"file:%s\"?", kind);
	return error_set(err,
			 "unknown kind \"%s\"; use fd, file, socket, pipe, thread, process, "
			 "mapping, lock or another that the audit's report shows",
			 kind);
}

/* Takes the word over. */
static int parse_pattern(struct rule *rule, char *word, struct error *err)
{
	char *colon = strchr(word, ':');

	rule->kind = word;
	if (colon) {
		*colon = '\0';
		if (!colon[1])
			return error_set(err, "nothing follows \"%s:\"; write \"%s\" for any", word,
					 word);
		rule->target = strdup(colon + 1);
		if (!rule->target)
			return error_set(err, "out of memory");
	}
	return rule_knows(rule->kind) ? 0 : unknown_kind(rule->kind, err);
}

static int parse_line(const char *digits, unsigned *ret)
{
	unsigned long line;
	char *end;

	errno = 0;
	line = strtoul(digits, &end, 10);
	if (errno || *end || line == 0 || line > INT_MAX)
		return -1;
	*ret = (unsigned)line;
	return 0;
}

/* Takes the word over: FILE, FILE:LINE, FUNCTION() or FILE:FUNCTION(). */
static int parse_location(struct rule *rule, char *word, struct error *err)
{
	size_t len = strlen(word);
	bool call = len >= 2 && strcmp(word + len - 2, "()") == 0;
	char *colon = strrchr(word, ':');

	if (call) {
		word[len - 2] = '\0';
		rule->function = strdup(colon ? colon + 1 : word);
		if (!rule->function) {
			free(word);
			return error_set(err, "out of memory");
		}
		if (!colon) {
			free(word);
			return *rule->function ? 0 : error_set(err, "no function before \"()\"");
		}
		*colon = '\0';
	} else if (colon && colon[1] && strspn(colon + 1, "0123456789") == strlen(colon + 1)) {
		*colon = '\0';
		if (parse_line(colon + 1, &rule->line) < 0) {
			error_set(err, "line %s is not a line number; lines count from 1",
				  colon + 1);
			free(word);
			return -1;
		}
	}
	rule->file = word;
	if (!*word || (rule->function && !*rule->function))
		return error_set(err, "\"at\" needs FILE, FILE:LINE or FUNCTION()");
	return 0;
}

static int parse_action(struct rule *rule, const char *word, struct error *err)
{
	int found = find(word, actions, ARRAY_LEN(actions));
	const char *near;

	if (found >= 0) {
		rule->action = (enum rule_action)found;
		return 0;
	}
	near = suggest(word, actions, ARRAY_LEN(actions));
	if (near)
		return error_set(err, "unknown action \"%s\"; did you mean \"%s\"?", word, near);
	return error_set(
		err,
		"unexpected \"%s\"; after the pattern come \"at LOCATION\" and one of keep, "
		"reopen, null, close (a pattern with blanks needs double quotes around it)",
		word);
}

/* Whether the action makes sense for what is allowed. */
static int check_action(const struct rule *rule, struct error *err)
{
	const char *name = actions[rule->action];
	const char *kind = rule->kind;

	if (rule->action == RULE_KEEP)
		return 0;
	if (strcmp(kind, "fd") != 0 && !is_type(kind))
		return error_set(err, "a %s cannot be %s; only \"keep\" is possible", kind,
				 rule->action == RULE_NULL     ? "replaced by /dev/null"
				 : rule->action == RULE_REOPEN ? "reopened"
							       : "closed");
	if (rule->action == RULE_REOPEN && strcmp(kind, "file") != 0 &&
	    strcmp(kind, "directory") != 0 && strcmp(kind, "device") != 0)
		return error_set(err,
				 "\"%s\" works only for file, directory and device, not for %s",
				 name, kind);
	return 0;
}

/* What follows the pattern. */
static int parse_rest(struct rule *rule, const char *at, struct error *err)
{
	bool acted = false;
	char *word;
	int r;

	for (;;) {
		if (next_word(&at, &word, err) < 0)
			return -1;
		if (!word)
			return check_action(rule, err);
		if (acted) {
			r = error_set(err, "unexpected \"%s\" after \"%s\"; one rule a line", word,
				      actions[rule->action]);
			free(word);
			return r;
		}
		if (strcmp(word, "at") == 0 && !rule->file && !rule->function) {
			free(word);
			if (next_word(&at, &word, err) < 0)
				return -1;
			r = word ? parse_location(rule, word, err)
				 : error_set(err, "\"at\" needs FILE, FILE:LINE or FUNCTION()");
		} else {
			r = parse_action(rule, word, err);
			free(word);
			acted = true;
		}
		if (r < 0)
			return -1;
	}
}

int rule_parse(struct rule *rule, const char *text, struct error *err)
{
	struct rule new = { .action = RULE_KEEP };
	const char *at = text;
	char *word;

	if (next_word(&at, &word, err) < 0)
		return -1;
	if (!word)
		return error_set(err, "the rule is empty");
	new.text = strdup(text);
	if (parse_pattern(&new, word, err) < 0 || parse_rest(&new, at, err) < 0) {
		rule_done(&new);
		return -1;
	}
	if (!new.text) {
		rule_done(&new);
		return error_set(err, "out of memory");
	}
	*rule = new;
	return 0;
}

void rule_done(struct rule *rule)
{
	free(rule->text);
	free(rule->kind);
	free(rule->target);
	free(rule->file);
	free(rule->function);
	memset(rule, 0, sizeof(*rule));
}

static bool kind_matches(const char *kind, const struct rule_subject *subject)
{
	if (strcmp(kind, subject->kind) == 0)
		return true;
	return subject->type && strcmp(subject->kind, "fd") == 0 &&
	       strcmp(kind, subject->type) == 0;
}

/* The whole path, or its end from any slash on. */
static bool file_matches(const char *pattern, const char *path)
{
	if (!path)
		return false;
	if (fnmatch(pattern, path, 0) == 0)
		return true;
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
		if (fnmatch(pattern, slash + 1, 0) == 0)
			return true;
	return false;
}

/* The qualified name, or its end from a dot on. */
static bool function_matches(const char *name, const char *qualified)
{
	size_t len = strlen(name), whole = qualified ? strlen(qualified) : 0;

	if (!qualified || whole < len || strcmp(qualified + whole - len, name) != 0)
		return false;
	return whole == len || qualified[whole - len - 1] == '.';
}

static bool frame_matches(const struct rule *rule, const struct rule_frame *frame)
{
	if (rule->line && rule->line != frame->line)
		return false;
	if (rule->file && !file_matches(rule->file, frame->file))
		return false;
	return !rule->function || function_matches(rule->function, frame->function);
}

bool rule_matches(const struct rule *rule, const struct rule_subject *subject)
{
	if (!kind_matches(rule->kind, subject))
		return false;
	if (rule->target && fnmatch(rule->target, subject->target ? subject->target : "", 0) != 0)
		return false;
	if (!rule->file && !rule->function)
		return true;
	for (size_t i = 0; i < subject->nframes; i++)
		if (frame_matches(rule, &subject->frames[i]))
			return true;
	return false;
}
