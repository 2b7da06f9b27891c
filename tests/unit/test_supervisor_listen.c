/* test_supervisor_listen.c - sockets that are bound without a moment in which anybody else may
 * connect, and what stands in their way. */
#include "base/error.h"
#include "config/config.h"
#include "supervisor/http_sockets.h"
#include "supervisor/listen.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char directory[] = "/tmp/test_listen.XXXXXX";
static char path[64], other[64];

static void setup(void)
{
	memcpy(directory + sizeof(directory) - 7, "XXXXXX", 7);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/sock", directory);
	snprintf(other, sizeof(other), "%s/other", directory);
}

static void teardown(void)
{
	unlink(path);
	unlink(other);
	rmdir(directory);
}

static int try_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), r;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	r = connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	close(fd);
	return r;
}

START_TEST(mode_and_end)
{
	struct listen_unix where = { path, NULL, 0640, 5 };
	struct listen_mark mark = { 0 };
	struct error err = { { 0 } };
	mode_t before = umask(0);
	int fd = listen_unix(&where, &mark, &err);
	struct stat st;

	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_int_eq(umask(before), 0); /* it is as it was */
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert(S_ISSOCK(st.st_mode));
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(try_connect(), 0);
	listen_unlink(&mark);
	ck_assert_int_eq(access(path, F_OK), -1);
	close(fd);
}
END_TEST

START_TEST(not_ours_any_more)
{
	struct listen_unix where = { path, NULL, 0700, 5 };
	struct listen_mark mark = { 0 };
	struct error err = { { 0 } };
	int fd = listen_unix(&where, &mark, &err), file;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(rename(path, other), 0);
	file = open(path, O_WRONLY | O_CREAT, 0600);
	listen_unlink(&mark);
	ck_assert_int_eq(access(path, F_OK), 0);
	close(file);
	close(fd);
}
END_TEST

START_TEST(somebody_lives_there)
{
	struct listen_unix where = { path, NULL, 0700, 5 };
	struct listen_mark first = { 0 }, second = { 0 };
	struct error err = { { 0 } };
	int fd = listen_unix(&where, &first, &err);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(listen_unix(&where, &second, &err), -EADDRINUSE);
	ck_assert_int_eq(try_connect(), 0);
	close(fd); /* as a crash leaves it */
	ck_assert_int_eq(try_connect(), -ECONNREFUSED);
	fd = listen_unix(&where, &second, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_int_eq(try_connect(), 0);
	listen_unlink(&second);
	free(first.path);
	close(fd);
}
END_TEST

/* The one that is bound gets them, and no other file that has taken its name. */
START_TEST(another_mode)
{
	struct listen_unix where = { path, NULL, 0600, 5 };
	struct listen_mark mark = { 0 };
	struct error err = { { 0 } };
	int fd = listen_unix(&where, &mark, &err);
	struct stat st;

	ck_assert_msg(fd >= 0, "%s", err.text);
	where.mode = 0666;
	ck_assert_int_eq(listen_unix_change(&where, &mark, &err), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0666);
	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(listen_unix_change(&where, &mark, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "is gone"));
	ck_assert_int_eq(symlink(other, path), 0);
	where.mode = 0644;
	ck_assert_int_eq(listen_unix_change(&where, &mark, &err), -EPERM);
	ck_assert_int_eq(stat(other, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0666);
	listen_unlink(&mark);
	close(fd);
}
END_TEST

START_TEST(datagrams)
{
	struct listen_inet where = { .host = "127.0.0.1", .datagrams = true };
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	struct error err = { { 0 } };
	char port[16];
	int fd, type;

	where.port = "0";
	fd = listen_inet(&where, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	len = sizeof(type);
	ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len), 0);
	ck_assert_int_eq(type, SOCK_DGRAM);
	snprintf(port, sizeof(port), "%u", ntohs(address.sin_port));
	where.port = port; /* a second one must not share it without a word */
	ck_assert_int_eq(listen_inet(&where, &err), -EADDRINUSE);
	ck_assert_msg(strstr(err.text, "this forkserver itself") != NULL, "%s", err.text);
	close(fd);
}
END_TEST

START_TEST(abstract)
{
	struct error err = { { 0 } };
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "test_listen-%d", (int)getpid());
	fd = listen_abstract(name, 5, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_int_eq(listen_abstract(name, 5, &err), -EADDRINUSE);
	ck_assert_msg(strstr(err.text, "this forkserver itself") != NULL, "%s", err.text);
	close(fd);
	fd = listen_abstract(name, 5, &err); /* nothing is left of it */
	ck_assert_int_ge(fd, 0);
	close(fd);
}
END_TEST

START_TEST(in_the_way)
{
	struct listen_unix where = { path, NULL, 0700, 5 };
	struct listen_mark mark = { 0 };
	struct error err = { { 0 } };
	struct stat st;

	close(open(other, O_WRONLY | O_CREAT, 0600));
	ck_assert_int_eq(symlink(other, path), 0);
	ck_assert_int_eq(listen_unix(&where, &mark, &err), -EEXIST);
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_int_eq(stat(other, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	where.path = "/no/such/directory/s";
	ck_assert_int_eq(listen_unix(&where, &mark, &err), -ENOENT);
	where.path =
		"/tmp/01234567890123456789012345678901234567890123456789012345678901234567890123"
		"456789012345678901234567890123456789";
	ck_assert_int_eq(listen_unix(&where, &mark, &err), -ENAMETOOLONG);
}
END_TEST

START_TEST(addresses)
{
	static const struct {
		const char *text, *host, *port;
	} rows[] = {
		{ "1.2.3.4:80", "1.2.3.4", "80" },
		{ "[::1]:80", "::1", "80" },
		{ "*:80", "*", "80" },
		{ ":80", "", "80" },
		{ "1.2.3.4", NULL, NULL },
		{ "1.2.3.4:", NULL, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = strdup(rows[i].text), *host, *port;
		struct error err = { { 0 } };
		int r = listen_split(text, &host, &port, &err);

		ck_assert_int_eq(r, rows[i].host ? 0 : -1);
		if (r == 0) {
			ck_assert_str_eq(host, rows[i].host);
			ck_assert_str_eq(port, rows[i].port);
		}
		free(text);
	}
}
END_TEST

START_TEST(who_may_come_in)
{
	static const struct {
		const char *address, *username;
		bool local, open;
	} rows[] = {
		{ NULL, NULL, true, false },
		{ NULL, NULL, false, true },
		{ NULL, "", false, true },
		{ NULL, "me", false, false },
		{ "127.0.0.1", NULL, false, false },
		{ "127.9.9.9", NULL, false, false },
		{ "localhost", NULL, false, false },
		{ "::1", NULL, false, false },
		{ "0.0.0.0", NULL, false, true },
		{ "::", NULL, false, true },
		{ "10.0.0.1", NULL, false, true },
		{ "10.0.0.1", "me", false, false },
		{ "example.org", NULL, false, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_http config = {
			.local = rows[i].local,
			.address = (char *)rows[i].address,
			.username = (char *)rows[i].username,
		};

		ck_assert_msg(http_sockets_is_open(&config) == rows[i].open, "%zu", i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/listen");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, mode_and_end);
	tcase_add_test(tc, not_ours_any_more);
	tcase_add_test(tc, somebody_lives_there);
	tcase_add_test(tc, another_mode);
	tcase_add_test(tc, datagrams);
	tcase_add_test(tc, abstract);
	tcase_add_test(tc, in_the_way);
	tcase_add_test(tc, addresses);
	tcase_add_test(tc, who_may_come_in);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
