/* forker.c - see forker.h. */
#include "zygote/forker.h"

#include "base/buf.h"
#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- what the kernel keeps for each thread ---- */

void thread_traits_read(struct thread_traits *traits)
{
	memset(traits, 0, sizeof(*traits));
	pthread_sigmask(SIG_BLOCK, NULL, &traits->mask);
	(void)sched_getaffinity(0, sizeof(traits->affinity), &traits->affinity);
	traits->nice = getpriority(PRIO_PROCESS, 0); /* of the thread, getpriority(2) BUGS */
	traits->policy = sched_getscheduler(0);
	(void)sched_getparam(0, &traits->param);
	(void)prctl(PR_GET_NAME, traits->comm);
}

void thread_traits_apply(const struct thread_traits *traits, const struct thread_traits *before)
{
	if (memcmp(&traits->affinity, &before->affinity, sizeof(traits->affinity)) != 0)
		(void)sched_setaffinity(0, sizeof(traits->affinity), &traits->affinity);
	if (traits->policy != before->policy ||
	    memcmp(&traits->param, &before->param, sizeof(traits->param)))
		(void)sched_setscheduler(0, traits->policy, &traits->param);
	if (traits->nice != before->nice)
		(void)setpriority(PRIO_PROCESS, 0, traits->nice);
	(void)prctl(PR_SET_NAME, traits->comm);
}

/* ---- what has been audited ---- */

static int compare_ints(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* The open fds, sorted, without the one that reads the directory. */
static int list_fds(int **ret, size_t *n)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int *fds = NULL;
	size_t cap = 0;

	*n = 0;
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] == '.' || fd == dirfd(dir))
			continue;
		if (*n == cap) {
			int *grown = realloc(fds, (cap = cap ? 2 * cap : 64) * sizeof(*fds));

			if (!grown) {
				free(fds);
				closedir(dir);
				return -ENOMEM;
			}
			fds = grown;
		}
		fds[(*n)++] = fd;
	}
	closedir(dir);
	if (*n)
		qsort(fds, *n, sizeof(*fds), compare_ints);
	*ret = fds;
	return 0;
}

