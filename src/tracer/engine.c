/* engine.c - see engine.h.
 *
 * next_stop() only classifies a wait status; dispatch() only acts.  In filter mode a call costs two
 * stops:
 *
 *   PTRACE_CONT ──► seccomp stop (entry) ──PTRACE_SYSCALL──► syscall stop (exit) ──PTRACE_CONT──► …
 *
 * (since Linux 4.8 the seccomp stop comes after syscall entry, so the next syscall stop is the
 * exit).  In full mode every thread is always resumed with PTRACE_SYSCALL and the entry stop takes
 * the seccomp stop's place. */
#include "tracer/engine.h"

#include "base/clock.h"
#include "base/error.h"
#include "tracer/calls.h"
#include "tracer/decode.h"
#include "tracer/remote.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
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
#define THREAD_NAME_MAX 128

/* Written by the zygote's audit hook just before a Python thread starts (zygote/embed.c). */
extern char pending_thread_name[THREAD_NAME_MAX];

enum stop {
	STOP_NONE,  /* nothing to do */
	STOP_GONE,  /* the thread has ended */
	STOP_ENTRY, /* before a system call that the filter names, or any in full mode */
	STOP_EXIT,  /* after one */
	STOP_BIRTH, /* it has made a thread or a process */
	STOP_EXEC,
	STOP_GROUP,  /* stopped by a signal, as job control does */
	STOP_TRAP,   /* a new tracee's first stop, or our PTRACE_INTERRUPT */
	STOP_SIGNAL, /* a signal is about to be delivered */
};

/* ---- the list of tracees ---- */

struct tracee *engine_find(struct engine *engine, pid_t tid)
{
	struct tracee *tracee = engine->buckets[(unsigned)tid % ENGINE_BUCKETS];

	while (tracee && tracee->tid != tid)
		tracee = tracee->next;
	return tracee;
}

struct tracee *engine_next(struct engine *engine, const struct tracee *after)
{
	size_t bucket = after ? (unsigned)after->tid % ENGINE_BUCKETS + 1 : 0;

	if (after && after->next)
		return after->next;
	while (bucket < ENGINE_BUCKETS && !engine->buckets[bucket])
		bucket++;
	return bucket < ENGINE_BUCKETS ? engine->buckets[bucket] : NULL;
}

/* Tgid of a thread, from /proc; tid itself if that cannot be read. */
static pid_t thread_group(pid_t tid)
{
	char path[64], line[256];
	pid_t tgid = tid;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "re");
	if (!file)
		return tid;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Tgid: %d", &tgid) == 1)
			break;
	fclose(file);
	return tgid;
}

static bool same_fd_table(pid_t one, pid_t other)
{
	return syscall(SYS_kcmp, one, other, KCMP_FILES, 0, 0) == 0;
}

static struct tracee *add(struct engine *engine, pid_t tid, pid_t tgid)
{
	struct tracee *tracee = calloc(1, sizeof(*tracee));

	if (!tracee)
		return NULL;
	tracee->tid = tid;
	tracee->tgid = tgid;
	tracee->root = tgid == engine->root;
	tracee->shares_fds = tracee->root || same_fd_table(tid, engine->root);
	tracee->next = engine->buckets[(unsigned)tid % ENGINE_BUCKETS];
	engine->buckets[(unsigned)tid % ENGINE_BUCKETS] = tracee;
	return tracee;
}

static void tracee_free(struct tracee *tracee)
{
	record_unref(tracee->origin);
	pystack_unref(tracee->stack);
	free(tracee->name);
	free(tracee);
}

static void forget(struct engine *engine, struct tracee *tracee)
{
	struct tracee **at = &engine->buckets[(unsigned)tracee->tid % ENGINE_BUCKETS];

	while (*at != tracee)
		at = &(*at)->next;
	*at = tracee->next;
	tracee_free(tracee);
}

const char *engine_thread_name(struct engine *engine, pid_t tid)
{
	struct tracee *tracee = engine_find(engine, tid);

	if (tid == engine->root)
		return "MainThread";
	return tracee && tracee->name ? tracee->name : "a thread of native code";
}

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
	if (r == 0 && !add(engine, root, root))
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

/* ---- stops ---- */

static enum stop classify(int status)
{
	int sig;

