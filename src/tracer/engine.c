/* engine.c - see engine.h. */
#include "tracer/engine.h"

#include "base/clock.h"
#include "base/error.h"
#include "tracer/remote.h"
#include "tracer/stops.h"
#include "tracer/tracee.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS                                                                                    \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE |                     \
	 PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)
#define TICK_US 250000 /* microseconds between two looks at the clock */
#define SETTLE_TICK_US 5000
#define EXITING_MS 2000 /* for a Python thread that has left Python to be gone */
#define NATIVE_MS 40    /* for a native thread, which may stay */
#define COLLECT_MS 3000 /* how long a hung program's threads get to come to a stop */

/* ---- attaching ---- */

static const char *yama_advice(void)
{
	char value = '?';
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");

	if (file) {
		if (fread(&value, 1, 1, file) != 1)
			value = '?';
		fclose(file);
	}
	switch (value) {
	case '2':
		return "kernel.yama.ptrace_scope is 2: run forkserver as root or with "
		       "CAP_SYS_PTRACE, or "
		       "set it to 1 (sysctl kernel.yama.ptrace_scope=1)";
	case '3':
		return "kernel.yama.ptrace_scope is 3, which forbids ptrace until the next boot: "
		       "boot "
		       "with a lower value";
	default:
		return "in a container allow ptrace (docker run --cap-add=SYS_PTRACE, or a seccomp "
		       "profile that permits ptrace, process_vm_readv and kcmp); under systemd do "
		       "not filter "
		       "@debug";
	}
}

int engine_attach(struct engine *engine, pid_t root, bool full, struct error *err)
{
	uintptr_t word;
	int r;

	memset(engine, 0, sizeof(*engine));
	engine->root = root;
	engine->full = full;
	if (ptrace(PTRACE_SEIZE, root, 0, OPTIONS) < 0) {
		r = -errno;
		error_set(err, "ptrace(PTRACE_SEIZE) on the zygote failed: %s; %s", strerror(-r),
			  yama_advice());
		return r;
	}
	r = remote_read(root, (uintptr_t)&environ, &word, sizeof(word));
	if (r < 0) {
		error_set(err, "process_vm_readv() on the zygote failed: %s; %s", strerror(-r),
			  yama_advice());
		return r;
	}
	r = pystack_init(&engine->reader, root);
	if (r == 0 && !tracee_add(engine, root))
		r = -ENOMEM;
	if (r < 0)
		return error_set(err, "%s", strerror(-r)), r;
	engine_find(engine, root)->started = true;
	/* It runs on; only after a stop can it be resumed with PTRACE_SYSCALL. */
	if (full && ptrace(PTRACE_INTERRUPT, root, 0, 0) < 0)
		return error_set(err, "ptrace(PTRACE_INTERRUPT): %s", strerror(errno)), -errno;
	return 0;
}

void engine_pin(struct engine *engine)
{
	cpu_set_t one;
	int cpu;

	if (sched_getaffinity(engine->root, sizeof(engine->affinity), &engine->affinity) < 0 ||
	    CPU_COUNT(&engine->affinity) < 2)
		return;
	cpu = sched_getcpu();
	if (cpu < 0 || !CPU_ISSET(cpu, &engine->affinity))
		return;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0)
		return;
	engine->pinned = sched_setaffinity(engine->root, sizeof(one), &one) == 0;
}

/* ---- causes ---- */

void engine_set_cause(struct engine *engine, pid_t tid, enum engine_outcome of, int sig)
{
	struct pystack *stack = pystack_capture(&engine->reader, tid);

	pystack_lines_done(&engine->cause);
	(void)pystack_resolve(&engine->reader, stack, &engine->cause);
	pystack_unref(stack);
	engine->cause_of = of;
	engine->cause_signal = sig;
}

bool engine_has_cause(const struct engine *engine)
{
	if (engine->cause_of != engine->outcome)
		return false;
	if (engine->outcome == ENGINE_GONE)
		return engine->cause_signal ==
		       (WIFSIGNALED(engine->status) ? WTERMSIG(engine->status) : 0);
	return true;
}

/* ---- running ---- */

/* Set by the timer's signal, which also interrupts waitpid(). */
static volatile sig_atomic_t ticked;

static void on_alarm(int sig)
{
	(void)sig;
	ticked = 1;
}

/* A repeating timer: a tick lost between our look at the clock and waitpid() is followed by
 * another. */
static void set_ticking(suseconds_t us)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval timer = { { 0, us }, { 0, us } };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Stops every thread of the zygote and takes its stack. */
static void collect(struct engine *engine)
{
	int64_t until = clock_ms() + COLLECT_MS;
	size_t missing = 0;
	int status;

	for (struct tracee *t = engine_next(engine, NULL); t; t = engine_next(engine, t))
		if (t->root && ptrace(PTRACE_INTERRUPT, t->tid, 0, 0) == 0)
			missing++;
	while (missing && clock_ms() < until) {
		pid_t tid = waitpid(-1, &status, __WALL);
		struct tracee *tracee = tid > 0 ? engine_find(engine, tid) : NULL;

		if (tid < 0 && errno != EINTR)
			return;
		if (!tracee)
			continue;
		if (!WIFSTOPPED(status)) {
			missing -= tracee->root && !tracee->collected;
			tracee_forget(engine, tracee);
		} else if (tracee->root && !tracee->collected) {
			tracee->stack = pystack_capture(&engine->reader, tid);
			tracee->collected = true;
			missing--;
		}
	}
}

