/* test_supervisor_audit_run.c - what becomes of an audit when its zygote misbehaves.
 * Runs in: make check.
 *
 * The zygote is this very program: started as `PROGRAM 3 NAME` it plays the part called NAME. */
#include "base/buf.h"
#include "base/fd.h"
#include "base/strv.h"
#include "base/util.h"
#include "ipc/channel.h"
#include "report/document.h"
#include "report/verdict.h"
#include "supervisor/audit_run.h"
#include "supervisor/interpreter.h"

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHANNEL 3

/* ---- the zygote ---- */

static void say_report(bool clean)
{
	struct report report;
	CLEANUP_FREE char *json = NULL;

	report_init(&report);
	if (!clean)
		(void)report_add_finding(&report, "thread");
	json = report_json(&report);
	(void)channel_send(CHANNEL, MESSAGE_REPORT, 0, json, strlen(json), NULL, 0);
	report_done(&report);
}

static void say_ready(void)
{
	struct zygote_ready ready = { 100, 60, 5, 0, 0, 0 };
	struct buf body = { 0 };

	zygote_ready_pack(&body, &ready);
	(void)channel_send(CHANNEL, MESSAGE_READY, 0, body.data, body.len, NULL, 0);
	buf_done(&body);
}

static _Noreturn void wait_for_ever(void)
{
	for (;;)
		pause();
}

static void play_clean(void)
{
	say_report(true);
	say_ready();
	wait_for_ever();
}

static void play_violations(void)
{
	say_report(false);
	wait_for_ever();
}

static void play_crash(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
}

static void play_exit(void)
{
	_exit(127);
}

static void play_crash_after_report(void)
{
	say_report(true);
	raise(SIGKILL);
}

static void play_close(void)
{
	close(CHANNEL);
	wait_for_ever();
}

static void play_garbage(void)
{
	(void)channel_send(CHANNEL, MESSAGE_REPORT, 0, "{}", 2, NULL, 0);
	wait_for_ever();
}

static void play_stranger(void)
{
	(void)channel_send(CHANNEL, MESSAGE_SPAWN, 0, "", 0, NULL, 0);
	wait_for_ever();
}

static void play_twice(void)
{
	say_report(true);
	say_report(true);
	wait_for_ever();
}

static void play_raw(void)
{
	(void)!write(CHANNEL, "what?", 5);
	wait_for_ever();
}

/* Leaves a daemon, a stopped child, and a child that ignores what it can; the channel is closed in
 * all of them before the zygote speaks. */
static void play_litter(void)
{
	int ready[2];
	char byte;

	if (pipe(ready) < 0)
		_exit(1);
	for (int i = 0; i < 3; i++) {
		if (fork() != 0)
			continue;
		close(CHANNEL);
		if (i == 0) {
			setsid();
			if (fork() != 0)
				_exit(0);
		}
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		(void)!write(ready[1], ".", 1);
		if (i == 1)
			raise(SIGSTOP);
		wait_for_ever();
	}
	for (int i = 0; i < 3; i++)
		(void)!read(ready[0], &byte, 1);
	play_clean();
}

static void play_interrupt(void)
{
	kill(getppid(), SIGINT);
	wait_for_ever();
}

/* The orphan speaks when the zygote is dead, as the tracer does. */
static void play_last_words(void)
{
	pid_t zygote = getpid();

	if (fork() == 0) {
		while (getppid() == zygote)
			usleep(1000);
		say_report(false);
		_exit(0);
	}
	_exit(1);
}

static const struct part {
	const char *name;
	void (*play)(void);
	int verdict;      /* of the report there is in the end */
	const char *says; /* in that report, or NULL */
} parts[] = {
	{ "clean", play_clean, VERDICT_CLEAN, NULL },
	{ "violations", play_violations, VERDICT_VIOLATIONS, NULL },
	{ "crash", play_crash, VERDICT_NO_AUDIT, "killed by SIGSEGV" },
	{ "exit", play_exit, VERDICT_NO_AUDIT, "ended with status 127" },
	{ "crash_after_report", play_crash_after_report, VERDICT_NO_AUDIT,
	  "SIGKILL (Killed) after a clean audit, but before it could fork" },
	{ "close", play_close, VERDICT_NO_AUDIT, "closed its channel" },
	{ "garbage", play_garbage, VERDICT_NO_AUDIT, "what no zygote of this version sends" },
	{ "stranger", play_stranger, VERDICT_NO_AUDIT, "what no zygote of this version sends" },
	{ "twice", play_twice, VERDICT_NO_AUDIT, "what no zygote of this version sends" },
	{ "raw", play_raw, VERDICT_NO_AUDIT, "what no zygote of this version sends" },
	{ "litter", play_litter, VERDICT_CLEAN, NULL },
	{ "last_words", play_last_words, VERDICT_VIOLATIONS, NULL },
	{ "interrupt", play_interrupt, 0, NULL },
};
#define INTERRUPT (ARRAY_LEN(parts) - 1)

