/* log_pipe.c - one stream: its pipe, what the logger is told of it, and what becomes of it.
 * See logs.h. */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "ipc/pack.h"
#include "supervisor/logs_queue.h"
#include "supervisor/main_log.h"
#include "supervisor/output.h"
#include "supervisor/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const channels[] = { [LOG_STDOUT] = "stdout", [LOG_STDERR] = "stderr" };

static const struct config_log *config_of(const struct log_pipe *pipe)
{
	const struct config_process *config = pipe->process->config;

	return pipe->channel == LOG_STDOUT ? &config->out : &config->err;
}

bool log_pipe_is_known(const struct log_pipe *pipe)
{
	return pipe->state == PIPE_ASKED || pipe->state == PIPE_READY;
}

uint32_t log_pipe_id(const struct log_pipe *pipe)
{
	return pipe ? pipe->id : LOG_ALL - 1; /* nobody's */
}

const char *log_pipe_path(const struct log_pipe *pipe)
{
	if (!pipe || (!pipe->process && !pipe->automatic))
		return NULL;
	return pipe->automatic ? pipe->automatic : config_of(pipe)->file;
}

bool log_pipe_is_ready(const struct log_pipe *pipe)
{
	return !pipe || pipe->state == PIPE_READY || (pipe->state == PIPE_ASKED && pipe->proven);
}

void log_pipe_counts(const struct log_pipe *pipe, uint64_t *ret_bytes, uint64_t *ret_dropped)
{
	*ret_bytes = pipe ? pipe->bytes : 0;
	*ret_dropped = pipe ? pipe->bytes_dropped : 0;
}

int log_pipe_end(const struct log_pipe *pipe)
{
	return pipe->ends[1];
}

/* ---- making, freeing ---- */

static int grow(struct logs *logs)
{
	uint32_t room = logs->npipes ? 2 * logs->npipes : 16;
	struct log_pipe **pipes = realloc(logs->pipes, room * sizeof(struct log_pipe *));

	if (!pipes)
		return -ENOMEM;
	memset(pipes + logs->npipes, 0, (room - logs->npipes) * sizeof(struct log_pipe *));
	logs->pipes = pipes;
	logs->npipes = room;
	return 0;
}

/* With a number of its own; LOG_MAIN is never free. */
static struct log_pipe *new_pipe(struct logs *logs, bool is_main)
{
	struct log_pipe *pipe;
	uint32_t id = is_main ? LOG_MAIN : logs->hint;

	while (!is_main && id < logs->npipes && logs->pipes[id])
		id++;
	if (id >= logs->npipes && grow(logs) < 0)
		return NULL;
	pipe = calloc(1, sizeof(*pipe));
	if (!pipe)
		return NULL;
	if (!is_main)
		logs->hint = id + 1;
	pipe->logs = logs;
	pipe->id = id;
	pipe->ends[0] = pipe->ends[1] = -1;
	logs->pipes[id] = pipe;
	return pipe;
}

void log_pipe_unmark(struct log_pipe *pipe)
{
	struct logs *logs = pipe->logs;
	struct log_pipe *before = NULL;

	if (!pipe->marks)
		return;
	for (struct log_pipe *at = logs->marked; at != pipe; at = at->next)
		before = at;
	if (before)
		before->next = pipe->next;
	else
		logs->marked = pipe->next;
	if (logs->marked_last == pipe)
		logs->marked_last = before;
	pipe->next = NULL;
	pipe->marks = 0;
}

void log_pipe_free(struct log_pipe *pipe)
{
	struct logs *logs = pipe->logs;

	log_pipe_unmark(pipe);
	if (pipe->state == PIPE_LOST)
		logs->lost--;
	logs->pipes[pipe->id] = NULL;
	if (pipe->id != LOG_MAIN && pipe->id < logs->hint)
		logs->hint = pipe->id;
	fd_close(&pipe->ends[0]);
	fd_close(&pipe->ends[1]);
	free(pipe->automatic);
	if (pipe->farewell)
		buf_done(pipe->farewell);
	free(pipe->farewell);
	pipe->farewell = NULL;
	pipe->automatic = NULL;
	pipe->process = NULL;
	pipe->orphan = true;
	if (!pipe->borrowers)
		free(pipe);
}

