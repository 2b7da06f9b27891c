/* stops.c - see stops.h.
 *
 * classify() only names a wait status; stops_dispatch() only acts.  In filter mode a call costs two
 * stops:
 *
 *   PTRACE_CONT ──► seccomp stop (entry) ──PTRACE_SYSCALL──► syscall stop (exit) ──PTRACE_CONT──► …
 *
 * (since Linux 4.8 the seccomp stop comes after syscall entry, so the next syscall stop is the
 * exit).  In full mode every thread is always resumed with PTRACE_SYSCALL and the entry stop takes
 * the seccomp stop's place. */
#include "tracer/stops.h"

#include "tracer/calls.h"
#include "tracer/decode.h"
#include "tracer/engine.h"
#include "tracer/remote.h"
#include "tracer/tracee.h"
#include "tracer/tracer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

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

void stops_resume(struct engine *engine, struct tracee *tracee, int sig)
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
		tracee_forget(engine, child);
		child = NULL;
	}
	if (!child)
		child = tracee_add(engine, (pid_t)tid);
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
	stops_resume(engine, tracee, sig);
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
		tracee_forget(engine, tracee);
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
		tracee_forget(engine, former);
}

void stops_dispatch(struct engine *engine, struct tracee *tracee, int status)
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
			tracee_forget(engine, tracee);
			return;
		}
		break;
	case STOP_SIGNAL:
		on_signal(engine, tracee, WSTOPSIG(status));
		return;
	}
	if (engine->outcome == ENGINE_RUNNING)
		stops_resume(engine, tracee, 0);
}
