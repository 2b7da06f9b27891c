/* rollout_view.c - see rollout_view.h. */
#include "ctl/rollout_view.h"

#include "base/buf.h"
#include "base/strv.h"
#include "base/util.h"
#include "ctl/ctl.h"
#include "rpc/value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARROW " \xe2\x86\x92 "
#define DOTS "\xe2\x80\xa6"

/* ---- parts ---- */

static const char *member(const struct rpc_value *value, const char *name)
{
	return rpc_member_text(value, name, "");
}

static bool is(const struct rpc_value *value, const char *name, const char *word)
{
	return strcmp(member(value, name), word) == 0;
}

static double seconds_of(const struct rpc_value *value, const char *name)
{
	const struct rpc_value *found = rpc_member(value, name);

	return found && found->type == RPC_DOUBLE ? found->real : 0.;
}

static void add_seconds(struct buf *to, double seconds)
{
	buf_printf(to, seconds < 1. ? "%.2f s" : "%.1f s", seconds);
}

/* Texts come from programs: they stay in their line, and a full stop is ours to set. */
static void add_text(struct buf *to, const char *text)
{
	size_t len = strlen(text);

	while (len && strchr(". \t\r\n", text[len - 1]))
		len--;
	for (size_t i = 0; i < len; i++)
		buf_addch(to, (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i]);
}

static void add_name(struct buf *to, const struct rpc_value *rollout)
{
	add_text(to, member(rollout, "name"));
	buf_addstr(to, ": ");
}

/* "generation 3", or what stands for one that has no number (yet). */
static void add_generation(struct buf *to, const struct rpc_value *rollout, const char *which,
			   const char *nameless)
{
	int64_t number = rpc_member_int(rollout, which, 0);

	if (number > 0)
		buf_printf(to, "generation %" PRId64, number);
	else
		buf_addstr(to, nameless);
}

/* "shop: generation 3: " */
static void add_prefix(struct buf *to, const struct rpc_value *rollout)
{
	add_name(to, rollout);
	if (rpc_member_int(rollout, "generation", 0) > 0) {
		add_generation(to, rollout, "generation", "");
		buf_addstr(to, ": ");
	}
}

/* A slot's name as `status` shows it: once, if the group has it too. */
static void add_slot_name(struct buf *to, const struct rpc_value *slot)
{
	const char *name = member(slot, "name"), *colon = strchr(name, ':');
	size_t len = colon ? (size_t)(colon - name) : 0;

	if (colon && strlen(colon + 1) == len && memcmp(name, colon + 1, len) == 0)
		name = colon + 1;
	add_text(to, name);
}

/* "pid 812 → 1034", as far as there are such. */
static void add_pids(struct buf *to, const struct rpc_value *slot)
{
	int64_t from = rpc_member_int(slot, "from_pid", 0),
		next = rpc_member_int(slot, "to_pid", 0);

	if (from && next)
		buf_printf(to, "pid %" PRId64 ARROW "%" PRId64, from, next);
	else if (from || next)
		buf_printf(to, "pid %" PRId64, from ? from : next);
	else
		buf_addstr(to, "no pid");
}

/* ", audit clean", ", 2 violations", ", not audited" */
static void add_audit(struct buf *to, const struct rpc_value *rollout)
{
	const char *audit = member(rollout, "audit");

	if (!*audit)
		return;
	buf_addstr(to, strcmp(audit, "clean") == 0 ? ", audit " : ", ");
	add_text(to, audit);
}

static const struct rpc_value *slots_of(const struct rpc_value *rollout)
{
	const struct rpc_value *slots = rpc_member(rollout, "slots");

	return slots && slots->type == RPC_ARRAY ? slots : NULL;
}

static const struct rpc_value *first_slot(const struct rpc_value *rollout)
{
	const struct rpc_value *slots = slots_of(rollout);

	return slots ? slots->first : NULL;
}

static size_t count_slots(const struct rpc_value *rollout, const char *state)
{
	size_t n = 0;

	for (const struct rpc_value *at = first_slot(rollout); at; at = at->next)
		n += is(at, "state", state);
	return n;
}

