/* test_supervisor_launch.c - what a started program has, and what it has not. */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "supervisor/launch.h"
#include "supervisor/user.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs `script` in a shell with these settings; what it prints to stdout. */
static char *run(struct launch *what, const char *script)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
	struct error err = { { 0 } };
	struct buf out = { 0 };
	int ends[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	what->path = "/bin/sh";
	what->argv = argv;
	what->stdio[0] = -1;
	what->stdio[1] = ends[1];
	what->stdio[2] = 2;
	pid = launch(what, &err);
	ck_assert_msg(pid > 0, "%s", err.text);
	close(ends[1]);
	ck_assert_int_eq(fd_read_all(ends[0], &out, 65536), 0);
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	return buf_steal(&out);
}

static char *const path_only[] = { (char *)"PATH=/bin:/usr/bin", NULL };

START_TEST(only_what_is_named)
{
	int leaked = open("/etc/passwd", O_RDONLY), high = fcntl(leaked, F_DUPFD, 200);
	int fds[] = { 3, leaked };
	struct launch what = { .environment = path_only, .umask = -1, .fds = fds, .nfds = 2 };
	char *text;

	ck_assert_int_ge(high, 200);
	if (leaked != 3)
		dup2(leaked, 3);
	/* ls opens a directory of its own, so the shell's glob is asked; it closes that again */
	text = run(&what, "cd /proc/$$/fd && echo [0-9] [0-9][0-9] [0-9][0-9][0-9]");
	ck_assert_msg(strstr(text, "0 1 2 3 4 ") == text, "%s", text);
	ck_assert_msg(!strstr(text, "200"), "%s", text);
	free(text);
}
END_TEST

START_TEST(sources_in_the_way_of_targets)
{
	int a[2], b[2];
	struct launch what = { .environment = path_only, .umask = -1, .nfds = 2 };
	int fds[2];
	char *text;

	ck_assert_int_eq(pipe(a), 0);
	ck_assert_int_eq(pipe(b), 0);
	/* targets 3 and 4 are given crosswise by fds 4 and 3 */
	ck_assert_int_eq(dup2(a[0], 60), 60);
	ck_assert_int_eq(dup2(b[0], 61), 61);
	ck_assert_int_eq(write(a[1], "A\n", 2), 2);
	ck_assert_int_eq(write(b[1], "B\n", 2), 2);
	dup2(60, 4);
	dup2(61, 3);
	fds[0] = 4;
	fds[1] = 3;
	what.fds = fds;
	text = run(&what, "read x <&3; read y <&4; echo $x$y");
	ck_assert_str_eq(text, "AB\n");
	free(text);
}
END_TEST

/* The second and the third become 9 and 6; nothing is left in the gaps. */
START_TEST(chosen_numbers)
{
	static const int numbers[] = { 9, 6 };
	int pipes[3][2], fds[3], in_the_gap = open("/etc/passwd", O_RDONLY);
	struct launch what = { .environment = path_only,
			       .umask = -1,
			       .fds = fds,
			       .nfds = 3,
			       .numbers = numbers,
			       .nnumbers = 2 };
	char *text;

	for (int i = 0; i < 3; i++) {
		char byte = (char)('A' + i);

		ck_assert_int_eq(pipe(pipes[i]), 0);
		ck_assert_int_eq(write(pipes[i][1], &byte, 1), 1);
		ck_assert_int_eq(write(pipes[i][1], "\n", 1), 1);
		fds[i] = pipes[i][0];
	}
	for (int fd = 3; fd < 30; fd++) /* whatever stands there is in the way, and no source */
		if (fcntl(fd, F_GETFD) < 0)
			dup2(in_the_gap, fd);
	text = run(&what, "read x <&3; read y <&9; read z <&6; echo $x$y$z; "
			  "cd /proc/$$/fd && echo [0-9] [0-9][0-9]");
	/* 4 is the directory that the shell reads for it */
	ck_assert_msg(strncmp(text, "ABC\n0 1 2 3 4 6 9 ", 18) == 0, "%s", text);
	free(text);
}
END_TEST

START_TEST(signals_are_as_new)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct launch what = { .environment = path_only, .umask = -1 };
	sigset_t some;
	char *text;

	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
	sigemptyset(&some);
	sigaddset(&some, SIGUSR1);
	sigprocmask(SIG_BLOCK, &some, NULL);
	text = run(&what, "while read name value; do case $name in SigBlk:|SigIgn:) echo $value;; "
			  "esac; done </proc/$$/status");
	ck_assert_str_eq(text, "0000000000000000\n0000000000000000\n");
	free(text);
	sigprocmask(SIG_UNBLOCK, &some, NULL);
}
END_TEST

START_TEST(directory_umask_environment)
{
	char *environment[] = { (char *)"A=1", (char *)"B=two words", NULL };
	struct launch what = { .environment = environment, .umask = 027, .directory = "/usr" };
	char *text = run(&what, "pwd; umask; echo $A $B $HOME");

	ck_assert_str_eq(text, "/usr\n0027\n1 two words\n");
	free(text);
}
END_TEST

