/* test_ipc_notify_send.c - text and an fd arrive together; a receiver that does not read holds
 * nobody up.
 * Runs in: make check. */
#include "ipc/notify_send.h"

#include "base/fd.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "forkserver-test-notify-send"

static int receiver = -1, sender = -1;
static struct notify_address to;

static void setup(void)
{
	to.address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	to.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(NAME));
	memcpy(to.address.sun_path + 1, NAME, strlen(NAME));
	receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* it would wait */
	ck_assert_int_eq(bind(receiver, (struct sockaddr *)&to.address, to.len), 0);
}

static void teardown(void)
{
	fd_close(&receiver);
	fd_close(&sender);
}

/* The fd that has come with a message of that text; -1: none. */
static int receive(const char *expected)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} control;
	char text[64] = "";
	struct iovec part = { text, sizeof(text) - 1 };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control.bytes) };
	const struct cmsghdr *cmsg;
	int fd = -1;

	ck_assert_int_ge(recvmsg(receiver, &msg, MSG_CMSG_CLOEXEC), 0);
	ck_assert_str_eq(text, expected);
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg) {
		ck_assert_uint_eq(cmsg->cmsg_len, CMSG_LEN(sizeof(fd)));
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	}
	return fd;
}

START_TEST(with_and_without)
{
	struct stat a, b;
	int ends[2], fd;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(notify_send(sender, &to, "READY=1", 7, -1), 0);
	ck_assert_int_eq(notify_send(sender, &to, "FDSTORE=1", 9, ends[0]), 0);
	ck_assert_int_eq(receive("READY=1"), -1);
	fd = receive("FDSTORE=1");
	ck_assert_int_eq(fstat(ends[0], &a) | fstat(fd, &b), 0);
	ck_assert_uint_eq(a.st_ino, b.st_ino);
	fd_close(&fd);
	ck_assert_int_ge(fcntl(ends[0], F_GETFD), 0); /* it was only borrowed */
	fd_close(&ends[0]);
	fd_close(&ends[1]);
}
END_TEST

START_TEST(never_waits)
{
	int r = 0;

	for (int i = 0; i < 100000 && r == 0; i++)
		r = notify_send(sender, &to, "x", 1, -1);
	ck_assert_int_eq(r, -EAGAIN);
	ck_assert_int_eq(notify_send(sender, &to, "x", 1, receiver), -EAGAIN);
	receive("x");
	ck_assert_int_eq(notify_send(sender, &to, "x", 1, -1), 0);
}
END_TEST

START_TEST(nobody_is_there)
{
	fd_close(&receiver);
	ck_assert_int_eq(notify_send(sender, &to, "x", 1, -1), -ECONNREFUSED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ipc/notify_send");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, with_and_without);
	tcase_add_test(tc, never_waits);
	tcase_add_test(tc, nobody_is_there);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
