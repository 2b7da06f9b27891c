/* jobs.c - see jobs.h. */
#include "logger/jobs.h"

#include "base/util.h"
#include "logger/service.h"

#include <stdlib.h>

#define JOBS_MAX 4096 /* waiting ones; more are done at once, late */

struct job {
	struct job *next;
	struct stream *stream; /* borrowed */
	uint64_t mark;
	job_act *act;
	uint32_t id, arg;
	ev_tstamp due;
};

static void set_timer(struct jobs *jobs)
{
	struct ev_loop *loop = jobs->service->loop;

	ev_timer_stop(loop, &jobs->deadline);
	if (!jobs->first)
		return;
	ev_timer_set(&jobs->deadline, jobs->first->due - ev_now(loop), 0.);
	ev_timer_start(loop, &jobs->deadline);
}

static struct job *unlink_job(struct jobs *jobs, struct job **at)
{
	struct job *job = *at;

	*at = job->next;
	jobs->n--;
	return job;
}

/* Takes the job over. */
static void act(struct jobs *jobs, struct job *job, bool late)
{
	job->act(jobs->service, job->stream, job->id, job->arg, late);
	free(job);
}

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct jobs *jobs = container_of(timer, struct jobs, deadline);

	(void)events;
	while (jobs->first && jobs->first->due <= ev_now(loop))
		act(jobs, unlink_job(jobs, &jobs->first), true);
	set_timer(jobs);
}

void jobs_init(struct jobs *jobs, struct service *service)
{
	jobs->service = service;
	ev_init(&jobs->deadline, on_deadline);
}

void jobs_done(struct jobs *jobs)
{
	ev_timer_stop(jobs->service->loop, &jobs->deadline);
	while (jobs->first)
		free(unlink_job(jobs, &jobs->first));
}

static bool is_over(const struct job *job, enum stream_step step)
{
	return stream_is_written(job->stream, job->mark) || step == STREAM_IDLE ||
	       step == STREAM_ENDED;
}

/* The oldest job of a stream. */
static struct job **find(struct jobs *jobs, const struct stream *stream)
{
	struct job **at = &jobs->first;

	while (*at && (*at)->stream != stream)
		at = &(*at)->next;
	return at;
}

void jobs_look(struct jobs *jobs, struct stream *stream, enum stream_step step)
{
	struct job **at;

	while (jobs->first && *(at = find(jobs, stream)) && is_over(*at, step))
		act(jobs, unlink_job(jobs, at), false); /* if it removes the stream, none is left */
	if (!jobs->first)
		set_timer(jobs);
}

void jobs_forget(struct jobs *jobs, struct stream *stream)
{
	struct job **at;

	while (*(at = find(jobs, stream))) {
		struct job *job = unlink_job(jobs, at);

		job->stream = NULL;
		act(jobs, job, true);
	}
}

void jobs_add(struct jobs *jobs, struct stream *stream, job_act *how, uint32_t id, uint32_t arg)
{
	struct ev_loop *loop = jobs->service->loop;
	uint64_t mark = stream_mark(stream);
	bool is_first = !*find(jobs, stream);
	struct job *job, **at = &jobs->first;

	if (is_first && stream_drain(stream, mark) != STREAM_STALLED) {
		how(jobs->service, stream, id, arg, false);
		return;
	}
	job = jobs->n < JOBS_MAX ? calloc(1, sizeof(*job)) : NULL;
	if (!job) {
		how(jobs->service, stream, id, arg, true);
		return;
	}
	ev_now_update(loop);
	*job = (struct job){ NULL, stream, mark, how, id, arg, ev_now(loop) + JOBS_SECONDS };
	while (*at)
		at = &(*at)->next;
	*at = job;
	if (jobs->n++ == 0)
		set_timer(jobs);
}
