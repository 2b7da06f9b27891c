/* test_supervisor_process_stdin.c - bytes for a process that reads them late, or never. */
#include "base/fd.h"
#include "config/config.h"
#include "supervisor/process.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct process_host host;
static struct config_process config;
static struct process process;
static int reader;

static void set_up(void)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	host.loop = ev_loop_new(EVFLAG_AUTO);
	config.name = (char *)"cat";
	memset(&process, 0, sizeof(process));
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	fd_nonblock(ends[1], 1);
	process.host = &host;
	process.config = &config;
	process.state = PROCESS_RUNNING;
	process.pid = 1;
	process.stdin_fd = ends[1];
	reader = ends[0];
}

static void tear_down(void)
{
	process_close_stdin(&process);
	fd_close(&reader);
	ev_loop_destroy(host.loop);
}

START_TEST(small_is_written_at_once)
{
	char got[8];

	ck_assert_int_eq(process_write_stdin(&process, "hello", 5), 0);
	ck_assert_int_eq(read(reader, got, sizeof(got)), 5);
	ck_assert_mem_eq(got, "hello", 5);
	ck_assert(!ev_is_active(&process.input_watch));
}
END_TEST

START_TEST(large_arrives_in_order)
{
	size_t half = PROCESS_STDIN_MAX / 2, have = 0;
	char *sent = malloc(2 * half), *got = malloc(2 * half + 1);

	for (size_t i = 0; i < 2 * half; i++)
		sent[i] = (char)(i * 7 + i / 251);
	ck_assert_int_eq(process_write_stdin(&process, sent, half), 0);
	ck_assert_int_eq(process_write_stdin(&process, sent + half, half), 0);
	while (have < 2 * half) {
		ssize_t n = read(reader, got + have, 2 * half + 1 - have);

		ck_assert_int_gt(n, 0);
		have += (size_t)n;
		ev_run(host.loop, EVRUN_NOWAIT);
	}
	ck_assert_mem_eq(got, sent, 2 * half);
	ck_assert(!ev_is_active(&process.input_watch));
	ck_assert_ptr_null(process.input.data);
	free(sent);
	free(got);
}
END_TEST

START_TEST(bounded)
{
	char *data = calloc(1, PROCESS_STDIN_MAX + 1);

	ck_assert_int_eq(process_write_stdin(&process, data, PROCESS_STDIN_MAX + 1), -ENOBUFS);
	ck_assert_int_eq(process_write_stdin(&process, data, PROCESS_STDIN_MAX), 0);
	/* the pipe has taken some */
	ck_assert_int_eq(process_write_stdin(&process, data, PROCESS_STDIN_MAX), -ENOBUFS);
	ck_assert_int_eq(process_write_stdin(&process, data, 1), 0);
	free(data);
}
END_TEST

START_TEST(no_reader)
{
	fd_close(&reader);
	ck_assert_int_eq(process_write_stdin(&process, "x", 1), -EPIPE);
	ck_assert_int_eq(process.stdin_fd, -1);
	ck_assert_int_eq(process_write_stdin(&process, "x", 1), -EPIPE);
}
END_TEST

START_TEST(reader_goes_away_later)
{
	char *data = calloc(1, PROCESS_STDIN_MAX);

	ck_assert_int_eq(process_write_stdin(&process, data, PROCESS_STDIN_MAX), 0);
	fd_close(&reader);
	ev_run(host.loop, EVRUN_ONCE);
	ck_assert_int_eq(process.stdin_fd, -1);
	ck_assert(!ev_is_active(&process.input_watch));
	free(data);
}
END_TEST

START_TEST(not_running)
{
	process.state = PROCESS_STOPPING;
	ck_assert_int_eq(process_write_stdin(&process, "x", 1), -ESRCH);
	process.state = PROCESS_STARTING;
	process.pid = 0;
	ck_assert_int_eq(process_write_stdin(&process, "x", 1), -ESRCH);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/process_stdin");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, small_is_written_at_once);
	tcase_add_test(tc, large_arrives_in_order);
	tcase_add_test(tc, bounded);
	tcase_add_test(tc, no_reader);
	tcase_add_test(tc, reader_goes_away_later);
	tcase_add_test(tc, not_running);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
