/* engine.h - the ptrace loop: follows every thread and child of an import and fills the ledger.
 * Runs in: tracer. */
#ifndef TRACER_ENGINE_H
#define TRACER_ENGINE_H

#include "tracer/ledger.h"
#include "tracer/pystack.h"

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct call;
struct error;

/* One traced thread. */
struct tracee {
	struct tracee *next; /* in its hash bucket */
	pid_t tid;
	pid_t tgid;
	bool root;               /* a thread of the zygote */
	bool shares_fds;         /* its fd table is the zygote's (CLONE_FILES) */
	bool started;            /* has had its first stop */
	bool gone;               /* a child process that has ended; kept to explain its zombie */
	bool collected;          /* its stack was taken for the report of a hang */
	const struct call *call; /* that it is in, until its exit stop; NULL: none of ours */
	uint64_t args[6];        /* of that call */
	struct record *origin;   /* owned: what made it; NULL: the main thread */
	char *name;              /* owned: Python's name of the thread when it started */
	uintptr_t ident;         /* its pthread_self(); 0: not known */
	struct pystack *stack;   /* owned: of the report of a hang */
};

/* Why engine_run() came back. */
enum engine_outcome {
	ENGINE_RUNNING,
	ENGINE_NOTIFIED,   /* the main thread has called tracer_notify(); it is stopped */
	ENGINE_GONE,       /* the zygote has exited or was killed: status, cause */
	ENGINE_TIMEOUT,    /* the deadline has passed; every thread is stopped, with its stack */
	ENGINE_STOPPED,    /* it sent itself a stop signal: status is the signal */
	ENGINE_EXECED,     /* it became another program */
	ENGINE_CONFINED,   /* it installed a seccomp filter that its workers would not have */
	ENGINE_UNREADABLE, /* it made itself unreadable, prctl(PR_SET_DUMPABLE, 0) */
	ENGINE_OLD_KERNEL, /* PTRACE_GET_SYSCALL_INFO does not work here */
	ENGINE_EMPTY,      /* nothing is left to trace */
};

#define ENGINE_BUCKETS 256

struct engine {
	pid_t root;           /* pid of the zygote = tid of its main thread */
	bool full;            /* stop at every call instead of by filter */
	bool recording;       /* between the zygote's first and second notification */
	int64_t deadline_ms;  /* CLOCK_MONOTONIC; 0: none */
	void (*tick)(void *); /* called about four times a second, or NULL */
	void *tick_arg;
	struct pystack_reader reader;
	struct ledger ledger;
	struct tracee *buckets[ENGINE_BUCKETS]; /* owned */
	enum engine_outcome outcome;
	int status; /* of ENGINE_GONE: the wait status; of ENGINE_STOPPED: the signal */
	/* Where the call or signal was that can explain an outcome, and which outcome: of
	 * ENGINE_GONE and ENGINE_STOPPED with cause_signal (0: an exit).  Made readable at once,
	 * since the process may be gone when it is wanted. */
	struct pystack_lines cause; /* owned */
	enum engine_outcome cause_of;
	int cause_signal;
	bool letting_go;    /* detach from whatever stops */
	bool no_new_privs;  /* the application has set it while it was recorded */
	char *text;         /* owned: of ENGINE_EXECED: the program; or NULL */
	cpu_set_t affinity; /* the main thread's own CPUs, while it is pinned to one */
	bool pinned;
};

/* Attaches to the main thread of `root`.  0, or -errno with the reason in err (for a person: what
 * to change). */
int engine_attach(struct engine *engine, pid_t root, bool full, struct error *err);

/* Puts tracer and main thread on one CPU: a stop is two to three times cheaper then.  The
 * application still sees its own mask. */
void engine_pin(struct engine *engine);

/* Runs until something decides.  After ENGINE_NOTIFIED it may be called again and goes on. */
enum engine_outcome engine_run(struct engine *engine);

/* Waits for threads of the zygote that are at their end: Thread.join() returns when a thread has
 * left Python, some microseconds before the kernel's thread is gone, and a dead one stays in /proc
 * until its tracer has waited for it.  The main thread must be in its notification. */
void engine_settle(struct engine *engine);

/* Ends the recording and lets the main thread go, with its own affinity.  What else is traced goes
 * on: under the filter its calls would fail without a tracer.  Without a filter (full) all are let
 * go, by the engine_run() that follows. */
void engine_release(struct engine *engine);

/* Kills everything that is traced. */
void engine_kill(struct engine *engine);

void engine_done(struct engine *engine);

struct tracee *engine_find(struct engine *engine, pid_t tid);

/* The first (tid 0) or next tracee in no particular order; NULL at the end. */
struct tracee *engine_next(struct engine *engine, const struct tracee *after);

/* The name of a thread of the zygote, for a report: borrowed, never NULL. */
const char *engine_thread_name(struct engine *engine, pid_t tid);

/* Remembers where a stopped thread is as the cause of an outcome that may come. */
void engine_set_cause(struct engine *engine, pid_t tid, enum engine_outcome of, int sig);

/* Whether the remembered cause is that of the outcome. */
bool engine_has_cause(const struct engine *engine);

#endif
