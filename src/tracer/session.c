/* session.c - see session.h. */
#include "tracer/session.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/rule.h"
#include "ipc/channel.h"
#include "ipc/messages.h"
#include "ipc/pack.h"
#include "report/baseline.h"
#include "report/document.h"
#include "tracer/engine.h"
#include "tracer/judgement.h"
#include "tracer/remote.h"
#include "tracer/survey.h"
#include "tracer/tracer.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RESULT_MAX ((size_t)64 << 20) /* bytes of an import_result, packed */

struct session {
	const struct zygote_setup *setup;
	int channel; /* to the supervisor */
	int sock;    /* to the zygote */
	struct engine engine;
	struct survey before;
	struct report report;
	struct rule *rules;
	size_t nrules;
	struct baseline *baseline;
};

/* "…/site-packages/numpy/core/__pycache__/_methods.cpython-311.pyc" → "numpy/core/_methods" */
static void module_of_path(const char *path, char *to, size_t size)
{
	static const char *const roots[] = { "/site-packages/", "/dist-packages/",
					     "/lib-dynload/" };
	const char *at = path, *cache, *base;

	for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
		const char *found = strstr(path, roots[i]);

		if (found)
			at = found + strlen(roots[i]);
	}
	if (at == path && (base = strstr(path, "/lib/python3.")))
		at = strchr(base + 5, '/') ? strchr(base + 5, '/') + 1 : at;
	cache = strstr(at, "__pycache__/");
	base = cache              ? cache + strlen("__pycache__/")
	       : strrchr(at, '/') ? strrchr(at, '/') + 1
				  : at;
	snprintf(to, size, "%.*s%.*s", (int)((cache ? cache : base) - at), at,
		 (int)strcspn(base, "."), base);
}

static void send_progress(struct session *session)
{
	struct import_progress progress;
	struct buf body = { 0 };
	char module[256];

	if (remote_read(session->engine.root, (uintptr_t)&import_progress, &progress,
			sizeof(progress)) < 0)
		return;
	progress.path[sizeof(progress.path) - 1] = '\0';
	module_of_path(progress.path, module, sizeof(module));
	pack_u32(&body, progress.modules);
	pack_str(&body, progress.path[0] ? module : NULL);
	(void)channel_send(session->channel, MESSAGE_PROGRESS, 0, body.data, body.len, NULL, 0);
	buf_done(&body);
}

/* About four times a second while the import runs.  Without a supervisor nobody is left who wants
 * to know: our end takes the zygote and all that it has started with it (PTRACE_O_EXITKILL). */
static void on_tick(void *arg)
{
	struct session *session = arg;
	struct pollfd channel = { .fd = session->channel, .events = 0 };

	if (poll(&channel, 1, 0) > 0 && channel.revents & (POLLHUP | POLLERR))
		_exit(1);
	if (session->setup->progress)
		send_progress(session);
}

static int parse_policy(struct session *session, struct error *err)
{
	char **allow = session->setup->allow;

	session->rules = calloc(strv_len(allow) + 1, sizeof(*session->rules));
	if (!session->rules)
		return error_set(err, "out of memory");
	for (; allow && *allow; allow++)
		if (rule_parse(&session->rules[session->nrules++], *allow, err) < 0)
			return error_prefix(err, "allow = %s", *allow);
	if (session->setup->baseline)
		return baseline_parse(&session->baseline, "baseline", session->setup->baseline,
				      strlen(session->setup->baseline), err);
	return 0;
}

/* 0, or -errno: then nobody knows of the verdict, and nothing may follow from it. */
static int send_report(struct session *session)
{
	char *json = report_json(&session->report);
	int r = json ? channel_send(session->channel, MESSAGE_REPORT, 0, json, strlen(json), NULL,
				    0)
		     : -ENOMEM;

	free(json);
	return r;
}

/* Reports that the audit itself failed. */
static void report_failure(struct session *session, const char *type, const char *what)
{
	if (!session->report.error)
		(void)report_set_error(&session->report, "audit", type, what);
	(void)send_report(session);
}

/* 0, -ECANCELED with an error in the report, or -ENOMEM. */
static int refuse(struct session *session, const char *type, const char *text)
{
	return report_set_error(&session->report, "import", type, text) ? -ECANCELED : -ENOMEM;
}

/* Fds of ours that the application has closed (os.closerange).  Without the sockets the zygote can
 * no longer be asked to fork; a placeholder may be missing, but not be something else, since
 * workers close it. */
