/* usage.c - see usage.h. */
#include "ctl/usage.h"

#include "base/buf.h"
#include "base/util.h"
#include "ctl/ctl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- reading ---- */

static double member_real(const struct rpc_value *value, const char *name)
{
	const struct rpc_value *member = rpc_member(value, name);

	return member && member->type == RPC_DOUBLE ? member->real : -1;
}

/* From the second generation on its number is part of the name: during a reload there are two. */
static char *zygote_name(const struct rpc_value *value)
{
	const char *name = rpc_member_text(value, "name", "");
	int64_t generation = rpc_member_int(value, "generation", 1);
	char *made;
	int r = generation > 1 ? asprintf(&made, "zygote:%s#%" PRId64, name, generation)
			       : asprintf(&made, "zygote:%s", name);

	return r < 0 ? NULL : made;
}

static void read_line(struct usage_line *line, struct rpc_value *value, bool is_zygote)
{
	line->name = is_zygote ? zygote_name(value)
			       : namespec_make(rpc_member_text(value, "group", ""),
					       rpc_member_text(value, "name", ""));
	line->value = value;
	line->is_zygote = is_zygote;
	line->state = rpc_member_text(value, "state", "");
	line->run_state = rpc_member_text(value, "run_state", "");
	line->memory_error = rpc_member_text(value, "memory_error", "");
	line->pid = rpc_member_int(value, "pid", 0);
	line->threads = rpc_member_int(value, "threads", -1);
	line->restarts = rpc_member_int(value, "restarts", -1);
	line->rss = rpc_member_int(value, "rss_bytes", -1);
	line->pss = rpc_member_int(value, "pss_bytes", -1);
	line->private = rpc_member_int(value, "private_bytes", -1);
	line->shared = rpc_member_int(value, "shared_bytes", -1);
	line->uptime = member_real(value, "uptime_seconds");
	line->cpu_seconds = member_real(value, "cpu_seconds");
	line->sampled = member_real(value, "sampled_seconds");
	line->memory_age = member_real(value, "memory_age_seconds");
	line->cpu = -1;
}

static bool read_list(struct usage *usage, const char *key, bool is_zygote)
{
	const struct rpc_value *list = rpc_member(usage->answer, key);

	for (struct rpc_value *at = list ? list->first : NULL; at; at = at->next) {
		read_line(&usage->lines[usage->n], at, is_zygote);
		if (!usage->lines[usage->n++].name)
			return false;
	}
	return true;
}

static size_t count(const struct rpc_value *list)
{
	return list && list->type == RPC_ARRAY ? list->count : 0;
}

bool usage_take(struct usage *usage, struct rpc_value *answer)
{
	size_t n = count(rpc_member(answer, "zygotes")) + count(rpc_member(answer, "processes"));

	*usage = (struct usage){ answer, calloc(n + 1, sizeof(*usage->lines)), 0 };
	return usage->lines && read_list(usage, "zygotes", true) &&
	       read_list(usage, "processes", false);
}

enum client_outcome usage_ask(struct ctl *ctl, struct usage *usage)
{
	struct rpc_value *answer;
	enum client_outcome outcome = client_call(&ctl->client, &answer, "forkserver.usage", NULL);

	memset(usage, 0, sizeof(*usage));
	if (outcome == CLIENT_OK && !usage_take(usage, answer)) {
		error_set(&ctl->client.err, "out of memory");
		outcome = CLIENT_FAILED;
	}
	return outcome;
}

void usage_done(struct usage *usage)
{
	for (size_t i = 0; i < usage->n; i++)
		free(usage->lines[i].name);
	free(usage->lines);
	rpc_free(usage->answer);
	memset(usage, 0, sizeof(*usage));
}

/* ---- choosing ---- */

static bool is_among(const struct ctl_shown *shown, const struct rpc_value *value)
{
	for (size_t i = 0; i < shown->n; i++)
		if (shown->infos[i] == value)
			return true;
	return false;
}

