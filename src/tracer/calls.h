/* calls.h - the system calls that the audit looks at, and the seccomp filter made of them.
 * Runs in: zygote (installs the filter), tracer (decodes). */
#ifndef TRACER_CALLS_H
#define TRACER_CALLS_H

#include <stdbool.h>
#include <stdint.h>

struct error;

/* What a call does; says how its result is read at its exit (or, if marked so, at its entry). */
enum call_kind {
	CALL_OPEN,         /* the result is a new fd, named by a path */
	CALL_NEW,          /* the result is a new fd */
	CALL_PAIR,         /* two new fds in int[2], whose address is in argument `arg` */
	CALL_COPY,         /* the result is a copy of the fd in argument 0 */
	CALL_RECVMSG,      /* SCM_RIGHTS in the msghdr of argument 1 */
	CALL_RECVMMSG,     /* the same, in a vector of them */
	CALL_CLONE,        /* with CLONE_PIDFD: an fd stored at argument 2 */
	CALL_CLONE3,       /* the same, by the struct clone_args at argument 0 */
	CALL_SOCKOPT_FD,   /* getsockopt() that stores an fd at argument 3 */
	CALL_MAP,          /* the result is the address of a writable shared mapping */
	CALL_LOCK,         /* a lock on the fd in argument 0 */
	CALL_EXIT,         /* entry: the process ends */
	CALL_EXEC,         /* entry: the process becomes another program */
	CALL_SECCOMP,      /* installs a filter of the application's own; may return an fd */
	CALL_DUMPABLE,     /* makes the process unreadable */
	CALL_NO_NEW_PRIVS, /* entry: the application gives up new privileges itself */
	CALL_GETAFFINITY,  /* asks for the CPUs that we have changed */
	CALL_SETAFFINITY,  /* chooses CPUs itself */
	CALL_NOTIFY,       /* entry: the zygote speaks to the tracer, tracer.h */
};

struct call {
	int nr; /* < 0: this architecture does not have it */
	const char *name;
	enum call_kind kind;
	int arg; /* index of the argument that the kind speaks of */
};

/* First argument of the prctl(2) by which the zygote speaks to its tracer.  The kernel knows no
 * such option and answers EINVAL, so without a tracer it does nothing. */
#define CALL_NOTIFY_OPTION 0x464b5356u /* "FKSV" */

/* An openat(2) with this directory fd is not looked at.  It is no possible fd, so only an absolute
 * path can be opened with it (zygote/opencode.c). */
#define CALL_UNSEEN_DIRFD 0x464b5356ul

/* The call as it concerns us: NULL if the number, or these arguments of it, do not
 * (fcntl(F_GETFD)). */
const struct call *call_find(int nr, const uint64_t args[6]);

/* Installs the filter in the calling thread alone; sets its no_new_privs.  0, or -1 with err. */
int call_filter_install(struct error *err);

#endif
