/* logger_driver.h - a logger in a child process, and the supervisor's end of it, for its tests. */
#ifndef LOGGER_DRIVER_H
#define LOGGER_DRIVER_H

#include "base/buf.h"
#include "base/fd.h"
#include "ipc/channel.h"
#include "ipc/log_messages.h"
#include "ipc/pack.h"
#include "logger/logger.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64]; /* of one case; removed at its end */
static int channel = -1;
static pid_t logger_pid;
static uint32_t last_id;
static struct logger_paths log_sockets = { "/nonexistent/log", "/nonexistent/journal" };
static char notes[65536]; /* every LOG_NOTE so far, a line each */
static struct buf events; /* the data of every LOG_DATA so far, each followed by '|' */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void start_logger(void)
{
	int ends[2];

	ck_assert_int_eq(channel_pair(ends), 0);
	logger_pid = fork();
	ck_assert_int_ge(logger_pid, 0);
	if (logger_pid == 0) {
		close(ends[0]);
		signal(SIGPIPE, SIG_IGN);
		_exit(logger_run(ends[1], &log_sockets) < 0);
	}
	close(ends[1]);
	channel = ends[0];
}

static void driver_set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/test_logger.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	notes[0] = '\0';
	buf_clear(&events);
	start_logger();
}

/* A message that is no answer. */
static void take_other(const struct message *msg)
{
	struct unpack in;
	struct log_data data;
	char *text;

	if (msg->type == MESSAGE_LOG_DATA) {
		ck_assert_int_eq(log_data_unpack(&data, msg->body, msg->len), 0);
		buf_add(&events, data.data, data.len);
		buf_addch(&events, '|');
		log_data_done(&data);
		return;
	}
	ck_assert_uint_eq(msg->type, MESSAGE_LOG_NOTE);
	unpack_init(&in, msg->body, msg->len);
	unpack_u32(&in);
	text = unpack_str(&in);
	ck_assert_int_eq(unpack_end(&in), 0);
	strncat(notes, text, sizeof(notes) - strlen(notes) - 2);
	strcat(notes, "\n");
	free(text);
}

/* The errno of the answer to `id`; *ret_fd: its fd, if wanted; `why` (ERROR_TEXT_MAX): its text. */
static uint32_t await(uint32_t id, char *why, int *ret_fd)
{
	struct message msg;

	for (;;) {
		struct unpack in;
		uint32_t error;
		char *text;

		ck_assert_int_eq(channel_recv(channel, &msg), 1);
		if (msg.type == MESSAGE_LOG_DONE || msg.type == MESSAGE_LOG_OPENED) {
			ck_assert_uint_eq(msg.id, id);
			unpack_init(&in, msg.body, msg.len);
			error = unpack_u32(&in);
			text = unpack_str(&in);
			ck_assert_int_eq(unpack_end(&in), 0);
			if (why)
				snprintf(why, 2048, "%s", text);
			if (ret_fd) {
				*ret_fd = msg.nfds ? msg.fds[0] : -1;
				msg.nfds = 0;
			}
			free(text);
			message_done(&msg);
			return error;
		}
		take_other(&msg);
		message_done(&msg);
	}
}

static uint32_t send_stream(uint32_t type, const struct log_stream *stream, int pipe, int own)
{
	struct buf body = { 0 };
	int fds[2], nfds = 0;

	if (pipe >= 0)
		fds[nfds++] = pipe;
	if (own >= 0)
		fds[nfds++] = own;
	log_stream_pack(&body, stream);
	ck_assert_int_eq(
		channel_send(channel, type, ++last_id, body.data, body.len, fds, (size_t)nfds), 0);
	buf_done(&body);
	return last_id;
}

/* Adds a stream; the write end of its pipe.  The read end too, if wanted, as the supervisor keeps
 * it. */
static int add_stream(const struct log_stream *stream, int own, int *ret_read)
{
	char why[2048] = "";
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_msg(await(send_stream(MESSAGE_LOG_ADD, stream, ends[0], own), why, NULL) == 0,
		      "%s", why);
	if (ret_read)
		*ret_read = ends[0];
	else
		close(ends[0]);
	return ends[1];
}

static uint32_t send_u32(uint32_t type, uint32_t stream)
{
	struct buf body = { 0 };

	pack_u32(&body, stream);
	ck_assert_int_eq(channel_send(channel, type, ++last_id, body.data, body.len, NULL, 0), 0);
	buf_done(&body);
	return last_id;
}

/* One request about a stream, and its answer. */
static uint32_t ask(uint32_t type, uint32_t stream)
{
	return await(send_u32(type, stream), NULL, NULL);
}

static inline void set_pid(uint32_t stream, uint32_t pid)
{
	struct buf body = { 0 };

	pack_u32(&body, stream);
	pack_u32(&body, pid);
	ck_assert_int_eq(channel_send(channel, MESSAGE_LOG_PID, 0, body.data, body.len, NULL, 0),
			 0);
	buf_done(&body);
}

/* What LOG_COUNT tells of a stream since the last time: bytes, and how many of them were dropped.
 */
static inline uint64_t count_stream(uint32_t stream, uint64_t *ret_dropped)
{
	struct message msg = { 0 };
	uint64_t bytes = 0;
	struct unpack in;

	ck_assert_int_eq(channel_send(channel, MESSAGE_LOG_COUNT, 0, NULL, 0, NULL, 0), 0);
	for (;;) {
		ck_assert_int_eq(channel_recv(channel, &msg), 1);
		if (msg.type == MESSAGE_LOG_COUNTED)
			break;
		take_other(&msg);
		message_done(&msg);
	}
	*ret_dropped = 0;
	unpack_init(&in, msg.body, msg.len);
	for (uint32_t n = unpack_u32(&in); n > 0; n--) {
		bool wanted = unpack_u32(&in) == stream;
		uint64_t taken = unpack_u64(&in), dropped = unpack_u64(&in);

		bytes += wanted ? taken : 0;
		*ret_dropped += wanted ? dropped : 0;
	}
	ck_assert_int_eq(unpack_end(&in), 0);
	message_done(&msg);
	return bytes;
}

static inline void put(int fd, const char *text)
{
	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
}

/* Ends the logger, which must exit with 0. */
static void end_logger(void)
{
	struct message msg;
	int status;

	ck_assert_int_eq(channel_send(channel, MESSAGE_LOG_END, 0, NULL, 0, NULL, 0), 0);
	while (channel_recv(channel, &msg) == 1) {
		take_other(&msg);
		message_done(&msg);
	}
	fd_close(&channel);
	ck_assert_int_eq(waitpid(logger_pid, &status, 0), logger_pid);
	ck_assert_int_eq(status, 0);
}

static void driver_tear_down(void)
{
	if (channel >= 0)
		end_logger();
	buf_done(&events);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A path in the case's directory; sixteen at a time. */
static const char *in_dir(const char *name)
{
	static char paths[16][256];
	static unsigned next;
	char *path = paths[next++ % 16];

	snprintf(path, 256, "%s/%s", dir, name);
	return path;
}

/* The whole of a file; static. */
static const char *content(const char *name)
{
	static struct buf text;

	buf_clear(&text);
	ck_assert_int_eq(fd_read_path(in_dir(name), &text, BUF_MAX), 0);
	return buf_str(&text);
}

#endif