	if (WIFEXITED(status) || WIFSIGNALED(status))
		return STOP_GONE;
	if (!WIFSTOPPED(status))
		return STOP_NONE;
	sig = WSTOPSIG(status);
	switch ((unsigned)status >> 16) {
	case PTRACE_EVENT_SECCOMP:
		return STOP_ENTRY;
	case PTRACE_EVENT_CLONE:
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
		return STOP_BIRTH;
	case PTRACE_EVENT_EXEC:
		return STOP_EXEC;
	case PTRACE_EVENT_STOP:
		return sig == SIGTRAP ? STOP_TRAP : STOP_GROUP;
	}
	if (sig == (SIGTRAP | 0x80))
		return STOP_EXIT;
	return STOP_SIGNAL;
}

static void resume(struct engine *engine, struct tracee *tracee, int sig)
{
	bool syscalls = tracee->call || (engine->full && tracee->shares_fds);

	(void)ptrace(syscalls ? PTRACE_SYSCALL : PTRACE_CONT, tracee->tid, 0, sig);
}

static void on_entry(struct engine *engine, struct tracee *tracee)
{
	struct __ptrace_syscall_info info;
	uint64_t args[6];
	int nr;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->tid, sizeof(info), &info) < 0) {
		if (errno != ESRCH) /* Linux before 5.3, or a sandbox that poses as Linux */
			engine->outcome = ENGINE_OLD_KERNEL;
		return;
	}
	if (info.op == PTRACE_SYSCALL_INFO_SECCOMP) {
		nr = (int)info.seccomp.nr;
		memcpy(args, info.seccomp.args, sizeof(args));
	} else {
		nr = (int)info.entry.nr;
		memcpy(args, info.entry.args, sizeof(args));
	}
	tracee->call = tracee->shares_fds ? call_find(nr, args) : NULL;
	if (!tracee->call)
		return;
	memcpy(tracee->args, args, sizeof(args));
	decode_entry(engine, tracee);
}

/* A syscall stop: with PTRACE_SYSCALL the kernel tells entry from exit. */
static void on_syscall(struct engine *engine, struct tracee *tracee)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->tid, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		on_entry(engine, tracee);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && tracee->call) {
		if (!info.exit.is_error)
			decode_exit(engine, tracee, info.exit.rval);
		tracee->call = NULL;
	}
}

static char *take_pending_name(struct engine *engine)
{
	char name[THREAD_NAME_MAX];
	uintptr_t addr = (uintptr_t)pending_thread_name;

	if (remote_read(engine->root, addr, name, sizeof(name)) < 0 || !name[0])
		return NULL;
	name[sizeof(name) - 1] = '\0';
	(void)remote_write(engine->root, addr, "", 1);
	return strdup(name);
}

static void on_birth(struct engine *engine, struct tracee *parent, int status)
{
	static const char *const names[] = {
		[PTRACE_EVENT_FORK] = "fork",
		[PTRACE_EVENT_VFORK] = "vfork",
		[PTRACE_EVENT_CLONE] = "clone",
	};
	struct tracee *child;
	unsigned long tid;

	if (ptrace(PTRACE_GETEVENTMSG, parent->tid, 0, &tid) < 0)
		return;
	child = engine_find(engine, (pid_t)tid);
	if (child && child->origin) { /* its number is used again */
		forget(engine, child);
		child = NULL;
	}
	if (!child)
		child = add(engine, (pid_t)tid, thread_group((pid_t)tid));
	if (!child)
		return;
	/* A child of a child keeps the line of the zygote that began it all. */
	if (!engine->recording)
		return;
	if (parent->root)
		child->origin = decode_here(engine, parent, names[(unsigned)status >> 16]);
	else
		child->origin = record_ref(parent->origin);
	if (child->root)
		child->name = take_pending_name(engine);
}

/* The first stop may come before the parent's event: then /proc says where the newcomer belongs. */
static void on_first_stop(struct engine *engine, struct tracee *tracee)
{
	tracee->started = true;
	if (tracee->root)
		tracee->ident = pystack_ident(&engine->reader, tracee->tid);
	if (engine->pinned)
		(void)sched_setaffinity(tracee->tid, sizeof(engine->affinity), &engine->affinity);
}

static bool is_stop(int sig)
{
	return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

/* Whether the process has a handler for the signal: SigCgt of /proc/PID/status. */
static bool is_caught(pid_t pid, int sig)
{
	unsigned long long caught = 0;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "SigCgt: %llx", &caught) == 1)
			break;
	if (file)
		fclose(file);
	return caught >> (sig - 1) & 1;
}

