/* forker.c - see forker.h. */
#include "zygote/forker.h"

#include "base/buf.h"
#include "base/fd.h"
#include "zygote/pages.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- what has been audited ---- */

static int compare_fds(const void *a, const void *b)
{
	return ((const struct audited_fd *)a)->fd - ((const struct audited_fd *)b)->fd;
}

/* One fd of our own, as it is now.  0, or -errno if it is not open. */
static int look_at(int fd, struct audited_fd *ret)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*ret = (struct audited_fd){ fd, (uint64_t)st.st_dev, (uint64_t)st.st_ino };
	return 0;
}

static bool was_audited(const struct verdict *verdict, const struct audited_fd *fd)
{
	const struct audited_fd *old =
		verdict->nfds ? bsearch(fd, verdict->fds, verdict->nfds, sizeof(*fd), compare_fds)
			      : NULL;

	return old && old->dev == fd->dev && old->ino == fd->ino;
}

/* Calls visit for each open fd of the table that workers get, until it returns other than 0; that,
 * or -errno. */
static int visit_fds(int (*visit)(void *arg, const struct audited_fd *fd), void *arg)
{
	DIR *dir = opendir("/proc/thread-self/fd");
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir))) {
		struct audited_fd fd;

		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(dir) &&
		    look_at(atoi(entry->d_name), &fd) == 0)
			r = visit(arg, &fd);
	}
	closedir(dir);
	return r;
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

/* The number after `field` in the text of a /proc file; 0 if it is not there. */
static uint64_t number_after(const struct buf *text, const char *field)
{
	const char *at = strstr(buf_str(text), field);

	return at ? strtoull(at + strlen(field), NULL, 10) : 0;
}

uint64_t forker_filters(void)
{
	struct buf text = { 0 };
	uint64_t filters;

	(void)fd_read_path("/proc/thread-self/status", &text, 1 << 20);
	filters = number_after(&text, "\nSeccomp_filters:\t"); /* Linux 5.9 */
	if (filters == 0)
		filters = number_after(&text, "\nSeccomp:\t"); /* the mode: 0 without any */
	buf_done(&text);
	return filters;
}

static bool belongs_to(const struct message *msg, int fd)
{
	for (size_t i = 0; i < msg->nfds; i++)
		if (msg->fds[i] == fd)
			return true;
	return false;
}

static int find_new(void *arg, const struct audited_fd *fd)
{
	const struct forker *forker = arg;

	if (fd->fd <= 2 || was_audited(&forker->verdict, fd) ||
	    belongs_to(&forker->message, fd->fd))
		return 0;
	return fd->fd;
}

/* Why no worker may be forked any more, malloc'ed; NULL: nothing has grown since the audit. */
static char *find_growth(struct forker *forker)
{
	size_t threads = count_threads();
	char *why, path[64], target[512];
	int fd = visit_fds(find_new, forker);
	ssize_t n;

	if (threads > forker->verdict.nthreads) {
		if (asprintf(&why, "the zygote has %zu threads now, %zu when it was audited",
			     threads, forker->verdict.nthreads) < 0)
			return strdup("the zygote has more threads than when it was audited");
		return why;
	}
	if (fd < 0)
		return strdup("the zygote cannot read its own fd table");
	if (fd == 0)
		return NULL;
	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	if (asprintf(&why, "the zygote has opened fd %d (%s) since it was audited", fd, target) < 0)
		why = strdup("the zygote has opened an fd since it was audited");
	return why;
}

static int add_audited(void *arg, const struct audited_fd *fd)
{
	struct verdict *verdict = arg;
	struct audited_fd *grown = realloc(verdict->fds, (verdict->nfds + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	verdict->fds = grown;
	verdict->fds[verdict->nfds++] = *fd;
	return 0;
}

int forker_take_as_audited(struct forker *forker)
{
	struct verdict *verdict = &forker->verdict;
	int r = visit_fds(add_audited, verdict);

	verdict->may_fork = true;
	verdict->nthreads = count_threads();
	if (verdict->nfds)
		qsort(verdict->fds, verdict->nfds, sizeof(*verdict->fds), compare_fds);
	return r;
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
	/* Here as in the worker itself: whoever learns its pid may signal its group at once. */
	(void)setpgid(pid, pid);
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

/* True in the worker.  A spare has no request yet. */
static bool on_spawn(struct forker *forker)
{
	struct spawn_reply answer = { 0 };

	if (forker->message.type == MESSAGE_SPAWN &&
	    spawn_request_unpack(&forker->request, forker->message.body, forker->message.len) < 0)
		_exit(1);
	answer.error = find_growth(forker);
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

/* What the kernel does not let us see, somebody could want to change; that a worker has ended, or
 * that there is a model already, is as usual. */
static void learn(struct forker *forker, const struct worker_model *model)
{
	ssize_t n = prefault_learn(&forker->prefault, model->kind, model->pid);

	if (n == -EFBIG)
		dprintf(2,
			"forkserver: the first worker of '%s' has copied more than %zu MiB; "
			"nothing is copied in advance for the next ones\n",
			model->kind, PREFAULT_BYTES_MAX >> 20);
	else if (n == -EACCES || n == -EPERM)
		dprintf(2,
			"forkserver: what the first worker of '%s' has copied cannot be seen "
			"(/proc/%d/pagemap: %s); nothing is copied in advance for the next ones\n",
			model->kind, (int)model->pid, strerror((int)-n));
}

/* A hint: what goes wrong with it is no reason for anything. */
static void on_model(struct forker *forker)
{
	struct worker_model model;

	if (worker_model_unpack(&model, forker->message.body, forker->message.len) < 0)
		_exit(1);
	if (model.kind)
		learn(forker, &model);
	worker_model_done(&model);
}

static void send_ready(struct forker *forker)
{
	struct zygote_ready ready = {
		.import_us = forker->import_us,
		.frozen = forker->heap.frozen,
		.immortal = forker->heap.immortal,
		.immortal_us = forker->heap.immortal_us,
	};
	struct buf body = { 0 }, sizes = { 0 };

	/* Once: the kernel walks all of our page tables for it. */
	(void)fd_read_path("/proc/self/smaps_rollup", &sizes, 1 << 20);
	ready.rss = number_after(&sizes, "\nRss:") * 1024;
	ready.pss = number_after(&sizes, "\nPss:") * 1024;
	buf_done(&sizes);
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
	int fd;

	set_signals(forker);
	if (forker->handover.thread_pointer && forker_filters() != forker->filters) {
		dprintf(2, "forkserver: the application has installed a seccomp filter for all "
			   "threads; install it in the worker, or set audit_mode = full\n");
		_exit(4);
	}
	/* The fds of a request must not be received as 0 to 2, which are a worker's own. */
	while ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0 && fd <= 2)
		;
	fd_close(&fd);
	/* Another thread could put something else where text was while we look at that. */
	if (count_threads() <= (forker->handover.thread_pointer ? 2 : 1))
		(void)pages_give_back();
	send_ready(forker);
	for (;;) {
		int r = channel_recv(forker->channel, &forker->message);

		if (r <= 0)
			_exit(r < 0);
		if ((forker->message.type == MESSAGE_SPAWN ||
		     forker->message.type == MESSAGE_SPARE) &&
		    on_spawn(forker))
			return;
		if (forker->message.type == MESSAGE_MODEL)
			on_model(forker);
		message_done(&forker->message);
	}
}
