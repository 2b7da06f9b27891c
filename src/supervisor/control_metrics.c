/* control_metrics.c - what is counted and measured: SUPERVISOR, ZYGOTES, READY, METRICS.  See
 * control_calls.h.  All of it is answered from memory. */
#include "base/clock.h"
#include "base/fd.h"
#include "config/config.h"
#include "ipc/messages.h"
#include "ipc/metrics_messages.h"
#include "ipc/pack.h"
#include "supervisor/control_calls.h"
#include "supervisor/group.h"
#include "supervisor/logs.h"
#include "supervisor/meter.h"
#include "supervisor/metrics.h"
#include "supervisor/process.h"
#include "supervisor/spares.h"
#include "supervisor/supervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Calls `use` for every process, in the order of groups and priorities. */
static void for_each(const struct groups *groups,
		     void (*use)(const struct process *process, void *data), void *data)
{
	for (size_t i = 0; i < groups->n; i++)
		for (size_t j = 0; j < groups->all[i]->n; j++)
			use(groups->all[i]->processes[j], data);
}

/* ---- SUPERVISOR ---- */

static uint64_t own_cpu_us(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) < 0)
		return 0;
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* The second number of /proc/self/statm (proc(5)), which costs nothing: the kernel keeps it. */
static uint64_t own_rss(void)
{
	struct buf text = { 0 };
	unsigned long long size, resident = 0;

	if (fd_read_path("/proc/self/statm", &text, 4096) < 0 ||
	    sscanf(buf_str(&text), "%llu %llu", &size, &resident) != 2)
		resident = 0;
	buf_done(&text);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void pack_supervisor(struct buf *body, const struct supervisor *supervisor)
{
	struct supervisor_status status = {
		.pid = (uint32_t)getpid(),
		.ready = supervisor->phase == SUPERVISOR_RUNNING,
		.identifier = supervisor->config->daemon.identifier,
		.version = (char *)PACKAGE_VERSION,
		.config_file = supervisor->config->file,
		.start = (uint64_t)supervisor->started,
		.uptime_us = (uint64_t)(clock_us() - supervisor->started_us),
		.cpu_us = own_cpu_us(),
		.rss_bytes = own_rss(),
	};

	memcpy(status.rollouts, supervisor->rollouts.ended, sizeof(status.rollouts));
	supervisor_status_pack(body, &status);
}

void control_supervisor(const struct control_call *call)
{
	struct buf body = { 0 };

	control_begin(&body);
	pack_supervisor(&body, call->supervisor);
	control_send(call->calls, call->id, &body, -1);
}

/* ---- ZYGOTES ---- */

uint32_t control_condition(const struct zygote_link *link)
{
	switch (link->state) {
	case ZYGOTE_IMPORTING:
	case ZYGOTE_DYING:
		return CONDITION_IMPORTING;
	case ZYGOTE_READY:
		return CONDITION_READY;
	case ZYGOTE_STOPPING:
		return CONDITION_STOPPING;
	default:
		return CONDITION_DOWN;
	}
}

static uint32_t verdict_of(const struct zygote_link *link)
{
	if (!link->audit_us || link->config->policy == AUDIT_OFF)
		return AUDIT_VERDICT_NONE;
	switch (link->summary.verdict) {
	case VERDICT_CLEAN:
		return AUDIT_VERDICT_CLEAN;
	case VERDICT_VIOLATIONS:
		return AUDIT_VERDICT_VIOLATIONS;
	case VERDICT_IMPORT_FAILED:
		return AUDIT_VERDICT_IMPORT_FAILED;
	default:
		return AUDIT_VERDICT_NO_AUDIT;
	}
}

struct workers {
	const struct zygote_link *link;
	uint32_t n;
};

static void count_worker(const struct process *process, void *data)
{
	struct workers *workers = data;

	workers->n += process->zygote == workers->link && process->pid;
}

static void pack_zygote(struct buf *body, const struct supervisor *supervisor,
			const struct zygote_link *link)
{
	struct workers workers = { link, 0 };
	struct zygote_status status = {
		.name = link->config->name,
		.python = link->interpreter.python,
		.version = link->interpreter.version,
		.condition = control_condition(link),
		.pid = (uint32_t)link->pid,
		.verdict = verdict_of(link),
		.violations = (uint32_t)link->summary.violations,
		.starts = link->starts,
		.audit_us = verdict_of(link) == AUDIT_VERDICT_NONE ? 0 : link->audit_us,
		.import_us = link->import_us,
		.spares = spares_waiting(link),
		.generation = link->generation,
	};

	for_each(&supervisor->groups, count_worker, &workers);
	status.workers = workers.n;
	zygote_status_pack(body, &status);
}

/* One of each name: others of it are leaving, or have not come to it yet. */
static bool is_told(const struct zygote_link *link)
{
	return !link->leaving && !link->candidate;
}

static void pack_zygotes(struct buf *body, const struct supervisor *supervisor)
{
	const struct zygotes *zygotes = &supervisor->zygotes;
	uint32_t n = 0;

	for (size_t i = 0; i < zygotes->n; i++)
		n += is_told(zygotes->all[i]);
	pack_u32(body, n);
	for (size_t i = 0; i < zygotes->n; i++)
		if (is_told(zygotes->all[i]))
			pack_zygote(body, supervisor, zygotes->all[i]);
}

void control_zygotes(const struct control_call *call)
{
	struct buf body = { 0 };

	control_begin(&body);
	pack_zygotes(&body, call->supervisor);
	control_send(call->calls, call->id, &body, -1);
}

/* ---- READY ---- */

struct readiness {
	struct buf rows;
	uint32_t total, n;
};

static bool is_ready(const struct process *process)
{
	return (process->state == PROCESS_RUNNING && !process_is_unfit(process)) ||
	       demand_is_asleep(process) ||
	       (process->state == PROCESS_EXITED && !process->restarts &&
		process_exit_expected(process));
}

static void add_unready(struct readiness *readiness, const char *kind, const char *name,
			const char *state, const char *more)
{
	struct buf full = { 0 }, why = { 0 };
	struct unready unready;

	buf_printf(&full, "%s:%s", kind, name);
	buf_printf(&why, "%s%s%s", state, *more ? ": " : "", more);
	unready = (struct unready){ (char *)buf_str(&full), (char *)buf_str(&why) };
	unready_pack(&readiness->rows, &unready);
	readiness->n++;
	buf_done(&full);
	buf_done(&why);
}

static void look_at(const struct process *process, void *data)
{
	struct readiness *readiness = data;

	if (!process->program->autostart)
		return;
	readiness->total++;
	if (!is_ready(process))
		add_unready(readiness, process->group, process->config->name,
			    process_state_name(process->state),
			    process->note[0]            ? process->note
			    : process_is_unfit(process) ? process_why_unfit(process)
							: process->spawnerr);
}

/* Nothing is started before they are ready.  Later on a zygote that is imported again is nobody's
 * concern: its workers go on. */
static void look_at_zygotes(const struct supervisor *supervisor, struct readiness *readiness)
{
	const struct zygotes *zygotes = &supervisor->zygotes;

	for (size_t i = 0; supervisor->phase == SUPERVISOR_ZYGOTES && i < zygotes->n; i++) {
		readiness->total++;
		if (zygotes->all[i]->state != ZYGOTE_READY)
			add_unready(readiness, "zygote", zygotes->all[i]->config->name,
				    "is being imported", "");
	}
}

void control_ready(const struct control_call *call)
{
	struct readiness readiness = { 0 };
	struct buf body = { 0 };

	look_at_zygotes(call->supervisor, &readiness);
	for_each(&call->supervisor->groups, look_at, &readiness);
	control_begin(&body);
	pack_u32(&body, readiness.total);
	pack_u32(&body, readiness.n);
	buf_add(&body, buf_str(&readiness.rows), readiness.rows.len);
	body.failed = body.failed || readiness.rows.failed;
	buf_done(&readiness.rows);
	control_send(call->calls, call->id, &body, -1);
}

/* ---- METRICS ---- */

static void fill_memory(struct process_metrics *to, const struct process *process, int64_t now_us)
{
	const struct measured *measured = meter_of(process);

	to->memory_age_us = MEMORY_UNKNOWN;
	if (!measured)
		return;
	to->pss_bytes = measured->memory.pss_bytes;
	to->uss_bytes = measured->memory.private_bytes;
	/* as the kernel sums it up: a page is either one or the other */
	to->rss_bytes = measured->memory.private_bytes + measured->memory.shared_bytes;
	to->memory_age_us = (uint64_t)(now_us - measured->at_us);
}

struct rows {
	struct buf *body;
	uint32_t n;
};

static void count_row(const struct process *process, void *data)
{
	struct rows *rows = data;

	(void)process;
	rows->n++;
}

static void pack_row(const struct process *process, void *data)
{
	struct rows *rows = data;
	int64_t now_us = clock_us();
	struct process_metrics metrics = {
		.group = (char *)process->group,
		.name = process->config->name,
		.state = (uint32_t)process_state_code(process->state),
		.starts = process->counters.starts,
	};

	if (process->pid)
		metrics.uptime_us = (uint64_t)(now_us - process->started_us);
	memcpy(metrics.ends, process->counters.ends, sizeof(metrics.ends));
	memcpy(metrics.restarts, process->counters.restarts, sizeof(metrics.restarts));
	memcpy(metrics.recycled, process->counters.recycled, sizeof(metrics.recycled));
	log_pipe_counts(process->logs[0], &metrics.out_bytes, &metrics.out_dropped);
	log_pipe_counts(process->logs[1], &metrics.err_bytes, &metrics.err_dropped);
	fill_memory(&metrics, process, now_us);
	process_metrics_pack(rows->body, &metrics);
}

void control_metrics(const struct control_call *call)
{
	struct supervisor *supervisor = call->supervisor;
	struct buf body = { 0 };
	struct rows rows = { &body, 0 };

	meter_want(&supervisor->meter);
	control_begin(&body);
	pack_supervisor(&body, supervisor);
	for (unsigned i = 0; i < FORK_NKINDS; i++)
		histogram_pack(&body, &supervisor->metrics.forks[i]);
	histogram_pack(&body, &supervisor->metrics.respawns);
	pack_zygotes(&body, supervisor);
	for_each(&supervisor->groups, count_row, &rows);
	pack_u32(&body, rows.n);
	for_each(&supervisor->groups, pack_row, &rows);
	control_send(call->calls, call->id, &body, -1);
}
