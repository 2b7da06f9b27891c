/* commands_memory.c - memory: what everybody holds, and what sharing saves.  See ctl.h. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/util.h"
#include "ctl/ctl.h"
#include "ctl/usage.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define WAIT_MS 10000 /* for the first measurement; a thousand processes take longer */
#define LOOK_MS 100
#define OLD_SECONDS 60 /* it was not measured since somebody else has asked */
#define NAME_WIDTH 20

/* ---- asking until there is something to tell ---- */

/* Nothing that is worth waiting for is to come. */
static bool is_settled(const struct usage *usage)
{
	for (size_t i = 0; i < usage->n; i++) {
		const struct usage_line *line = &usage->lines[i];

		if (line->pid && !*line->memory_error &&
		    (line->pss < 0 || line->memory_age > OLD_SECONDS))
			return false;
	}
	return true;
}

/* Names that are none's are said once. */
static bool ask_until_settled(struct ctl *ctl, char **names, struct usage *usage)
{
	int64_t end_ms = clock_ms() + WAIT_MS;
	enum client_outcome outcome = usage_ask(ctl, usage);

	while (outcome == CLIENT_OK) {
		usage_select(ctl, usage, names);
		if (is_settled(usage) || clock_ms() >= end_ms)
			break;
		usage_done(usage);
		(void)poll(NULL, 0, LOOK_MS);
		ctl->silent = true;
		outcome = usage_ask(ctl, usage);
	}
	ctl->silent = false;
	ctl_failed(ctl, outcome);
	return outcome == CLIENT_OK;
}

/* ---- the table ---- */

static const char *why_unknown(const struct usage_line *line)
{
	if (!line->pid)
		return "not running";
	return *line->memory_error ? line->memory_error : "not measured yet";
}

static void say_line(struct ctl *ctl, const struct usage_line *line, int width)
{
	bool known = line->pid && line->pss >= 0;
	struct buf text = { 0 };

	buf_printf(&text, "%-*s ", width, line->name);
	if (line->pid)
		buf_printf(&text, "%8" PRId64, line->pid);
	else
		buf_printf(&text, "%8s", "-");
	/* the columns add up: what stat has beside that is read at another time */
	usage_add_mib(&text, 9, known ? line->private + line->shared : line->rss);
	usage_add_mib(&text, 9, line->pss);
	usage_add_mib(&text, 9, line->private);
	usage_add_mib(&text, 9, line->shared);
	if (!known)
		buf_printf(&text, "  (%s)", why_unknown(line));
	ctl_say(ctl, "%s", buf_str(&text));
	buf_done(&text);
}

static void say_table(struct ctl *ctl, const struct usage *usage)
{
	int width = NAME_WIDTH;

	for (size_t i = 0; i < usage->n; i++)
		if ((int)strlen(usage->lines[i].name) > width)
			width = (int)strlen(usage->lines[i].name);
	ctl_say(ctl, "%-*s %8s %8s %8s %8s %8s", width, "in MiB", "PID", "RSS", "PSS", "PRIVATE",
		"SHARED");
	for (size_t i = 0; i < usage->n; i++)
		say_line(ctl, &usage->lines[i], width);
}

/* ---- what a zygote saves ---- */

/* One worker alone costs more than without a zygote: that is there as well. */
static void add_saving(struct buf *to, int64_t total, int64_t separate)
{
	buf_addstr(to, separate >= total ? " MiB; saved " : " MiB; lost ");
	usage_add_mib(to, 0, separate >= total ? separate - total : total - separate);
	buf_addstr(to, " MiB");
	if (separate > total)
		buf_printf(to, " (%.0f %%)", 100. * (double)(separate - total) / (double)separate);
}

static void add_sums(struct buf *to, const struct rpc_value *workers)
{
	int64_t total = rpc_member_int(workers, "total_bytes", 0);
	int64_t separate = rpc_member_int(workers, "separate_bytes", 0);

	buf_addstr(to, ": ");
	usage_add_mib(to, 0, rpc_member_int(workers, "private_bytes", 0));
	buf_addstr(to, " MiB private + ");
	usage_add_mib(to, 0, rpc_member_int(workers, "shared_bytes", 0));
	buf_addstr(to, " MiB shared = ");
	usage_add_mib(to, 0, total);
	buf_addstr(to, " MiB; started separately about ");
	usage_add_mib(to, 0, separate);
	add_saving(to, total, separate);
}

static void say_family(struct ctl *ctl, const struct usage_line *zygote)
{
	const struct rpc_value *workers = rpc_member(zygote->value, "workers");
	int64_t running = rpc_member_int(workers, "running", 0);
	int64_t measured = rpc_member_int(workers, "measured", 0);
	struct buf text = { 0 };

	buf_printf(&text, "%s: ", zygote->name);
	if (measured != running)
		buf_printf(&text, "%" PRId64 " of ", measured);
	buf_printf(&text, "%" PRId64 " worker%s", running, running == 1 ? "" : "s");
	if (measured)
		add_sums(&text, workers);
	ctl_say(ctl, "%s", buf_str(&text));
	buf_done(&text);
}

static void say_families(struct ctl *ctl, const struct usage *usage)
{
	bool any = false;

	for (size_t i = 0; i < usage->n; i++) {
		if (!usage->lines[i].is_zygote)
			continue;
		if (!any)
			ctl_say(ctl, "%s", "");
		any = true;
		say_family(ctl, &usage->lines[i]);
	}
}

/* ---- the command ---- */

void command_memory(struct ctl *ctl, char **args, const char *line)
{
	struct usage usage;

	(void)line;
	if (!ctl_upcheck(ctl))
		return;
	if (ask_until_settled(ctl, args, &usage) && usage.n && !ctl->json) {
		say_table(ctl, &usage);
		say_families(ctl, &usage);
	}
	for (size_t i = 0; i < usage.n; i++)
		ctl_collect(ctl, usage.lines[i].value, "kind",
			    usage.lines[i].is_zygote ? "zygote" : "process");
	usage_done(&usage);
}
