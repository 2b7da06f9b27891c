/* logs.c - see logs.h: what is said to the logger and by it, and when. */
#include "supervisor/logs.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/util.h"
#include "ipc/channel.h"
#include "ipc/pack.h"
#include "supervisor/logs_queue.h"
#include "supervisor/main_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TICK_SECONDS 1.
#define STALLED_MS 10000 /* without an answer */

static const struct logger_host link_host;

struct log_pipe *logs_pipe(const struct logs *logs, uint32_t id)
{
	return id < logs->npipes ? logs->pipes[id] : NULL;
}

void logs_flush(struct logs *logs)
{
	while (logs->marked) {
		struct log_pipe *pipe = logs->marked;

		if (log_pipe_send(pipe) < 0)
			return; /* writable() or up() will come; no memory: tick() */
		logs->marked = pipe->next;
		pipe->next = NULL;
	}
	if (logs_jobs_send(logs) && logs->ending)
		logger_link_last(&logs->link);
}

void logs_await(struct logs *logs)
{
	if (ev_is_active(&logs->tick))
		return;
	logs->heard_ms = clock_ms();
	ev_timer_set(&logs->tick, TICK_SECONDS, TICK_SECONDS);
	ev_timer_start(logs->loop, &logs->tick);
}

/* ---- what the logger says ---- */

static int stream_answered(struct logs *logs, uint32_t id, int error, const char *why)
{
	struct log_pipe *pipe = logs_pipe(logs, id & ~LOGS_CHANGE_BIT);

	if (id & LOGS_CHANGE_BIT) {
		if (pipe)
			log_pipe_changed(pipe, error, why);
		return 0;
	}
	if (!pipe || !logs->asked)
		return -EPROTO;
	logs->asked--;
	if (pipe->state == PIPE_LEAVING)
		log_pipe_free(pipe);
	else if (pipe->state == PIPE_ASKED)
		log_pipe_added(pipe, error, why);
	else
		return -EPROTO;
	return 0;
}

static int take_done(struct logs *logs, struct message *msg)
{
	struct unpack in;
	uint32_t error;
	int r, fd = -1;
	CLEANUP_FREE char *why = NULL;

	unpack_init(&in, msg->body, msg->len);
	error = unpack_u32(&in);
	why = unpack_str(&in);
	r = unpack_end(&in);
	if (r < 0)
		return r;
	if (msg->type == MESSAGE_LOG_OPENED && msg->nfds) {
		fd = msg->fds[0];
		msg->fds[0] = -1;
	}
	if (msg->id & LOGS_STREAM_BIT)
		return stream_answered(logs, msg->id & ~LOGS_STREAM_BIT, (int)error,
				       why ? why : strerror((int)error));
	return logs_jobs_answer(logs, msg->id, (int)error, why ? why : strerror((int)error), fd);
}

static int take_data(struct logs *logs, const struct message *msg)
{
	struct log_data data;
	struct log_pipe *pipe;
	int r = log_data_unpack(&data, msg->body, msg->len);

	if (r < 0)
		return r;
	pipe = logs_pipe(logs, data.stream);
	if (pipe && pipe->process && logs->host->data)
		logs->host->data(logs, pipe->process, (enum log_channel)pipe->channel, &data);
	log_data_done(&data);
	return 0;
}

static int take_note(const struct message *msg)
{
	CLEANUP_FREE char *text = NULL;
	struct unpack in;
	uint32_t level;
	int r;

	unpack_init(&in, msg->body, msg->len);
	level = unpack_u32(&in);
	text = unpack_str(&in);
	r = unpack_end(&in);
	if (r < 0 || !text || level > LEVEL_CRITICAL)
		return -EPROTO;
	log_at((enum log_level)level, "%s", text);
	return 0;
}

/* A logger that dies takes along what it had counted since the last time. */
static int take_counted(struct logs *logs, const struct message *msg)
{
	struct unpack in;
	uint32_t n;

	unpack_init(&in, msg->body, msg->len);
	n = unpack_u32(&in);
	for (uint32_t i = 0; i < n && !in.bad; i++) {
		struct log_pipe *pipe = logs_pipe(logs, unpack_u32(&in));
		uint64_t bytes = unpack_u64(&in), dropped = unpack_u64(&in);

		if (!pipe)
			continue; /* it has left */
		pipe->bytes += bytes;
		pipe->bytes_dropped += dropped;
	}
	logs->counting = false;
	return unpack_end(&in);
}

void logs_count(struct logs *logs)
{
	if (!logs->counting)
		logs->counting =
			logger_link_send(&logs->link, MESSAGE_LOG_COUNT, 0, NULL, 0, NULL, 0) == 0;
}

static int take(struct logger_link *link, struct message *msg)
{
	struct logs *logs = container_of(link, struct logs, link);

	logs->heard_ms = clock_ms();
	logs->stalled = false;
	switch (msg->type) {
	case MESSAGE_LOG_DONE:
	case MESSAGE_LOG_OPENED:
		return take_done(logs, msg);
	case MESSAGE_LOG_DATA:
		return take_data(logs, msg);
	case MESSAGE_LOG_NOTE:
		return take_note(msg);
	case MESSAGE_LOG_COUNTED:
		return take_counted(logs, msg);
	default:
		return -EPROTO;
	}
}