struct log_pipe *log_pipe_borrow(struct log_pipe *pipe)
{
	if (pipe)
		pipe->borrowers++;
	return pipe;
}

void log_pipe_return(struct log_pipe *pipe)
{
	if (pipe && --pipe->borrowers == 0 && pipe->orphan)
		free(pipe);
}

struct log_pipe *log_pipe_main(struct logs *logs)
{
	return new_pipe(logs, true);
}

int log_pipe_new(struct logs *logs, struct process *process, enum log_channel channel,
		 struct log_pipe **ret_pipe, struct error *err)
{
	const struct config_log *config =
		channel == LOG_STDOUT ? &process->config->out : &process->config->err;
	struct log_pipe *pipe;

	*ret_pipe = NULL;
	if (!(output_is_logged(config) || log_wants(LEVEL_DEBUG)) ||
	    (channel == LOG_STDERR && process->program->redirect_stderr))
		return 0;
	pipe = new_pipe(logs, false);
	if (!pipe)
		return error_set(err, "out of memory");
	pipe->process = process;
	pipe->channel = (uint8_t)channel;
	if (config->automatic) {
		pipe->automatic = output_automatic_path(logs->daemon, process->config->name,
							channels[channel]);
		if (!pipe->automatic) {
			log_pipe_free(pipe);
			return error_set(err, "out of memory");
		}
	}
	*ret_pipe = pipe;
	return 0;
}

/* ---- telling the logger ---- */

/* What the configuration says; every pointer is borrowed. */
static struct log_stream describe(const struct log_pipe *pipe)
{
	const struct process *process = pipe->process;
	const struct config_program *program = process->program;
	const struct config_log *config = config_of(pipe);
	bool for_us = process->listener && pipe->channel == LOG_STDOUT;

	return (struct log_stream){
		.id = pipe->id,
		.group = (char *)process->group,
		.process = process->config->name,
		.channel = (char *)channels[pipe->channel],
		.path = (char *)log_pipe_path(pipe),
		.own = config->file && output_own_fd(config->file) >= 0,
		.create = pipe->automatic && !pipe->created,
		.maxbytes = config->maxbytes,
		.backups = config->backups,
		.period = program->logfile_period,
		.compress = program->logfile_compress,
		.format = program->logfile_format,
		.stall = program->logfile_stall,
		.strip_ansi = pipe->logs->daemon->strip_ansi,
		.syslog = config->syslog,
		.journald = config->journald,
		.events = (config->events_enabled || log_wants(LEVEL_DEBUG)) && !for_us,
		.capture_maxbytes = for_us ? 0 : config->capture_maxbytes,
		.pid = (uint32_t)pipe->pid,
	};
}

static void mark(struct log_pipe *pipe, uint8_t marks)
{
	struct logs *logs = pipe->logs;

	if (!pipe->marks) {
		pipe->next = NULL;
		if (logs->marked)
			logs->marked_last->next = pipe;
		else
			logs->marked = pipe;
		logs->marked_last = pipe;
	}
	pipe->marks |= marks;
}

/* For the logger, who opens the file. */
static void pack_stream(struct buf *body, const struct log_stream *stream)
{
	CLEANUP_FREE char *path = stream->path ? output_absolute(stream->path) : NULL;
	struct log_stream told = *stream;

	told.path = path;
	body->failed |= stream->path && !path;
	log_stream_pack(body, &told);
}

static int send_add(struct log_pipe *pipe)
{
	struct buf made = { 0 }, *body = pipe->farewell ? pipe->farewell : &made;
	int fds[2] = { pipe->ends[0], -1 }, r;
	struct log_stream stream = { 0 };
	size_t nfds = 1;

	if (!pipe->farewell) {
		stream = pipe->process ? describe(pipe) : main_log_stream(pipe->logs->main_log);
		pack_stream(body, &stream);
	}
	if (stream.own)
		fds[nfds++] = output_own_fd(stream.path);
	r = body->failed ? -ENOMEM
			 : logger_link_send(&pipe->logs->link, MESSAGE_LOG_ADD,
					    pipe->id | LOGS_STREAM_BIT, body->data, body->len, fds,
					    nfds);
	buf_done(&made);
	return r;
}

