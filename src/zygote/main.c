/* main.c - the zygote: imports the application once, under audit, and forks workers from it.
 *
 * Threads in filter mode (tracer/tracer.h has the other process):
 *
 *   main thread   filter on ► Py_Initialize ► import ► prepares for forks ► parked for ever
 *   fork thread   waits ──────────────────────────────────────────────────► forks workers
 *
 * The filter can never be removed from the main thread, and workers must not have it; so the thread
 * that forks is one that was there before the filter.  Each worker then goes on as the main thread
 * (handover.h).  In full mode, and without an audit, there is no filter, and the main thread forks.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/strv.h"
#include "ipc/channel.h"
#include "ipc/messages.h"
#include "report/document.h"
#include "tracer/stack_dump.h"
#include "tracer/tracer.h"
#include "zygote/child.h"
#include "zygote/embed.h"
#include "zygote/forker.h"
#include "zygote/give_way.h"
#include "zygote/pages.h"
#include "zygote/title.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define FORK_STACK ((size_t)1 << 20) /* bytes, with its guard */
#define FORK_GUARD ((size_t)64 << 10)
#define RESERVED_FDS 16 /* listeners that a worker can get before allowed fds are in the way */
#define OWN_FDS_FROM                                                                               \
	1000 /* our sockets go up here, if the limit allows, out of the application's way */

struct zygote {
	struct zygote_setup setup;
	struct embed embed;
	struct forker forker;
	struct tracer tracer;
	struct import_result result;
	sem_t at_rest;     /* the fork thread has started, and waits */
	sem_t import_done; /* the fork thread may look at all of the above */
	int channel;
};

/* Exit statuses are the audit's (forkserver(8)); the report on the channel says more. */
enum { EXIT_USAGE = 2, EXIT_IMPORT = 3, EXIT_AUDIT = 4 };

