/* test_supervisor_activation.c - what systemd passes: whose it is, and what of it can be used. */
#include "supervisor/activation.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"

#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int listener(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return listen(fd, 5) < 0 ? -1 : fd; /* that binds it to some port */
}

/* What systemd would say; pid NULL: that of this process. */
struct passed {
	const char *pid, *number, *names;
	int nfds; /* open from 3 on */
};

static void pass(const struct passed *passed)
{
	char own[16];
	int high = fcntl(listener(), F_DUPFD, 100);

	for (int i = 0; i < passed->nfds; i++)
		dup2(high, 3 + i);
	for (int fd = 3 + passed->nfds; fd <= high; fd++)
		close(fd);
	snprintf(own, sizeof(own), "%d", (int)getpid());
	setenv("LISTEN_PID", passed->pid ? passed->pid : own, 1);
	setenv("LISTEN_FDS", passed->number, 1);
	if (passed->names)
		setenv("LISTEN_FDNAMES", passed->names, 1);
	else
		unsetenv("LISTEN_FDNAMES");
}

/* "2 taken, 2 not inherited; admin: opened, not inherited" or what went wrong. */
static void tell(FILE *out, const struct passed *passed, const char *name)
{
	struct activation activation;
	struct error err = { { 0 } };
	int closed = 0, fd;

	activation_take(&activation);
	for (int i = 0; i < passed->nfds; i++)
		closed += fcntl(3 + i, F_GETFD) == FD_CLOEXEC;
	fprintf(out, "%zu taken, %d not inherited%s; %s: ", activation.n, closed,
		getenv("LISTEN_PID") || getenv("LISTEN_FDS") || getenv("LISTEN_FDNAMES")
			? ", the environment is still there"
			: "",
		name);
	fd = activation_open(&activation, name, &err);
	if (fd < 0)
		fprintf(out, "%s (%s)", err.text, activation.why.text);
	else
		fprintf(out, "opened%s", fcntl(fd, F_GETFD) == FD_CLOEXEC ? ", not inherited" : "");
	close(fd);
	activation_done(&activation);
	if (fcntl(3, F_GETFD) >= 0 && closed)
		fprintf(out, "; not closed");
}

/* In a process whose fds from 3 on are ours to fill: Check's own stand there. */
static char *run(const struct passed *passed, const char *name)
{
	struct buf text = { 0 };
	int ends[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		FILE *out = fdopen(fcntl(ends[1], F_DUPFD, 200), "w");

		pass(passed);
		tell(out, passed, name);
		fflush(out);
		_exit(0);
	}
	close(ends[1]);
	ck_assert_int_eq(fd_read_all(ends[0], &text, 65536), 0);
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	return buf_steal(&text);
}

static const struct {
	struct passed passed;
	const char *name, *expected;
} rows[] = {
	{ { NULL, "2", "web:admin", 2 },
	  "admin",
	  "2 taken, 2 not inherited; admin: opened, not i" },
	{ { NULL, "2", "web:admin", 2 },
	  "other",
	  "no socket called other, but: web, admin; write" },
	{ { NULL, "2", "web:web", 2 }, "web", "more than one socket called web" },
	{ { NULL, "2", "web", 2 }, "unknown", "2 taken, 2 not inherited; unknown: opened" },
	{ { NULL, "1", NULL, 1 }, "unknown", "1 taken, 1 not inherited; unknown: opened" },
	{ { "1", "1", "web", 1 }, "web", "0 taken, 0 not inherited; web: systemd has passed no" },
	{ { "1", "1", "web", 1 }, "web", "LISTEN_PID says that they are for process 1, and this" },
	{ { "-1", "1", "web", 1 }, "web", "LISTEN_PID=-1 is not a number" },
	{ { "", "1", "web", 1 }, "web", "LISTEN_PID= is not a number" },
	{ { NULL, "-1", "web", 1 }, "web", "LISTEN_FDS=-1 is not a number" },
	{ { NULL, "many", "web", 1 }, "web", "LISTEN_FDS=many is not a number" },
	{ { NULL, "99999999999999999999", "web", 1 }, "web", "is not a number" },
	{ { NULL, "2", "web:admin", 1 },
	  "admin",
	  "file descriptor 4, which LISTEN_FDS counts, is not" },
	{ { NULL, "0", "", 0 },
	  "web",
	  "0 taken, 0 not inherited; web: systemd has passed no sockets; " },
};

START_TEST(taken)
{
	char *text = run(&rows[_i].passed, rows[_i].name);

	ck_assert_msg(strstr(text, rows[_i].expected) != NULL, "%s", text);
	ck_assert_msg(!strstr(text, "still there") && !strstr(text, "not closed"), "%s", text);
	free(text);
}
END_TEST

START_TEST(types)
{
	int pair[2], ends[2], plain = socket(AF_INET, SOCK_STREAM, 0);
	int datagrams = socket(AF_INET, SOCK_DGRAM, 0), file = open("/etc/passwd", O_RDONLY);
	struct activation activation = { 0 };
	struct error twice = { { 0 } };
	struct activated all[] = {
		{ (char *)"pipe", -1 },
		{ (char *)"file", file },
		{ (char *)"connection", -1 },
		{ (char *)"plain", plain },
		{ (char *)"datagrams", datagrams },
	};
	static const char *const why[] = { "is a FIFO", "is a file", "is a connection",
					   "is a connection", NULL };

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	all[0].fd = ends[0];
	all[2].fd = pair[0];
	activation.all = all;
	activation.n = sizeof(all) / sizeof(all[0]);
	for (size_t i = 0; i < activation.n; i++) {
		struct error err = { { 0 } };
		int fd = activation_open(&activation, all[i].name, &err);

		ck_assert_msg((fd < 0) == (why[i] != NULL), "%s: %s", all[i].name, err.text);
		if (why[i])
			ck_assert_msg(strstr(err.text, why[i]) != NULL, "%s", err.text);
	}
	all[1].name = all[0].name;
	ck_assert_int_eq(activation_open(&activation, "pipe", &twice), -1);
	ck_assert_msg(strstr(twice.text, "more than one socket called pipe"), "%s", twice.text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/activation");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, taken, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, types);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
