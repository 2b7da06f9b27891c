/* reaper.c - see reaper.h. */
#include "supervisor/reaper.h"

#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

void reaper_init(struct reaper *reaper)
{
	memset(reaper, 0, sizeof(*reaper));
}

static struct reaper_watch **find(struct reaper *reaper, pid_t pid)
{
	struct reaper_watch **at = &reaper->buckets[(unsigned)pid % REAPER_BUCKETS];

	while (*at && (*at)->pid != pid)
		at = &(*at)->next;
	return at;
}

/* Takes the status of a pid out of the ring. */
static bool take_kept(struct reaper *reaper, pid_t pid, int *ret_status)
{
	for (size_t i = 0; i < REAPER_KEPT; i++) {
		if (reaper->kept[i].pid == pid) {
			*ret_status = reaper->kept[i].status;
			reaper->kept[i].pid = 0;
			return true;
		}
	}
	return false;
}

int reaper_watch(struct reaper *reaper, struct reaper_watch *watch, pid_t pid, int *ret_status)
{
	struct reaper_watch **at;
	siginfo_t info;

	if (pid <= 0)
		return -ECHILD;
	at = find(reaper, pid);
	if (*at)
		return -ECHILD;
	/* A child that exists, dead or alive, is newer than any kept status of its pid. */
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return take_kept(reaper, pid, ret_status) ? -ESRCH : -ECHILD;
	watch->pid = pid;
	watch->next = NULL;
	*at = watch;
	return 0;
}

void reaper_unwatch(struct reaper *reaper, struct reaper_watch *watch)
{
	struct reaper_watch **at;

	if (!watch->pid)
		return;
	at = find(reaper, watch->pid);
	if (*at == watch)
		*at = watch->next;
	watch->pid = 0;
	watch->next = NULL;
}

void reaper_expect(struct reaper *reaper)
{
	reaper->expecting++;
}

void reaper_expect_done(struct reaper *reaper)
{
	if (--reaper->expecting == 0)
		memset(reaper->kept, 0, sizeof(reaper->kept));
}

static void bury(struct reaper *reaper, pid_t pid, int status)
{
	struct reaper_watch *watch = *find(reaper, pid);

	if (watch) {
		reaper_unwatch(reaper, watch);
		watch->dead(watch, status);
		return;
	}
	log_debug("reaped unknown pid %d (status %#x)", (int)pid, (unsigned)status);
	if (reaper->expecting) {
		size_t i = reaper->nkept++ % REAPER_KEPT;

		reaper->kept[i].pid = pid;
		reaper->kept[i].status = status;
	}
}

/* wait(2)'s status from what waitid(2) says. */
static int wait_status(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return (info->si_status & 0xff) << 8;
	return (info->si_status & 0x7f) | (info->si_code == CLD_DUMPED ? 0x80 : 0);
}

void reaper_run(struct reaper *reaper)
{
	for (;;) {
		siginfo_t info = { .si_pid = 0 };

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0) {
			if (errno == EINTR)
				continue;
			return; /* ECHILD: nobody is left */
		}
		if (info.si_pid == 0)
			return;
		bury(reaper, info.si_pid, wait_status(&info));
		while (waitpid(info.si_pid, NULL, WNOHANG) < 0 && errno == EINTR)
			;
	}
}
