/* metrics_text.c - see metrics_text.h.  Names follow Prometheus' rules: base units, _total for what
 * only grows; man/forkserver-api.5 explains each. */
#include "control/metrics_text.h"

#include "base/buf.h"
#include "base/util.h"
#include "control/describe.h"
#include "control/exposition.h"
#include "ipc/metrics_messages.h"
#include "ipc/pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct everything {
	struct supervisor_status supervisor;
	struct histogram forks[FORK_NKINDS], respawns;
	struct zygote_status *zygotes; /* owned */
	size_t nzygotes;
	struct process_metrics *processes; /* owned */
	size_t nprocesses;
};

static const char *const ends[] = {
	[END_EXPECTED] = "expected", [END_UNEXPECTED] = "unexpected",
	[END_SIGNAL] = "signal",     [END_FAILED_START] = "failed_start",
	[END_STOPPED] = "stopped",
};
_Static_assert(ARRAY_LEN(ends) == END_NREASONS, "a word for every reason");

static const char *const recycles[] = {
	[RECYCLE_MAXAGE] = "maxage",
	[RECYCLE_MAXUSS] = "maxuss",
	[RECYCLE_MAXPSS] = "maxpss",
	[RECYCLE_MAXRSS] = "maxrss",
	[RECYCLE_MAX_REQUESTS] = "max_requests",
};
_Static_assert(ARRAY_LEN(recycles) == RECYCLE_NREASONS, "a word for every reason");

static const char *const kinds[] = { [FORK_ZYGOTE] = "zygote", [FORK_EXEC] = "exec" };
_Static_assert(ARRAY_LEN(kinds) == FORK_NKINDS, "a word for every kind");

static const uint32_t states[] = {
	STATE_STOPPED,  STATE_STARTING, STATE_RUNNING, STATE_BACKOFF,
	STATE_STOPPING, STATE_EXITED,   STATE_FATAL,   STATE_UNKNOWN,
};

/* ---- reading ---- */

/* How many rows follow, each of at least one byte; 0 if that cannot be. */
static uint32_t read_number(struct unpack *in)
{
	uint32_t n = unpack_u32(in);

	if (n > in->left)
		in->bad = true;
	return in->bad ? 0 : n;
}

static int read_everything(struct everything *to, struct unpack *in)
{
	uint32_t n;

	supervisor_status_unpack(&to->supervisor, in);
	for (size_t i = 0; i < FORK_NKINDS; i++)
		histogram_unpack(&to->forks[i], in);
	histogram_unpack(&to->respawns, in);
	n = read_number(in);
	to->zygotes = calloc((size_t)n + 1, sizeof(*to->zygotes));
	if (!to->zygotes)
		return -ENOMEM;
	for (; to->nzygotes < n; to->nzygotes++)
		zygote_status_unpack(&to->zygotes[to->nzygotes], in);
	n = read_number(in);
	to->processes = calloc((size_t)n + 1, sizeof(*to->processes));
	if (!to->processes)
		return -ENOMEM;
	for (; to->nprocesses < n; to->nprocesses++)
		process_metrics_unpack(&to->processes[to->nprocesses], in);
	return unpack_end(in);
}

static void forget_everything(struct everything *all)
{
	supervisor_status_done(&all->supervisor);
	for (size_t i = 0; i < all->nzygotes; i++)
		zygote_status_done(&all->zygotes[i]);
	for (size_t i = 0; i < all->nprocesses; i++)
		process_metrics_done(&all->processes[i]);
	free(all->zygotes);
	free(all->processes);
}

static const char *text(const char *maybe)
{
	return maybe ? maybe : "";
}

/* ---- the supervisor ---- */

static void write_supervisor(struct buf *to, const struct supervisor_status *supervisor)
{
	const struct label labels[] = { { "identifier", text(supervisor->identifier) },
					{ "version", text(supervisor->version) } };

	exposition_family(to, "forkserver_info", "gauge", "Who this is; always 1.");
	exposition_count(to, "forkserver_info", labels, ARRAY_LEN(labels), 1);
	exposition_family(to, "forkserver_supervisor_start_time_seconds", "gauge",
			  "When the supervisor started, since the epoch.");
	exposition_count(to, "forkserver_supervisor_start_time_seconds", NULL, 0,
			 supervisor->start);
	exposition_family(to, "forkserver_supervisor_uptime_seconds", "gauge",
			  "For how long the supervisor has run.");
	exposition_seconds(to, "forkserver_supervisor_uptime_seconds", NULL, 0,
			   supervisor->uptime_us);
	exposition_family(to, "forkserver_supervisor_cpu_seconds_total", "counter",
			  "CPU time of the supervisor itself.");
	exposition_seconds(to, "forkserver_supervisor_cpu_seconds_total", NULL, 0,
			   supervisor->cpu_us);
	exposition_family(to, "forkserver_supervisor_resident_memory_bytes", "gauge",
			  "Resident memory of the supervisor itself.");
	exposition_count(to, "forkserver_supervisor_resident_memory_bytes", NULL, 0,
			 supervisor->rss_bytes);
}