static int act(const char *name)
{
	struct message setup;

	if (channel_recv(CHANNEL, &setup) != 1 || setup.type != MESSAGE_SETUP)
		return 1;
	message_done(&setup);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strcmp(parts[i].name, name) == 0)
			parts[i].play();
	return 1;
}

/* ---- the tests ---- */

static int run_part(struct audit_run *run, struct audit_job *job, const char *name)
{
	static char self[PATH_MAX];
	struct interpreter interpreter = { .zygote = self };
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	ck_assert_int_gt(n, 0);
	self[n] = '\0';
	memset(job, 0, sizeof(*job));
	job->umask = -1;
	job->setup.name = strdup(name);
	job->environment = strv_copy(environ);
	ck_assert_int_eq(strv_add(&job->setup.preload, "shop"), 0);
	return audit_run(run, job, &interpreter, false);
}

/* Nobody is left, and the signals are as they were. */
static void check_nothing_left(void)
{
	sigset_t blocked;

	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	ck_assert(!sigismember(&blocked, SIGINT) && !sigismember(&blocked, SIGCHLD));
}

START_TEST(every_end_has_a_report)
{
	const struct part *part = &parts[_i];
	struct verdict_summary summary;
	struct audit_run run;
	struct audit_job job;

	ck_assert_int_eq(run_part(&run, &job, part->name), 0);
	ck_assert_int_eq(run.signal, 0);
	ck_assert_ptr_nonnull(run.report);
	ck_assert_int_eq(verdict_read(&summary, run.report, run.report_len), 0);
	ck_assert_msg((int)summary.verdict == part->verdict, "%s", run.report);
	ck_assert_msg(!part->says || strstr(run.report, part->says), "%s", run.report);
	ck_assert_int_eq(run.is_ready, part->verdict == VERDICT_CLEAN);
	if (run.is_ready)
		ck_assert_uint_eq(run.ready.rss, 100);
	audit_run_done(&run);
	check_nothing_left();
	audit_job_done(&job);
}
END_TEST

START_TEST(interrupted)
{
	struct audit_run run;
	struct audit_job job;

	ck_assert_int_eq(run_part(&run, &job, parts[INTERRUPT].name), 0);
	ck_assert_int_eq(run.signal, SIGINT);
	ck_assert_ptr_null(run.report);
	audit_run_done(&run);
	check_nothing_left();
	audit_job_done(&job);
}
END_TEST

START_TEST(no_such_zygote)
{
	struct interpreter interpreter = { .zygote = (char *)"/nonexistent/zygote" };
	struct audit_run run;
	struct audit_job job = { .umask = -1, .environment = environ };

	ck_assert_int_eq(audit_run(&run, &job, &interpreter, false), 0);
	ck_assert_msg(strstr(run.report, "/nonexistent/zygote: No such file"), "%s", run.report);
	audit_run_done(&run);
	check_nothing_left();
}
END_TEST

/* A child that we had before the audit is not ours to kill. */
START_TEST(strangers_are_spared)
{
	struct audit_run run;
	struct audit_job job;
	pid_t stranger = fork();
	int status;

	if (stranger == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		wait_for_ever();
	}
	ck_assert_int_gt(stranger, 0);
	ck_assert_int_eq(run_part(&run, &job, "litter"), 0);
	ck_assert(run.is_ready);
	audit_run_done(&run);
	ck_assert_int_eq(waitpid(-1, &status, WNOHANG), 0); /* there, and alive */
	ck_assert_int_eq(kill(stranger, SIGKILL), 0);
	ck_assert_int_eq(waitpid(stranger, &status, 0), stranger);
	check_nothing_left();
	audit_job_done(&job);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite = suite_create("supervisor/audit_run");
	TCase *tc = tcase_create("audit_run");
	SRunner *runner;
	int failed;

	if (argc == 3 && strcmp(argv[1], "3") == 0)
		return act(argv[2]);
	runner = srunner_create(suite);
	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, every_end_has_a_report, 0, INTERRUPT);
	tcase_add_test(tc, interrupted);
	tcase_add_test(tc, no_such_zygote);
	tcase_add_test(tc, strangers_are_spared);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
