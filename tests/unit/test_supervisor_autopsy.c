/* test_supervisor_autopsy.c - what a process is doing, from what /proc says.
 * Runs in: make check. */
#include "supervisor/autopsy.h"

#include "base/buf.h"
#include "base/util.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(state)
{
	ck_assert_int_eq(autopsy_state("12 (cat) S 1 12 12 0"), 'S');
	ck_assert_int_eq(autopsy_state("12 (a) R) (b) D 1 12"), 'D');
	ck_assert_int_eq(autopsy_state("12 (cat)"), 0);
	ck_assert_int_eq(autopsy_state(""), 0);
}
END_TEST

START_TEST(calls)
{
	static const struct {
		const char *text, *said;
		int fd;
	} rows[] = {
		{ "running\n", ", running its own code", -1 },
		{ "", "", -1 },
		{ "-1 0x7ffd 0x7f\n", "", -1 },
		{ "99999 0x3 0x0\n", ", in system call number 99999", -1 },
	};
	char text[64];
	struct buf to = { 0 };
	int fd;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_clear(&to);
		autopsy_syscall(rows[i].text, &to, &fd);
		ck_assert_str_eq(buf_str(&to), rows[i].said);
		ck_assert_int_eq(fd, rows[i].fd);
	}
	buf_clear(&to);
	snprintf(text, sizeof(text), "%d 0x7 0x7ffc 0x1\n", SYS_read);
	autopsy_syscall(text, &to, &fd);
	ck_assert_str_eq(buf_str(&to), ", in system call read of fd 7");
	ck_assert_int_eq(fd, 7);
	buf_clear(&to);
	snprintf(text, sizeof(text), "%d 0xffffffffffffffff 0x0\n", SYS_read);
	autopsy_syscall(text, &to, &fd);
	ck_assert_int_eq(fd, -1);
	buf_done(&to);
}
END_TEST

/* A child that reads from a pipe, once it does; then stopped; then gone. */
START_TEST(a_child)
{
	struct buf to = { 0 };
	int ends[2], status;
	pid_t pid;
	char byte;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		(void)!read(ends[0], &byte, 1);
		_exit(0);
	}
	do {
		buf_clear(&to);
		autopsy(pid, &to);
	} while (!strstr(buf_str(&to), "state S (sleeping), in system call read of fd") ||
		 !strstr(buf_str(&to), " (pipe:["));
	kill(pid, SIGSTOP);
	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	buf_clear(&to);
	autopsy(pid, &to);
	ck_assert_ptr_eq(strstr(buf_str(&to), "state T (stopped by a signal)"), buf_str(&to));
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	buf_clear(&to);
	autopsy(pid, &to);
	ck_assert_str_eq(buf_str(&to), "state unknown");
	buf_done(&to);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/autopsy");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, state);
	tcase_add_test(tc, calls);
	tcase_add_test(tc, a_child);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