START_TEST(own_process_group)
{
	struct launch what = { .environment = path_only, .umask = -1 };
	char *text = run(&what, "read pid comm state ppid pgrp rest </proc/$$/stat; "
				"[ $pid = $pgrp ] && echo leader");

	ck_assert_str_eq(text, "leader\n");
	free(text);
}
END_TEST

START_TEST(listen_pid_is_the_childs)
{
	char slot[] = LAUNCH_PID_ROOM;
	char *environment[] = { slot, NULL };
	struct launch what = { .environment = environment, .umask = -1, .listen_pid = slot };
	char *text = run(&what, "[ $LISTEN_PID = $$ ] && echo same");

	ck_assert_str_eq(text, "same\n");
	ck_assert_str_eq(slot, LAUNCH_PID_ROOM); /* ours is as it was */
	free(text);
}
END_TEST

START_TEST(user_and_groups)
{
	struct launch what = { .environment = path_only, .umask = -1 };
	struct error err = { { 0 } };
	struct user user;
	char *text, want[64];

	if (geteuid() != 0)
		return; /* only root can become somebody else */
	ck_assert_int_eq(user_find(&user, "nobody", &err), 0);
	what.user = &user;
	text = run(&what, "while read name a b c d; do case $name in Uid:|Gid:) "
			  "echo $a $b $c $d;; esac; done </proc/$$/status");
	snprintf(want, sizeof(want), "%u %u %u %u\n%u %u %u %u\n", user.uid, user.uid, user.uid,
		 user.uid, user.gid, user.gid, user.gid, user.gid);
	ck_assert_str_eq(text, want);
	free(text);
	user_done(&user);
}
END_TEST

static const struct {
	const char *path;
	const char *directory;
	int error;
	const char *text;
} failures[] = {
	{ "/nonexistent", NULL, -ENOENT, "couldn't exec /nonexistent: No such file or directory" },
	{ "/etc/passwd", NULL, -EACCES, "couldn't exec /etc/passwd: Permission denied" },
	{ "/bin/sh", "/nonexistent", -ENOENT, "chdir to /nonexistent: No such file or directory" },
};

START_TEST(failures_are_told)
{
	char *argv[] = { (char *)"x", NULL };
	struct error err = { { 0 } };
	struct launch what = { .path = failures[_i].path,
			       .argv = argv,
			       .environment = path_only,
			       .directory = failures[_i].directory,
			       .stdio = { -1, -1, -1 },
			       .umask = -1 };

	ck_assert_int_eq(launch(&what, &err), failures[_i].error);
	ck_assert_str_eq(err.text, failures[_i].text);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}
END_TEST

START_TEST(finding)
{
	static const struct {
		const char *name, *found, *error;
	} rows[] = {
		{ "sh", "/bin/sh", NULL },
		{ "/bin/sh", "/bin/sh", NULL },
		{ "no-such-command", NULL, "can't find command 'no-such-command'" },
		{ "/no/such", NULL, "can't find command '/no/such'" },
		{ "/etc/passwd", NULL, "command at '/etc/passwd' is not executable" },
		{ "/etc", NULL, "command at '/etc' is a directory" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = { { 0 } };
		char *found = launch_find(rows[i].name, path_only, &err);

		if (rows[i].found)
			ck_assert_str_eq(found, rows[i].found);
		else
			ck_assert_str_eq(err.text, rows[i].error);
		free(found);
	}
}
END_TEST

START_TEST(why_it_is_not_found)
{
	struct error err = { { 0 } };
	char *path = NULL;

	ck_assert_int_eq(launch_lookup("/none/at/all", NULL, &path, &err), -ENOENT);
	ck_assert_int_eq(launch_lookup("no-such-command", NULL, &path, &err), -ENOENT);
	ck_assert_str_eq(err.text, "can't find command 'no-such-command'");
	ck_assert_int_eq(launch_lookup("/etc/passwd", NULL, &path, &err), -EACCES);
	ck_assert_str_eq(err.text, "command at '/etc/passwd' is not executable");
	ck_assert_int_eq(launch_lookup("/etc", NULL, &path, &err), -EACCES);
	ck_assert_str_eq(err.text, "command at '/etc' is a directory");
	ck_assert_ptr_null(path);
	ck_assert_int_eq(launch_lookup("/bin/sh", NULL, &path, &err), 0);
	ck_assert_str_eq(path, "/bin/sh");
	free(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/launch");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, only_what_is_named);
	tcase_add_test(tc, sources_in_the_way_of_targets);
	tcase_add_test(tc, chosen_numbers);
	tcase_add_test(tc, signals_are_as_new);
	tcase_add_test(tc, directory_umask_environment);
	tcase_add_test(tc, own_process_group);
	tcase_add_test(tc, why_it_is_not_found);
	tcase_add_test(tc, listen_pid_is_the_childs);
	tcase_add_test(tc, user_and_groups);
	tcase_add_loop_test(tc, failures_are_told, 0, 3);
	tcase_add_test(tc, finding);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