static bool is_zygote_of(const struct ctl_shown *shown, const struct rpc_value *value)
{
	const char *name = rpc_member_text(value, "name", "");

	for (size_t i = 0; i < shown->n; i++)
		if (strcmp(rpc_member_text(shown->infos[i], "zygote", ""), name) == 0)
			return true;
	return false;
}

void usage_select(struct ctl *ctl, struct usage *usage, char **names)
{
	const struct rpc_value *processes = rpc_member(usage->answer, "processes");
	struct ctl_shown shown;
	size_t kept = 0;

	if (!names[0] || !processes)
		return;
	shown = ctl_select(ctl, names, processes);
	for (size_t i = 0; i < usage->n; i++) {
		struct usage_line *line = &usage->lines[i];

		if (line->is_zygote ? is_zygote_of(&shown, line->value)
				    : is_among(&shown, line->value))
			usage->lines[kept++] = *line;
		else
			free(line->name);
	}
	usage->n = kept;
	free(shown.infos);
}

/* ---- comparing ---- */

static bool is_same(const struct usage_line *a, const struct usage_line *b)
{
	return a->pid == b->pid && a->is_zygote == b->is_zygote && strcmp(a->name, b->name) == 0;
}

/* `hint` is where it should be, if little has changed. */
static const struct usage_line *find(const struct usage *usage, const struct usage_line *line,
				     size_t hint)
{
	for (size_t i = 0; i < usage->n; i++) {
		const struct usage_line *at = &usage->lines[(hint + i) % usage->n];

		if (is_same(at, line))
			return at;
	}
	return NULL;
}

/* What has started since has used all its time since. */
void usage_compare(struct usage *usage, const struct usage *before)
{
	for (size_t i = 0; i < usage->n; i++) {
		struct usage_line *line = &usage->lines[i];
		const struct usage_line *old = find(before, line, i);
		double since, used;

		if (!line->pid || line->sampled < 0)
			continue;
		if (old && old->sampled >= 0) {
			since = line->sampled - old->sampled;
			used = line->cpu_seconds - old->cpu_seconds;
		} else {
			since = line->uptime;
			used = line->cpu_seconds;
		}
		if (since > 0)
			line->cpu = used > 0 ? 100 * used / since : 0;
		else if (old)
			line->cpu = old->cpu;
	}
}

static int descending(double a, double b)
{
	return (a < b) - (a > b);
}

static int64_t memory_of(const struct usage_line *line)
{
	return line->pss >= 0 ? line->pss : line->rss;
}

static int by_name(const void *a, const void *b)
{
	const struct usage_line *left = a, *right = b;
	int r = strcmp(left->name, right->name);

	return r ? r : (left->pid > right->pid) - (left->pid < right->pid);
}

static int by_memory(const void *a, const void *b)
{
	const struct usage_line *left = a, *right = b;
	int r = descending((double)memory_of(left), (double)memory_of(right));

	return r ? r : by_name(a, b);
}

static int by_cpu(const void *a, const void *b)
{
	const struct usage_line *left = a, *right = b;
	int r = descending(left->cpu, right->cpu);

	return r ? r : by_memory(a, b);
}

void usage_sort(struct usage *usage, enum usage_order order)
{
	static int (*const orders[])(const void *, const void *) = {
		[USAGE_BY_CPU] = by_cpu,
		[USAGE_BY_MEMORY] = by_memory,
		[USAGE_BY_NAME] = by_name,
	};

	if (usage->n)
		qsort(usage->lines, usage->n, sizeof(*usage->lines), orders[order]);
}

void usage_add_mib(struct buf *to, int width, int64_t bytes)
{
	if (bytes < 0)
		buf_printf(to, "%*s", width, "-");
	else
		buf_printf(to, "%*.1f", width, (double)bytes / (1024 * 1024));
}
