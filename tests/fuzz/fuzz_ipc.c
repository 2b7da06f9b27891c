/* fuzz_ipc.c - any bytes as a message: what the supervisor reads from control, which parses
 * strangers' requests, and from zygotes and tracers, which run the application's code; and the
 * other way round.
 *
 * As a datagram: the first byte says how many fds come with it and whether one of them is a memfd
 * that holds the rest as well; no fd may stay open.  As a body: what is accepted is packed again,
 * and must be the same bytes; what is not leaves an empty struct. */
#include "base/buf.h"
#include "base/fd.h"
#include "base/util.h"
#include "ipc/channel.h"
#include "ipc/control_messages.h"
#include "ipc/log_messages.h"
#include "ipc/messages.h"
#include "ipc/pack.h"
#include "ipc/rollout_messages.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define FDS_MAX (CHANNEL_FDS_MAX + 1) /* that a peer could send us, the memfd among them */
#define DATAGRAM_MAX 32768

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* ---- bodies ---- */

static void must_be_same(struct buf *again, const void *data, size_t len)
{
	must(!again->failed && again->len == len && memcmp(buf_str(again), data, len) == 0);
	buf_done(again);
}

static void must_be_empty(const void *body, size_t size)
{
	const char *bytes = body;

	for (size_t i = 0; i < size; i++)
		must(!bytes[i]);
}

/* A body that is read as a whole. */
#define CHECK_WHOLE(name)                                                                          \
	static void check_##name(const void *data, size_t len)                                     \
	{                                                                                          \
		struct name body;                                                                  \
		struct buf again = { 0 };                                                          \
                                                                                                   \
		memset(&body, 0, sizeof(body));                                                    \
		if (name##_unpack(&body, data, len) < 0) {                                         \
			must_be_empty(&body, sizeof(body));                                        \
			return;                                                                    \
		}                                                                                  \
		name##_pack(&again, &body);                                                        \
		must_be_same(&again, data, len);                                                   \
		name##_done(&body);                                                                \
	}

/* One that is a part of a body. */
#define CHECK_PART(name)                                                                           \
	static void check_##name(const void *data, size_t len)                                     \
	{                                                                                          \
		struct name body;                                                                  \
		struct buf again = { 0 };                                                          \
		struct unpack in;                                                                  \
                                                                                                   \
		unpack_init(&in, data, len);                                                       \
		name##_unpack(&body, &in);                                                         \
		if (!in.bad) {                                                                     \
			name##_pack(&again, &body);                                                \
			must_be_same(&again, data, len - in.left);                                 \
		}                                                                                  \
		name##_done(&body);                                                                \
	}

/* What owns nothing has nothing to free, nor anything that could be left behind. */
static void control_state_done(struct control_state *state)
{
	(void)state;
}

CHECK_WHOLE(control_setup)
CHECK_WHOLE(control_request)
CHECK_PART(control_reply)
CHECK_PART(control_state)
CHECK_PART(process_info)
CHECK_PART(process_config)
CHECK_PART(rollout_info)
CHECK_WHOLE(log_stream)
CHECK_WHOLE(log_data)
CHECK_WHOLE(zygote_setup)
CHECK_WHOLE(spawn_request)
CHECK_WHOLE(spawn_reply)
CHECK_WHOLE(worker_model)

static void check_zygote_ready(const void *data, size_t len)
{
	struct zygote_ready ready;
	struct buf again = { 0 };

	if (zygote_ready_unpack(&ready, data, len) < 0)
		return;
	zygote_ready_pack(&again, &ready);
	must_be_same(&again, data, len);
}

static void check_body(const void *data, size_t len)
{
	check_control_setup(data, len);
	check_control_request(data, len);
	check_control_reply(data, len);
	check_control_state(data, len);
	check_process_info(data, len);
	check_process_config(data, len);
	check_rollout_info(data, len);
	check_log_stream(data, len);
	check_log_data(data, len);
	check_zygote_setup(data, len);
	check_zygote_ready(data, len);
	check_spawn_request(data, len);
	check_spawn_reply(data, len);
	check_worker_model(data, len);
}

/* ---- datagrams ---- */

enum { NO_MEMFD, SEALED, UNSEALED, PIPE, NKINDS };

/* What claims to hold the body; -1: nothing does. */
static int make_memfd(unsigned kind, const void *data, size_t len)
{
	int fd = -1, ends[2];

	if (kind == SEALED)
		return fd_memfd("body", data, len);
	if (kind == UNSEALED) {
		fd = memfd_create("body", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		must(fd >= 0 && fd_write_all(fd, data, len) == 0);
	} else if (kind == PIPE) { /* reading it would block for ever */
		must(pipe2(ends, O_CLOEXEC) == 0);
		close(ends[1]);
		fd = ends[0];
	}
	return fd;
}

static void send_all(int to, const void *data, size_t len, const int *fds, size_t nfds)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)data, len };
	struct msghdr out = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (nfds) {
		struct cmsghdr *cmsg = &control.align;

		out.msg_control = &control;
		out.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, nfds * sizeof(int));
	}
	must(sendmsg(to, &out, MSG_NOSIGNAL) == (ssize_t)len);
}

/* How many fds are open among those that one input can need. */
static int count_fds(void)
{
	struct pollfd fds[2 * FDS_MAX];
	int n = ARRAY_LEN(fds);

	for (int i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = i };
	must(poll(fds, ARRAY_LEN(fds), 0) >= 0);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		n -= (fds[i].revents & POLLNVAL) != 0;
	return n;
}

/* A body that has come by memfd is the whole of it, and it was sealed. */
static void receive(int from, size_t sent_fds, unsigned kind, const void *data, size_t len)
{
	struct message msg;
	int r = channel_recv(from, &msg);

	must(r == 1 || r == 0 || r == -EPROTO);
	if (r < 1) {
		must(!msg.body && !msg.nfds);
		return;
	}
	must(msg.body && msg.body[msg.len] == '\0');
	if (msg.nfds != sent_fds)
		must(msg.nfds == sent_fds - 1 && kind == SEALED && msg.len == len &&
		     memcmp(msg.body, data, len) == 0);
	message_done(&msg);
	must(!msg.body && !msg.nfds);
}

static void check_datagram(unsigned how, const void *data, size_t len)
{
	unsigned kind = how % NKINDS;
	size_t nfds = how / NKINDS;
	int fds[FDS_MAX], ends[2], before = count_fds();
	CLEANUP_FD int memfd = -1;

	if (nfds == UINT8_MAX / NKINDS)
		nfds = CHANNEL_FDS_MAX; /* and perhaps one too many */
	for (size_t i = 0; i < nfds; i++)
		fds[i] = 0;
	memfd = make_memfd(kind, data, len);
	if (memfd >= 0)
		fds[nfds++] = memfd;
	must(channel_pair(ends) == 0);
	send_all(ends[0], data, len, fds, nfds);
	fd_close(&ends[0]);
	receive(ends[1], nfds, kind, data, len);
	fd_close(&ends[1]);
	fd_close(&memfd);
	must(count_fds() == before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	check_body(data, len);
	if (len > 0 && len < DATAGRAM_MAX)
		check_datagram(data[0], data + 1, len - 1);
	return 0;
}
