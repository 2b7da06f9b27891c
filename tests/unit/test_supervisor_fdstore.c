/* test_supervisor_fdstore.c - what the manager is told of listeners, and what comes back. */
#include "supervisor/fdstore.h"

#include "base/fd.h"
#include "supervisor/activation.h"
#include "supervisor/listen.h"
#include "supervisor/systemd.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ADDRESS "@forkserver-test-fdstore"

static int manager = -1;
static struct systemd systemd;
static struct fdstore store;
static const struct listen_mark none;

static void setup(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path + 1, ADDRESS + 1, strlen(ADDRESS) - 1);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(
		bind(manager, (struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(ADDRESS))),
		0);
	setenv("NOTIFY_SOCKET", ADDRESS, 1);
	unsetenv("FDSTORE");
	systemd_open(&systemd);
	store = (struct fdstore){ .systemd = &systemd };
}

static void teardown(void)
{
	fdstore_done(&store);
	systemd_close(&systemd);
	fd_close(&manager);
}

/* The next message; its fds are closed, as there is no room for them. */
static const char *heard(void)
{
	static char text[1024];
	ssize_t n = recv(manager, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static int make(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static uintmax_t inode(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	return st.st_ino;
}

/* All that is due; `fds` ends with -1. */
static int keep(const int *fds, const char *name)
{
	int r;

	fdstore_begin(&store);
	for (const int *fd = fds; *fd >= 0; fd++)
		fdstore_want(&store, *fd);
	r = fdstore_sweep(&store);
	for (const int *fd = fds; *fd >= 0 && r == 0; fd++)
		r = fdstore_add(&store, *fd, name, &none);
	return r;
}

START_TEST(told_once)
{
	int a = make(), b = make(), copy = dup(a);
	char expected[128];

	ck_assert_int_eq(keep((int[]){ a, copy, -1 }, "w:e\xc3 b"), 0);
	snprintf(expected, sizeof(expected),
		 "FDSTORE=1\nFDPOLL=0\nFDNAME=forkserver-listener.%ju.0.0.w_e__b", inode(a));
	ck_assert_str_eq(heard(), expected);
	ck_assert_str_eq(heard(), "");
	ck_assert_int_eq(keep((int[]){ a, -1 }, "another name"), 0);
	ck_assert_str_eq(heard(), "");
	ck_assert_int_eq(keep((int[]){ b, -1 }, "b"), 0);
	snprintf(expected, sizeof(expected),
		 "FDSTOREREMOVE=1\nFDNAME=forkserver-listener.%ju.0.0.w_e__b", inode(a));
	ck_assert_str_eq(heard(), expected);
	snprintf(expected, sizeof(expected),
		 "FDSTORE=1\nFDPOLL=0\nFDNAME=forkserver-listener.%ju.0.0.b", inode(b));
	ck_assert_str_eq(heard(), expected);
	ck_assert_str_eq(heard(), "");
	close(a);
	close(b);
	close(copy);
}
END_TEST

START_TEST(file_is_named)
{
	struct listen_mark mark = { (char *)"/run/x", 12, 34 };
	char name[400], expected[512];
	int a = make();

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(fdstore_add(&store, a, name, &mark), 0);
	snprintf(expected, sizeof(expected),
		 "FDSTORE=1\nFDPOLL=0\nFDNAME=forkserver-listener.%ju.12.34.%.100s", inode(a),
		 name);
	ck_assert_str_eq(heard(), expected);
	close(a);
}
END_TEST

/* A manager that says so, or none. */
START_TEST(nobody_keeps)
{
	int a = make();

	systemd_close(&systemd);
	if (_i) {
		setenv("NOTIFY_SOCKET", ADDRESS, 1);
		setenv("FDSTORE", "0", 1);
		systemd_open(&systemd);
		ck_assert_ptr_null(getenv("FDSTORE"));
	}
	ck_assert_int_eq(keep((int[]){ a, -1 }, "a"), 0);
	ck_assert_str_eq(heard(), "");
	ck_assert_uint_eq(store.n, 0);
	close(a);
}
END_TEST

START_TEST(manager_is_busy)
{
	int a = make(), b = make();

	ck_assert_int_eq(keep((int[]){ a, -1 }, "a"), 0);
	while (systemd_send(&systemd, "STATUS=") == 0)
		;
	ck_assert_int_eq(keep((int[]){ b, -1 }, "b"), -EAGAIN);
	ck_assert_int_eq(keep((int[]){ a, b, -1 }, "b"), -EAGAIN);
	while (*heard())
		;
	ck_assert_int_eq(keep((int[]){ b, -1 }, "b"), 0);
	ck_assert_ptr_nonnull(strstr(heard(), "FDSTOREREMOVE=1"));
	ck_assert_ptr_nonnull(strstr(heard(), "FDSTORE=1"));
	ck_assert_str_eq(heard(), "");
	close(a);
	close(b);
}
END_TEST

static void give(struct activation *activation, const char *name)
{
	activation->all =
		reallocarray(activation->all, activation->n + 1, sizeof(*activation->all));
	activation->all[activation->n++] = (struct activated){ strdup(name), make() };
}

/* Sockets of .socket units stay, even if somebody names one as we could have. */
START_TEST(taken_from_the_store)
{
	static const char *const others[] = {
		"forkserver.socket",
		"http",
		"forkserver-listener.",
		"forkserver-listener.1.2.3",
		"forkserver-listener.-1.0.0.x",
		"forkserver-listener.1.2..x",
		"forkserver-listener.99999999999999999999999.0.0.x",
	};
	const size_t n = sizeof(others) / sizeof(others[0]);
	struct activation activation = { 0 };
	int fd;

	give(&activation, "forkserver-listener.7.0.0.a");
	for (size_t i = 0; i < n; i++)
		give(&activation, others[i]);
	give(&activation, "forkserver-listener.8.9.10.b.c");
	fdstore_take(&store, &activation);
	ck_assert_uint_eq(activation.n, n);
	ck_assert_uint_eq(store.n, 2);
	ck_assert_uint_eq(store.all[0].inode, 8);
	ck_assert_uint_eq(store.all[0].dev, 9);
	ck_assert_uint_eq(store.all[0].file, 10);
	ck_assert_uint_eq(store.all[1].inode, 7);

	ck_assert_int_eq(keep((int[]){ -1 }, ""), 0); /* what is not in use is not swept */
	ck_assert_str_eq(heard(), "");
	fd = fdstore_use(&store.all[1]);
	ck_assert_int_eq(fdstore_drop(&store, 0), 0);
	ck_assert_str_eq(heard(), "FDSTOREREMOVE=1\nFDNAME=forkserver-listener.8.9.10.b.c");
	ck_assert_int_eq(keep((int[]){ -1 }, ""), 0); /* used, and not wanted any more */
	ck_assert_str_eq(heard(), "FDSTOREREMOVE=1\nFDNAME=forkserver-listener.7.0.0.a");
	ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
	close(fd);
	activation_done(&activation);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/fdstore");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, told_once);
	tcase_add_test(tc, file_is_named);
	tcase_add_loop_test(tc, nobody_keeps, 0, 2);
	tcase_add_test(tc, manager_is_busy);
	tcase_add_test(tc, taken_from_the_store);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
