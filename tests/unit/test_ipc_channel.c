/* test_ipc_channel.c - messages with fds and large bodies, and peers that break the protocol. */
#include "ipc/channel.h"

#include "base/fd.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int ends[2];
static size_t open_before;

static size_t count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void set_up(void)
{
	open_before = count_fds();
	ck_assert_int_eq(channel_pair(ends), 0);
}

static void tear_down(void)
{
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	ck_assert_uint_eq(count_fds(), open_before); /* no case may leak an fd */
}

START_TEST(plain_message)
{
	struct message msg;

	ck_assert_int_eq(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(ends[1], F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(channel_send(ends[0], 7, 99, "body", 4, NULL, 0), 0);
	ck_assert_int_eq(channel_send(ends[0], 8, 100, NULL, 0, NULL, 0), 0);
	ck_assert_int_eq(channel_recv(ends[1], &msg), 1);
	ck_assert_uint_eq(msg.type, 7);
	ck_assert_uint_eq(msg.id, 99);
	ck_assert_uint_eq(msg.len, 4);
	ck_assert_str_eq(msg.body, "body");
	ck_assert_uint_eq(msg.nfds, 0);
	message_done(&msg);
	ck_assert_int_eq(channel_recv(ends[1], &msg), 1);
	ck_assert_uint_eq(msg.type, 8);
	ck_assert_uint_eq(msg.len, 0);
	ck_assert_str_eq(msg.body, "");
	message_done(&msg);
}
END_TEST

START_TEST(nothing_yet_and_closed)
{
	struct message msg;

	ck_assert_int_eq(fd_nonblock(ends[1], 1), 0);
	ck_assert_int_eq(channel_recv(ends[1], &msg), -EAGAIN);
	ck_assert_int_eq(channel_send(ends[0], 1, 1, "last", 4, NULL, 0), 0);
	fd_close(&ends[0]);
	ck_assert_int_eq(channel_recv(ends[1], &msg), 1);
	message_done(&msg);
	ck_assert_int_eq(channel_recv(ends[1], &msg), 0);
	ck_assert_int_eq(channel_send(ends[1], 1, 1, "x", 1, NULL, 0), -EPIPE);
}
END_TEST

/* The sizes around the limit of a datagram, and one far beyond it. */
static const size_t sizes[] = { 1, 4096, 65535, 65536, 65537, 3u << 20 };

START_TEST(large_bodies)
{
	size_t len = sizes[_i];
	char *body = malloc(len);
	struct message msg;

	for (size_t i = 0; i < len; i++)
		body[i] = (char)(i ^ i >> 8);
	ck_assert_int_eq(channel_send(ends[0], 1, 2, body, len, &ends[1], 1), 0);
	ck_assert_int_eq(channel_recv(ends[1], &msg), 1);
	ck_assert_uint_eq(msg.len, len);
	ck_assert_int_eq(memcmp(msg.body, body, len), 0);
	ck_assert_int_eq(msg.body[len], '\0');
	ck_assert_uint_eq(msg.nfds, 1);
	message_done(&msg);
	free(body);
}
END_TEST

START_TEST(fds_arrive_in_order)
{
	static const size_t counts[] = { 1, 5, CHANNEL_FDS_MAX };
	size_t n = counts[_i % 3], len = _i < 3 ? 4 : 100000;
	char *body = calloc(1, len);
	int fds[CHANNEL_FDS_MAX];
	struct message msg;

	for (size_t i = 0; i < n; i++) {
		fds[i] = fd_memfd("numbered", &i, sizeof(i));
		ck_assert_int_ge(fds[i], 0);
	}
	ck_assert_int_eq(channel_send(ends[0], 1, 2, body, len, fds, n), 0);
	ck_assert_int_eq(channel_recv(ends[1], &msg), 1);
	ck_assert_uint_eq(msg.nfds, n);
	for (size_t i = 0; i < n; i++) {
		struct stat sent, got;

		ck_assert_int_eq(fcntl(msg.fds[i], F_GETFD), FD_CLOEXEC);
		ck_assert_int_eq(fstat(fds[i], &sent), 0);
		ck_assert_int_eq(fstat(msg.fds[i], &got), 0);
		ck_assert_uint_eq(sent.st_ino, got.st_ino);
		fd_close(&fds[i]);
	}
	fd_close(&msg.fds[0]); /* taken by the receiver: -1 from here on */
	message_done(&msg);
	free(body);
}
END_TEST

START_TEST(refused_by_the_sender)
{
	int fds[CHANNEL_FDS_MAX + 1] = { 0 };

	ck_assert_int_eq(channel_send(ends[0], 1, 1, "", 0, fds, CHANNEL_FDS_MAX + 1), -E2BIG);
	ck_assert_int_eq(channel_send(ends[0], 1, 1, "", CHANNEL_BODY_MAX + 1, NULL, 0), -E2BIG);
}
END_TEST

/* What a broken or hostile peer may put on the wire.  The header as channel.c lays it out. */
struct wire {
	uint32_t magic, type, id, in_memfd;
	uint64_t len;
	char body[8];
};

static const struct violation {
	const char *what;
	struct wire wire;
	size_t size;
	int nfds;
} violations[] = {
	{ "short header", { 0x464b5331, 1, 1, 0, 0, "" }, 10, 0 },
	{ "no header at all, with an fd", { 0 }, 0, 1 },
	{ "wrong magic", { 0x11111111, 1, 1, 0, 0, "" }, 24, 1 },
	{ "length says more", { 0x464b5331, 1, 1, 0, 8, "1234" }, 28, 1 },
	{ "length says less", { 0x464b5331, 1, 1, 0, 2, "1234" }, 28, 0 },
	{ "length is enormous", { 0x464b5331, 1, 1, 0, UINT64_MAX, "1234" }, 28, 0 },
	{ "bad flag", { 0x464b5331, 1, 1, 2, 4, "1234" }, 28, 1 },
	{ "memfd that did not come", { 0x464b5331, 1, 1, 1, 4, "" }, 24, 0 },
	{ "memfd of another size", { 0x464b5331, 1, 1, 1, 1000, "" }, 24, 1 },
	{ "memfd that would be too large",
	  { 0x464b5331, 1, 1, 1, CHANNEL_BODY_MAX + 1, "" },
	  24,
	  1 },
	{ "one fd too many", { 0x464b5331, 1, 1, 0, 0, "" }, 24, CHANNEL_FDS_MAX + 1 },
};

static void send_wire(const struct violation *violation)
{
	struct iovec iov = { (void *)&violation->wire, violation->size };
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE((CHANNEL_FDS_MAX + 1) * sizeof(int))];
	} control;
	struct msghdr out = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (violation->nfds) {
		size_t bytes = (size_t)violation->nfds * sizeof(int);
		int memfd = fd_memfd("wire", "1234", 4), fds[CHANNEL_FDS_MAX + 1];
		struct cmsghdr *cmsg;

		memset(&control, 0, sizeof(control));
		for (int i = 0; i < violation->nfds; i++)
			fds[i] = memfd;
		out.msg_control = &control;
		out.msg_controllen = CMSG_SPACE(bytes);
		cmsg = CMSG_FIRSTHDR(&out);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(bytes);
		memcpy(CMSG_DATA(cmsg), fds, bytes);
		ck_assert_int_ge(sendmsg(ends[0], &out, 0), 0);
		fd_close(&memfd);
		return;
	}
	ck_assert_int_ge(sendmsg(ends[0], &out, 0), 0);
}

