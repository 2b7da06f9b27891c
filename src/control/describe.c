/* describe.c - see describe.h. */
#include "control/describe.h"

#include "base/buf.h"
#include "base/util.h"
#include "ipc/control_messages.h"
#include "ipc/metrics_messages.h"
#include "ipc/rollout_messages.h"

#include <inttypes.h>
#include <time.h>

struct word {
	int32_t number;
	const char *word;
};

static const struct word states[] = {
	{ STATE_STOPPED, "STOPPED" }, { STATE_STARTING, "STARTING" }, { STATE_RUNNING, "RUNNING" },
	{ STATE_BACKOFF, "BACKOFF" }, { STATE_STOPPING, "STOPPING" }, { STATE_EXITED, "EXITED" },
	{ STATE_FATAL, "FATAL" },     { STATE_UNKNOWN, "UNKNOWN" },
};

static const struct word moods[] = {
	{ -1, "SHUTDOWN" },
	{ 0, "RESTARTING" },
	{ 1, "RUNNING" },
	{ 2, "FATAL" },
};

static const struct word faults[] = {
	{ FAULT_UNKNOWN_METHOD, "UNKNOWN_METHOD" },
	{ FAULT_INCORRECT_PARAMETERS, "INCORRECT_PARAMETERS" },
	{ FAULT_BAD_ARGUMENTS, "BAD_ARGUMENTS" },
	{ FAULT_SIGNATURE_UNSUPPORTED, "SIGNATURE_UNSUPPORTED" },
	{ FAULT_SHUTDOWN_STATE, "SHUTDOWN_STATE" },
	{ FAULT_BAD_NAME, "BAD_NAME" },
	{ FAULT_BAD_SIGNAL, "BAD_SIGNAL" },
	{ FAULT_NO_FILE, "NO_FILE" },
	{ FAULT_NOT_EXECUTABLE, "NOT_EXECUTABLE" },
	{ FAULT_FAILED, "FAILED" },
	{ FAULT_ABNORMAL_TERMINATION, "ABNORMAL_TERMINATION" },
	{ FAULT_SPAWN_ERROR, "SPAWN_ERROR" },
	{ FAULT_ALREADY_STARTED, "ALREADY_STARTED" },
	{ FAULT_NOT_RUNNING, "NOT_RUNNING" },
	{ FAULT_SUCCESS, "SUCCESS" },
	{ FAULT_ALREADY_ADDED, "ALREADY_ADDED" },
	{ FAULT_STILL_RUNNING, "STILL_RUNNING" },
	{ FAULT_CANT_REREAD, "CANT_REREAD" },
};

static const struct word conditions[] = {
	{ CONDITION_DOWN, "DOWN" },
	{ CONDITION_IMPORTING, "IMPORTING" },
	{ CONDITION_READY, "READY" },
	{ CONDITION_STOPPING, "STOPPING" },
};
_Static_assert(ARRAY_LEN(conditions) == ZYGOTE_NCONDITIONS, "a word for every condition");

static const char *const verdicts[] = {
	[AUDIT_VERDICT_CLEAN] = "clean",
	[AUDIT_VERDICT_VIOLATIONS] = "violations",
	[AUDIT_VERDICT_IMPORT_FAILED] = "import_failed",
	[AUDIT_VERDICT_NO_AUDIT] = "no_audit",
};
_Static_assert(ARRAY_LEN(verdicts) == AUDIT_NVERDICTS, "a word for every verdict");

static const struct word phases[] = {
	{ ROLLOUT_QUEUED, "queued" },     { ROLLOUT_IMPORTING, "importing" },
	{ ROLLOUT_ROLLING, "rolling" },   { ROLLOUT_WATCHING, "watching" },
	{ ROLLOUT_BACK, "rolling_back" }, { ROLLOUT_ENDED, "ended" },
};
_Static_assert(ARRAY_LEN(phases) == ROLLOUT_NPHASES, "a word for every phase");