static const struct rpc_value *find_slot(const struct rpc_value *rollout, const char *state)
{
	for (const struct rpc_value *at = first_slot(rollout); at; at = at->next)
		if (is(at, "state", state))
			return at;
	return NULL;
}

bool rollout_has_ended(const struct rpc_value *rollout)
{
	return is(rollout, "phase", "ended");
}

bool rollout_is_done(const struct rpc_value *rollout)
{
	return rollout_has_ended(rollout) && is(rollout, "outcome", "done");
}

bool rollout_is_superseded(const struct rpc_value *rollout)
{
	return is(rollout, "outcome", "superseded");
}

/* Why it has failed; of one that does not say so, the first process that has. */
static void add_why(struct buf *to, const struct rpc_value *rollout)
{
	const struct rpc_value *slot = find_slot(rollout, "failed");

	if (*member(rollout, "why")) {
		add_text(to, member(rollout, "why"));
	} else if (slot) {
		add_slot_name(to, slot);
		buf_addstr(to, ": ");
		add_text(to, member(slot, "why"));
	} else {
		buf_addstr(to, "no reason was given");
	}
}

/* ---- news ---- */

static void tell_import(struct rollout_view *view, const struct rpc_value *rollout, struct buf *to)
{
	double seconds = seconds_of(rollout, "import_seconds");

	if (view->imported || seconds <= 0.)
		return;
	view->imported = true;
	add_prefix(to, rollout);
	buf_addstr(to, "imported in ");
	add_seconds(to, seconds);
	add_audit(to, rollout);
	buf_addch(to, '\n');
}

static void tell_slot(const struct rpc_value *rollout, const struct rpc_value *slot, struct buf *to)
{
	static const struct {
		const char *state, *words;
		bool why;
	} ends[] = {
		{ "failed", "failed: ", true },
		{ "back", "has a process of the generation before again", false },
		{ "down", "does not run; what is started there next is new", false },
		{ "skipped", "left out: ", true },
	};

	if (is(slot, "state", "replaced")) {
		add_name(to, rollout);
		add_slot_name(to, slot);
		buf_addstr(to, ": ");
		add_pids(to, slot);
		buf_addstr(to, ", ready in ");
		add_seconds(to, seconds_of(slot, "seconds"));
		buf_addch(to, '\n');
	}
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		if (!is(slot, "state", ends[i].state))
			continue;
		add_name(to, rollout);
		add_slot_name(to, slot);
		buf_printf(to, ": %s", ends[i].words);
		if (ends[i].why)
			add_text(to, member(slot, "why"));
		buf_addch(to, '\n');
	}
}

static void tell_slots(struct rollout_view *view, const struct rpc_value *rollout, struct buf *to)
{
	char **told = NULL;
	size_t i = 0, n = strv_len(view->slots);

	for (const struct rpc_value *at = first_slot(rollout); at; at = at->next, i++) {
		if (i >= n || strcmp(view->slots[i], member(at, "state")) != 0)
			tell_slot(rollout, at, to);
		if (strv_add(&told, member(at, "state")) < 0)
			break; /* some will be told twice */
	}
	strv_free(view->slots);
	view->slots = told;
}

static bool tell_start(const struct rpc_value *rollout, struct buf *to)
{
	if (is(rollout, "phase", "queued")) {
		add_name(to, rollout);
		buf_addstr(to, "waits for another reload\n");
	} else if (is(rollout, "phase", "importing")) {
		add_prefix(to, rollout);
		buf_addstr(to, "importing\n");
	} else if (is(rollout, "phase", "rolling")) {
		size_t n = slots_of(rollout) ? slots_of(rollout)->count : 0;

		add_prefix(to, rollout);
		buf_printf(to, "replacing %zu process%s\n", n, n == 1 ? "" : "es");
	} else {
		return false;
	}
	return true;
}

static void tell_turn(const struct rpc_value *rollout, struct buf *to)
{
	if (is(rollout, "phase", "watching")) {
		add_prefix(to, rollout);
		buf_addstr(to, "all are replaced, and watched for a while\n");
	} else if (is(rollout, "phase", "rolling_back")) {
		add_prefix(to, rollout);
		add_why(to, rollout);
		buf_addstr(to, "; going back to ");
		add_generation(to, rollout, "before", "what was before");
		buf_addch(to, '\n');
	}
}