#if defined(__SANITIZE_ADDRESS__)
/* In a build with AddressSanitizer: CPython frees not everything at its end, and what becomes of a
 * crash is the application's affair. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:"
	       "handle_abort=0:use_sigaltstack=0";
}
#endif

static int move_up(int fd)
{
	struct rlimit limit;
	int from = OWN_FDS_FROM, moved;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < OWN_FDS_FROM + 16)
		from = (int)limit.rlim_cur / 2;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, from);
	if (moved < 0)
		return fd;
	close(fd);
	return moved;
}

/* Keeps 3 to 18 free for a worker's listeners, whose numbers start at 3 (sd_listen_fds(3)). */
static int reserve_fds(void)
{
	int fd, n = 0;

	while (n < RESERVED_FDS && (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) {
		if (fd != 3 + n) {
			close(fd);
			break;
		}
		n++;
	}
	return n;
}

/* A report of ours, for what happens without or before the tracer: begun here, sent below. */
static void begin_report(const struct zygote *zygote, struct report *report)
{
	report_init(report);
	report->name = zygote->setup.name ? strdup(zygote->setup.name) : NULL;
	report->target = strv_copy(zygote->setup.preload);
}

static void send_report(struct zygote *zygote, struct report *report)
{
	char *json = report_json(report);

	if (json)
		(void)channel_send(zygote->channel, MESSAGE_REPORT, 0, json, strlen(json), NULL, 0);
	free(json);
	report_done(report);
}

/* The audit cannot be: nothing is imported or forked. */
static _Noreturn void give_up(struct zygote *zygote, const char *type, const char *text)
{
	struct report report;

	begin_report(zygote, &report);
	report.mode = strdup(zygote->setup.mode == AUDIT_FULL ? "full" : "filter");
	(void)report_set_error(&report, "audit", type, text);
	send_report(zygote, &report);
	_exit(EXIT_AUDIT);
}

/* With `audit = off` there is no tracer to send one. */
static void send_unaudited(struct zygote *zygote, const struct import_result *result)
{
	struct report_error *error = NULL;
	struct report report;

	begin_report(zygote, &report);
	report.import_us = result->import_us;
	report.python = result->python ? strdup(result->python) : NULL;
	(void)report_note(&report, "the audit is off: nothing was looked at");
	if (result->failed)
		error = report_set_error(&report, "import", result->type, result->message);
	if (error)
		error->text = result->text ? strdup(result->text) : NULL;
	send_report(zygote, &report);
}

/* Thread pools of native libraries, which start with the import and would not survive a fork.  What
 * the user has set stays; workers get their own environment. */
static void limit_pools(void)
{
	static const char *const names[] = { "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS",
					     "MKL_NUM_THREADS",      "BLIS_NUM_THREADS",
					     "GOTO_NUM_THREADS",     "NUMEXPR_NUM_THREADS" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)setenv(names[i], "1", 0);
}

static _Noreturn void park(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	for (;;)
		pause();
}

/* ---- the import, in the main thread ---- */

static void import(struct zygote *zygote)
{
	struct error err = { { 0 } };

	if (zygote->setup.policy != AUDIT_OFF && tracer_begin(&zygote->tracer, &err) < 0)
		give_up(zygote, "TracerError", err.text);
	if (embed_init(&zygote->embed, &zygote->setup, &err) < 0)
		give_up(zygote, "PythonInit", err.text);
	embed_import(&zygote->embed, &zygote->setup, &zygote->result);
	if (!zygote->result.failed)
		embed_prepare_fork(&zygote->embed, &zygote->setup, &zygote->forker.heap);
	traits_read(&zygote->forker.traits);
	zygote->forker.import_us = zygote->result.import_us;
}

/* Tells the tracer, which judges and lets go of this thread, or kills it. */
static void conclude(struct zygote *zygote)
{
	if (zygote->setup.policy != AUDIT_OFF)
		tracer_end(&zygote->tracer, &zygote->result);
	else
		send_unaudited(zygote, &zygote->result);
	if (zygote->result.failed)
		_exit(EXIT_IMPORT);
}

/* The main thread's end in filter mode; handover_park() calls it. */
static void hand_over(void *arg)
{
	struct zygote *zygote = arg;

	conclude(zygote);
	sem_post(&zygote->import_done);
	park();
}

/* ---- forking ---- */

/* Waits for leave to fork.  Ends the process if there is none, or if the tracer is gone: it fails
 * closed. */
static void await_verdict(struct zygote *zygote)
{
	struct forker *forker = &zygote->forker;

	if (zygote->setup.policy == AUDIT_OFF) {
		if (forker_take_as_audited(forker) < 0)
			_exit(EXIT_AUDIT);
		return;
	}
	if (tracer_verdict(&zygote->tracer, &forker->verdict) < 0 || !forker->verdict.may_fork)
		_exit(EXIT_AUDIT);
	if (forker->verdict.no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		_exit(EXIT_AUDIT);
}

/* Returns in a worker only. */
static void serve(struct zygote *zygote)
{
	int r;

	await_verdict(zygote);
	r = traits_apply(&zygote->forker.traits);
	if (r < 0) {
		fprintf(stderr,
			"forkserver: zygote '%s': cannot drop the privileges that the application "
			"has dropped while importing: %s\n",
			zygote->setup.name, strerror(-r));
		_exit(EXIT_AUDIT);
	}
	forker_run(&zygote->forker);
}

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem) < 0 && errno == EINTR)
		;
}

static void *fork_thread(void *arg)
{
	struct zygote *zygote = arg;

	sem_post(&zygote->at_rest);
	wait_for(&zygote->import_done);
	serve(zygote);
	return NULL;
}

