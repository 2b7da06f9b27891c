/* test_supervisor_event_pool.c - pools and their listeners over real pipes, with processes that
 * only look like some. */
#include "supervisor/event_pool.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "ipc/log_messages.h"
#include "supervisor/events.h"
#include "supervisor/process.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N 3

static struct config_daemon daemon_config = { .identifier = (char *)"id" };
static struct process_host host;
static struct events events;
static struct config_process configs[N];
static struct config_program program;
static struct process processes[N];
static struct process *pointers[N];
static int input[N];  /* what the process reads */
static int output[N]; /* what it writes */
static struct event_pool *pool;
static unsigned settlements;

static void settled(struct events *it)
{
	ck_assert_ptr_eq(it, &events);
	settlements++;
}

/* ---- the other side ---- */

static void start(int i)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	input[i] = ends[0];
	fd_nonblock(ends[0], 1);
	fd_nonblock(ends[1], 1);
	processes[i].stdin_fd = ends[1];
	processes[i].pid = 1000 + i;
	processes[i].state = PROCESS_RUNNING;
	output[i] = event_listener_open(processes[i].listener, -1, NULL);
	ck_assert_int_ge(output[i], 0);
}

static void turn(void)
{
	for (int i = 0; i < 10; i++)
		ev_run(host.loop, EVRUN_NOWAIT);
}

static void say(int i, const char *text)
{
	ck_assert_int_eq(write(output[i], text, strlen(text)), (ssize_t)strlen(text));
	turn();
}

/* What has come to a process since the last call; "" if nothing. */
static const char *got(int i)
{
	static char text[1 << 21];
	ssize_t n, len = 0;

	do {
		turn();
		n = read(input[i], text + len, sizeof(text) - 1 - (size_t)len);
		len += n > 0 ? n : 0;
	} while (n > 0);
	text[len] = '\0';
	return text;
}

static void enter(int i, enum process_state state)
{
	enum process_state from = processes[i].state;

	processes[i].state = state;
	events_process(&events, &processes[i], from);
}

static void die(int i)
{
	fd_close(&output[i]);
	enter(i, PROCESS_EXITED);
	fd_close(&input[i]);
	process_close_stdin(&processes[i]);
	processes[i].pid = 0;
}

static void make_pool(const char *const *names, uint32_t room, size_t n)
{
	struct config_listener config = { .events = (char **)(uintptr_t)names,
					  .buffer_size = room };

	pool = event_pool_new(&events, "rec", &config, pointers, n);
	ck_assert_ptr_nonnull(pool);
	for (size_t i = 0; i < n; i++)
		start((int)i);
}

static void setup(void)
{
	static const char *const names[N] = { "a", "b", "c" };

	signal(SIGPIPE, SIG_IGN);
	log_open(-1, -1, LEVEL_CRITICAL);
	host = (struct process_host){ .loop = ev_loop_new(EVFLAG_AUTO), .daemon = &daemon_config };
	host.events = &events;
	events_init(&events, &host, settled);
	for (int i = 0; i < N; i++) {
		configs[i].name = (char *)(uintptr_t)names[i];
		processes[i] = (struct process){ .host = &host,
						 .program = &program,
						 .config = &configs[i],
						 .group = "g",
						 .stdin_fd = -1 };
		pointers[i] = &processes[i];
		input[i] = output[i] = -1;
	}
}

static void teardown(void)
{
	event_pool_free(pool);
	events_done(&events);
	for (int i = 0; i < N; i++) {
		process_close_stdin(&processes[i]);
		fd_close(&input[i]);
		fd_close(&output[i]);
		ck_assert_ptr_null(processes[i].listener);
	}
	ev_loop_destroy(host.loop);
}

static const char *const all[] = { "EVENT", NULL };
static const char *const groups[] = { "PROCESS_GROUP", NULL };

#define GROUP(serial, poolserial, name, len)                                                       \
	"ver:3.0 server:id serial:" serial " pool:rec poolserial:" poolserial                      \
	" eventname:PROCESS_GROUP_ADDED len:" len "\ngroupname:" name "\n"

/* ---- tests ---- */

