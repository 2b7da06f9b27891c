/* audit_run.c - see audit_run.h. */
#include "supervisor/audit_run.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "base/util.h"
#include "ipc/channel.h"
#include "ipc/pack.h"
#include "report/document.h"
#include "report/verdict.h"
#include "supervisor/interpreter.h"
#include "supervisor/launch.h"
#include "supervisor/wait_status.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* For a report after the time limit of the import, and for READY after it. */
#define GRACE_MS 20000
#define LAST_WORDS_MS 10000 /* for the tracer's report after the zygote's death */
#define END_MS 10000        /* for what was sent SIGKILL to be gone */
#define TICK_MS 100         /* kill(2) reaches children that appear while others die */

void audit_job_done(struct audit_job *job)
{
	zygote_setup_done(&job->setup);
	free(job->python);
	strv_free(job->environment);
	free(job->directory);
	user_done(&job->user);
	memset(job, 0, sizeof(*job));
}

/* ---- children ---- */

/* The next pid in the text of /proc/PID/task/TID/children; 0 at the end. */
static pid_t next_pid(char **at)
{
	char *end;
	long pid = strtol(*at, &end, 10);

	*at = end;
	return pid > 0 ? (pid_t)pid : 0;
}

/* Our children as text; empty where the kernel lacks CONFIG_PROC_CHILDREN. */
static void read_children(struct buf *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	if (fd_read_path(path, text, 1 << 20) < 0)
		buf_clear(text);
}

static int note_strangers(struct audit_run *run)
{
	struct buf text = { 0 };
	char *at;
	pid_t pid;

	read_children(&text);
	run->strangers = calloc(text.len / 2 + 1, sizeof(*run->strangers));
	at = text.data;
	while (run->strangers && at && (pid = next_pid(&at)))
		run->strangers[run->nstrangers++] = pid;
	buf_done(&text);
	return run->strangers ? 0 : -ENOMEM;
}

static bool is_stranger(const struct audit_run *run, pid_t pid)
{
	for (size_t i = 0; i < run->nstrangers; i++)
		if (run->strangers[i] == pid)
			return true;
	return false;
}

static void reap(struct audit_run *run)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		if (pid == run->pid) {
			run->pid = 0;
			run->status = status;
		}
	}
	run->alone = pid < 0 && errno == ECHILD;
}

/* Sends SIGKILL to every child of ours; returns how many there are. */
static size_t kill_children(struct audit_run *run)
{
	struct buf text = { 0 };
	size_t n = 0;
	char *at;
	pid_t pid;

	read_children(&text);
	at = text.data;
	while (at && (pid = next_pid(&at))) {
		if (is_stranger(run, pid))
			continue;
		kill(pid, SIGKILL);
		n++;
	}
	buf_done(&text);
	return n;
}

/* ---- waiting ---- */

static void take_signals(struct audit_run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			run->signal = (int)info.ssi_signo;
	reap(run);
}

/* Milliseconds for poll(2). */
static int time_left(int64_t deadline_ms)
{
	int64_t left = deadline_ms - clock_ms();

	if (deadline_ms == 0)
		return -1;
	return left < 0 ? 0 : left > 1000000 ? 1000000 : (int)left;
}

int audit_run_wait(struct audit_run *run, int fd, int64_t deadline_ms)
{
	while (!run->signal) {
		struct pollfd polled[2] = { { .fd = run->signals, .events = POLLIN },
					    { .fd = fd, .events = POLLIN } };
		/* The last child's last words may arrive with the news of its end: look once more.
		 */
		bool last_look = run->alone;
		int left = last_look ? 0 : time_left(deadline_ms);
		int n = poll(polled, 2, left);

		if (n < 0 && errno != EINTR)
			return 0;
		if (n > 0 && polled[0].revents) {
			take_signals(run);
			if (fd < 0)
				return 0;
		}
		if (n > 0 && polled[1].revents)
			return run->signal == 0;
		if (last_look || (n == 0 && left == 0))
			return 0;
	}
	return 0;
}

/* ---- progress ---- */

static void clear_progress(struct audit_run *run)
{
	if (run->shown)
		(void)fd_write_all(2, "\r\033[K", 4);
	run->shown = false;
}

/* "importing: 812 modules, numpy.core…", cut at the terminal's width. */
static void show_progress(struct audit_run *run, const struct message *message)
{
	struct winsize size = { 0 };
	struct unpack in;
	CLEANUP_FREE char *module = NULL, *line = NULL;
	uint32_t count;
	int width;

	unpack_init(&in, message->body, message->len);
	count = unpack_u32(&in);
	module = unpack_str(&in);
	if (!run->progress || unpack_end(&in) < 0)
		return;
	for (char *c = module; c && *c; c++)
		if (utf8_is_control(*c))
			*c = '?';
	width = ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col - 1 : 79;
	if (asprintf(&line, "importing: %u modules%s%s…", count, module ? ", " : "",
		     module ? module : "") < 0) {
		line = NULL;
		return;
	}
	dprintf(2, "\r\033[K%.*s", width, line);
	run->shown = true;
}