/* ---- loggers come and go ---- */

static void up(struct logger_link *link)
{
	logs_flush(container_of(link, struct logs, link));
}

static void writable(struct logger_link *link)
{
	logs_flush(container_of(link, struct logs, link));
}

/* The next one is told everything anew. */
static void down(struct logger_link *link)
{
	struct logs *logs = container_of(link, struct logs, link);

	logs->asked = 0;
	logs->counting = false;
	for (uint32_t id = 0; id < logs->npipes; id++) {
		struct log_pipe *pipe = logs->pipes[id];

		if (!pipe || pipe->state == PIPE_NEW)
			continue;
		if (pipe->state == PIPE_LEAVING) /* it is removed when that is answered */
			pipe->marks &= (uint8_t)~MARK_REMOVE;
		log_pipe_add(pipe);
	}
	logs_jobs_requeue(logs);
}

/* Nobody waits for what is not there; what runs goes on, its pipe will be read later. */
static void failed(struct logger_link *link, const char *why)
{
	struct logs *logs = container_of(link, struct logs, link);
	struct error err = { { 0 } };

	error_set(&err, "the logger cannot be started: %s", why);
	logs_jobs_fail(logs, "the logger cannot be started");
	for (uint32_t id = 1; id < logs->npipes; id++) {
		struct log_pipe *pipe = logs->pipes[id];

		if (!pipe || pipe->state != PIPE_ASKED || pipe->proven || !pipe->process)
			continue;
		log_pipe_unmark(pipe);
		pipe->state = PIPE_NEW;
		logs->asked--;
		logs->host->answered(logs, pipe->process, err.text, true);
	}
}

static void ended(struct logger_link *link)
{
	struct logs *logs = container_of(link, struct logs, link);

	logs->host->ended(logs);
}

static const struct logger_host link_host = {
	.up = up,
	.take = take,
	.writable = writable,
	.down = down,
	.failed = failed,
	.ended = ended,
};

/* ---- time ---- */

static void retry_lost(struct logs *logs, int64_t now_ms)
{
	if (now_ms / 1000 % LOGS_RETRY_SECONDS != 0)
		return;
	for (uint32_t id = 0; id < logs->npipes; id++)
		if (logs->pipes[id] && logs->pipes[id]->state == PIPE_LOST)
			log_pipe_add(logs->pipes[id]);
}

static void on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct logs *logs = container_of(timer, struct logs, tick);
	int64_t now_ms = clock_ms();

	(void)events;
	logs_jobs_expire(logs, now_ms);
	if (logs->lost)
		retry_lost(logs, now_ms);
	logs_flush(logs);
	if (!logs->asked && !logs->lost && !logs->marked && logs_jobs_idle(logs)) {
		ev_timer_stop(loop, timer);
		return;
	}
	if (!logs->stalled && logs->link.pid && logs->asked &&
	    now_ms - logs->heard_ms > STALLED_MS) {
		logs->stalled = true;
		log_warn("logger: pid %d has not answered for %d s; a disk may be stalled; "
			 "programs that were not started before have to wait",
			 (int)logs->link.pid, STALLED_MS / 1000);
	}
}

static void on_finish(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	logs_jobs_finish(container_of(timer, struct logs, finish));
}

/* ---- beginning and end ---- */

void logs_init(struct logs *logs, const struct logs_host *host, struct ev_loop *loop,
	       struct reaper *reaper, const struct config_daemon *daemon)
{
	memset(logs, 0, sizeof(*logs));
	logs->host = host;
	logs->loop = loop;
	logs->daemon = daemon;
	logs->hint = LOG_MAIN + 1;
	ev_init(&logs->tick, on_tick);
	ev_init(&logs->finish, on_finish);
	logger_link_init(&logs->link, &link_host, loop, reaper, daemon);
}

void logs_done(struct logs *logs)
{
	if (!logs->loop)
		return;
	ev_timer_stop(logs->loop, &logs->tick);
	ev_timer_stop(logs->loop, &logs->finish);
	logger_link_done(&logs->link);
	logs_jobs_forget(logs);
	for (uint32_t id = 0; id < logs->npipes; id++)
		if (logs->pipes[id])
			log_pipe_free(logs->pipes[id]);
	free(logs->pipes);
	logs->pipes = NULL;
	logs->npipes = 0;
	logs->loop = NULL;
}

int logs_start(struct logs *logs, struct main_log *main_log, struct error *err)
{
	if (main_log_is_logged(main_log)) {
		struct log_pipe *pipe = log_pipe_main(logs);

		if (!pipe)
			return error_set(err, "out of memory");
		logs->main_log = main_log;
		if (main_log_pipe(main_log, pipe->ends, err) < 0)
			return -1;
		log_pipe_add(pipe);
	}
	logger_link_start(&logs->link);
	return 0;
}

void logs_end(struct logs *logs)
{
	logs->ending = true;
	logger_link_end(&logs->link);
	logs_flush(logs);
}