void rollout_view_done(struct rollout_view *view)
{
	free(view->phase);
	strv_free(view->slots);
	*view = (struct rollout_view){ 0 };
}

void rollout_view_news(struct rollout_view *view, const struct rpc_value *rollout, struct buf *to)
{
	const char *phase = member(rollout, "phase");
	bool new_phase = !view->phase || strcmp(view->phase, phase) != 0;

	tell_import(view, rollout, to);
	if (new_phase && tell_start(rollout, to))
		new_phase = false;
	tell_slots(view, rollout, to);
	if (new_phase)
		tell_turn(rollout, to);
	free(view->phase);
	view->phase = strdup(phase);
}

/* ---- progress ---- */

/* "5 of 8, web:web_4 pid 812 → 1034" */
static void add_position(struct buf *to, const struct rpc_value *rollout, const char *state)
{
	const struct rpc_value *slots = slots_of(rollout), *slot = find_slot(rollout, "starting");
	size_t settled = count_slots(rollout, state) + count_slots(rollout, "down") +
			 count_slots(rollout, "skipped");

	buf_printf(to, ", %zu of %zu", settled, slots ? slots->count : 0);
	if (!slot)
		slot = find_slot(rollout, "ready");
	if (!slot)
		return;
	buf_addstr(to, ", ");
	add_slot_name(to, slot);
	buf_addch(to, ' ');
	add_pids(to, slot);
}

void rollout_progress(struct buf *to, const struct rpc_value *rollout)
{
	add_prefix(to, rollout);
	if (is(rollout, "phase", "rolling_back"))
		buf_addstr(to, "rolling back");
	else
		add_text(to, member(rollout, "phase"));
	if (is(rollout, "phase", "rolling") || is(rollout, "phase", "watching"))
		add_position(to, rollout, "replaced");
	else if (is(rollout, "phase", "rolling_back"))
		add_position(to, rollout, "back");
	if (!is(rollout, "phase", "queued")) {
		buf_addstr(to, ", ");
		add_seconds(to, seconds_of(rollout, "seconds"));
	}
}

/* ---- verdict ---- */

static void add_done(struct buf *to, const struct rpc_value *rollout)
{
	size_t n = count_slots(rollout, "replaced");

	add_generation(to, rollout, "generation", "the new one");
	buf_addstr(to, " serves, ");
	if (n)
		buf_printf(to, "%zu process%s replaced in ", n, n == 1 ? "" : "es");
	else
		buf_addstr(to, "nothing had to be replaced, ");
	add_seconds(to, seconds_of(rollout, "seconds"));
	add_audit(to, rollout);
}

static void add_failure(struct buf *to, const struct rpc_value *rollout)
{
	static const struct {
		const char *outcome, *was, *rest;
	} words[] = {
		{ "refused", " was refused: ", " goes on" },
		{ "rolled_back", " was rolled back: ", " serves again" },
		{ "failed", " has failed: ", " could not be brought back, look at the status" },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!is(rollout, "outcome", words[i].outcome))
			continue;
		add_generation(to, rollout, "generation", "the new one");
		buf_addstr(to, words[i].was);
		add_why(to, rollout);
		buf_addstr(to, "; ");
		add_generation(to, rollout, "before", "what was before");
		buf_addstr(to, words[i].rest);
		return;
	}
	add_text(to, member(rollout, "outcome"));
	buf_addstr(to, ": ");
	if (is(rollout, "outcome", "superseded") && !*member(rollout, "why"))
		buf_addstr(to, "a later reload has taken its place");
	else
		add_why(to, rollout);
}

void rollout_verdict(struct buf *to, const struct rpc_value *rollout)
{
	add_name(to, rollout);
	if (is(rollout, "outcome", "done"))
		add_done(to, rollout);
	else
		add_failure(to, rollout);
}

/* ---- history ---- */