static void write_rollouts(struct buf *to, const struct supervisor_status *supervisor)
{
	const char *name = "forkserver_rollouts_total";

	exposition_family(
		to, name, "counter",
		"Reloads and deploys of a zygote or a program that have ended, by outcome.");
	for (unsigned i = OUTCOME_DONE; i < ROLLOUT_NOUTCOMES; i++)
		exposition_count(to, name, &(struct label){ "outcome", describe_outcome(i) }, 1,
				 supervisor->rollouts[i]);
}

static void write_http(struct buf *to, const struct metrics_http *http)
{
	const char *name = "forkserver_control_http_responses_total";

	exposition_family(to, name, "counter",
			  "Answers of the HTTP servers, by status; since the control process "
			  "started.");
	for (unsigned i = 0; i < ARRAY_LEN(http->answers); i++) {
		char code[8];

		snprintf(code, sizeof(code), "%u", METRICS_STATUS_MIN + i);
		if (http->answers[i])
			exposition_count(to, name, &(struct label){ "code", code }, 1,
					 http->answers[i]);
	}
}

static void write_latencies(struct buf *to, const struct everything *all)
{
	exposition_family(to, "forkserver_fork_seconds", "histogram",
			  "From the wish for a process to its running, by how it is made.");
	for (size_t i = 0; i < FORK_NKINDS; i++)
		exposition_histogram(to, "forkserver_fork_seconds",
				     &(struct label){ "kind", kinds[i] }, 1, &all->forks[i]);
	exposition_family(to, "forkserver_respawn_seconds", "histogram",
			  "From the death of a process to the running of the one that takes its "
			  "place.");
	exposition_histogram(to, "forkserver_respawn_seconds", NULL, 0, &all->respawns);
}

/* ---- zygotes ---- */

static uint64_t zygote_up(const struct zygote_status *zygote)
{
	return zygote->condition == CONDITION_READY;
}

static uint64_t zygote_starts(const struct zygote_status *zygote)
{
	return zygote->starts;
}

static uint64_t zygote_workers(const struct zygote_status *zygote)
{
	return zygote->workers;
}

static uint64_t zygote_spares(const struct zygote_status *zygote)
{
	return zygote->spares;
}

static uint64_t zygote_violations(const struct zygote_status *zygote)
{
	return zygote->violations;
}

static uint64_t zygote_generation(const struct zygote_status *zygote)
{
	return zygote->generation;
}

static const struct {
	const char *name, *type, *help;
	uint64_t (*value)(const struct zygote_status *zygote);
} zygote_numbers[] = {
	{ "forkserver_zygote_ready", "gauge", "1 if workers can be forked from it, else 0.",
	  zygote_up },
	{ "forkserver_zygote_starts_total", "counter", "How often it was started, and imported.",
	  zygote_starts },
	{ "forkserver_zygote_workers", "gauge", "Workers of it that run.", zygote_workers },
	{ "forkserver_zygote_spares", "gauge", "Workers that are forked and not wanted yet.",
	  zygote_spares },
	{ "forkserver_zygote_generation", "gauge",
	  "Which import of its code serves; each reload begins one.", zygote_generation },
	{ "forkserver_zygote_audit_violations", "gauge",
	  "New violations that its last audit has found.", zygote_violations },
};

static struct label label_of(const struct zygote_status *zygote)
{
	return (struct label){ "zygote", text(zygote->name) };
}

