/* test_supervisor_systemd.c - addresses, what is taken out of the environment, what is sent. */
#include "supervisor/systemd.h"

#include "base/buf.h"
#include "base/fd.h"

#include <check.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[] = "/tmp/test-systemd.XXXXXX";
static char path[64], abstract[64];

/* A manager's socket; `name` is a path, or '@' and a name. */
static int manager(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	return fd;
}

static const char *next(int fd)
{
	static char text[8192];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/notify", directory);
	snprintf(abstract, sizeof(abstract), "@%s", directory);
}

static void teardown(void)
{
	unlink(path);
	rmdir(directory);
}

START_TEST(is_told)
{
	const char *name = _i ? abstract : path;
	int fd = manager(name);
	struct systemd systemd;

	setenv("NOTIFY_SOCKET", name, 1);
	systemd_open(&systemd);
	ck_assert(systemd_listens(&systemd));
	ck_assert_int_eq(systemd.started, getpid());
	ck_assert_int_eq(systemd_send(&systemd, "READY=%d\nSTATUS=%s", 1, "up"), 0);
	ck_assert_str_eq(next(fd), "READY=1\nSTATUS=up");
	ck_assert_str_eq(next(fd), "");
	systemd_close(&systemd);
	systemd_close(&systemd);
	close(fd);
}
END_TEST

START_TEST(nobody_is_there)
{
	static const char *const useless[] = { NULL, "", "@", "/", "relative", "vsock:2:1234" };
	struct systemd systemd;

	for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
		unsetenv("NOTIFY_SOCKET");
		if (useless[i])
			setenv("NOTIFY_SOCKET", useless[i], 1);
		systemd_open(&systemd);
		ck_assert_msg(!systemd_listens(&systemd), "%s", useless[i]);
		ck_assert_int_eq(systemd_send(&systemd, "READY=1"), 0);
		systemd_close(&systemd);
	}
	ck_assert(!systemd_listens(NULL));
	setenv("NOTIFY_SOCKET", path, 1); /* a manager that is gone */
	systemd_open(&systemd);
	ck_assert_int_eq(systemd_send(&systemd, "READY=1"), -ENOENT);
	systemd_close(&systemd);
}
END_TEST

START_TEST(too_long)
{
	char name[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	struct systemd systemd;

	memset(name, 'x', sizeof(name));
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	setenv("NOTIFY_SOCKET", name, 1);
	systemd_open(&systemd);
	ck_assert(!systemd_listens(&systemd));
	systemd_close(&systemd);
}
END_TEST

/* A manager that has stopped reading holds nobody up. */
START_TEST(never_waits)
{
	int fd = manager(path), r = 0;
	struct systemd systemd;

	setenv("NOTIFY_SOCKET", path, 1);
	systemd_open(&systemd);
	for (int i = 0; i < 100000 && r == 0; i++)
		r = systemd_send(&systemd, "STATUS=%d", i);
	ck_assert_int_eq(r, -EAGAIN);
	ck_assert_str_eq(next(fd), "STATUS=0");
	ck_assert_int_eq(systemd_send(&systemd, "STATUS=last"), 0);
	systemd_close(&systemd);
	close(fd);
}
END_TEST

START_TEST(watchdog)
{
	static const struct {
		const char *usec;
		int pid; /* 0: none is said; 1: ours; 2: another one */
		int64_t expected;
	} table[] = {
		{ "30000000", 1, 30000000 },
		{ "30000000", 0, 30000000 },
		{ "30000000", 2, 0 },
		{ NULL, 1, 0 },
		{ "0", 1, 0 },
		{ "-5", 1, 0 },
		{ "5s", 1, 0 },
		{ "99999999999999999999", 1, 0 },
		{ "", 1, 0 },
	};
	struct systemd systemd;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)getpid() + (table[_i].pid == 2));
	setenv("NOTIFY_SOCKET", abstract, 1);
	setenv("WATCHDOG_PID", pid, 1);
	if (table[_i].pid == 0)
		unsetenv("WATCHDOG_PID");
	if (table[_i].usec)
		setenv("WATCHDOG_USEC", table[_i].usec, 1);
	systemd_open(&systemd);
	ck_assert_int_eq(systemd.watchdog_us, table[_i].expected);
	systemd_close(&systemd);
}
END_TEST

/* A second look finds nothing, and so does a child. */
START_TEST(environment_is_taken)
{
	struct systemd systemd;

	setenv("NOTIFY_SOCKET", abstract, 1);
	setenv("WATCHDOG_PID", "1", 1);
	setenv("WATCHDOG_USEC", "1", 1);
	setenv("NOTIFY_SOCKETS", "mine", 1);
	systemd_open(&systemd);
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	ck_assert_ptr_null(getenv("WATCHDOG_PID"));
	ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
	ck_assert_str_eq(getenv("NOTIFY_SOCKETS"), "mine");
	systemd_close(&systemd);
}
END_TEST

START_TEST(text)
{
	static const struct {
		const char *raw, *expected;
	} table[] = {
		{ "", "" },
		{ "3 of 4 running…", "3 of 4 running…" },
		{ "a\nREADY=1", "a READY=1" },
		{ "tab\tdel\x7f", "tab del " },
		{ "\xff\xc3", "??" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
	};
	struct buf buf = { 0 };

	systemd_add_text(&buf, table[_i].raw);
	ck_assert_str_eq(buf_str(&buf), table[_i].expected);
	buf_done(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("systemd");
	TCase *tcase = tcase_create("systemd");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, is_told, 0, 2);
	tcase_add_test(tcase, nobody_is_there);
	tcase_add_test(tcase, too_long);
	tcase_add_test(tcase, never_waits);
	tcase_add_loop_test(tcase, watchdog, 0, 9);
	tcase_add_test(tcase, environment_is_taken);
	tcase_add_loop_test(tcase, text, 0, 6);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
