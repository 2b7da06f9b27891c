/* logs_jobs.c - what callers ask of the logger: sent in their order, answered, asked again of the
 * next logger, or given up in time.  See logs.h. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/util.h"
#include "ipc/pack.h"
#include "supervisor/logs_queue.h"
#include "supervisor/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void push(struct log_jobs *jobs, struct log_job *job)
{
	job->next = NULL;
	if (jobs->first)
		jobs->last->next = job;
	else
		jobs->first = job;
	jobs->last = job;
}

static void take(struct log_jobs *jobs, struct log_job *job)
{
	struct log_job *before = NULL;

	for (struct log_job *at = jobs->first; at && at != job; at = at->next)
		before = at;
	if (before)
		before->next = job->next;
	else
		jobs->first = job->next;
	if (jobs->last == job)
		jobs->last = before;
	job->next = NULL;
	job->state = LOG_JOB_IDLE;
}

static struct log_job *pop(struct log_jobs *jobs)
{
	struct log_job *job = jobs->first;

	if (job)
		take(jobs, job);
	return job;
}

/* ---- asking ---- */

static void finish(struct logs *logs, struct log_job *job, int error, const char *why)
{
	job->error = error;
	job->why = why;
	job->state = LOG_JOB_FINISHED;
	push(&logs->finished, job);
	if (!ev_is_active(&logs->finish)) {
		ev_timer_set(&logs->finish, 0., 0.);
		ev_timer_start(logs->loop, &logs->finish);
	}
}

static void ask(struct logs *logs, uint32_t type, uint32_t stream, struct log_job *job)
{
	struct log_pipe *pipe = stream == LOG_ALL ? NULL : logs_pipe(logs, stream);

	job->type = type;
	job->stream = stream;
	job->id = 0;
	job->asked_ms = clock_ms();
	if (stream != LOG_ALL && !pipe) {
		finish(logs, job, ENOENT, "there is no such log");
		return;
	}
	if (pipe && type != MESSAGE_LOG_OPEN && !log_pipe_is_known(pipe)) {
		finish(logs, job, 0, "");
		return;
	}
	job->state = LOG_JOB_QUEUED;
	push(&logs->queue, job);
	logs_await(logs);
	logs_flush(logs);
}

void logs_open(struct logs *logs, uint32_t stream, struct log_job *job)
{
	ask(logs, MESSAGE_LOG_OPEN, stream, job);
}

void logs_clear(struct logs *logs, uint32_t stream, struct log_job *job)
{
	ask(logs, MESSAGE_LOG_CLEAR, stream, job);
}

void logs_rotate(struct logs *logs, uint32_t stream, struct log_job *job)
{
	ask(logs, MESSAGE_LOG_ROTATE, stream, job);
}

void logs_reopen(struct logs *logs, uint32_t stream, struct log_job *job)
{
	ask(logs, MESSAGE_LOG_REOPEN, stream, job);
}

void logs_sync(struct logs *logs, uint32_t stream, struct log_job *job)
{
	ask(logs, MESSAGE_LOG_SYNC, stream, job);
}

void logs_cancel(struct logs *logs, struct log_job *job)
{
	switch (job->state) {
	case LOG_JOB_QUEUED:
		take(&logs->queue, job);
		break;
	case LOG_JOB_SENT: /* its answer will be nobody's */
		take(&logs->sent, job);
		break;
	case LOG_JOB_FINISHED:
		take(&logs->finished, job);
		break;
	default:
		break;
	}
}

/* ---- sending, answering ---- */

static int send_job(struct logs *logs, struct log_job *job)
{
	struct log_pipe *pipe = logs_pipe(logs, job->stream);
	const char *path = pipe && !log_pipe_is_known(pipe) ? log_pipe_path(pipe) : NULL;
	CLEANUP_FREE char *absolute = path ? output_absolute(path) : NULL;
	struct buf body = { 0 };
	int r;

	pack_u32(&body, job->stream);
	if (job->type == MESSAGE_LOG_OPEN)
		pack_str(&body, absolute);
	job->id = ++logs->last_id & ~LOGS_STREAM_BIT;
	r = body.failed ? -ENOMEM
			: logger_link_send(&logs->link, job->type, job->id, body.data, body.len,
					   NULL, 0);
	buf_done(&body);
	return r;
}

bool logs_jobs_send(struct logs *logs)
{
	while (logs->queue.first) {
		struct log_job *job = logs->queue.first;
		int r = send_job(logs, job);

		if (r == -EAGAIN || r == -EPIPE)
			return false;
		take(&logs->queue, job);
		if (r < 0) {
			finish(logs, job, -r, "out of memory");
			continue;
		}
		job->state = LOG_JOB_SENT;
		push(&logs->sent, job);
	}
	return true;
}

bool logs_jobs_idle(const struct logs *logs)
{
	return !logs->queue.first && !logs->sent.first;
}

/* An answer that nobody waits for any more is none of our business. */
int logs_jobs_answer(struct logs *logs, uint32_t id, int error, const char *why, int fd)
{
	struct log_job *job = logs->sent.first;

	while (job && job->id != id)
		job = job->next;
	if (job) {
		take(&logs->sent, job);
		job->done(job, error, why, fd);
	} else if (fd >= 0) {
		close(fd);
	}
	return 0;
}

/* All can be asked twice, but a rotation that was done would be done again. */
void logs_jobs_requeue(struct logs *logs)
{
	struct log_jobs again = { 0 };
	struct log_job *job;

	while ((job = pop(&logs->sent))) {
		if (job->type == MESSAGE_LOG_ROTATE) {
			finish(logs, job, EIO, "the logger died while it was to rotate");
			continue;
		}
		job->state = LOG_JOB_QUEUED;
		push(&again, job);
	}
	if (!again.first)
		return;
	again.last->next = logs->queue.first;
	if (!logs->queue.first)
		logs->queue.last = again.last;
	logs->queue.first = again.first;
}

void logs_jobs_fail(struct logs *logs, const char *why)
{
	struct log_job *job;

	while ((job = pop(&logs->sent)) || (job = pop(&logs->queue)))
		finish(logs, job, EIO, why);
}

static void expire(struct logs *logs, struct log_jobs *jobs, int64_t now_ms)
{
	struct log_job *job;

	/* the oldest is first */
	while ((job = jobs->first) && now_ms - job->asked_ms >= LOG_JOB_SECONDS * 1000) {
		take(jobs, job);
		finish(logs, job, ETIMEDOUT,
		       "the logger has not answered in time; a disk may be stalled");
	}
}

void logs_jobs_expire(struct logs *logs, int64_t now_ms)
{
	expire(logs, &logs->sent, now_ms);
	expire(logs, &logs->queue, now_ms);
}

void logs_jobs_finish(struct logs *logs)
{
	struct log_job *job;

	for (size_t n = 0; n < 1024 && (job = pop(&logs->finished)); n++)
		job->done(job, job->error, job->why, -1);
	if (logs->finished.first) {
		ev_timer_set(&logs->finish, 0., 0.);
		ev_timer_start(logs->loop, &logs->finish);
	}
}

void logs_jobs_forget(struct logs *logs)
{
	while (pop(&logs->queue) || pop(&logs->sent) || pop(&logs->finished))
		;
}
