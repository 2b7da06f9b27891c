/* handover.c - see handover.h. */

/* glibc's checked longjmp() takes a jump to another stack for a mistake. */
#undef _FORTIFY_SOURCE

#include "zygote/handover.h"

#include "tracer/arch.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The restartable-sequences area of a thread, which glibc (2.35+) uses for sched_getcpu().  A
 * vfork() child has none registered (kernel: rseq_fork()), nor has its child; without it the worker
 * would for ever believe to be on the CPU where the import ended. */
extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned int __rseq_size __attribute__((weak));

#define RSEQ_SIZE_MIN 32u /* of struct rseq as first published, linux/rseq.h */

static void register_rseq(void)
{
	char *area;

	if (!&__rseq_size || !__rseq_size)
		return;
	area = (char *)arch_own_thread_pointer() + __rseq_offset;
	(void)syscall(SYS_rseq, area, __rseq_size < RSEQ_SIZE_MIN ? RSEQ_SIZE_MIN : __rseq_size, 0,
		      ARCH_RSEQ_SIGNATURE);
}

void handover_park(struct handover *handover, void (*parked)(void *), void *arg)
{
	stack_t alternate; /* faulthandler's, for one; the kernel keeps it for each thread */

	handover->thread_pointer = arch_own_thread_pointer();
	if (sigaltstack(NULL, &alternate) < 0)
		alternate.ss_flags = SS_DISABLE;
	if (setjmp(handover->context) == 0)
		parked(arg);
	register_rseq();
	(void)sigaltstack(&alternate, NULL);
}

pid_t handover_fork(struct handover *handover)
{
	pid_t pid;

	if (!handover->thread_pointer) {
		pid = fork();
		if (pid == 0)
			register_rseq();
		return pid < 0 ? -errno : pid;
	}
	/* The stack protector's canary is one for all threads (nptl copies it), so that changing
	 * the thread pointer in the middle of a function is no fault to it. */
	arch_set_own_thread_pointer(handover->thread_pointer);
	pid = fork();
	if (pid == 0)
		longjmp(handover->context, 1);
	return pid < 0 ? -errno : pid;
}