START_TEST(one_after_the_other)
{
	make_pool(groups, 10, 1);
	ck_assert(!event_pool_is_busy(pool));
	events_group(&events, "x", true);
	events_group(&events, "yy", true);
	events_supervisor(&events, true); /* nobody wants it: it has no serial either */
	events_group(&events, "zzz", true);
	ck_assert_str_eq(got(0), "");
	ck_assert(event_pool_is_busy(pool));
	say(0, "READY\n");
	ck_assert_str_eq(got(0), GROUP("0", "0", "x", "12"));
	say(0, "RESULT 2\n");
	ck_assert_str_eq(got(0), "");
	say(0, "OKREADY\n");
	ck_assert_str_eq(got(0), GROUP("1", "1", "yy", "13"));
	say(0, "RESULT 4\nFAILREADY\n");
	ck_assert_str_eq(got(0), GROUP("1", "1", "yy", "13"));
	say(0, "RESULT 2\nOKREADY\n");
	ck_assert_str_eq(got(0), GROUP("2", "2", "zzz", "14"));
	ck_assert(event_pool_is_busy(pool));
	say(0, "RESULT 2\nOK");
	ck_assert(!event_pool_is_busy(pool));
	ck_assert_uint_ge(settlements, 4);
}
END_TEST

START_TEST(only_while_running)
{
	make_pool(groups, 10, 1);
	processes[0].state = PROCESS_STARTING;
	events_group(&events, "x", true);
	say(0, "READY\n");
	ck_assert_str_eq(got(0), "");
	enter(0, PROCESS_RUNNING);
	ck_assert_str_eq(got(0), GROUP("0", "0", "x", "12"));
	enter(0, PROCESS_STOPPING);
	say(0, "RESULT 2\nOKREADY\n");
	events_group(&events, "yy", true);
	ck_assert_str_eq(got(0), "");
	ck_assert(!event_pool_is_busy(pool)); /* nothing will come of it */
}
END_TEST

START_TEST(who_is_ready)
{
	make_pool(groups, 10, 3);
	say(2, "READY\n");
	say(1, "READY\n");
	events_group(&events, "x", true);
	ck_assert_str_eq(got(1), GROUP("0", "0", "x", "12"));
	events_group(&events, "yy", true);
	ck_assert_str_eq(got(2), GROUP("1", "1", "yy", "13"));
	events_group(&events, "zzz", true);
	say(0, "READY\n");
	ck_assert_str_eq(got(0), GROUP("2", "2", "zzz", "14"));
}
END_TEST

START_TEST(death)
{
	make_pool(groups, 10, 2);
	say(0, "READY\n");
	events_group(&events, "x", true);
	events_group(&events, "yy", true);
	ck_assert_str_eq(got(0), GROUP("0", "0", "x", "12"));
	die(0);
	say(1, "READY\n");
	ck_assert_str_eq(got(1), GROUP("0", "0", "x", "12"));
	start(0);
	say(0, "READY\n");
	ck_assert_str_eq(got(0), GROUP("1", "1", "yy", "13"));
	/* the answer is in the pipe when the death is noticed */
	ck_assert_int_eq(write(output[0], "RESULT 2\nOK", 11), 11);
	die(0);
	say(1, "RESULT 2\nOKREADY\n");
	ck_assert_str_eq(got(1), "");
}
END_TEST

START_TEST(closed_stdin)
{
	make_pool(groups, 10, 2);
	say(0, "READY\n");
	say(1, "READY\n");
	fd_close(&input[0]);
	events_group(&events, "x", true);
	ck_assert_str_eq(got(1), GROUP("0", "0", "x", "12"));
	events_group(&events, "yy", true);
	ck_assert(event_pool_is_busy(pool));
}
END_TEST