static void on_tick(struct engine *engine)
{
	if (engine->tick)
		engine->tick(engine->tick_arg);
	if (engine->deadline_ms && clock_ms() >= engine->deadline_ms) {
		collect(engine);
		engine->outcome = ENGINE_TIMEOUT;
	}
}

/* Waits for one event and acts on it.  0, or -errno of waitpid(). */
static int step(struct engine *engine)
{
	struct tracee *tracee;
	int status;
	pid_t tid = waitpid(-1, &status, __WALL);

	if (tid < 0)
		return -errno;
	tracee = engine_find(engine, tid);
	if (tracee && tracee->gone) { /* its number is used again */
		tracee_forget(engine, tracee);
		tracee = NULL;
	}
	if (!tracee && WIFSTOPPED(status))
		tracee = tracee_add(engine, tid);
	if (tracee)
		stops_dispatch(engine, tracee, status);
	return 0;
}

/* How long to wait for the threads that are left: a Python thread that Python has forgotten is at
 * its end; one of native code may be, or may be a pool that stays. */
static int64_t patience_ms(struct engine *engine)
{
	int64_t ms = 0;

	for (struct tracee *t = engine_next(engine, NULL); t; t = engine_next(engine, t)) {
		if (!t->root && !t->gone)
			ms = NATIVE_MS; /* it may have closed its fds on its way out, and be waited
					   for so */
		if (!t->root || t->tid == engine->root)
			continue;
		if (t->name && t->ident && !pystack_knows(&engine->reader, t->ident))
			return EXITING_MS;
		if (!t->name)
			ms = NATIVE_MS;
	}
	return ms;
}

void engine_settle(struct engine *engine)
{
	enum engine_outcome outcome = engine->outcome;
	int64_t start = clock_ms();

	set_ticking(SETTLE_TICK_US);
	engine->outcome = ENGINE_RUNNING;
	while (clock_ms() - start < patience_ms(engine) && engine->outcome == ENGINE_RUNNING) {
		int r = step(engine);

		if (r < 0 && r != -EINTR)
			break;
	}
	set_ticking(0);
	if (engine->outcome == ENGINE_RUNNING)
		engine->outcome = outcome;
}

enum engine_outcome engine_run(struct engine *engine)
{
	struct tracee *tracee;

	/* The main thread may be waiting in the stop of its last notification. */
	if (engine->outcome == ENGINE_NOTIFIED && (tracee = engine_find(engine, engine->root))) {
		engine->outcome = ENGINE_RUNNING;
		stops_resume(engine, tracee, 0);
	}
	engine->outcome = ENGINE_RUNNING;
	set_ticking(engine->recording || engine->tick ? TICK_US : 0);
	while (engine->outcome == ENGINE_RUNNING) {
		int r = step(engine);

		if (r < 0 && r != -EINTR)
			engine->outcome = ENGINE_EMPTY;
		/* Not only after EINTR: a busy import may never let waitpid() sleep. */
		if (ticked && engine->outcome == ENGINE_RUNNING) {
			ticked = 0;
			on_tick(engine);
		}
	}
	set_ticking(0);
	return engine->outcome;
}

void engine_release(struct engine *engine)
{
	struct tracee *main_thread;

	engine->recording = false;
	engine->deadline_ms = 0;
	engine->tick = NULL;
	if (engine->pinned) {
		(void)sched_setaffinity(engine->root, sizeof(engine->affinity), &engine->affinity);
		(void)sched_setaffinity(0, sizeof(engine->affinity), &engine->affinity);
		engine->pinned = false;
	}
	main_thread = engine_find(engine, engine->root);
	if (main_thread && ptrace(PTRACE_DETACH, engine->root, 0, 0) == 0)
		tracee_forget(engine, main_thread);
	/* The others are running, and detaching needs a stop. */
	engine->letting_go = engine->full;
	for (struct tracee *t = engine_next(engine, NULL); engine->full && t;
	     t = engine_next(engine, t))
		(void)ptrace(PTRACE_INTERRUPT, t->tid, 0, 0);
}

void engine_kill(struct engine *engine)
{
	for (struct tracee *t = engine_next(engine, NULL); t; t = engine_next(engine, t))
		if (!t->gone)
			kill(t->tgid, SIGKILL);
}

void engine_done(struct engine *engine)
{
	for (size_t i = 0; i < ENGINE_BUCKETS; i++) {
		while (engine->buckets[i])
			tracee_forget(engine, engine->buckets[i]);
	}
	pystack_lines_done(&engine->cause);
	free(engine->text);
	ledger_done(&engine->ledger);
	pystack_done(&engine->reader);
}
