/* process_logs.c - where a process writes: its streams before each start, and the fds that the
 * child gets.  See process.h and logs.h. */
#include "base/error.h"
#include "base/fd.h"
#include "config/config.h"
#include "supervisor/event_listener.h"
#include "supervisor/logs.h"
#include "supervisor/output.h"
#include "supervisor/process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Whether one stream can be the other's. */
static bool alike(const struct config_log *a, const struct config_log *b)
{
	return a->automatic == b->automatic && output_is_logged(a) == output_is_logged(b);
}

void process_logs_share(struct process *process, struct process *old)
{
	if (process->listener || old->borrows_logs ||
	    process->program->redirect_stderr != old->program->redirect_stderr ||
	    !alike(&process->config->out, &old->config->out) ||
	    !alike(&process->config->err, &old->config->err))
		return;
	process->borrows_logs = true;
	for (int i = 0; i < LOG_NCHANNELS; i++)
		process->logs[i] = log_pipe_borrow(old->logs[i]);
}

void process_logs_adopt(struct process *process, struct process *old)
{
	if (!process->borrows_logs)
		return;
	process->borrows_logs = false;
	old->borrows_logs = true;
	for (int i = 0; i < LOG_NCHANNELS; i++)
		log_pipe_adopt(process->logs[i], process);
	process_logs_born(process, process->pid);
}

int process_logs_new(struct process *process, struct error *err)
{
	if (process->borrows_logs)
		return 0;
	for (int i = 0; i < LOG_NCHANNELS; i++)
		if (log_pipe_new(process->host->logs, process, (enum log_channel)i,
				 &process->logs[i], err) < 0)
			return -1;
	return 0;
}

void process_logs_drop(struct process *process)
{
	for (int i = 0; i < LOG_NCHANNELS; i++) {
		if (process->borrows_logs)
			log_pipe_return(process->logs[i]);
		else
			log_pipe_drop(process->logs[i]);
		process->logs[i] = NULL;
	}
}

/* What is borrowed has been in use: what is written waits in the pipe if the logger is not there.
 */
bool process_logs_ready(const struct process *process)
{
	return process->borrows_logs || (log_pipe_is_ready(process->logs[LOG_STDOUT]) &&
					 log_pipe_is_ready(process->logs[LOG_STDERR]));
}

int process_logs_prepare(struct process *process, struct error *err)
{
	int waits = 0;

	if (process->borrows_logs)
		return 0;
	for (int i = 0; i < LOG_NCHANNELS; i++) {
		int r = log_pipe_prepare(process->logs[i], err);

		if (r < 0)
			return r;
		waits |= r;
	}
	process->awaits_logs = waits;
	return waits;
}

void process_logs_answered(struct process *process, const char *why, bool blameless)
{
	if (!process->awaits_logs)
		return;
	if (!why && !process_logs_ready(process))
		return; /* the other one's answer is to come */
	process->awaits_logs = false;
	process_spawn_resume(process, why, blameless);
}

static int passed(int fd, struct error *err)
{
	if (fd >= 0)
		return fd;
	fd = -errno;
	error_set(err, "cannot pass its output on: %s", strerror(-fd));
	return fd;
}

static int copy(int fd, struct error *err)
{
	return passed(fcntl(fd, F_DUPFD_CLOEXEC, 3), err);
}

/* A copy of the write end, or /dev/null.  An fd or -errno with err. */
static int open_end(const struct log_pipe *pipe, struct error *err)
{
	return pipe && log_pipe_end(pipe) >= 0
		       ? copy(log_pipe_end(pipe), err)
		       : passed(open("/dev/null", O_WRONLY | O_CLOEXEC), err);
}

/* A listener's stdout comes to us, and a copy goes on into its log: which must not block us. */
static int open_stdout(struct process *process, struct error *err)
{
	int fd = -1;

	if (!process->listener || process->logs[LOG_STDOUT])
		fd = open_end(process->logs[LOG_STDOUT], err);
	if (!process->listener || (process->logs[LOG_STDOUT] && fd < 0))
		return fd;
	if (fd >= 0)
		(void)fd_nonblock(fd, 1);
	return event_listener_open(process->listener, fd, err);
}

int process_logs_open(struct process *process, int fds[LOG_NCHANNELS], struct error *err)
{
	int out = open_stdout(process, err), r;

	if (out < 0)
		return out;
	r = process->program->redirect_stderr ? copy(out, err)
					      : open_end(process->logs[LOG_STDERR], err);
	if (r < 0) {
		fd_close(&out);
		return r;
	}
	fds[LOG_STDOUT] = out;
	fds[LOG_STDERR] = r;
	return 0;
}

int process_logs_open_plain(struct process *process, int fds[LOG_NCHANNELS], struct error *err)
{
	bool one = process->program->redirect_stderr;
	int out = open_end(process->logs[LOG_STDOUT], err), r;

	if (out < 0)
		return out;
	r = open_end(process->logs[one ? LOG_STDOUT : LOG_STDERR], err);
	if (r < 0) {
		fd_close(&out);
		return r;
	}
	fds[LOG_STDOUT] = out;
	fds[LOG_STDERR] = r;
	return 0;
}

void process_logs_born(struct process *process, pid_t pid)
{
	for (int i = 0; i < LOG_NCHANNELS && !process->borrows_logs; i++)
		log_pipe_pid(process->logs[i], pid);
}
