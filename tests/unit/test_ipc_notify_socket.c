/* test_ipc_notify_socket.c - messages and who sent them; what comes with them does not stay.
 * Runs in: make check. */
#include "ipc/notify_socket.h"

#include "base/fd.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int ours = -1, theirs = -1;
static char name[NOTIFY_SOCKET_NAME_MAX];
static char data[NOTIFY_DATAGRAM_MAX];
static struct notify_sender sender;

static void start(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	ours = notify_socket_open(name);
	ck_assert_int_ge(ours, 0);
	ck_assert_int_eq(name[0], '@');
	memcpy(address.sun_path + 1, name + 1, strlen(name + 1));
	theirs = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
		connect(theirs, (struct sockaddr *)&address,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
		0);
}

static void stop(void)
{
	fd_close(&ours);
	fd_close(&theirs);
}

START_TEST(message_and_sender)
{
	ck_assert_int_eq(notify_socket_receive(ours, data, &sender), -EAGAIN);
	ck_assert_int_eq(send(theirs, "READY=1", 7, 0), 7);
	ck_assert_int_eq(notify_socket_receive(ours, data, &sender), 7);
	ck_assert_int_eq(memcmp(data, "READY=1", 7), 0);
	ck_assert_int_eq(sender.pid, getpid());
	ck_assert_uint_eq(sender.uid, getuid());
	ck_assert_int_eq(send(theirs, "", 0, 0), 0);
	ck_assert_int_eq(notify_socket_receive(ours, data, &sender), 0);
	ck_assert_int_eq(fcntl(ours, F_GETFD), FD_CLOEXEC);
}
END_TEST

START_TEST(too_long)
{
	static char big[NOTIFY_DATAGRAM_MAX + 1];

	ck_assert_int_eq(send(theirs, big, sizeof(big), 0), sizeof(big));
	ck_assert_int_eq(send(theirs, big, sizeof(big) - 1, 0), sizeof(big) - 1);
	ck_assert_int_eq(notify_socket_receive(ours, data, &sender), -EMSGSIZE);
	ck_assert_int_eq(notify_socket_receive(ours, data, &sender), NOTIFY_DATAGRAM_MAX);
	ck_assert_int_eq(notify_socket_receive(ours, data, &sender), -EAGAIN);
}
END_TEST

static void send_fds(int fd, int n)
{
	struct iovec part = { (char *)"X=1", 3 };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * 16)];
	} room;
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = &room,
			      .msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)n) };
	struct cmsghdr *c;

	memset(&room, 0, sizeof(room));
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)n);
	for (int i = 0; i < n; i++)
		memcpy(CMSG_DATA(c) + sizeof(int) * (size_t)i, &fd, sizeof(fd));
	ck_assert_int_eq(sendmsg(theirs, &msg, 0), 3);
}

static int next_fd(void)
{
	int fd = dup(ours);

	ck_assert_int_ge(fd, 0);
	close(fd);
	return fd;
}

/* The pipe is at its end as soon as the message is read: that is a barrier. */
START_TEST(fds_are_closed)
{
	int ends[2], before;
	char byte;

	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
	before = next_fd();
	send_fds(ends[1], 1);
	send_fds(ends[1], 16);
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], &byte, 1), -1);
	ck_assert_int_eq(notify_socket_receive(ours, data, &sender), 3);
	ck_assert_int_eq(sender.pid, getpid());
	ck_assert_int_eq(notify_socket_receive(ours, data, &sender), 3);
	ck_assert_int_eq(read(ends[0], &byte, 1), 0);
	ck_assert_int_le(next_fd(), before);
	close(ends[0]);
}
END_TEST

START_TEST(names_differ)
{
	char other[NOTIFY_SOCKET_NAME_MAX];
	int fd = notify_socket_open(other);

	ck_assert_int_ge(fd, 0);
	ck_assert_str_ne(name, other);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ipc/notify_socket");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, start, stop);
	tcase_add_test(tc, message_and_sender);
	tcase_add_test(tc, too_long);
	tcase_add_test(tc, fds_are_closed);
	tcase_add_test(tc, names_differ);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