static void write_zygote_times(struct buf *to, const struct everything *all)
{
	const char *import = "forkserver_zygote_import_seconds";
	const char *audit = "forkserver_zygote_audit_seconds";

	exposition_family(to, import, "gauge", "How long its last import took that succeeded.");
	for (size_t i = 0; i < all->nzygotes; i++)
		if (all->zygotes[i].import_us)
			exposition_seconds(to, import,
					   &(struct label){ "zygote", text(all->zygotes[i].name) },
					   1, all->zygotes[i].import_us);
	exposition_family(to, audit, "gauge",
			  "From the start of the zygote to the report of its last audit.");
	for (size_t i = 0; i < all->nzygotes; i++)
		if (all->zygotes[i].audit_us)
			exposition_seconds(to, audit,
					   &(struct label){ "zygote", text(all->zygotes[i].name) },
					   1, all->zygotes[i].audit_us);
}

/* One of them is 1; none, if there was no audit. */
static void write_zygote_verdicts(struct buf *to, const struct everything *all)
{
	static const char *const verdicts[] = {
		[AUDIT_VERDICT_CLEAN] = "clean",
		[AUDIT_VERDICT_VIOLATIONS] = "violations",
		[AUDIT_VERDICT_IMPORT_FAILED] = "import_failed",
		[AUDIT_VERDICT_NO_AUDIT] = "no_audit",
	};
	const char *name = "forkserver_zygote_audit_result";

	_Static_assert(ARRAY_LEN(verdicts) == AUDIT_NVERDICTS, "a word for every verdict");
	exposition_family(to, name, "gauge", "1 for the result of its last audit, else 0.");
	for (size_t i = 0; i < all->nzygotes; i++) {
		for (unsigned j = AUDIT_VERDICT_CLEAN; j < AUDIT_NVERDICTS; j++) {
			const struct label labels[] = { label_of(&all->zygotes[i]),
							{ "result", verdicts[j] } };

			exposition_count(to, name, labels, 2, all->zygotes[i].verdict == j);
		}
	}
}

static void write_zygotes(struct buf *to, const struct everything *all)
{
	for (size_t i = 0; i < ARRAY_LEN(zygote_numbers); i++) {
		exposition_family(to, zygote_numbers[i].name, zygote_numbers[i].type,
				  zygote_numbers[i].help);
		for (size_t j = 0; j < all->nzygotes; j++) {
			const struct label label = label_of(&all->zygotes[j]);

			exposition_count(to, zygote_numbers[i].name, &label, 1,
					 zygote_numbers[i].value(&all->zygotes[j]));
		}
	}
	write_zygote_times(to, all);
	write_zygote_verdicts(to, all);
}

/* ---- processes ---- */

/* group, process, and room for one more. */
struct labels {
	struct label all[3];
};

static struct labels labels_of(const struct process_metrics *process, const char *name,
			       const char *value)
{
	return (struct labels){ {
		{ "group", text(process->group) },
		{ "process", text(process->name) },
		{ name, value },
	} };
}

static void write_states(struct buf *to, const struct everything *all)
{
	const char *name = "forkserver_process_state";

	exposition_family(to, name, "gauge", "1 for the state that the process is in, else 0.");
	for (size_t i = 0; i < all->nprocesses; i++) {
		for (size_t j = 0; j < ARRAY_LEN(states); j++) {
			struct labels labels =
				labels_of(&all->processes[i], "state", describe_state(states[j]));

			exposition_count(to, name, labels.all, 3,
					 all->processes[i].state == states[j]);
		}
	}
}

static void write_reasons(struct buf *to, const struct everything *all, bool restarts)
{
	const char *name =
		restarts ? "forkserver_process_restarts_total" : "forkserver_process_ends_total";
	/* what was stopped is not started again by itself */
	unsigned n = restarts ? END_STOPPED : END_NREASONS;

	exposition_family(to, name, "counter",
			  restarts ? "How often it was started again by itself, by what was "
				     "before."
				   : "How often it has ended or could not be started, by reason.");
	for (size_t i = 0; i < all->nprocesses; i++) {
		const struct process_metrics *process = &all->processes[i];

		for (unsigned j = 0; j < n; j++) {
			struct labels labels = labels_of(process, "reason", ends[j]);

			exposition_count(to, name, labels.all, 3,
					 restarts ? process->restarts[j] : process->ends[j]);
		}
		for (unsigned j = 0; restarts && j < RECYCLE_NREASONS; j++) {
			struct labels labels = labels_of(process, "reason", recycles[j]);

			exposition_count(to, name, labels.all, 3, process->recycled[j]);
		}
	}
}
_Static_assert(END_STOPPED == END_NREASONS - 1, "it is the one that is left out");