static int start_fork_thread(struct zygote *zygote)
{
	sigset_t all, old;
	pthread_attr_t attr;
	pthread_t thread;
	void *stack;
	int r;

	sem_init(&zygote->at_rest, 0, 0);
	sem_init(&zygote->import_done, 0, 0);
	pthread_attr_init(&attr);
	/* A stack of ours, which libc's fork() does not put up for use again while we are still on
	 * it. */
	stack = mmap(NULL, FORK_STACK, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED || mprotect(stack, FORK_GUARD, PROT_NONE) < 0)
		return -errno;
	pthread_attr_setstack(&attr, (char *)stack + FORK_GUARD, FORK_STACK - FORK_GUARD);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&thread, &attr, fork_thread, zygote);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	/* The tracer is forked next: no lock of libc's or a sanitizer's may be in a thread that the
	 * fork leaves behind. */
	if (r == 0)
		wait_for(&zygote->at_rest);
	return -r;
}

/* ---- set-up ---- */

static int receive_setup(struct zygote *zygote)
{
	struct message msg;
	int r = channel_recv(zygote->channel, &msg);

	if (r <= 0)
		return r < 0 ? r : -ECONNRESET;
	r = msg.type == MESSAGE_SETUP ? zygote_setup_unpack(&zygote->setup, msg.body, msg.len)
				      : -EPROTO;
	message_done(&msg);
	return r;
}

static void name_process(const char *self, const char *name)
{
	const char *argv[4] = { self, name, NULL };
	const char *base = strrchr(self, '/');
	char label[300];

	snprintf(label, sizeof(label), "[%s]", name);
	argv[0] = base ? base + 1 : self;
	argv[1] = label;
	(void)title_set((char *const *)argv, NULL);
}

static _Noreturn void run(struct zygote *zygote)
{
	bool filter = zygote->setup.policy != AUDIT_OFF && zygote->setup.mode == AUDIT_FILTER;
	struct error err = { { 0 } };
	int r = filter ? start_fork_thread(zygote) : 0;

	if (r < 0) {
		error_set(&err, "cannot start the thread that forks: %s", strerror(-r));
		give_up(zygote, "TracerError", err.text);
	}
	if (zygote->setup.policy != AUDIT_OFF &&
	    tracer_start(&zygote->tracer, &zygote->setup, zygote->channel, &err) < 0)
		give_up(zygote, "PtraceDenied", err.text);
	/* not where the same thread forks: workers are to have the priority that we were given */
	if (zygote->setup.beside && filter)
		give_way();
	import(zygote);
	if (filter) {
		handover_park(&zygote->forker.handover, hand_over, zygote);
	} else {
		conclude(zygote);
		serve(zygote);
	}
	child_run(&zygote->forker);
}

static int dump_stack(const char *pid)
{
	struct error err = { { 0 } };

	if (stack_dump((pid_t)atoi(pid), stdout, &err) == 0)
		return fflush(stdout) == 0 ? 0 : 1;
	fprintf(stderr, "%s\n", err.text);
	return 1;
}

int main(int argc, char **argv)
{
	struct zygote zygote = { .channel = -1 };
	int r;

	if (argc == 2 && strcmp(argv[1], "--describe") == 0) {
		embed_describe();
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "--stack") == 0)
		return dump_stack(argv[2]);
	if (argc != 3) {
		fprintf(stderr, "%s: started by forkserver(8), not by hand\n", argv[0]);
		return EXIT_USAGE;
	}
	zygote.channel = move_up(atoi(argv[1]));
	r = receive_setup(&zygote);
	if (r < 0) {
		fprintf(stderr, "%s [%s]: no set-up from the supervisor: %s\n", argv[0], argv[2],
			strerror(-r));
		return EXIT_USAGE;
	}
	zygote.forker.embed = &zygote.embed;
	zygote.forker.channel = zygote.channel;
	zygote.forker.reserved = reserve_fds();
	zygote.forker.filters = forker_filters();
	zygote.tracer.sock = -1;
	pages_set(&zygote.setup);
	limit_pools();
	name_process(argv[0], argv[2]);
	run(&zygote);
}