/* Whether the signal's default action is to end the process, and nobody has chosen another. */
static bool is_fatal(const struct engine *engine, int sig)
{
	switch (sig) {
	case SIGCHLD:
	case SIGCONT:
	case SIGURG:
	case SIGWINCH:
		return false;
	}
	return !is_stop(sig) && !is_caught(engine->root, sig);
}

/* Whether nobody would wake it: sent by the zygote itself or something that it started, or by the
 * terminal that it has tried to use from the background. */
static bool stops_for_good(struct engine *engine, const struct tracee *tracee, int sig)
{
	siginfo_t info;

	if (ptrace(PTRACE_GETSIGINFO, tracee->tid, 0, &info) < 0 || is_caught(engine->root, sig))
		return false;
	if (info.si_code == SI_KERNEL)
		return sig == SIGTTIN || sig == SIGTTOU;
	return (info.si_code == SI_USER || info.si_code == SI_TKILL) &&
	       engine_find(engine, info.si_pid) != NULL;
}

static void on_signal(struct engine *engine, struct tracee *tracee, int sig)
{
	if (tracee->root && engine->recording && is_fatal(engine, sig))
		engine_set_cause(engine, tracee->tid, ENGINE_GONE, sig);
	if (tracee->root && engine->recording && is_stop(sig) &&
	    stops_for_good(engine, tracee, sig)) {
		engine_set_cause(engine, tracee->tid, ENGINE_STOPPED, sig);
		engine->status = sig;
		engine->outcome = ENGINE_STOPPED;
		return;
	}
	resume(engine, tracee, sig);
}

static void on_gone(struct engine *engine, struct tracee *tracee, int status)
{
	/* The leader's status arrives last, when every thread of the zygote has ended. */
	if (tracee->tid == engine->root) {
		engine->status = status;
		engine->outcome = ENGINE_GONE;
	}
	if (engine->recording && !tracee->root && tracee->tid == tracee->tgid)
		tracee->gone = true;
	else
		forget(engine, tracee);
}

/* After exec the thread has the leader's number, whatever it was before, and a table of fds of its
 * own. */
static void on_exec(struct engine *engine, struct tracee *tracee)
{
	struct tracee *former;
	unsigned long tid;

	if (tracee->root) {
		if (engine->recording)
			engine->outcome = ENGINE_EXECED;
		return;
	}
	tracee->shares_fds = false;
	tracee->call = NULL;
	if (ptrace(PTRACE_GETEVENTMSG, tracee->tid, 0, &tid) < 0 || (pid_t)tid == tracee->tid)
		return;
	former = engine_find(engine, (pid_t)tid);
	if (former)
		forget(engine, former);
}

static void dispatch(struct engine *engine, struct tracee *tracee, int status)
{
	switch (classify(status)) {
	case STOP_NONE:
		return;
	case STOP_GONE:
		on_gone(engine, tracee, status);
		return;
	case STOP_ENTRY:
		on_entry(engine, tracee);
		break;
	case STOP_EXIT:
		on_syscall(engine, tracee);
		break;
	case STOP_BIRTH:
		on_birth(engine, tracee, status);
		break;
	case STOP_EXEC:
		on_exec(engine, tracee);
		break;
	case STOP_GROUP:
		(void)ptrace(PTRACE_LISTEN, tracee->tid, 0, 0);
		return;
	case STOP_TRAP:
		if (!tracee->started)
			on_first_stop(engine, tracee);
		if (engine->letting_go && ptrace(PTRACE_DETACH, tracee->tid, 0, 0) == 0) {
			forget(engine, tracee);
			return;
		}
		break;
	case STOP_SIGNAL:
		on_signal(engine, tracee, WSTOPSIG(status));
		return;
	}
	if (engine->outcome == ENGINE_RUNNING)
		resume(engine, tracee, 0);
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
			forget(engine, tracee);
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
		forget(engine, tracee);
		tracee = NULL;
	}
	if (!tracee && WIFSTOPPED(status))
		tracee = add(engine, tid, thread_group(tid));
	if (tracee)
		dispatch(engine, tracee, status);
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
		resume(engine, tracee, 0);
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
		forget(engine, main_thread);
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
		while (engine->buckets[i]) {
			struct tracee *next = engine->buckets[i]->next;

			tracee_free(engine->buckets[i]);
			engine->buckets[i] = next;
		}
	}
	pystack_lines_done(&engine->cause);
	free(engine->text);
	ledger_done(&engine->ledger);
	pystack_done(&engine->reader);
}
