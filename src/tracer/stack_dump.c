/* stack_dump.c - see stack_dump.h. */
#include "tracer/stack_dump.h"

#include "base/clock.h"
#include "base/error.h"
#include "report/document.h"
#include "tracer/image.h"
#include "tracer/pystack.h"
#include "tracer/stacks.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX 4096
#define STOP_MS 1000 /* a thread that takes longer hangs in the kernel */
#define LOOK_MS 1
#define FRAMES_SHOWN 200 /* of one thread: the newest */

struct thread {
	pid_t tid;
	char name[64];
	char doing[128]; /* before we came: "in futex, waiting in futex_wait" */
};

/* ---- what /proc says of a thread ---- */

/* The first line of /proc/PID/task/TID/NAME, "" if it cannot be read. */
static void read_line(pid_t pid, pid_t tid, const char *name, char *line, size_t size)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", (int)pid, (int)tid, name);
	line[0] = '\0';
	file = fopen(path, "re");
	if (!file)
		return;
	if (!fgets(line, (int)size, file))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	(void)fclose(file);
}

/* R, S, D, …: behind the name, which may hold anything. */
static char state_of(pid_t pid, pid_t tid)
{
	char line[512];
	const char *end;

	read_line(pid, tid, "stat", line, sizeof(line));
	end = strrchr(line, ')');
	return end && end[1] == ' ' ? end[2] : '?';
}

/* "NUMBER ARGUMENT…", "-1 SP PC" or "running": proc_pid_syscall(5). */
static void describe_call(struct thread *thread, const char *call, const char *where, char state)
{
	int number = atoi(call);
	char *name = NULL;

	if (call[0] >= '0' && call[0] <= '9')
		name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
	if (state == 'T' || state == 't')
		snprintf(thread->doing, sizeof(thread->doing), "stopped by a signal or a debugger");
	else if (state == 'R')
		snprintf(thread->doing, sizeof(thread->doing), "running");
	else if (name)
		snprintf(thread->doing, sizeof(thread->doing), "in %s()%s%s%s", name,
			 state == 'D' ? ", not to be interrupted" : "",
			 where[0] && where[0] != '0' ? ", waiting in " : "",
			 where[0] && where[0] != '0' ? where : "");
	else
		snprintf(thread->doing, sizeof(thread->doing), "state %c", state);
	free(name);
}

static void look_at(pid_t pid, struct thread *thread)
{
	char call[256], where[64];

	read_line(pid, thread->tid, "comm", thread->name, sizeof(thread->name));
	read_line(pid, thread->tid, "syscall", call, sizeof(call));
	read_line(pid, thread->tid, "wchan", where, sizeof(where));
	describe_call(thread, call, where, state_of(pid, thread->tid));
}

static int by_tid(const void *a, const void *b)
{
	const struct thread *left = a, *right = b;

	return (left->tid > right->tid) - (left->tid < right->tid);
}

/* The threads, the main thread first.  malloc'ed; NULL: there is no such process, or no memory. */
static struct thread *list_threads(pid_t pid, size_t *ret_n)
{
	struct thread *threads = calloc(THREADS_MAX, sizeof(*threads));
	struct dirent *entry;
	char path[64];
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = threads ? opendir(path) : NULL;
	while (dir && n < THREADS_MAX && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			threads[n++].tid = atoi(entry->d_name);
	if (dir)
		(void)closedir(dir);
	if (!n) {
		free(threads);
		return NULL;
	}
	qsort(threads, n, sizeof(*threads), by_tid);
	*ret_n = n;
	return threads;
}

/* ---- stopping ---- */

/* 0 in a ptrace stop, *ret_signal: which the thread was about to get, 0: none.  -errno: it is not
 * stopped, and our end ends the tracing. */
static int stop(pid_t tid, int *ret_signal)
{
	int64_t deadline = clock_ms() + STOP_MS;
	int status;

	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0)
		return -errno;
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0)
		return -errno;
	while (waitpid(tid, &status, __WALL | WNOHANG) == 0) {
		if (clock_ms() >= deadline)
			return -ETIMEDOUT;
		(void)poll(NULL, 0, LOOK_MS); /* waitpid(2) has no deadline of its own */
	}
	if (!WIFSTOPPED(status))
		return -ESRCH;
	*ret_signal = status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status);
	return 0;
}

