/* stack.c - see stack.h. */
#include "supervisor/stack.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/launch.h"
#include "supervisor/process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECONDS 10 /* a hundred threads that hang in the kernel are given up sooner */
#define TEXT_MAX ((size_t)1 << 20)

/* What the child has said, cut at TEXT_MAX. */
static void read_output(int fd, struct buf *text)
{
	char part[65536];
	ssize_t n = 1;

	while (text->len < TEXT_MAX && (n = pread(fd, part, sizeof(part), (off_t)text->len)) > 0)
		buf_add(text, part, (size_t)n);
	if (n > 0)
		buf_addstr(text, "[cut here]\n");
}

static void on_end(struct hook *hook, const char *failure)
{
	struct stack_job *job = container_of(hook, struct stack_job, hook);
	struct buf text = { 0 };

	read_output(job->output, &text);
	fd_close(&job->output);
	while (failure && text.len && text.data[text.len - 1] == '\n')
		text.data[--text.len] = '\0';
	if (failure && text.len)
		failure = buf_str(&text); /* what it has said itself */
	job->done(job, failure, buf_str(&text));
	buf_done(&text);
}

void stack_job_init(struct stack_job *job, struct ev_loop *loop, struct reaper *reaper)
{
	hook_init(&job->hook, loop, reaper);
	job->hook.done = on_end;
	job->hook.limit = "the time for reading a stack";
	job->output = -1;
}

void stack_job_done(struct stack_job *job)
{
	hook_done(&job->hook);
	fd_close(&job->output);
}

int stack_job_start(struct stack_job *job, const struct process *process, struct error *err)
{
	char pid[16];
	char *argv[] = { NULL, (char *)"--stack", pid, NULL };
	char *environment[] = { (char *)"PATH=/usr/bin:/bin", (char *)"LC_ALL=C.UTF-8", NULL };
	struct launch what = { .argv = argv, .environment = environment, .umask = -1 };
	int r;

	if (!process->zygote || !process->pid || !process->zygote->interpreter.zygote) {
		error_set(err,
			  process->zygote ? "%s is not running"
					  : "%s is no worker of a zygote, so its stack cannot "
					    "be read",
			  process->config->name);
		return -EINVAL;
	}
	if (hook_is_active(&job->hook)) {
		error_set(err, "the stack of %s is being read already", process->config->name);
		return -EBUSY;
	}
	snprintf(pid, sizeof(pid), "%d", (int)process->pid);
	job->output = memfd_create("forkserver-stack", MFD_CLOEXEC);
	if (job->output < 0)
		return error_set(err, "memfd_create: %s", strerror(errno));
	argv[0] = process->zygote->interpreter.zygote;
	what.path = argv[0];
	what.name = process->config->name;
	/* Whose memory the worker's once was, and no more than that.  If a root zygote's worker has
	 * become another user, the kernel lets not even that user read it (proc(5), dumpable). */
	what.user = process->zygote->user.name ? &process->zygote->user : NULL;
	what.stdio[0] = -1;
	what.stdio[1] = what.stdio[2] = job->output;
	r = hook_start(&job->hook, &what, SECONDS, 1, err);
	if (r < 0)
		fd_close(&job->output);
	return r;
}
