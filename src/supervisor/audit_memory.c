/* audit_memory.c - see audit_memory.h. */
#include "supervisor/audit_memory.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/util.h"
#include "ipc/channel.h"
#include "supervisor/audit_run.h"
#include "supervisor/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORKERS 2
#define ANSWER_MS 30000

/* Says that it runs, and then waits for the end of its input, so that nothing changes while it is
 * measured. */
static const char probe[] = "import os\n"
			    "os.write(1, b'.')\n"
			    "while os.read(0, 1):\n"
			    "    pass\n";

struct worker {
	pid_t pid;
	int gate, in, out; /* owned: our ends */
	struct memory memory;
};

static int make_pipe(int *ours, int *theirs, bool we_write)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*ours = ends[we_write];
	*theirs = ends[!we_write];
	return 0;
}

/* Asks for a worker and waits for its pid. */
static int fork_worker(struct audit_run *run, struct worker *worker, const int fds[4],
		       struct error *err)
{
	char *argv[] = { (char *)"python", (char *)"-c", (char *)probe, NULL };
	struct spawn_request request = { .name = (char *)"memory",
					 .argv = argv,
					 .environment = run->job->environment,
					 .umask = -1 };
	struct spawn_reply reply = { 0 };
	struct message message;
	struct buf body = { 0 };
	int r;

	spawn_request_pack(&body, &request);
	r = body.failed ? -ENOMEM
			: channel_send(run->channel, MESSAGE_SPAWN, 1, body.data, body.len, fds, 4);
	buf_done(&body);
	if (r < 0)
		return error_set(err, "cannot ask the zygote for a worker: %s", strerror(-r));
	if (!audit_run_wait(run, run->channel, clock_ms() + ANSWER_MS))
		return error_set(err, "the zygote does not answer");
	r = channel_recv(run->channel, &message);
	if (r <= 0)
		return error_set(err, "the zygote has ended");
	r = message.type == MESSAGE_SPAWNED ? spawn_reply_unpack(&reply, message.body, message.len)
					    : -EPROTO;
	message_done(&message);
	if (r < 0)
		return error_set(err, "the zygote gave no sensible answer");
	worker->pid = reply.pid;
	if (reply.pid <= 0)
		error_set(err, "the zygote did not fork: %s", reply.error ? reply.error : "?");
	spawn_reply_done(&reply);
	return worker->pid > 0 ? 0 : -1;
}

/* Until its first line of Python has run. */
static int start_worker(struct audit_run *run, struct worker *worker, struct error *err)
{
	CLEANUP_FD int gate = -1, in = -1, out = -1;
	char byte = '\n';
	int fds[4];
	int r = make_pipe(&worker->gate, &gate, true);

	if (r == 0)
		r = make_pipe(&worker->in, &in, true);
	if (r == 0)
		r = make_pipe(&worker->out, &out, false);
	if (r < 0)
		return error_set(err, "pipe: %s", strerror(-r));
	memcpy(fds, (int[]){ gate, in, out, 2 }, sizeof(fds));
	if (fork_worker(run, worker, fds, err) < 0)
		return -1;
	fd_close(&gate);
	fd_close(&in);
	fd_close(&out);
	r = fd_write_all(worker->gate, &byte, 1);
	if (r < 0 || !audit_run_wait(run, worker->out, clock_ms() + ANSWER_MS) ||
	    read(worker->out, &byte, 1) != 1)
		return error_set(err, "worker %d ended before it ran (its message is above)",
				 (int)worker->pid);
	return 0;
}

static void add_size(struct buf *out, uint64_t bytes)
{
	buf_printf(out, "%9.1f MiB", (double)bytes / (1 << 20));
}

static void add_table(const struct audit_run *run, const struct worker *workers, struct buf *out)
{
	uint64_t own = 0;

	buf_printf(out, "%-24s%13s%13s%13s\n", "Memory", "private", "shared", "PSS");
	for (int i = 0; i < WORKERS; i++) {
		const struct memory *memory = &workers[i].memory;

		buf_printf(out, "  worker %-15d", i + 1);
		add_size(out, memory->private_bytes);
		add_size(out, memory->shared_bytes);
		add_size(out, memory->pss_bytes);
		buf_addch(out, '\n');
		own += memory->private_bytes / WORKERS;
	}
	buf_printf(out, "  %-22s", "started separately");
	add_size(out, run->ready.rss);
	buf_addstr(out, "  each, about (the zygote's resident size)\n");
	if (run->ready.rss && own < run->ready.rss)
		buf_printf(out, "A further forked worker costs %.0f %% of that at its start.\n",
			   100.0 * (double)own / (double)run->ready.rss);
}

int audit_memory(struct audit_run *run, struct buf *table, struct error *err)
{
	struct worker workers[WORKERS];
	int r = 0;

	for (int i = 0; i < WORKERS; i++)
		workers[i] = (struct worker){ .gate = -1, .in = -1, .out = -1 };
	for (int i = 0; i < WORKERS && r == 0; i++)
		r = start_worker(run, &workers[i], err);
	for (int i = 0; i < WORKERS && r == 0; i++) {
		int read_error = memory_read(workers[i].pid, &workers[i].memory);

		if (read_error < 0)
			r = error_set(err, "/proc/%d/smaps_rollup: %s", (int)workers[i].pid,
				      strerror(-read_error));
	}
	if (r == 0)
		add_table(run, workers, table);
	for (int i = 0; i < WORKERS; i++) {
		fd_close(&workers[i].gate);
		fd_close(&workers[i].in);
		fd_close(&workers[i].out);
	}
	return r;
}