static int send_change(const struct log_pipe *pipe)
{
	struct log_stream stream =
		pipe->process ? describe(pipe) : main_log_stream(pipe->logs->main_log);
	int fd = stream.own ? output_own_fd(stream.path) : -1, r;
	struct buf body = { 0 };

	pack_stream(&body, &stream);
	r = body.failed ? -ENOMEM
			: logger_link_send(&pipe->logs->link, MESSAGE_LOG_CHANGE,
					   pipe->id | LOGS_STREAM_BIT | LOGS_CHANGE_BIT, body.data,
					   body.len, &fd, fd >= 0);
	buf_done(&body);
	return r;
}

static int send_about(struct log_pipe *pipe, uint32_t type)
{
	struct buf body = { 0 };
	int r;

	pack_u32(&body, pipe->id);
	if (type == MESSAGE_LOG_PID)
		pack_u32(&body, (uint32_t)pipe->pid);
	r = body.failed ? -ENOMEM
			: logger_link_send(&pipe->logs->link, type, pipe->id | LOGS_STREAM_BIT,
					   body.data, body.len, NULL, 0);
	buf_done(&body);
	return r;
}

/* Everything that the logger is to be told of one stream, in this order. */
int log_pipe_send(struct log_pipe *pipe)
{
	int r = 0;

	if (pipe->marks & MARK_ADD) {
		r = send_add(pipe);
		if (r == 0)
			pipe->marks &= (uint8_t) ~(MARK_ADD | MARK_PID | MARK_CHANGE);
	}
	if (r == 0 && pipe->marks & MARK_CHANGE) {
		r = pipe->dropped ? 0 : send_change(pipe);
		if (r == 0)
			pipe->marks &= (uint8_t)~MARK_CHANGE;
	}
	if (r == 0 && pipe->marks & MARK_PID) {
		r = send_about(pipe, MESSAGE_LOG_PID);
		if (r == 0)
			pipe->marks &= (uint8_t)~MARK_PID;
	}
	if (r == 0 && pipe->marks & MARK_REMOVE) {
		r = send_about(pipe, MESSAGE_LOG_REMOVE);
		if (r == 0)
			pipe->marks &= (uint8_t)~MARK_REMOVE;
	}
	return r;
}

void log_pipe_add(struct log_pipe *pipe)
{
	if (pipe->state == PIPE_LOST)
		pipe->logs->lost--;
	pipe->state = PIPE_ASKED;
	pipe->logs->asked++;
	mark(pipe, MARK_ADD);
	logs_await(pipe->logs);
}

/* ---- one start of a process ---- */

static int open_pipe(struct log_pipe *pipe, struct error *err)
{
	const struct process *process = pipe->process;
	int r;

	if (pipe2(pipe->ends, O_CLOEXEC) < 0) {
		r = -errno;
		pipe->ends[0] = pipe->ends[1] = -1;
		error_set(err, "cannot make the pipe for its %s: %s", channels[pipe->channel],
			  strerror(-r));
		return r;
	}
	(void)fd_nonblock(pipe->ends[0], 1);
	/* so that a program which is not root can open /dev/stdout, as many want to */
	if (process->user.name)
		(void)!fchown(pipe->ends[1], process->user.uid, process->user.gid);
	return 0;
}

int log_pipe_prepare(struct log_pipe *pipe, struct error *err)
{
	int r = 0;

	if (!pipe)
		return 0;
	if (pipe->ends[0] < 0)
		r = open_pipe(pipe, err);
	if (r < 0)
		return r;
	/* the last program may have left it otherwise */
	(void)fd_nonblock(pipe->ends[1], 0);
	if (log_pipe_is_ready(pipe))
		return 0;
	if (pipe->state != PIPE_ASKED)
		log_pipe_add(pipe);
	logs_flush(pipe->logs);
	return 1;
}

