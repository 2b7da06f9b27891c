/* calls.c - see calls.h.  One table drives both the seccomp filter and the decoder, so that what
 * stops in filter mode is just what is looked at in full mode. */
#include "tracer/calls.h"

#include "base/error.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* A condition on one argument: (value & mask) == want; with mask 0: value != want. */
struct cond {
	int arg;
	uint64_t mask;
	uint64_t want;
};

struct row {
	struct call call;
	struct cond conds[2];
	int nconds;
};

#define LOW32                                                                                      \
	UINT64_C(0xffffffff) /* int arguments: the upper half of the register is undefined         \
			      */
#define CALL(NAME, KIND)                                                                           \
	{                                                                                          \
		{ SCMP_SYS(NAME), #NAME, KIND, 0 }, { { 0 } }, 0                                   \
	}
#define CALL_AT(NAME, KIND, ARG)                                                                   \
	{                                                                                          \
		{ SCMP_SYS(NAME), #NAME, KIND, ARG }, { { 0 } }, 0                                 \
	}
#define CALL_IF(NAME, KIND, ARG, WANT)                                                             \
	{                                                                                          \
		{ SCMP_SYS(NAME), #NAME, KIND, 0 }, { { ARG, LOW32, (uint32_t)(WANT) } }, 1        \
	}

static const struct row rows[] = {
	CALL(open, CALL_OPEN),
	{ { SCMP_SYS(openat), "openat", CALL_OPEN, 0 }, { { 0, 0, CALL_UNSEEN_DIRFD } }, 1 },
	CALL(openat2, CALL_OPEN),
	CALL(creat, CALL_OPEN),
	CALL(open_by_handle_at, CALL_OPEN),
	CALL(mq_open, CALL_NEW),
	CALL(memfd_create, CALL_NEW),
	CALL(memfd_secret, CALL_NEW),
	CALL(open_tree, CALL_NEW),
	CALL(fsopen, CALL_NEW),
	CALL(fsmount, CALL_NEW),
	CALL(fspick, CALL_NEW),
	CALL(socket, CALL_NEW),
	CALL_AT(socketpair, CALL_PAIR, 3),
	CALL(accept, CALL_NEW),
	CALL(accept4, CALL_NEW),
	CALL_AT(recvmsg, CALL_RECVMSG, 1),
	CALL_AT(recvmmsg, CALL_RECVMMSG, 1),
	CALL_IF(getsockopt, CALL_SOCKOPT_FD, 2, SO_PEERPIDFD),
	CALL(pipe, CALL_PAIR),
	CALL(pipe2, CALL_PAIR),
	CALL(dup, CALL_COPY),
	CALL(dup2, CALL_COPY),
	CALL(dup3, CALL_COPY),
	CALL_IF(fcntl, CALL_COPY, 1, F_DUPFD),
	CALL_IF(fcntl, CALL_COPY, 1, F_DUPFD_CLOEXEC),
	{ { SCMP_SYS(clone), "clone", CALL_CLONE, 0 }, { { 0, CLONE_PIDFD, CLONE_PIDFD } }, 1 },
	CALL(clone3, CALL_CLONE3),
	CALL(pidfd_getfd, CALL_NEW),
	CALL(pidfd_open, CALL_NEW),
	CALL(epoll_create, CALL_NEW),
	CALL(epoll_create1, CALL_NEW),
	CALL(eventfd, CALL_NEW),
	CALL(eventfd2, CALL_NEW),
	CALL_IF(signalfd, CALL_NEW, 0, -1),
	CALL_IF(signalfd4, CALL_NEW, 0, -1),
	CALL(timerfd_create, CALL_NEW),
	CALL(inotify_init, CALL_NEW),
	CALL(inotify_init1, CALL_NEW),
	CALL(fanotify_init, CALL_NEW),
	CALL(userfaultfd, CALL_NEW),
	CALL(perf_event_open, CALL_NEW),
	CALL(bpf, CALL_NEW),
	CALL(io_uring_setup, CALL_NEW),
	CALL(landlock_create_ruleset, CALL_NEW),
	CALL_IF(ioctl, CALL_NEW, 1, 0x5441), /* TIOCGPTPEER */
	CALL_IF(ioctl, CALL_NEW, 1, 0xb701), /* NS_GET_USERNS */
	CALL_IF(ioctl, CALL_NEW, 1, 0xb702), /* NS_GET_PARENT */
	CALL_IF(ioctl, CALL_NEW, 1, 0xae01), /* KVM_CREATE_VM */
	CALL_IF(ioctl, CALL_NEW, 1, 0xae41), /* KVM_CREATE_VCPU */
	{ { SCMP_SYS(mmap), "mmap", CALL_MAP, 0 },
	  { { 2, PROT_WRITE, PROT_WRITE }, { 3, MAP_SHARED, MAP_SHARED } },
	  2 },
	CALL(shmat, CALL_MAP),
	CALL_IF(flock, CALL_LOCK, 1, 1 /* LOCK_SH */),
	CALL_IF(flock, CALL_LOCK, 1, 2 /* LOCK_EX */),
	CALL_IF(flock, CALL_LOCK, 1, 1 | 4 /* LOCK_NB */),
	CALL_IF(flock, CALL_LOCK, 1, 2 | 4),
	CALL_IF(fcntl, CALL_LOCK, 1, F_SETLK),
	CALL_IF(fcntl, CALL_LOCK, 1, F_SETLKW),
	CALL_IF(fcntl, CALL_LOCK, 1, F_OFD_SETLK),
	CALL_IF(fcntl, CALL_LOCK, 1, F_OFD_SETLKW),
	CALL_IF(fcntl, CALL_LOCK, 1, F_SETLEASE),
	CALL(exit_group, CALL_EXIT),
	CALL(execve, CALL_EXEC),
	CALL(execveat, CALL_EXEC),
	CALL_IF(seccomp, CALL_SECCOMP, 0, 1 /* SECCOMP_SET_MODE_FILTER */),
	CALL_IF(seccomp, CALL_SECCOMP, 0, 0 /* SECCOMP_SET_MODE_STRICT */),
	CALL_IF(prctl, CALL_SECCOMP, 0, PR_SET_SECCOMP),
	{ { SCMP_SYS(prctl), "prctl", CALL_DUMPABLE, 0 },
	  { { 0, LOW32, PR_SET_DUMPABLE }, { 1, LOW32, 0 } },
	  2 },
	CALL_IF(prctl, CALL_NO_NEW_PRIVS, 0, PR_SET_NO_NEW_PRIVS),
	CALL_IF(prctl, CALL_NOTIFY, 0, CALL_NOTIFY_OPTION),
	CALL(sched_getaffinity, CALL_GETAFFINITY),
	CALL(sched_setaffinity, CALL_SETAFFINITY),
};

static bool cond_holds(const struct cond *cond, const uint64_t args[6])
{
	uint64_t value = args[cond->arg];

	return cond->mask ? (value & cond->mask) == cond->want : value != cond->want;
}

static bool row_matches(const struct row *row, const uint64_t args[6])
{
	for (int i = 0; i < row->nconds; i++)
		if (!cond_holds(&row->conds[i], args))
			return false;
	return true;
}

static struct scmp_arg_cmp compare(const struct cond *cond)
{
	if (cond->mask)
		return SCMP_CMP((unsigned)cond->arg, SCMP_CMP_MASKED_EQ, cond->mask, cond->want);
	return SCMP_CMP((unsigned)cond->arg, SCMP_CMP_NE, cond->want);
}

const struct call *call_find(int nr, const uint64_t args[6])
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].call.nr == nr && row_matches(&rows[i], args))
			return &rows[i].call;
	return NULL;
}

static int add_row(scmp_filter_ctx ctx, const struct row *row)
{
	struct scmp_arg_cmp cmps[2];

	for (int i = 0; i < row->nconds; i++)
		cmps[i] = compare(&row->conds[i]);
	return seccomp_rule_add_array(ctx, SCMP_ACT_TRACE(0), row->call.nr, (unsigned)row->nconds,
				      cmps);
}

int call_filter_install(struct error *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int r = ctx ? 0 : -ENOMEM;

	/* A program of another architecture, started by the import, is none of our business. */
	if (r == 0)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
	if (r == 0)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(rows); i++)
		if (rows[i].call.nr >= 0)
			r = add_row(ctx, &rows[i]);
	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	if (r < 0)
		return error_set(err, "cannot install the audit's seccomp filter: %s",
				 strerror(-r));
	return 0;
}