static int check_own_fds(struct session *session, const struct survey *now)
{
	for (size_t i = 0; i < session->before.nfds; i++) {
		const struct survey_fd *own = &session->before.fds[i];
		const struct survey_fd *fd = survey_find_fd(now, own->fd);
		bool socket = strcmp(own->type, "socket") == 0;

		if (own->fd <= 2 || (!fd && !socket))
			continue;
		if (!fd || fd->ino != own->ino || fd->dev != own->dev)
			return refuse(
				session, "ClosedDescriptors",
				"while importing, the application closed file descriptors that it "
				"had not opened, forkserver's own among them (os.closerange, a "
				"daemonising library?); do that in the worker");
	}
	return 0;
}

/* The table that is surveyed is the main thread's; the one that workers get is that of the thread
 * that forks. */
static int check_one_table(struct session *session)
{
	pid_t root = session->engine.root;

	for (size_t i = 0; i < session->before.nthreads; i++) {
		pid_t tid = session->before.threads[i];

		if (tid != root && syscall(SYS_kcmp, root, tid, KCMP_FILES, 0, 0) > 0)
			return refuse(
				session, "UnsharedDescriptors",
				"while importing, the main thread gave itself a file descriptor "
				"table of its own (unshare or close_range with "
				"CLOSE_RANGE_UNSHARE); "
				"what it closed since is still open for workers. Do that in the "
				"worker, or set audit_mode = full");
	}
	return 0;
}

static int read_result(struct session *session, struct import_result *result)
{
	const uint64_t *args = engine_find(&session->engine, session->engine.root)->args;
	size_t len = (size_t)args[3];
	char *data;
	int r;

	if (args[1] != NOTIFY_END || len > RESULT_MAX)
		return -EPROTO;
	data = malloc(len + 1);
	if (!data)
		return -ENOMEM;
	r = remote_read(session->engine.root, (uintptr_t)args[2], data, len);
	if (r == 0)
		r = import_result_unpack(result, data, len);
	free(data);
	return r;
}

static void describe_import(struct report *report, struct engine *engine,
			    struct import_result *result)
{
	report->import_us = result->import_us;
	report->events = engine->ledger.events;
	report->python = result->python;
	report->stdlib = result->stdlib;
	report->cwd = result->cwd;
	result->python = result->stdlib = result->cwd = NULL; /* taken over */
}

/* Traced processes that are no longer children of the zygote: it has daemonised them. */
static void add_daemons(struct session *session, struct survey *now)
{
	struct engine *engine = &session->engine;

	for (struct tracee *t = engine_next(engine, NULL); t; t = engine_next(engine, t))
		if (!t->root && !t->gone)
			(void)survey_add_process(now, t->tgid);
}

static int judge(struct session *session, struct import_result *result, struct verdict *verdict)
{
	struct report *report = &session->report;
	struct survey now;
	int r;

	engine_settle(&session->engine);
	if (session->engine.outcome != ENGINE_NOTIFIED)
		return judgement_outcome(report, &session->engine, 0);
	r = survey_take(&now, session->engine.root);
	if (r < 0)
		return r;
	add_daemons(session, &now);
	describe_import(report, &session->engine, result);
	r = check_own_fds(session, &now);
	if (r == 0)
		r = check_one_table(session);
	if (r == 0 && result->failed)
		r = judgement_exception(report, result);
	if (r == 0)
		r = judgement_findings(report, &session->engine, &session->before, &now, result);
	if (r == 0 || r == -ECANCELED)
		r = report_fill_sources(report);
	if (r == 0)
		r = report_judge(report, session->rules, session->nrules, session->baseline);
	if (r == 0)
		r = judgement_verdict(verdict, report, &session->engine, &now);
	verdict->may_fork = r == 0 && !report->error &&
			    (session->setup->policy == AUDIT_WARN ||
			     strcmp(report_verdict(report), "clean") == 0);
	survey_done(&now);
	return r;
}

static int send_verdict(struct session *session, const struct verdict *verdict)
{
	struct buf body = { 0 };
	int r;

	verdict_pack(&body, verdict);
	r = body.failed
		    ? -ENOMEM
		    : channel_send(session->sock, TRACER_VERDICT, 0, body.data, body.len, NULL, 0);
	buf_done(&body);
	return r;
}

