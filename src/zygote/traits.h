/* traits.h - what the kernel keeps for each thread: the forking thread takes on what the
 * application has changed in the importing one, so that a worker has what a plainly started process
 * would have. Runs in: zygote. */
#ifndef ZYGOTE_TRAITS_H
#define ZYGOTE_TRAITS_H

#include <linux/capability.h>
#include <sched.h>
#include <signal.h>

/* Of the calling thread.  (What a library keeps in thread-local storage is handover.h's affair.) */
struct traits {
	sigset_t mask;
	cpu_set_t affinity;
	int nice;
	int policy; /* sched_setscheduler(2) */
	struct sched_param param;
	char comm[16];
	int ioprio;     /* ioprio_get(2) */
	int slack;      /* nanoseconds, PR_GET_TIMERSLACK */
	int securebits; /* PR_GET_SECUREBITS */
	struct __user_cap_data_struct caps[2];
};

void traits_read(struct traits *traits);

/* Makes the calling thread like `traits`, but for the signal mask.  Of capabilities it can only
 * lose some.  0, or -errno if it has kept a privilege that it ought to lose: then it must not go
 * on. */
int traits_apply(const struct traits *traits);

#endif
