/* traits.c - see traits.h. */
#include "zygote/traits.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define IOPRIO_WHO_PROCESS 1 /* linux/ioprio.h; 0 is the calling thread */

/* capget(2) and capset(2) have no wrapper in the C library, and act on the calling thread alone. */
static int get_caps(struct __user_cap_data_struct caps[2])
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };

	return (int)syscall(SYS_capget, &header, caps);
}

static int set_caps(const struct __user_cap_data_struct caps[2])
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };

	return syscall(SYS_capset, &header, caps) < 0 ? -errno : 0;
}

void traits_read(struct traits *traits)
{
	memset(traits, 0, sizeof(*traits));
	pthread_sigmask(SIG_BLOCK, NULL, &traits->mask);
	(void)sched_getaffinity(0, sizeof(traits->affinity), &traits->affinity);
	traits->nice = getpriority(PRIO_PROCESS, 0); /* of the thread, getpriority(2) BUGS */
	traits->policy = sched_getscheduler(0);
	(void)sched_getparam(0, &traits->param);
	(void)prctl(PR_GET_NAME, traits->comm);
	traits->ioprio = (int)syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);
	traits->slack = prctl(PR_GET_TIMERSLACK);
	traits->securebits = prctl(PR_GET_SECUREBITS);
	(void)get_caps(traits->caps);
}

static void apply_scheduling(const struct traits *traits, const struct traits *own)
{
	if (memcmp(&traits->affinity, &own->affinity, sizeof(traits->affinity)) != 0)
		(void)sched_setaffinity(0, sizeof(traits->affinity), &traits->affinity);
	if (traits->policy != own->policy ||
	    memcmp(&traits->param, &own->param, sizeof(traits->param)) != 0)
		(void)sched_setscheduler(0, traits->policy, &traits->param);
	if (traits->nice != own->nice)
		(void)setpriority(PRIO_PROCESS, 0, traits->nice);
	if (traits->ioprio != own->ioprio)
		(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, traits->ioprio);
	if (traits->slack != own->slack)
		(void)prctl(PR_SET_TIMERSLACK, (unsigned long)traits->slack);
}

int traits_apply(const struct traits *traits)
{
	struct traits own;

	traits_read(&own);
	apply_scheduling(traits, &own);
	(void)prctl(PR_SET_NAME, traits->comm);
	if (traits->securebits != own.securebits &&
	    prctl(PR_SET_SECUREBITS, (unsigned long)traits->securebits) < 0)
		return -errno;
	if (memcmp(traits->caps, own.caps, sizeof(own.caps)) != 0)
		return set_caps(traits->caps);
	return 0;
}