void log_pipe_pid(struct log_pipe *pipe, pid_t pid)
{
	if (!pipe)
		return;
	pipe->pid = pid;
	if (log_pipe_is_known(pipe)) {
		mark(pipe, MARK_PID);
		logs_flush(pipe->logs);
	}
}

void log_pipe_change(struct log_pipe *pipe)
{
	if (!pipe || !log_pipe_is_known(pipe))
		return; /* the logger will be told everything, or nothing more */
	mark(pipe, MARK_CHANGE);
	logs_flush(pipe->logs);
}

void log_pipe_adopt(struct log_pipe *pipe, struct process *process)
{
	if (!pipe)
		return;
	pipe->process = process;
	log_pipe_change(pipe);
}

void logs_change_main(struct logs *logs)
{
	log_pipe_change(logs_pipe(logs, LOG_MAIN));
}

void logs_change_level(struct logs *logs)
{
	for (uint32_t id = LOG_MAIN + 1; id < logs->npipes; id++)
		if (logs->pipes[id])
			log_pipe_change(logs->pipes[id]);
}

/* The answer to LOG_ADD comes first, if it is outstanding. */
static void leave(struct log_pipe *pipe)
{
	pipe->state = PIPE_LEAVING;
	pipe->logs->asked++;
	mark(pipe, MARK_REMOVE);
	logs_await(pipe->logs);
	logs_flush(pipe->logs);
}

void log_pipe_drop(struct log_pipe *pipe)
{
	struct log_stream stream;

	if (!pipe)
		return;
	if (!log_pipe_is_known(pipe) || !(pipe->farewell = calloc(1, sizeof(*pipe->farewell)))) {
		log_pipe_free(pipe);
		return;
	}
	stream = describe(pipe);
	stream.create = 0;
	log_stream_pack(pipe->farewell, &stream);
	pipe->process = NULL;
	pipe->dropped = true;
	fd_close(&pipe->ends[1]);
	if (pipe->state == PIPE_READY)
		leave(pipe);
}

/* ---- what the logger says ---- */

static void lose(struct log_pipe *pipe, const char *why)
{
	pipe->state = PIPE_LOST;
	pipe->logs->lost++;
	logs_await(pipe->logs);
	if (pipe->process)
		log_error("%s:%s: its %s is not read: %s; it is kept in the pipe, trying again "
			  "every %d s",
			  pipe->process->group, pipe->process->config->name,
			  channels[pipe->channel], why, LOGS_RETRY_SECONDS);
	else
		main_log_lost(pipe->logs->main_log, why);
}

void log_pipe_changed(const struct log_pipe *pipe, int error, const char *why)
{
	if (!error || pipe->dropped)
		return;
	if (pipe->process)
		log_error("%s:%s: its %s goes where it went before: %s", pipe->process->group,
			  pipe->process->config->name, channels[pipe->channel], why);
	else
		log_error("the main log goes where it went before: %s", why);
}

void log_pipe_added(struct log_pipe *pipe, int error, const char *why)
{
	struct logs *logs = pipe->logs;
	bool first = !pipe->proven;

	if (error == EEXIST && pipe->automatic && !pipe->created && pipe->process) {
		char *other = output_automatic_path(logs->daemon, pipe->process->config->name,
						    channels[pipe->channel]);

		if (other) {
			free(pipe->automatic);
			pipe->automatic = other;
			log_pipe_add(pipe);
			logs_flush(logs);
			return;
		}
	}
	if (error) {
		pipe->state = PIPE_NEW;
		if (pipe->dropped) {
			log_pipe_free(pipe);
			return;
		}
		if (!first || pipe->id == LOG_MAIN)
			lose(pipe, why);
	} else {
		pipe->state = PIPE_READY;
		pipe->proven = pipe->created = true;
	}
	if (pipe->dropped)
		leave(pipe);
	else if (pipe->process)
		logs->host->answered(logs, pipe->process, error ? why : NULL, false);
	else if (!error && first)
		main_log_attach(logs->main_log);
}