START_TEST(protocol_violations)
{
	const struct violation *violation = &violations[_i];
	struct message msg;
	int r;

	send_wire(violation);
	r = channel_recv(ends[1], &msg);
	ck_assert_msg(r == -EPROTO, "%s: %d", violation->what, r);
	ck_assert_uint_eq(msg.nfds, 0);
	ck_assert_ptr_null(msg.body);
}
END_TEST

START_TEST(oversized_datagram)
{
	static char data[sizeof(struct wire) + 70000];
	struct message msg;

	memcpy(data, &(struct wire){ 0x464b5331, 1, 1, 0, 70000, "" }, sizeof(struct wire));
	ck_assert_int_eq(send(ends[0], data, 24 + 70000, 0), 24 + 70000);
	ck_assert_int_eq(channel_recv(ends[1], &msg), -EPROTO);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ipc/channel");
	TCase *tc = tcase_create("channel");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, plain_message);
	tcase_add_test(tc, nothing_yet_and_closed);
	tcase_add_loop_test(tc, large_bodies, 0, (int)(sizeof(sizes) / sizeof(sizes[0])));
	tcase_add_loop_test(tc, fds_arrive_in_order, 0, 6);
	tcase_add_test(tc, refused_by_the_sender);
	tcase_add_loop_test(tc, protocol_violations, 0,
			    (int)(sizeof(violations) / sizeof(violations[0])));
	tcase_add_test(tc, oversized_datagram);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