/* The signal that came first is not to be lost. */
static void let_go(pid_t tid, int signal)
{
	(void)ptrace(PTRACE_DETACH, tid, NULL, (void *)(uintptr_t)signal);
}

/* ---- output ---- */

static void print_stack(FILE *to, const struct report_stack *stack)
{
	size_t skip = stack->nframes > FRAMES_SHOWN ? stack->nframes - FRAMES_SHOWN : 0;

	fprintf(to, "Traceback (most recent call last):\n");
	if (skip)
		fprintf(to, "  [%zu older frames]\n", skip);
	for (size_t i = skip; i < stack->nframes; i++) {
		const struct report_frame *frame = &stack->frames[i];

		fprintf(to, "  File \"%s\", line %u, in %s\n", frame->file, frame->line,
			frame->function);
		if (frame->source && frame->source[0])
			fprintf(to, "    %s\n", frame->source);
	}
}

static void print(FILE *to, const struct thread *thread, const struct report_thread *found, int r)
{
	fprintf(to, "Thread %d \"%s\", %s\n", (int)thread->tid, thread->name, thread->doing);
	if (r == -ETIMEDOUT)
		fprintf(to, "  (it hangs in the kernel, so its stack cannot be read)\n");
	else if (r < 0)
		fprintf(to, "  (its stack cannot be read: %s)\n", strerror(-r));
	else if (!found || !found->stack.nframes)
		fprintf(to, "  (it runs no Python)\n");
	else
		print_stack(to, &found->stack);
}

/* ---- all of it ---- */

/* The stack of a stopped thread, copied into the report, which reads the source lines later. */
static int capture(struct pystack_reader *reader, const struct thread *thread,
		   struct report_thread *to)
{
	struct pystack *stack = pystack_capture(reader, thread->tid);
	struct pystack_lines lines;
	int r = pystack_resolve(reader, stack, &lines);

	if (r == 0)
		r = stacks_add_lines(&to->stack, &lines);
	pystack_lines_done(&lines);
	pystack_unref(stack);
	return r;
}

static int read_threads(struct pystack_reader *reader, const struct thread *threads, size_t n,
			struct report_error *found, int *results)
{
	for (size_t i = 0; i < n; i++) {
		int signal = 0;
		struct report_thread *to =
			report_add_thread(found, threads[i].name, (int)threads[i].tid);

		if (!to)
			return -ENOMEM;
		results[i] = stop(threads[i].tid, &signal);
		if (results[i] < 0)
			continue;
		results[i] = capture(reader, &threads[i], to);
		let_go(threads[i].tid, signal);
	}
	return 0;
}

/* The memory that all of it takes. */
struct work {
	struct thread *threads;
	size_t n;
	int *results;
	struct report report;
	struct report_error *found; /* in the report */
	struct pystack_reader reader;
};

static int prepare(struct work *work, pid_t pid, struct error *err)
{
	work->results = calloc(work->n, sizeof(*work->results));
	work->found = report_set_error(&work->report, "stack", "", "");
	if (!work->results || !work->found || pystack_init(&work->reader, pid) < 0) {
		error_set(err, "out of memory");
		return -ENOMEM;
	}
	return image_find(&work->reader.image, pid, err);
}

static int dump(struct work *work, pid_t pid, FILE *to, struct error *err)
{
	int r = prepare(work, pid, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < work->n; i++)
		look_at(pid, &work->threads[i]);
	r = read_threads(&work->reader, work->threads, work->n, work->found, work->results);
	if (r == 0 && work->results[0] == -EPERM)
		r = -EPERM;
	if (r < 0) {
		error_set(err, "process %d cannot be traced: %s", (int)pid, strerror(-r));
		return r;
	}
	(void)report_fill_sources(&work->report);
	for (size_t i = 0; i < work->n; i++)
		print(to, &work->threads[i], &work->found->threads[i], work->results[i]);
	return 0;
}

int stack_dump(pid_t pid, FILE *to, struct error *err)
{
	struct work work = { 0 };
	int r;

	work.threads = list_threads(pid, &work.n);
	if (!work.threads) {
		error_set(err, "there is no process %d", (int)pid);
		return -ESRCH;
	}
	r = dump(&work, pid, to, err);
	report_done(&work.report);
	pystack_done(&work.reader);
	free(work.results);
	free(work.threads);
	return r;
}