static void write_starts(struct buf *to, const struct everything *all)
{
	const char *starts = "forkserver_process_starts_total";
	const char *uptime = "forkserver_process_uptime_seconds";

	exposition_family(to, starts, "counter", "Processes that were made for it.");
	for (size_t i = 0; i < all->nprocesses; i++) {
		struct labels labels = labels_of(&all->processes[i], NULL, NULL);

		exposition_count(to, starts, labels.all, 2, all->processes[i].starts);
	}
	exposition_family(to, uptime, "gauge", "For how long it has run; 0 if it does not.");
	for (size_t i = 0; i < all->nprocesses; i++) {
		struct labels labels = labels_of(&all->processes[i], NULL, NULL);

		exposition_seconds(to, uptime, labels.all, 2, all->processes[i].uptime_us);
	}
}

static void write_logs(struct buf *to, const struct everything *all, bool dropped)
{
	const char *name = dropped ? "forkserver_process_log_dropped_bytes_total"
				   : "forkserver_process_log_bytes_total";

	exposition_family(to, name, "counter",
			  dropped ? "Bytes that its log did not take and that were thrown away."
				  : "Bytes that it has written, as far as they are logged.");
	for (size_t i = 0; i < all->nprocesses; i++) {
		const struct process_metrics *process = &all->processes[i];
		struct labels out = labels_of(process, "stream", "stdout");
		struct labels err = labels_of(process, "stream", "stderr");

		exposition_count(to, name, out.all, 3,
				 dropped ? process->out_dropped : process->out_bytes);
		exposition_count(to, name, err.all, 3,
				 dropped ? process->err_dropped : process->err_bytes);
	}
}

static const struct {
	const char *name, *help;
	size_t offset;
} memories[] = {
	{ "forkserver_process_pss_bytes", "Its memory, of what is shared only its part.",
	  offsetof(struct process_metrics, pss_bytes) },
	{ "forkserver_process_uss_bytes", "Its memory that it shares with nobody.",
	  offsetof(struct process_metrics, uss_bytes) },
	{ "forkserver_process_resident_memory_bytes", "Its memory, what is shared in full.",
	  offsetof(struct process_metrics, rss_bytes) },
};

/* Of those only that were measured. */
static void write_memory(struct buf *to, const struct everything *all)
{
	const char *age = "forkserver_process_memory_age_seconds";

	for (size_t i = 0; i < ARRAY_LEN(memories); i++) {
		exposition_family(to, memories[i].name, "gauge", memories[i].help);
		for (size_t j = 0; j < all->nprocesses; j++) {
			const struct process_metrics *process = &all->processes[j];
			struct labels labels = labels_of(process, NULL, NULL);
			uint64_t value;

			memcpy(&value, (const char *)process + memories[i].offset, sizeof(value));
			if (process->memory_age_us != MEMORY_UNKNOWN)
				exposition_count(to, memories[i].name, labels.all, 2, value);
		}
	}
	exposition_family(to, age, "gauge", "How long ago its memory was measured.");
	for (size_t i = 0; i < all->nprocesses; i++) {
		struct labels labels = labels_of(&all->processes[i], NULL, NULL);

		if (all->processes[i].memory_age_us != MEMORY_UNKNOWN)
			exposition_seconds(to, age, labels.all, 2, all->processes[i].memory_age_us);
	}
}

static void write_processes(struct buf *to, const struct everything *all)
{
	write_states(to, all);
	write_starts(to, all);
	write_reasons(to, all, false);
	write_reasons(to, all, true);
	write_logs(to, all, false);
	write_logs(to, all, true);
	write_memory(to, all);
}

/* ---- for others ---- */

void metrics_http_count(struct metrics_http *http, unsigned status)
{
	if (status >= METRICS_STATUS_MIN && status <= METRICS_STATUS_MAX)
		http->answers[status - METRICS_STATUS_MIN]++;
}

int metrics_text(struct buf *to, struct unpack *answer, const struct metrics_http *http)
{
	struct everything all = { 0 };
	int r = read_everything(&all, answer);

	if (r == 0) {
		write_supervisor(to, &all.supervisor);
		write_rollouts(to, &all.supervisor);
		write_http(to, http);
		write_latencies(to, &all);
		write_zygotes(to, &all);
		write_processes(to, &all);
		r = to->failed ? -ENOMEM : 0;
	}
	forget_everything(&all);
	return r;
}