static const struct word outcomes[] = {
	{ OUTCOME_NONE, "none" },         { OUTCOME_DONE, "done" },
	{ OUTCOME_REFUSED, "refused" },   { OUTCOME_ROLLED_BACK, "rolled_back" },
	{ OUTCOME_CANCELED, "canceled" }, { OUTCOME_SUPERSEDED, "superseded" },
	{ OUTCOME_FAILED, "failed" },
};
_Static_assert(ARRAY_LEN(outcomes) == ROLLOUT_NOUTCOMES, "a word for every outcome");

static const struct word slots[] = {
	{ SLOT_WAITS, "waits" },       { SLOT_STARTING, "starting" }, { SLOT_READY, "ready" },
	{ SLOT_REPLACED, "replaced" }, { SLOT_FAILED, "failed" },     { SLOT_BACK, "back" },
	{ SLOT_DOWN, "down" },         { SLOT_SKIPPED, "skipped" },
};
_Static_assert(ARRAY_LEN(slots) == ROLLOUT_NSLOT_STATES, "a word for every state of a slot");

static const char *find(const struct word *words, size_t n, int64_t number)
{
	for (size_t i = 0; i < n; i++)
		if (words[i].number == number)
			return words[i].word;
	return "UNKNOWN";
}

const char *describe_state(uint32_t state)
{
	return find(states, ARRAY_LEN(states), state);
}

const char *describe_supervisor_state(int32_t code)
{
	return find(moods, ARRAY_LEN(moods), code);
}

const char *describe_fault(uint32_t fault)
{
	return find(faults, ARRAY_LEN(faults), fault);
}

const char *describe_condition(uint32_t condition)
{
	return find(conditions, ARRAY_LEN(conditions), condition);
}

const char *describe_verdict(uint32_t verdict)
{
	return verdict < ARRAY_LEN(verdicts) ? verdicts[verdict] : NULL;
}

const char *describe_phase(uint32_t phase)
{
	return find(phases, ARRAY_LEN(phases), phase);
}

const char *describe_outcome(uint32_t outcome)
{
	return find(outcomes, ARRAY_LEN(outcomes), outcome);
}

const char *describe_slot(uint32_t state)
{
	return find(slots, ARRAY_LEN(slots), state);
}

void describe_fault_text(struct buf *to, uint32_t fault, const char *extra)
{
	buf_addstr(to, describe_fault(fault));
	if (extra)
		buf_printf(to, ": %s", extra);
}

void describe_duration(struct buf *to, uint64_t seconds)
{
	uint64_t days = seconds / 86400;

	if (days)
		buf_printf(to, "%" PRIu64 " day%s, ", days, days == 1 ? "" : "s");
	seconds %= 86400;
	buf_printf(to, "%u:%02u:%02u", (unsigned)(seconds / 3600), (unsigned)(seconds / 60 % 60),
		   (unsigned)(seconds % 60));
}

static void describe_stopped(struct buf *to, const struct process_info *info)
{
	time_t stop = (time_t)info->stop;
	char text[64];
	struct tm tm;

	if (!info->start)
		buf_addstr(to, "Not started");
	else if (localtime_r(&stop, &tm) && strftime(text, sizeof(text), "%b %d %I:%M %p", &tm))
		buf_addstr(to, text);
}

void describe_process(struct buf *to, const struct process_info *info)
{
	const char *spawnerr = info->spawnerr ? info->spawnerr : "";

	switch (info->state) {
	case STATE_RUNNING:
		buf_printf(to, "pid %u, uptime ", info->pid);
		describe_duration(to, info->uptime);
		if (info->note && *info->note)
			buf_printf(to, "; %s", info->note);
		break;
	case STATE_FATAL:
	case STATE_BACKOFF:
		if (*spawnerr)
			buf_addstr(to, spawnerr);
		else
			buf_printf(to, "unknown error (try \"tail %s\")", info->name);
		break;
	case STATE_STOPPED:
	case STATE_EXITED:
		if (info->note && *info->note)
			buf_addstr(to, info->note);
		else
			describe_stopped(to, info);
		break;
	default:
		buf_addstr(to, info->note ? info->note : "");
		break;
	}
}