static void add_time(struct buf *to, const struct rpc_value *rollout)
{
	time_t start = (time_t)rpc_member_int(rollout, "start", 0);
	char text[64];
	struct tm tm;

	if (start && localtime_r(&start, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
		buf_addstr(to, text);
	else
		buf_addstr(to, "-");
}

static const char *outcome_of(const struct rpc_value *rollout)
{
	return member(rollout, rollout_has_ended(rollout) ? "outcome" : "phase");
}

void rollout_heading(struct buf *to, size_t width)
{
	buf_printf(to, "%4s  %-19s  %-*s  %-7s  %10s  %-12s  %7s  %s", "ID", "TIME", (int)width,
		   "NAME", "CAUSE", "GENERATION", "OUTCOME", "SECONDS", "WHY");
}

void rollout_row(struct buf *to, const struct rpc_value *rollout, size_t width)
{
	struct buf time = { 0 }, name = { 0 }, why = { 0 };
	char generation[24] = "-";

	add_time(&time, rollout);
	add_text(&name, member(rollout, "name"));
	add_text(&why, member(rollout, "why"));
	if (rpc_member_int(rollout, "generation", 0) > 0)
		snprintf(generation, sizeof(generation), "%" PRId64,
			 rpc_member_int(rollout, "generation", 0));
	buf_printf(to, "%4" PRId64 "  %-19s  %-*s  %-7s  %10s  %-12s  %7.1f%s%s",
		   rpc_member_int(rollout, "id", 0), buf_str(&time), (int)width, buf_str(&name),
		   member(rollout, "cause"), generation, outcome_of(rollout),
		   seconds_of(rollout, "seconds"), why.len ? "  " : "", buf_str(&why));
	buf_done(&time);
	buf_done(&name);
	buf_done(&why);
}

static void add_slot(struct buf *to, const struct rpc_value *slot)
{
	double seconds = seconds_of(slot, "seconds");

	buf_addstr(to, "  ");
	add_slot_name(to, slot);
	buf_printf(to, ": %s, ", member(slot, "state"));
	add_pids(to, slot);
	if (seconds > 0.) {
		buf_addstr(to, ", ready in ");
		add_seconds(to, seconds);
	}
	if (*member(slot, "why")) {
		buf_addstr(to, ": ");
		add_text(to, member(slot, "why"));
	}
	buf_addch(to, '\n');
}

static void add_line(struct buf *to, const char *key, const char *text)
{
	if (!*text)
		return;
	buf_printf(to, "%s: ", key);
	add_text(to, text);
	buf_addch(to, '\n');
}

void rollout_details(struct buf *to, const struct rpc_value *rollout)
{
	double import = seconds_of(rollout, "import_seconds");

	buf_printf(to, "reload %" PRId64 " of ", rpc_member_int(rollout, "id", 0));
	add_text(to, member(rollout, "name"));
	buf_printf(to, ": %s\ncause: %s\nbegun: ", outcome_of(rollout), member(rollout, "cause"));
	add_time(to, rollout);
	buf_printf(to, "\ngeneration: %" PRId64 ", after %" PRId64 "\ntime: ",
		   rpc_member_int(rollout, "generation", 0), rpc_member_int(rollout, "before", 0));
	add_seconds(to, seconds_of(rollout, "seconds"));
	if (import > 0.) {
		buf_addstr(to, ", of which the import ");
		add_seconds(to, import);
	}
	buf_addch(to, '\n');
	add_line(to, "audit", member(rollout, "audit"));
	add_line(to, "why", member(rollout, "why"));
	for (const struct rpc_value *at = first_slot(rollout); at; at = at->next)
		add_slot(to, at);
}

/* ---- a line of a terminal ---- */

/* A character begins with every byte that does not go on with one. */
static bool begins(char byte)
{
	return ((unsigned char)byte & 0xc0) != 0x80;
}

void rollout_cut(struct buf *to, const char *line, size_t width)
{
	size_t n = 0, last = 0;

	for (const char *at = line; *at; at++) {
		if (!begins(*at))
			continue;
		if (n == width) {
			buf_add(to, line, width ? last : 0);
			buf_addstr(to, width ? DOTS : "");
			return;
		}
		last = (size_t)(at - line);
		n++;
	}
	buf_addstr(to, line);
}
