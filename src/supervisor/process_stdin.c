/* process_stdin.c - what is written to a process, as much of it as it does not read yet.  See
 * process.h. */
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/process.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static size_t pending(const struct process *process)
{
	return process->input.len - process->input_sent;
}

void process_close_stdin(struct process *process)
{
	ev_io_stop(process->host->loop, &process->input_watch);
	fd_close(&process->stdin_fd);
	buf_done(&process->input);
	process->input_sent = 0;
}

/* As much as the pipe takes now: bytes, or -errno. */
static ssize_t write_some(struct process *process, const void *data, size_t len)
{
	ssize_t n;

	do
		n = write(process->stdin_fd, data, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	return n;
}

static void on_writable(struct ev_loop *loop, ev_io *watch, int events)
{
	struct process *process = container_of(watch, struct process, input_watch);
	ssize_t n =
		write_some(process, process->input.data + process->input_sent, pending(process));

	(void)events;
	if (n < 0) {
		log_debug("%s: %zu bytes for its standard input are lost: %s",
			  process->config->name, pending(process), strerror((int)-n));
		process_close_stdin(process);
		return;
	}
	process->input_sent += (size_t)n;
	if (pending(process))
		return;
	ev_io_stop(loop, watch);
	buf_done(&process->input); /* it may have been large, and is seldom needed */
	process->input_sent = 0;
}

/* Keeps what the pipe did not take. */
static int keep(struct process *process, const char *data, size_t len)
{
	struct buf *input = &process->input;

	if (process->input_sent) {
		memmove(input->data, input->data + process->input_sent, pending(process));
		input->len = pending(process);
		process->input_sent = 0;
	}
	buf_add(input, data, len);
	if (input->failed) {
		input->failed = false;
		return -ENOBUFS;
	}
	if (!ev_is_active(&process->input_watch)) {
		ev_io_init(&process->input_watch, on_writable, process->stdin_fd, EV_WRITE);
		ev_io_start(process->host->loop, &process->input_watch);
	}
	return 0;
}

int process_write_stdin(struct process *process, const void *data, size_t len)
{
	const char *at = data;
	ssize_t n = 0;

	if (!process->pid || process->state == PROCESS_STOPPING)
		return -ESRCH;
	if (process->stdin_fd < 0)
		return -EPIPE;
	if (pending(process) + len > PROCESS_STDIN_MAX)
		return -ENOBUFS;
	if (!pending(process))
		n = write_some(process, at, len);
	if (n < 0) {
		process_close_stdin(process);
		return (int)n;
	}
	return (size_t)n < len ? keep(process, at + n, len - (size_t)n) : 0;
}