static size_t count_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	size_t n = 0;

	while (dir && (entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

/* A number of /proc/thread-self/status or smaps_rollup; 0 if it is not there. */
static uint64_t proc_number(const char *path, const char *field)
{
	struct buf text = { 0 };
	uint64_t value = 0;
	char *at;

	if (fd_read_path(path, &text, 1 << 20) == 0 && text.data && (at = strstr(text.data, field)))
		value = strtoull(at + strlen(field), NULL, 10);
	buf_done(&text);
	return value;
}

static bool was_audited(const struct forker *forker, int fd)
{
	return bsearch(&fd, forker->fds, forker->nfds, sizeof(fd), compare_ints) != NULL;
}

static bool belongs_to(const struct message *msg, int fd)
{
	for (size_t i = 0; i < msg->nfds; i++)
		if (msg->fds[i] == fd)
			return true;
	return false;
}

/* Why no worker may be forked any more, malloc'ed; NULL: nothing has grown since the audit. */
static char *find_growth(const struct forker *forker, const struct message *msg)
{
	size_t nfds, threads = count_threads();
	char *why = NULL, path[64], target[512];
	int *fds;

	if (threads > forker->nthreads) {
		if (asprintf(&why, "the zygote has %zu threads now, %zu when it was audited",
			     threads, forker->nthreads) < 0)
			return strdup("the zygote has more threads than when it was audited");
		return why;
	}
	if (list_fds(&fds, &nfds) < 0)
		return strdup("the zygote cannot read its own fd table");
	for (size_t i = 0; i < nfds && !why; i++) {
		ssize_t n;

		if (was_audited(forker, fds[i]) || belongs_to(msg, fds[i]))
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[i]);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		if (asprintf(&why, "the zygote has opened fd %d (%s) since it was audited", fds[i],
			     target) < 0)
			why = strdup("the zygote has opened an fd since it was audited");
	}
	free(fds);
	return why;
}

/* ---- forking ---- */

/* The short-lived middle process: a vfork() child, which shares our memory.  Its own child is the
 * worker, which becomes an orphan, and so a child of the supervisor, as soon as the middle one has
 * ended.  Returns in the worker only, if it is to go on here. */
static __attribute__((noinline)) void middle_process(struct forker *forker, volatile pid_t *worker)
{
	pid_t pid = handover_fork(&forker->handover);

	if (pid == 0)
		return;
	*worker = pid;
	_exit(0);
}

/* The worker's pid, 0 in the worker, or -errno. */
static pid_t fork_worker(struct forker *forker)
{
	volatile pid_t worker = -EAGAIN;
	pid_t middle = vfork();

	if (middle == 0) {
		middle_process(forker, &worker);
		return 0; /* a process of its own by now, not the vfork() child */
	}
	if (middle < 0)
		return -errno;
	while (waitpid(middle, NULL, 0) < 0 && errno == EINTR)
		;
	return worker;
}

static void reply(struct forker *forker, uint32_t id, const struct spawn_reply *answer)
{
	struct buf body = { 0 };

	spawn_reply_pack(&body, answer);
	if (body.failed ||
	    channel_send(forker->channel, MESSAGE_SPAWNED, id, body.data, body.len, NULL, 0) < 0)
		_exit(1); /* the worker finds its gate closed */
	buf_done(&body);
}

/* True in the worker. */
static bool on_spawn(struct forker *forker)
{
	struct spawn_reply answer = { 0 };

	if (spawn_request_unpack(&forker->request, forker->message.body, forker->message.len) < 0)
		_exit(1);
	answer.error = find_growth(forker, &forker->message);
	if (!answer.error) {
		answer.pid = fork_worker(forker);
		if (answer.pid == 0)
			return true;
		if (answer.pid < 0) {
			answer.again = 1;
			if (asprintf(&answer.error, "fork: %s", strerror(-answer.pid)) < 0)
				answer.error = NULL;
			answer.pid = 0;
		}
	}
	reply(forker, forker->message.id, &answer);
	spawn_reply_done(&answer);
	spawn_request_done(&forker->request);
	return false;
}

static void send_ready(struct forker *forker)
{
	struct zygote_ready ready = { .import_us = forker->import_us };
	struct buf body = { 0 };

	ready.rss = proc_number("/proc/self/smaps_rollup", "\nRss:") * 1024;
	ready.pss = proc_number("/proc/self/smaps_rollup", "\nPss:") * 1024;
	zygote_ready_pack(&body, &ready);
	(void)channel_send(forker->channel, MESSAGE_READY, 0, body.data, body.len, NULL, 0);
	buf_done(&body);
}

/* While no application code runs here, SIGTERM ends the zygote as it ends any process; workers get
 * the application's own disposition back. */
static void set_signals(struct forker *forker)
{
	struct sigaction fatal = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigaction(SIGTERM, &fatal, &forker->sigterm);
	sigfillset(&set);
	sigdelset(&set, SIGTERM);
	pthread_sigmask(SIG_SETMASK, &set, NULL);
}

void forker_run(struct forker *forker)
{
	set_signals(forker);
	if (forker->handover.thread_pointer &&
	    proc_number("/proc/thread-self/status", "\nSeccomp:\t") != 0) {
		dprintf(2, "forkserver: the application has installed a seccomp filter for all "
			   "threads; install it in the worker, or set audit_mode = full\n");
		_exit(4);
	}
	forker->nthreads = count_threads();
	if (list_fds(&forker->fds, &forker->nfds) < 0)
		_exit(4);
	send_ready(forker);
	for (;;) {
		int r = channel_recv(forker->channel, &forker->message);

		if (r <= 0)
			_exit(r < 0);
		if (forker->message.type == MESSAGE_SPAWN && on_spawn(forker))
			return;
		message_done(&forker->message);
	}
}
