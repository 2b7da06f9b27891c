/* control_usage.c - USAGE: what everybody takes of CPU and memory.  See control_calls.h.  The
 * answer waits for a round of the sampler; memory is what the meter knows by then. */
#include "base/clock.h"
#include "base/util.h"
#include "config/config.h"
#include "ipc/pack.h"
#include "ipc/usage_messages.h"
#include "supervisor/control_calls.h"
#include "supervisor/group.h"
#include "supervisor/process.h"
#include "supervisor/supervisor.h"

#include <stdlib.h>
#include <unistd.h>

struct control_usage {
	struct control_usage *next;
	struct control_calls *calls; /* borrowed */
	struct sampler_wait wait;
	uint32_t id;
};

/* ---- the answer ---- */

static void pack_host(struct buf *body)
{
	struct usage_host host = { .cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN) };
	double load[3];
	int n = getloadavg(load, 3);

	for (int i = 0; i < n; i++)
		host.load[i] = (uint32_t)(load[i] * 100 + .5);
	usage_host_pack(body, &host);
}

/* An old pid's figures are nobody's. */
static void fill(struct usage_row *row, pid_t pid, const struct sample *sample,
		 const struct measured *measured)
{
	row->pid = (uint32_t)pid;
	row->memory_age_us = USAGE_UNMEASURED;
	if (pid && sample->pid == pid) {
		row->sampled_us = (uint64_t)sample->at_us;
		row->cpu_us = sample->cpu_us;
		row->rss_bytes = sample->rss_bytes;
		row->threads = sample->threads;
		row->run_state = (unsigned char)sample->state;
	}
	if (!pid || measured->pid != pid)
		return;
	row->memory_error = (uint32_t)-measured->error;
	if (measured->error)
		return;
	row->pss_bytes = measured->memory.pss_bytes;
	row->private_bytes = measured->memory.private_bytes;
	row->shared_bytes = measured->memory.shared_bytes;
	row->forked_bytes = measured->memory.forked_bytes;
	row->memory_age_us = (uint64_t)(clock_us() - measured->at_us);
}

/* One that is leaving is listed as long as there is something of it. */
static bool is_listed(const struct zygote_link *link)
{
	return !link->leaving || link->pid || link->users;
}

static uint32_t pack_zygotes(struct buf *body, const struct zygotes *zygotes)
{
	uint32_t n = 0;

	for (size_t i = 0; i < zygotes->n; i++) {
		const struct zygote_link *link = zygotes->all[i];
		struct usage_row row = {
			.kind = USAGE_ZYGOTE,
			.name = link->config->name,
			.generation = link->generation,
			.state = control_condition(link),
			.restarts = link->starts ? link->starts - 1 : 0,
		};

		if (!is_listed(link))
			continue;
		if (link->pid)
			row.uptime_us = (uint64_t)(clock_us() - link->launched_us);
		fill(&row, link->pid, &link->sample, &link->cost);
		usage_row_pack(body, &row);
		n++;
	}
	return n;
}

static uint32_t row_of(const struct zygotes *zygotes, const struct zygote_link *link)
{
	uint32_t row = 0;

	for (size_t i = 0; link && i < zygotes->n; i++) {
		row += is_listed(zygotes->all[i]);
		if (zygotes->all[i] == link)
			return row;
	}
	return 0;
}

static void pack_process(struct buf *body, const struct zygotes *zygotes,
			 const struct process *process)
{
	struct usage_row row = {
		.kind = USAGE_PROCESS,
		.group = (char *)process->group,
		.name = process->config->name,
		.zygote = row_of(zygotes, process->zygote),
		.generation = process->zygote ? process->zygote->generation : 0,
		.state = (uint32_t)process_state_code(process->state),
	};

	for (unsigned i = 0; i < END_NREASONS; i++)
		row.restarts += process->counters.restarts[i];
	if (process->pid)
		row.uptime_us = (uint64_t)(clock_us() - process->started_us);
	fill(&row, process->pid, &process->sample, &process->cost);
	usage_row_pack(body, &row);
}

static void answer(struct control_calls *calls, uint32_t id)
{
	const struct supervisor *supervisor = calls->supervisor;
	const struct groups *groups = &supervisor->groups;
	struct buf body = { 0 }, rows = { 0 };
	uint32_t n = pack_zygotes(&rows, &supervisor->zygotes);

	for (size_t i = 0; i < groups->n; i++) {
		const struct group *group = groups->all[i];

		for (size_t j = 0; j < group->n; j++, n++)
			pack_process(&rows, &supervisor->zygotes, group->processes[j]);
	}
	control_begin(&body);
	pack_host(&body);
	pack_u32(&body, n);
	buf_add(&body, buf_str(&rows), rows.len);
	body.failed = body.failed || rows.failed;
	buf_done(&rows);
	control_send(calls, id, &body, -1);
}

/* ---- who waits for it ---- */

static void drop(struct control_usage *usage)
{
	struct control_usage **at = &usage->calls->usages;

	while (*at != usage)
		at = &(*at)->next;
	*at = usage->next;
	sampler_unwait(&usage->calls->supervisor->sampler, &usage->wait);
	free(usage);
}

void control_usages_forget(struct control_calls *calls)
{
	while (calls->usages)
		drop(calls->usages);
}

static void on_sampled(struct sampler_wait *wait)
{
	struct control_usage *usage = container_of(wait, struct control_usage, wait);
	struct control_calls *calls = usage->calls;
	uint32_t id = usage->id;

	drop(usage);
	answer(calls, id);
}

void control_usage(const struct control_call *call)
{
	struct supervisor *supervisor = call->supervisor;
	struct control_usage *usage;

	meter_want(&supervisor->meter);
	if (sampler_is_fresh(&supervisor->sampler)) {
		answer(call->calls, call->id);
		return;
	}
	usage = calloc(1, sizeof(*usage));
	if (!usage) {
		control_fault(call->calls, call->id, FAULT_FAILED, "out of memory");
		return;
	}
	usage->calls = call->calls;
	usage->id = call->id;
	usage->wait.done = on_sampled;
	usage->next = call->calls->usages;
	call->calls->usages = usage;
	sampler_wait(&supervisor->sampler, &usage->wait);
}