START_TEST(large)
{
	static const size_t lens[] = { 65536, 200000, PROCESS_STDIN_MAX - 5000 };
	char *text = malloc(PROCESS_STDIN_MAX);
	const char *whole;

	memset(text, 'x', PROCESS_STDIN_MAX);
	make_pool(all, 10, 1);
	say(0, "READY\n");
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		events_remote(&events, "t", text, lens[i]);
		whole = got(0);
		ck_assert_uint_gt(strlen(whole), lens[i]);
		ck_assert_int_eq(memcmp(strrchr(whole, '\n') + 1, text, lens[i]), 0);
		ck_assert_uint_eq(strlen(strrchr(whole, '\n') + 1), lens[i]);
		say(0, "RESULT 2\nOKREADY\n");
	}
	/* one that no listener could be given would block the pool */
	events_remote(&events, "t", text, PROCESS_STDIN_MAX);
	ck_assert_uint_eq(pool->ring.n, 0);
	events_group(&events, "x", true);
	ck_assert_str_eq(got(0), GROUP("3", "3", "x", "12"));
	free(text);
}
END_TEST

/* It answers without reading: what waits for it is bounded. */
START_TEST(reads_nothing)
{
	static char text[100000];

	make_pool(all, 4, 1);
	memset(text, 'x', sizeof(text));
	for (int i = 0; i < 100; i++) {
		events_remote(&events, "t", text, sizeof(text));
		say(0, i ? "RESULT 2\nOKREADY\n" : "READY\n");
		if (!processes[0].listener->entry.event)
			break;
	}
	ck_assert_int_eq(processes[0].listener->protocol.state, LISTENER_READY);
	ck_assert_uint_le(processes[0].input.len, PROCESS_STDIN_MAX);
	ck_assert_uint_ge(pool->ring.n, 1);
}
END_TEST

START_TEST(overflow_and_change)
{
	const char *const ticks[] = { "TICK_3600", "PROCESS_GROUP_REMOVED", NULL };
	struct config_listener config = { .events = (char **)(uintptr_t)ticks, .buffer_size = 2 };

	make_pool(groups, 3, 1);
	for (int i = 0; i < 5; i++)
		events_group(&events, "x", true);
	ck_assert_uint_eq(pool->ring.n, 3);
	ck_assert(!ev_is_active(&events.ticks.all[2].timer));
	event_pool_change(pool, &config);
	ck_assert(ev_is_active(&events.ticks.all[2].timer));
	ck_assert(!events_wanted(&events, EVENT_PROCESS_GROUP_ADDED));
	ck_assert(events_wanted(&events, EVENT_PROCESS_GROUP_REMOVED));
	ck_assert_uint_eq(pool->ring.n, 2);
	say(0, "READY\n");
	ck_assert_str_eq(got(0), GROUP("3", "3", "x", "12"));
}
END_TEST

START_TEST(output_events)
{
	struct log_data data = { .pid = 5, .data = (char *)"gr\xc3\xbc\xc3\x9f", .len = 6 };

	make_pool(all, 10, 1);
	say(0, "READY\n");
	/* at level debug all output comes, but only what is asked for becomes an event */
	configs[1].err.events_enabled = true;
	events_output(&events, &processes[1], false, &data);
	events_output(&events, &processes[1], true, &data);
	configs[1].err.events_enabled = false;
	ck_assert_str_eq(got(0),
			 "ver:3.0 server:id serial:0 pool:rec poolserial:0 "
			 "eventname:PROCESS_LOG_STDERR len:51\n"
			 "processname:b groupname:g pid:5 channel:stderr\ngr\xc3\xbc\xc3\x9f");
	say(0, "RESULT 2\nOKREADY\n");
	data.captured = 1;
	data.data = (char *)"\xff";
	data.len = 1;
	events_output(&events, &processes[1], false, &data);
	ck_assert_str_eq(got(0), "ver:3.0 server:id serial:1 pool:rec poolserial:1 "
				 "eventname:PROCESS_COMMUNICATION_STDOUT len:52\n"
				 "processname:b groupname:g pid:5\nUndecodable: b'\\xff'");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/event_pool");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, one_after_the_other);
	tcase_add_test(tc, only_while_running);
	tcase_add_test(tc, who_is_ready);
	tcase_add_test(tc, death);
	tcase_add_test(tc, closed_stdin);
	tcase_add_test(tc, large);
	tcase_add_test(tc, reads_nothing);
	tcase_add_test(tc, overflow_and_change);
	tcase_add_test(tc, output_events);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