/* Judges, reports, and lets the zygote fork or not.  Returns whether it may. */
static bool conclude(struct session *session)
{
	struct import_result result = { 0 };
	struct verdict verdict = { 0 };
	bool may_fork = false;
	int r = read_result(session, &result);

	if (r == 0)
		r = judge(session, &result, &verdict);
	if (r < 0)
		report_failure(session, "TracerError", strerror(-r));
	else
		r = send_report(session);
	if (r == 0 && verdict.may_fork)
		may_fork = send_verdict(session, &verdict) == 0;
	verdict_done(&verdict);
	import_result_done(&result);
	return may_fork;
}

static bool trace_import(struct session *session)
{
	struct engine *engine = &session->engine;
	int r;

	if (engine_run(engine) == ENGINE_NOTIFIED) { /* NOTIFY_BEGIN */
		r = survey_take(&session->before, engine->root);
		if (r < 0) {
			report_failure(session, "TracerError", strerror(-r));
			return false;
		}
		engine->recording = true;
		engine_pin(engine);
		if (session->setup->preload_timeout)
			engine->deadline_ms =
				clock_ms() + session->setup->preload_timeout * INT64_C(1000);
		if (engine_run(engine) == ENGINE_NOTIFIED) /* NOTIFY_END */
			return conclude(session);
	}
	session->report.events = engine->ledger.events;
	if (judgement_outcome(&session->report, engine, session->setup->preload_timeout) == 0)
		(void)report_fill_sources(&session->report);
	(void)send_report(session);
	return false;
}

/* Threads and children that the application was allowed to keep run under the filter: without a
 * tracer their calls would fail with ENOSYS. */
static void linger(struct engine *engine)
{
	engine_release(engine);
	while (engine_run(engine) != ENGINE_EMPTY)
		;
}

static int describe_session(struct session *session)
{
	struct report *report = &session->report;

	report_init(report);
	report->name = session->setup->name ? strdup(session->setup->name) : NULL;
	report->mode = strdup(session->setup->mode == AUDIT_FULL ? "full" : "filter");
	report->policy = strdup(session->setup->policy == AUDIT_WARN ? "warn" : "enforce");
	report->target = strv_copy(session->setup->preload);
	return report->mode && report->policy && report->target ? 0 : -ENOMEM;
}

static void tracer_main(struct session *session, pid_t root)
{
	struct error err = { { 0 } };
	int r = describe_session(session);

	prctl(PR_SET_NAME, "tracer");
	if (r < 0)
		error_set(&err, "%s", strerror(-r));
	if (r == 0)
		r = parse_policy(session, &err);
	if (r == 0)
		r = engine_attach(&session->engine, root, session->setup->mode == AUDIT_FULL, &err);
	if (r < 0) {
		(void)channel_send(session->sock, TRACER_REFUSED, 0, err.text, strlen(err.text),
				   NULL, 0);
		return;
	}
	session->engine.tick = on_tick;
	session->engine.tick_arg = session;
	if (channel_send(session->sock, TRACER_ATTACHED, 0, NULL, 0, NULL, 0) < 0)
		return;
	if (trace_import(session))
		linger(&session->engine);
	else
		engine_kill(&session->engine);
}

static void session_done(struct session *session)
{
	for (size_t i = 0; i < session->nrules; i++)
		rule_done(&session->rules[i]);
	free(session->rules);
	baseline_free(session->baseline);
	survey_done(&session->before);
	report_done(&session->report);
	engine_done(&session->engine);
}

/* Everything but 0-2, the two sockets and what they need. */
static void close_others(int keep1, int keep2)
{
	int low = keep1 < keep2 ? keep1 : keep2;
	int high = keep1 < keep2 ? keep2 : keep1;

	if (low > 3)
		(void)syscall(SYS_close_range, 3, low - 1, 0);
	if (high > low + 1)
		(void)syscall(SYS_close_range, low + 1, high - 1, 0);
	(void)syscall(SYS_close_range, high + 1, ~0U, 0);
}

_Noreturn void session_run(const struct zygote_setup *setup, int channel, int sock, pid_t root)
{
	struct session session = { .setup = setup, .channel = channel, .sock = sock };
	sigset_t all;

	/* Signals for the terminal's foreground group are the supervisor's affair. */
	sigfillset(&all);
	sigdelset(&all, SIGALRM);
	sigprocmask(SIG_SETMASK, &all, NULL);
	close_others(channel, sock);
	tracer_main(&session, root);
	session_done(&session);
	_exit(0);
}
