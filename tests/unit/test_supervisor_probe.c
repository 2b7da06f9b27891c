/* test_supervisor_probe.c - connections and requests to servers that answer, do not, or misbehave.
 * Runs in: make check. */
#include "supervisor/probe.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/util.h"
#include "config/config.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct ev_loop *loop;
static struct probe probe;
static int listener = -1;
static struct config_probe what = { .host = (char *)"127.0.0.1", .target = (char *)"/x" };
static bool ended;
static char said[PROBE_FAILURE_MAX];

static void on_done(struct probe *its, const char *failure)
{
	ck_assert_ptr_eq(its, &probe);
	ck_assert(!ended);
	ended = true;
	snprintf(said, sizeof(said), "%s", failure ? failure : "");
	ev_break(loop, EVBREAK_ALL);
}

static void start(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);

	loop = ev_loop_new(EVFLAG_AUTO);
	probe_init(&probe, loop);
	probe.done = on_done;
	ended = false;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(listen(listener, 8), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	what.port = ntohs(address.sin_port);
}

static void stop(void)
{
	probe_done(&probe);
	fd_close(&listener);
	ev_loop_destroy(loop);
}

static void begin(enum config_probe_kind kind, unsigned timeout)
{
	struct error err = { "" };

	what.kind = kind;
	ck_assert_int_eq(probe_start(&probe, &what, timeout, &err), 0);
	ck_assert(!ended);
}

static void run(void)
{
	while (!ended)
		ev_run(loop, 0);
	ck_assert(!probe_is_active(&probe));
}

START_TEST(connection)
{
	begin(PROBE_TCP, 60);
	run();
	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(nobody_listens)
{
	fd_close(&listener);
	begin(PROBE_TCP, 60);
	run();
	ck_assert_str_eq(said, "connect: Connection refused");
}
END_TEST

START_TEST(no_answer)
{
	begin(PROBE_HTTP, 1);
	run();
	ck_assert_str_eq(said, "no answer within 1 s");
}
END_TEST

/* What the server sends, and what comes of it. */
static const struct {
	const char *reply, *said;
} replies[] = {
	{ "HTTP/1.1 200 OK\r\n\r\nhello", "" },
	{ "HTTP/1.0 204\r\n\r\n", "" },
	{ "HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", "" },
	{ "HTTP/1.1 399 \r\n", "" },
	{ "HTTP/1.1 400 Bad\r\n", "it answered with status 400" },
	{ "HTTP/1.1 503 No\r\n", "it answered with status 503" },
	{ "HTTP/1.1 199 What\r\n", "it answered with status 199" },
	{ "HTTP/1.1 2000 OK\r\n", "its answer is not HTTP" },
	{ "HTTP/1.1 099 OK\r\n", "its answer is not HTTP" },
	{ "SSH-2.0-OpenSSH\r\n", "its answer is not HTTP" },
	{ "H", "it closed the connection without an answer" },
	{ "", "it closed the connection without an answer" },
};

START_TEST(reply)
{
	char request[1024] = "";
	int fd;

	begin(PROBE_HTTP, 60);
	fd = accept(listener, NULL, NULL);
	while (!strstr(request, "\r\n\r\n")) {
		ev_run(loop, EVRUN_NOWAIT);
		(void)!recv(fd, request, sizeof(request) - 1, MSG_DONTWAIT);
	}
	ck_assert_ptr_eq(strstr(request, "GET /x HTTP/1.1\r\nHost: 127.0.0.1:"), request);
	ck_assert_ptr_nonnull(strstr(request, "\r\nConnection: close\r\n"));
	(void)!write(fd, replies[_i].reply, strlen(replies[_i].reply));
	close(fd);
	run();
	ck_assert_str_eq(said, replies[_i].said);
}
END_TEST

/* One byte at a time, and never the end. */
START_TEST(slow_reply)
{
	static const char text[] = "HTTP/1.1 200 OK\r\n";
	int fd;

	begin(PROBE_HTTP, 1);
	fd = accept(listener, NULL, NULL);
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		ck_assert_int_eq(write(fd, text + i, 1), 1);
		ev_run(loop, EVRUN_NOWAIT);
	}
	run(); /* the status is known when the time is over */
	ck_assert_str_eq(said, "");
	close(fd);
}
END_TEST

/* More than anybody wants to read. */
START_TEST(endless_reply)
{
	static char page[4096];
	int fd;

	memset(page, 'x', sizeof(page));
	begin(PROBE_HTTP, 60);
	fd = accept(listener, NULL, NULL);
	ck_assert_int_eq(write(fd, "HTTP/1.1 200 OK\r\n", 17), 17);
	while (!ended) {
		(void)!send(fd, page, sizeof(page), MSG_DONTWAIT | MSG_NOSIGNAL);
		ev_run(loop, EVRUN_NOWAIT);
	}
	ck_assert_str_eq(said, "");
	close(fd);
}
END_TEST

/* For want of an fd of ours nobody else is to blame. */
START_TEST(no_fd)
{
	struct rlimit before, none;
	struct error err = { "" };

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	what.kind = PROBE_TCP;
	ck_assert_int_eq(probe_start(&probe, &what, 60, &err), -EMFILE);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_str_eq(err.text, "Too many open files");
	ck_assert(!probe_is_active(&probe));
	ck_assert(!ended);
}
END_TEST

/* One that is called off says nothing, and another one can be made. */
START_TEST(called_off)
{
	begin(PROBE_HTTP, 60);
	probe_done(&probe);
	ev_run(loop, EVRUN_NOWAIT);
	ck_assert(!ended);
	begin(PROBE_HTTP, 60);
	begin(PROBE_TCP, 60);
	run();
	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(status)
{
	static const char text[] = "HTTP/1.1 200 OK";

	for (size_t i = 0; i < 13; i++)
		ck_assert_int_eq(probe_http_status(text, i), 0);
	ck_assert_int_eq(probe_http_status(text, 13), 200);
	ck_assert_int_eq(probe_http_status("http", 4), -1);
	ck_assert_int_eq(probe_http_status("HTTP/1.1 200\r", 13), 200);
	ck_assert_int_eq(probe_http_status("HTTP/1.1 20x ", 13), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/probe");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, start, stop);
	tcase_add_test(tc, connection);
	tcase_add_test(tc, nobody_listens);
	tcase_add_test(tc, no_answer);
	tcase_add_loop_test(tc, reply, 0, ARRAY_LEN(replies));
	tcase_add_test(tc, slow_reply);
	tcase_add_test(tc, endless_reply);
	tcase_add_test(tc, no_fd);
	tcase_add_test(tc, called_off);
	tcase_add_test(tc, status);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
