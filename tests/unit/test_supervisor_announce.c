/* test_supervisor_announce.c - what a manager hears in the course of a life. */
#include "supervisor/announce.h"

#include "config/config.h"
#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/process.h"
#include "supervisor/replace.h"
#include "supervisor/systemd.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct config_group config;
static struct config_program program;
static struct config_process its = { .name = (char *)"p" };
static struct process process;
static struct groups groups;
static struct group *group;
static struct ev_loop *loop;
static struct announce announce;
static struct replaces replaces;
static struct systemd systemd;
static int manager;

static void setup(void)
{
	socklen_t len = sizeof(systemd.to.address);
	struct sockaddr_un any = { .sun_family = AF_UNIX };

	process = (struct process){ .config = &its, .program = &program };
	group = calloc(1, sizeof(*group));
	group->config = &config;
	group->name = strdup("p");
	group->processes = calloc(2, sizeof(struct process *));
	group->processes[group->n++] = &process;
	ck_assert_int_eq(groups_add(&groups, group), 0);
	loop = ev_loop_new(EVFLAG_AUTO);
	announce_init(&announce, loop, &groups, &replaces);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* no name: the kernel chooses an abstract one */
	ck_assert_int_eq(bind(manager, (struct sockaddr *)&any, sizeof(sa_family_t)), 0);
	systemd = SYSTEMD_NONE;
	systemd.started = getpid();
	systemd.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(getsockname(manager, (struct sockaddr *)&systemd.to.address, &len), 0);
	systemd.to.len = len;
}

static void teardown(void)
{
	announce_done(&announce);
	systemd_close(&systemd);
	close(manager);
	ev_loop_destroy(loop);
	group->n = 0; /* it is nobody's */
	groups_done(&groups);
}

static void on_datagram(struct ev_loop *its_loop, ev_io *watcher, int events)
{
	(void)watcher;
	(void)events;
	ev_break(its_loop, EVBREAK_ALL);
}

/* The next datagram but those that begin with `skip`.  Runs the loop meanwhile. */
static const char *hear(const char *skip)
{
	static char text[4096];
	ev_io watcher;
	ssize_t n;

	ev_io_init(&watcher, on_datagram, manager, EV_READ);
	do {
		ev_io_start(loop, &watcher);
		ev_run(loop, 0);
		ev_io_stop(loop, &watcher);
		n = recv(manager, text, sizeof(text) - 1, 0);
		ck_assert_int_ge(n, 0);
		text[n] = '\0';
	} while (skip && strncmp(text, skip, strlen(skip)) == 0);
	return text;
}

static void expect(const char *expected)
{
	ck_assert_str_eq(hear("EXTEND"), expected);
}

static void become(enum process_state state)
{
	process.state = state;
	announce_changed(&announce);
}

static void start(void)
{
	announce_to(&announce, &systemd);
	become(PROCESS_STARTING);
	announce_started(&announce);
	become(PROCESS_RUNNING);
	expect("READY=1\nSTATUS=1 process: 1 running");
}

START_TEST(life)
{
	announce_to(&announce, &systemd);
	ck_assert_str_eq(hear(NULL), "EXTEND_TIMEOUT_USEC=30000000");
	expect("STATUS=starting: importing and auditing");
	become(PROCESS_STARTING);
	announce_started(&announce);
	expect("STATUS=starting: 1 process: 1 starting (p)");
	become(PROCESS_RUNNING);
	expect("READY=1\nSTATUS=1 process: 1 running");
	ck_assert(!ev_is_active(&announce.more)); /* nobody is woken up for nothing */
	become(PROCESS_BACKOFF);
	expect("STATUS=1 process: 1 failing (p)");
	become(PROCESS_FATAL);
	expect("STATUS=1 process: 1 failed (p)");
	process.state = PROCESS_STOPPING;
	announce_stopping(&announce);
	expect("STOPPING=1");
	ck_assert_str_eq(hear(NULL), "EXTEND_TIMEOUT_USEC=30000000");
	expect("STATUS=stopping: 1 process: 1 stopping (p)");
}
END_TEST

/* What is in no group any more needs its time as well. */
START_TEST(time_for_those_that_leave)
{
	start();
	process.state = PROCESS_STOPPED;
	replaces.nleaving = 1;
	announce_stopping(&announce);
	expect("STOPPING=1");
	ck_assert_str_eq(hear("STATUS"), "EXTEND_TIMEOUT_USEC=30000000");
	ev_feed_event(loop, &announce.more, EV_TIMER);
	ck_assert_str_eq(hear("STATUS"), "EXTEND_TIMEOUT_USEC=30000000");
	replaces.nleaving = 0;
	ev_feed_event(loop, &announce.more, EV_TIMER);
	announce_changed(&announce);
	ev_run(loop, EVRUN_NOWAIT);
	ck_assert_int_eq(recv(manager, (char[8]){ 0 }, 8, 0), -1);
}
END_TEST

START_TEST(failure_holds_nobody_up)
{
	announce_to(&announce, &systemd);
	become(PROCESS_BACKOFF);
	announce_started(&announce);
	expect("STATUS=starting: 1 process: 1 failing (p)");
	if (_i)
		become(PROCESS_FATAL);
	else
		ev_feed_event(loop, &announce.patience, EV_TIMER);
	expect(_i ? "READY=1\nSTATUS=1 process: 1 failed (p)"
		  : "READY=1\nSTATUS=1 process: 1 failing (p)");
}
END_TEST