/* ---- reports of our own ---- */

/* Stands in for a report that the tracer could not send: status 4. */
static int make_report(struct audit_run *run, const char *type, const char *message)
{
	const struct zygote_setup *setup = &run->job->setup;
	struct report report;
	char *json = NULL;

	report_init(&report);
	report.name = setup->name ? strdup(setup->name) : NULL;
	report.target = strv_copy(setup->preload);
	report.mode = strdup(setup->mode == AUDIT_FULL ? "full" : "filter");
	if (report_set_error(&report, "audit", type, message))
		json = report_json(&report);
	report_done(&report);
	free(run->report);
	run->report = json;
	run->report_len = json ? strlen(json) : 0;
	return json ? 0 : -ENOMEM;
}

/* The zygote ended or fell silent before it was through: says how. */
static int explain(struct audit_run *run, bool late)
{
	const char *when = run->report ? "after a clean audit, but before it could fork"
				       : "before its audit had a result";
	CLEANUP_FREE char *text = NULL;
	const char *type = "silent";
	int n;

	if (late && run->pid) {
		n = asprintf(
			&text,
			"The zygote does not answer any more %s; it was killed. This is a fault "
			"of forkserver, not of the application.",
			run->report ? "after a clean audit" : "and its time limit has passed");
	} else if (run->pid) {
		n = asprintf(&text,
			     "The zygote has closed its channel %s. Does the application close "
			     "file descriptors that it has not opened (os.closerange)?",
			     when);
	} else if (WIFSIGNALED(run->status)) {
		int signal = WTERMSIG(run->status);

		type = "died";
		n = asprintf(&text, "The zygote was killed by %s (%s) %s.%s", signal_name(signal),
			     strsignal(signal), when,
			     signal == SIGKILL ? " The kernel does that when memory runs out (see "
						 "dmesg), and when the tracer dies."
					       : "");
	} else {
		type = "died";
		n = asprintf(&text, "The zygote ended with status %d %s.%s",
			     WEXITSTATUS(run->status), when,
			     WEXITSTATUS(run->status) == 127
				     ? " Status 127: a shared library of it was not found (its "
				       "message is above); is its libpython installed?"
				     : "");
	}
	return n < 0 ? -ENOMEM : make_report(run, type, text);
}

/* ---- the conversation ---- */

static int start(struct audit_run *run, const struct interpreter *interpreter, struct error *err)
{
	const struct audit_job *job = run->job;
	char *argv[] = { interpreter->zygote, (char *)"3",
			 job->setup.name ? job->setup.name : (char *)"audit", NULL };
	CLEANUP_FD int theirs = -1;
	struct zygote_setup setup = job->setup; /* borrows everything */
	struct buf body = { 0 };
	int ends[2], r = channel_pair(ends);
	struct launch what = { .path = interpreter->zygote,
			       .argv = argv,
			       .environment = job->environment,
			       .directory = job->directory,
			       .user = &job->user,
			       .stdio = { -1, 2, 2 },
			       .fds = &theirs,
			       .nfds = 1,
			       .umask = job->umask };
	pid_t pid;

	if (r < 0)
		return error_set(err, "socketpair: %s", strerror(-r));
	run->channel = ends[0];
	theirs = ends[1];
	pid = launch(&what, err);
	if (pid < 0)
		return -1;
	run->pid = pid;
	setup.python = interpreter->python;
	setup.python_prefix = interpreter->base_prefix;
	zygote_setup_pack(&body, &setup);
	r = body.failed
		    ? -ENOMEM
		    : channel_send(run->channel, MESSAGE_SETUP, 0, body.data, body.len, NULL, 0);
	buf_done(&body);
	/* a peer that is dead already is explained by its status */
	return r < 0 && r != -EPIPE ? error_set(err, "cannot talk to the zygote: %s", strerror(-r))
				    : 0;
}

static int take_message(struct audit_run *run, struct message *message)
{
	switch (message->type) {
	case MESSAGE_PROGRESS:
		show_progress(run, message);
		return 0;
	case MESSAGE_REPORT:
		if (run->report)
			return -EPROTO;
		run->report = message->body;
		run->report_len = message->len;
		message->body = NULL;
		return 0;
	case MESSAGE_READY:
		run->is_ready = true;
		return zygote_ready_unpack(&run->ready, message->body, message->len);
	default:
		return -EPROTO;
	}
}

