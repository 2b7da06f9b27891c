/* top_frame.c - see top_frame.h. */
#include "ctl/top_frame.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "base/util.h"
#include "ctl/usage.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEAD_LINES 5 /* three, an empty one, the heading */

/* How many bytes the first `width` characters have; each is taken for one column. */
static size_t fitting(const char *text, size_t len, int width)
{
	size_t at = 0;

	for (int i = 0; at < len && i < width; i++) {
		size_t n = utf8_length(text + at, len - at);

		at += n ? n : 1;
	}
	return at;
}

static void add_cut(struct buf *to, const char *text, const struct top_view *view)
{
	size_t len = strlen(text);

	buf_add(to, text, view->width ? fitting(text, len, view->width) : len);
}

static void end_line(struct buf *to, struct buf *line, const struct top_view *view)
{
	add_cut(to, buf_str(line), view);
	buf_clear(line);
}

/* ---- the head ---- */

static void add_host(struct buf *to, const struct usage *usage, const struct top_view *view)
{
	const struct rpc_value *load = rpc_member(usage->answer, "load");
	int64_t cpus = rpc_member_int(usage->answer, "cpus", 0);

	buf_printf(to, "forkserver  %s  load", view->clock);
	for (size_t i = 0; i < 3; i++) {
		const struct rpc_value *one = rpc_item(load, i);

		buf_printf(to, " %.2f", one ? one->real : 0);
	}
	buf_printf(to, ", %" PRId64 " CPU%s", cpus, cpus == 1 ? "" : "s");
}

static size_t count_state(const struct usage *usage, bool zygotes, const char *state)
{
	size_t n = 0;

	for (size_t i = 0; i < usage->n; i++)
		n += usage->lines[i].is_zygote == zygotes &&
		     (!state || strcmp(usage->lines[i].state, state) == 0);
	return n;
}

static void add_states(struct buf *to, const struct usage *usage, bool zygotes,
		       const char *const *states)
{
	const char *before = ": ";

	for (; *states; states++) {
		size_t n = count_state(usage, zygotes, *states);

		if (!n)
			continue;
		buf_printf(to, "%s%zu %s", before, n, *states);
		before = ", ";
	}
}

static void add_counts(struct buf *to, const struct usage *usage)
{
	static const char *const of_processes[] = { "RUNNING", "STARTING", "STOPPING", "BACKOFF",
						    "FATAL",   "EXITED",   "STOPPED",  NULL };
	static const char *const of_zygotes[] = { "READY", "IMPORTING", "STOPPING", "DOWN", NULL };
	size_t processes = count_state(usage, false, NULL),
	       zygotes = count_state(usage, true, NULL);

	buf_printf(to, "%zu process%s", processes, processes == 1 ? "" : "es");
	add_states(to, usage, false, of_processes);
	if (!zygotes)
		return;
	buf_printf(to, "  %zu zygote%s", zygotes, zygotes == 1 ? "" : "s");
	add_states(to, usage, true, of_zygotes);
}

static void add_totals(struct buf *to, const struct usage *usage)
{
	int64_t pss = 0, private = 0;
	size_t unmeasured = 0;
	double cpu = 0;

	for (size_t i = 0; i < usage->n; i++) {
		const struct usage_line *line = &usage->lines[i];

		cpu += line->cpu > 0 ? line->cpu : 0;
		pss += line->pss > 0 ? line->pss : 0;
		private += line->private > 0 ? line->private : 0;
		unmeasured += line->pid && line->pss < 0;
	}
	buf_printf(to, "CPU %.1f %%  memory ", cpu);
	usage_add_mib(to, 0, pss);
	buf_addstr(to, " MiB (PSS), of it private ");
	usage_add_mib(to, 0, private);
	if (unmeasured)
		buf_printf(to, ", %zu not measured", unmeasured);
}

/* ---- a line for each ---- */

static const char heading[] =
	"STATE     S     PID  CPU% THR RSS/MiB PSS/MiB   PRIV   UPTIME RST NAME";

void top_add_duration(struct buf *to, int width, double seconds)
{
	uint64_t all = seconds > 0 ? (uint64_t)seconds : 0;
	char text[32];

	if (seconds < 0)
		snprintf(text, sizeof(text), "-");
	else if (all < 3600)
		snprintf(text, sizeof(text), "%" PRIu64 ":%02" PRIu64, all / 60, all % 60);
	else if (all < 86400)
		snprintf(text, sizeof(text), "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, all / 3600,
			 all / 60 % 60, all % 60);
	else
		snprintf(text, sizeof(text), "%" PRIu64 "d%02" PRIu64 "h", all / 86400,
			 all / 3600 % 24);
	buf_printf(to, "%*s", width, text);
}

static void add_number(struct buf *to, int width, int64_t number)
{
	if (number < 0)
		buf_printf(to, "%*s", width, "-");
	else
		buf_printf(to, "%*" PRId64, width, number);
}

static void add_row(struct buf *to, const struct usage_line *line)
{
	buf_printf(to, "%-9s %-1s ", line->state, *line->run_state ? line->run_state : "-");
	add_number(to, 7, line->pid ? line->pid : -1);
	if (line->cpu < 0)
		buf_printf(to, " %5s", "-");
	else
		buf_printf(to, " %5.1f", line->cpu);
	add_number(to, 4, line->threads);
	usage_add_mib(to, 8, line->rss);
	usage_add_mib(to, 8, line->pss);
	usage_add_mib(to, 7, line->private);
	top_add_duration(to, 9, line->uptime);
	add_number(to, 4, line->restarts);
	buf_printf(to, " %s", line->name);
}

/* ---- all of it ---- */

void top_frame(struct buf *to, const struct usage *usage, const struct top_view *view)
{
	int left = view->height - HEAD_LINES;
	struct buf line = { 0 };

	add_host(&line, usage, view);
	end_line(to, &line, view);
	buf_addch(to, '\n');
	add_counts(&line, usage);
	end_line(to, &line, view);
	buf_addch(to, '\n');
	add_totals(&line, usage);
	end_line(to, &line, view);
	buf_addstr(to, view->bold ? "\n\n\033[7m" : "\n\n");
	add_cut(to, heading, view);
	buf_addstr(to, view->bold ? "\033[0m" : "");
	for (size_t i = 0; i < usage->n && (!view->height || left-- > 0); i++) {
		buf_addch(to, '\n');
		add_row(&line, &usage->lines[i]);
		end_line(to, &line, view);
	}
	buf_done(&line);
}