/* A change that is no news is not told. */
START_TEST(coalesced)
{
	start();
	become(PROCESS_STOPPED);
	become(PROCESS_STARTING);
	become(PROCESS_RUNNING);
	become(PROCESS_FATAL);
	expect("STATUS=1 process: 1 failed (p)");
	become(PROCESS_UNKNOWN);
	ev_run(loop, 0); /* nothing is left to do, so it returns */
	ck_assert_int_eq(recv(manager, &(char){ 0 }, 1, 0), -1);
}
END_TEST

static int64_t reloading(void)
{
	static const char begin[] = "RELOADING=1\nMONOTONIC_USEC=";
	const char *text = hear("EXTEND");

	ck_assert_int_eq(strncmp(text, begin, strlen(begin)), 0);
	return strtoll(text + strlen(begin), NULL, 10);
}

START_TEST(reload)
{
	int64_t first, second;

	start();
	announce_reloading(&announce);
	first = reloading();
	announce_reloading(&announce); /* another one, while the first is under way */
	second = reloading();
	ck_assert_int_gt(first, 0);
	ck_assert_int_ge(second, first);
	process.state = PROCESS_STARTING;
	announce_reloaded(&announce, NULL);
	expect("STATUS=reloading: 1 process: 1 starting (p)");
	become(PROCESS_RUNNING);
	expect("READY=1\nSTATUS=1 process: 1 running");
}
END_TEST

START_TEST(reload_fails)
{
	start();
	announce_reloading(&announce);
	reloading();
	announce_reloaded(&announce, "Error: x.conf:3: no\nmore of it");
	expect("READY=1\nSTATUS=1 process: 1 running; the last reload failed: Error: x.conf:3: no");
	announce_reloading(&announce);
	reloading();
	announce_reloaded(&announce, NULL);
	expect("READY=1\nSTATUS=1 process: 1 running");
}
END_TEST

/* SIGHUP while the zygotes import: the manager waits for READY already. */
START_TEST(reload_in_start)
{
	announce_to(&announce, &systemd);
	become(PROCESS_RUNNING);
	announce_started(&announce);
	announce_reloading(&announce);
	expect("STATUS=starting: 1 process: 1 running");
	announce_reloaded(&announce, NULL);
	expect("READY=1\nSTATUS=1 process: 1 running");
}
END_TEST

START_TEST(restart)
{
	start();
	announce_restarting(&announce);
	reloading();
	become(PROCESS_STOPPED);
	expect("STATUS=reloading: 1 process: 1 not started"); /* and not READY */
	announce_stopping(&announce);
	expect("STOPPING=1");
}
END_TEST

/* Whoever was killed and is still there has no deadline of ours. */
START_TEST(no_time_for_the_unkillable)
{
	start();
	process.state = PROCESS_STOPPING;
	process.slain = true;
	announce_stopping(&announce);
	ck_assert_str_eq(hear(NULL), "STOPPING=1");
	ck_assert_str_eq(hear(NULL), "STATUS=stopping: 1 process: 1 stopping (p)");
}
END_TEST

START_TEST(background)
{
	char expected[128];

	systemd.started++;
	announce_to(&announce, &systemd);
	snprintf(expected, sizeof(expected), "MAINPID=%d", (int)getpid());
	expect(expected);
}
END_TEST

START_TEST(watchdog)
{
	systemd.watchdog_us = 100000;
	announce_to(&announce, &systemd);
	ck_assert_double_eq_tol(announce.watchdog.repeat, 0.05, 1e-9);
	for (int i = 0; i < 3; i++)
		while (strcmp(hear(NULL), "WATCHDOG=1") != 0)
			;
}
END_TEST

/* A full queue delays what is said; the last of it is not lost. */
START_TEST(full_queue)
{
	char text[4096];

	start();
	while (systemd_send(&systemd, "X=1") == 0)
		;
	announce_reloading(&announce); /* RELOADING is not taken */
	ck_assert(announce.owed);
	announce_reloaded(&announce, NULL);
	ev_run(loop, EVRUN_ONCE);
	ck_assert_int_eq(announce.phase, ANNOUNCE_RELOADING);
	while (recv(manager, text, sizeof(text), 0) > 0)
		ck_assert_int_eq(text[0], 'X');
	reloading();
	expect("READY=1\nSTATUS=1 process: 1 running");
}
END_TEST

START_TEST(nobody)
{
	announce_to(&announce, NULL);
	announce_started(&announce);
	announce_reloading(&announce);
	announce_reloaded(&announce, "no");
	announce_stopping(&announce);
	ev_run(loop, 0); /* no timers, so it returns */
	announce_done(&announce);
	announce_done(&announce);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("announce");
	TCase *tcase = tcase_create("announce");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, life);
	tcase_add_test(tcase, time_for_those_that_leave);
	tcase_add_loop_test(tcase, failure_holds_nobody_up, 0, 2);
	tcase_add_test(tcase, coalesced);
	tcase_add_test(tcase, reload);
	tcase_add_test(tcase, reload_fails);
	tcase_add_test(tcase, reload_in_start);
	tcase_add_test(tcase, restart);
	tcase_add_test(tcase, no_time_for_the_unkillable);
	tcase_add_test(tcase, background);
	tcase_add_test(tcase, watchdog);
	tcase_add_test(tcase, full_queue);
	tcase_add_test(tcase, nobody);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