/* Reads one message.  0, or -errno if the peer cannot be believed. */
static int receive(struct audit_run *run)
{
	struct message message;
	int r = channel_recv(run->channel, &message);

	if (r <= 0) {
		run->closed = r == 0;
		return r == -EAGAIN ? 0 : r;
	}
	r = take_message(run, &message);
	message_done(&message);
	return r;
}

/* A report that is not clean ends the run; a clean one must be followed by READY.  1: all is said;
 * 0: not yet; -EPROTO. */
static int is_over(const struct audit_run *run)
{
	struct verdict_summary summary;

	if (!run->report)
		return 0;
	if (verdict_read(&summary, run->report, run->report_len) < 0)
		return -EPROTO;
	return summary.verdict != VERDICT_CLEAN || run->is_ready;
}

/* 1: all is said; 0: nothing more will come (run->pid, closed say why); -errno. */
static int converse(struct audit_run *run)
{
	uint32_t limit = run->job->setup.preload_timeout;
	int64_t deadline = limit ? clock_ms() + limit * INT64_C(1000) + GRACE_MS : 0;
	int64_t last_words = 0;
	int r;

	while ((r = is_over(run)) == 0 && !run->signal) {
		bool had_report = run->report != NULL;
		int64_t until = last_words ? last_words : deadline;

		if (audit_run_wait(run, run->channel, until)) {
			r = receive(run);
			if (r < 0 || run->closed)
				return r;
		} else if (run->alone || (until && clock_ms() >= until)) {
			return 0;
		}
		if (run->report && !had_report)
			deadline = clock_ms() + GRACE_MS;
		if (!run->pid && !last_words)
			last_words = clock_ms() + LAST_WORDS_MS;
	}
	return r;
}

/* After end of file the zygote is usually about to be reaped; its status is worth a moment. */
static void await_status(struct audit_run *run)
{
	int64_t until = clock_ms() + 1000;

	while (run->pid && !run->signal && clock_ms() < until)
		(void)audit_run_wait(run, -1, until);
}

/* What is ignored stays so: nohup(1) and a shell's background jobs mean it. */
static void add_signal(sigset_t *set, int signal)
{
	struct sigaction action;

	if (sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
		sigaddset(set, signal);
}

static int open_signals(struct audit_run *run)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	add_signal(&set, SIGINT);
	add_signal(&set, SIGTERM);
	add_signal(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, &run->mask) < 0)
		return -errno;
	run->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return run->signals < 0 ? -errno : 0;
}

static int prepare(struct audit_run *run, struct error *err)
{
	int r = note_strangers(run);

	if (r == 0 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		r = -errno;
	if (r == 0)
		r = open_signals(run);
	return r < 0 ? error_set(err, "cannot prepare the audit: %s", strerror(-r)) : 0;
}

int audit_run(struct audit_run *run, const struct audit_job *job,
	      const struct interpreter *interpreter, bool progress)
{
	struct error err = { "" };
	int r;

	memset(run, 0, sizeof(*run));
	run->job = job;
	run->channel = run->signals = -1;
	sigprocmask(SIG_BLOCK, NULL, &run->mask);
	run->progress = progress;
	if (prepare(run, &err) < 0 || start(run, interpreter, &err) < 0)
		return make_report(run, "start", err.text);
	r = converse(run);
	if (r == 0 && !run->signal && run->closed)
		await_status(run);
	clear_progress(run);
	if (run->signal || r > 0)
		return 0;
	if (r == -EPROTO)
		return make_report(run, "protocol",
				   "The zygote has sent what no zygote of this version sends. Is "
				   "forkserver installed completely?");
	if (r < 0)
		return make_report(run, "channel", strerror(-r));
	return explain(run, !run->closed);
}

void audit_run_done(struct audit_run *run)
{
	int64_t until = clock_ms() + END_MS;

	clear_progress(run);
	fd_close(&run->channel);
	if (run->pid)
		kill(-run->pid, SIGKILL); /* launch() made it the leader of a group */
	while (run->signals >= 0 && kill_children(run) + (run->pid != 0) > 0) {
		struct pollfd polled = { .fd = run->signals, .events = POLLIN };

		if (clock_ms() >= until) {
			dprintf(2, "forkserver: some processes of the audit do not die, even after "
				   "SIGKILL; see ps\n");
			break;
		}
		(void)poll(&polled, 1, TICK_MS);
		take_signals(run);
	}
	fd_close(&run->signals);
	sigprocmask(SIG_SETMASK, &run->mask, NULL);
	free(run->strangers);
	free(run->report);
	run->strangers = NULL;
	run->report = NULL;
}
