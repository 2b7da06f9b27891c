/* test_logger_stream.c - what becomes of output: formats, events, log daemons, sinks that stall. */
#include "logger_driver.h"

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

static char syslog_path[80], journal_path[80];

static void set_up(void)
{
	driver_set_up();
	end_logger(); /* once more, with sockets of ours */
	snprintf(syslog_path, sizeof(syslog_path), "%s", in_dir("log"));
	snprintf(journal_path, sizeof(journal_path), "%s", in_dir("journal"));
	log_sockets = (struct logger_paths){ syslog_path, journal_path };
	start_logger();
}

static struct log_stream stream_of(uint32_t id, const char *path)
{
	return (struct log_stream){ .id = id,
				    .group = "web",
				    .process = "web_0",
				    .channel = "stdout",
				    .path = (char *)path,
				    .pid = 7 };
}

static void sync_stream(uint32_t id)
{
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, id), 0);
}

/* The text behind the stamp of the n-th line (from 0). */
static const char *after_stamp(const char *text, int n)
{
	static char line[256];
	const char *end;

	while (n-- > 0) {
		text = strchr(text, '\n');
		ck_assert_ptr_nonnull(text);
		text++;
	}
	end = strchr(text, '\n');
	ck_assert_ptr_nonnull(end);
	ck_assert_int_gt(end - text, 24);
	ck_assert_int_eq(text[19], ',');
	snprintf(line, sizeof(line), "%.*s", (int)(end - text) - 24, text + 24);
	return line;
}

/* ---- formats ---- */

START_TEST(text_lines)
{
	struct log_stream out = stream_of(1, in_dir("a.log")), err = stream_of(2, out.path);
	int fds[2];

	out.format = err.format = LOG_TEXT;
	err.channel = "stderr";
	fds[0] = add_stream(&out, -1, NULL);
	fds[1] = add_stream(&err, -1, NULL);
	put(fds[0], "one\nhalf of ");
	sync_stream(1);
	put(fds[1], "two\n");
	sync_stream(2);
	put(fds[0], "three\n");
	sync_stream(1);
	ck_assert_str_eq(after_stamp(content("a.log"), 0), "web:web_0 stdout | one");
	ck_assert_str_eq(after_stamp(content("a.log"), 1), "web:web_0 stderr | two");
	ck_assert_str_eq(after_stamp(content("a.log"), 2), "web:web_0 stdout | half of three");
	close(fds[0]);
	close(fds[1]);
}
END_TEST

/* Half a line goes out when another process writes the rest, and when the stream goes. */
START_TEST(unfinished_lines)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int fd;

	stream.format = LOG_TEXT;
	fd = add_stream(&stream, -1, NULL);
	put(fd, "it crashed he");
	set_pid(1, 8);
	sync_stream(1);
	put(fd, "anew\nand again");
	ck_assert_uint_eq(ask(MESSAGE_LOG_REMOVE, 1), 0);
	ck_assert_str_eq(after_stamp(content("a.log"), 0), "web:web_0 stdout | it crashed he");
	ck_assert_str_eq(after_stamp(content("a.log"), 1), "web:web_0 stdout | anew");
	ck_assert_str_eq(after_stamp(content("a.log"), 2), "web:web_0 stdout | and again");
	close(fd);
}
END_TEST

/* It is left in the pipe, for the next logger if need be, but not for ever. */
START_TEST(unfinished_line_is_held_in_the_pipe)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int fd, reader, status, n;

	stream.format = LOG_JSON;
	fd = add_stream(&stream, -1, &reader);
	put(fd, "whole\nhalf");
	sync_stream(1);
	kill(logger_pid, SIGKILL);
	waitpid(logger_pid, &status, 0);
	close(channel);
	start_logger();
	ck_assert_uint_eq(await(send_stream(MESSAGE_LOG_ADD, &stream, reader, -1), NULL, NULL), 0);
	put(fd, " a line\n");
	sync_stream(1);
	ck_assert_ptr_nonnull(strstr(content("a.log"), "\"message\": \"half a line\"}\n"));
	put(fd, "half");
	do {
		ck_assert_int_eq(ioctl(reader, FIONREAD, &n), 0);
		usleep(1000);
	} while (n > 0);
	put(fd, " another\n");
	sync_stream(1);
	ck_assert_ptr_nonnull(strstr(content("a.log"), "\"message\": \"half another\"}\n"));
	close(reader);
	close(fd);
}
END_TEST

START_TEST(long_line_in_pieces)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	char text[100001];
	const char *all;
	size_t x = 0;
	int fd;

	stream.format = LOG_TEXT;
	fd = add_stream(&stream, -1, NULL);
	memset(text, 'x', 100000);
	text[100000] = '\0';
	put(fd, text);
	put(fd, "\nnext\n");
	sync_stream(1);
	all = content("a.log");
	for (const char *at = all; *at; at++)
		x += *at == 'x';
	ck_assert_uint_eq(x, 100000 + 1); /* and one in "next" */
	ck_assert_ptr_nonnull(strstr(all, "stdout + xxx"));
	ck_assert_ptr_nonnull(strstr(all, "stdout | next\n"));
	close(fd);
}
END_TEST

START_TEST(stripped_across_writes)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int fd;

	stream.strip_ansi = 1;
	fd = add_stream(&stream, -1, NULL);
	put(fd, "a\033[3");
	sync_stream(1);
	put(fd, "1mred\033");
	sync_stream(1);
	put(fd, "[0m.");
	sync_stream(1);
	ck_assert_str_eq(content("a.log"), "ared.");
	close(fd);
}
END_TEST

/* ---- events ---- */

START_TEST(output_events)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int fd;

	stream.events = 1;
	fd = add_stream(&stream, -1, NULL);
	put(fd, "one");
	sync_stream(1); /* the event comes before the answer */
	ck_assert_str_eq(buf_str(&events), "one|");
	put(fd, "two\n");
	sync_stream(1);
	ck_assert_str_eq(buf_str(&events), "one|two\n|");
	ck_assert_str_eq(content("a.log"), "onetwo\n");
	close(fd);
}
END_TEST

START_TEST(capture_across_writes)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int fd;

	stream.capture_maxbytes = 10;
	fd = add_stream(&stream, -1, NULL);
	put(fd, "before<!--XSUPERV");
	sync_stream(1);
	ck_assert_str_eq(content("a.log"), "before");
	put(fd, "ISOR:BEGIN-->0123456789abc");
	sync_stream(1);
	put(fd, "def<!--XSUPERVISOR:END-->after\n");
	sync_stream(1);
	ck_assert_str_eq(buf_str(&events), "6789abcdef|");
	ck_assert_str_eq(content("a.log"), "beforeafter\n");
	close(fd);
}
END_TEST

/* A process that died between the tags does not swallow what the next one writes. */
START_TEST(capture_ends_with_its_process)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int fd;

	stream.capture_maxbytes = 1000;
	fd = add_stream(&stream, -1, NULL);
	put(fd, "<!--XSUPERVISOR:BEGIN-->lost");
	set_pid(1, 0);
	set_pid(1, 8);
	sync_stream(1);
	put(fd, "kept\n");
	sync_stream(1);
	ck_assert_str_eq(content("a.log"), "kept\n");
	close(fd);
}
END_TEST

/* A supervisor that reads no events stops the streams that have them, and no others. */
START_TEST(slow_supervisor)
{
	struct log_stream loud = stream_of(1, in_dir("a.log")),
			  calm = stream_of(2, in_dir("b.log"));
	static char block[65536];
	int fds[2], status, n;
	pid_t writer;

	loud.events = 1;
	fds[0] = add_stream(&loud, -1, NULL);
	fds[1] = add_stream(&calm, -1, NULL);
	memset(block, 'x', sizeof(block));
	writer = fork();
	if (writer == 0) {
		for (int i = 0; i < 160; i++)
			if (fd_write_all(fds[0], block, sizeof(block)) < 0)
				_exit(1);
		_exit(0);
	}
	do { /* until nothing moves any more: the pipe is full, and stays so */
		ck_assert_int_eq(ioctl(fds[0], FIONREAD, &n), 0);
		usleep(1000);
	} while (n < 65536);
	put(fds[1], "calm\n");
	while (strcmp(content("b.log"), "calm\n") != 0)
		usleep(1000);
	while (events.len < 160 * sizeof(block)) { /* now it reads */
		struct message msg;

		ck_assert_int_eq(channel_recv(channel, &msg), 1);
		take_other(&msg);
		message_done(&msg);
	}
	ck_assert_int_eq(waitpid(writer, &status, 0), writer);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(strlen(content("a.log")), 160 * sizeof(block));
	close(fds[0]);
	close(fds[1]);
}
END_TEST

/* ---- log daemons ---- */

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	ck_assert_int_eq(bind(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	return sock;
}

static const char *receive(int sock)
{
	static char text[65536];
	ssize_t n = recv(sock, text, sizeof(text) - 1, 0);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	return text;
}

START_TEST(to_syslog)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int sock = listen_at(syslog_path), fd;

	stream.syslog = 1;
	fd = add_stream(&stream, -1, NULL);
	put(fd, "one\ntwo\n");
	ck_assert_ptr_nonnull(strstr(receive(sock), " forkserver: web_0 one"));
	ck_assert_ptr_nonnull(strstr(receive(sock), " forkserver: web_0 two"));
	sync_stream(1);
	ck_assert_str_eq(content("a.log"), "one\ntwo\n");
	close(sock);
	close(fd);
}
END_TEST

START_TEST(to_the_journal)
{
	struct log_stream stream = stream_of(1, NULL);
	int sock = listen_at(journal_path), fd;

	stream.journald = 1;
	fd = add_stream(&stream, -1, NULL);
	put(fd, "one\n");
	ck_assert_ptr_nonnull(strstr(receive(sock), "PRIORITY=6\nSYSLOG_IDENTIFIER\n"));
	close(sock);
	close(fd);
}
END_TEST

START_TEST(daemon_is_missing)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	const char *first;
	int sock, fd;

	stream.syslog = 1;
	fd = add_stream(&stream, -1, NULL);
	put(fd, "one\ntwo\n");
	sync_stream(1);
	ck_assert_str_eq(content("a.log"), "one\ntwo\n"); /* which costs nobody else anything */
	first = strstr(notes, syslog_path);
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, syslog_path));
	sock = listen_at(syslog_path);
	while (!strstr(notes, "takes lines again")) {
		put(fd, "again\n");
		sync_stream(1);
		usleep(10000);
	}
	ck_assert_ptr_nonnull(strstr(receive(sock), "again"));
	close(sock);
	close(fd);
}
END_TEST

/* A syslog daemon that does not read yet stops the stream: no line is lost. */
START_TEST(daemon_is_slow)
{
	struct log_stream stream = stream_of(1, NULL);
	int sock = listen_at(syslog_path), fd;

	stream.syslog = 1;
	fd = add_stream(&stream, -1, NULL);
	for (int i = 0; i < 1000; i++)
		put(fd, "0123456789\n");
	for (int i = 0; i < 1000; i++)
		ck_assert_ptr_nonnull(strstr(receive(sock), "0123456789"));
	close(sock);
	close(fd);
}
END_TEST

/* ---- sinks that take nothing ---- */

/* Until the pipe holds what it can. */
static void fill(int fd)
{
	static char block[4096];

	memset(block, 'x', sizeof(block));
	block[sizeof(block) - 1] = '\n';
	ck_assert_int_eq(fd_nonblock(fd, 1), 0);
	for (;;) {
		struct pollfd polled = { .fd = fd, .events = POLLOUT };

		if (write(fd, block, sizeof(block)) > 0)
			continue;
		/* It may take more as soon as the logger has taken something. */
		if (poll(&polled, 1, 200) <= 0)
			break;
	}
	ck_assert_int_eq(fd_nonblock(fd, 0), 0);
}

static void check_blocking(enum log_format format)
{
	struct log_stream slow = stream_of(1, in_dir("fifo")),
			  quick = stream_of(2, in_dir("b.log"));
	static char chunk[65536];
	struct stat st;
	int fds[2], fifo;
	size_t got = 0, want;

	ck_assert_int_eq(mkfifo(slow.path, 0600), 0);
	slow.format = format;
	fds[0] = add_stream(&slow, -1, NULL);
	fds[1] = add_stream(&quick, -1, NULL);
	fill(fds[0]);
	put(fds[1], "not disturbed\n");
	sync_stream(2);
	ck_assert_str_eq(content("b.log"), "not disturbed\n");
	fifo = open(slow.path, O_RDONLY);
	for (want = 0; want == 0;) {
		ssize_t n = read(fifo, chunk, sizeof(chunk));

		ck_assert_int_gt(n, 0);
		got += (size_t)n;
		for (ssize_t i = 0; i < n; i++)
			want += chunk[i] == '\n'; /* it flows again */
	}
	ck_assert_int_eq(stat(slow.path, &st), 0);
	ck_assert_uint_gt(got, 0);
	put(fds[0], "the end\n");
	while (!memmem(chunk, sizeof(chunk), "the end\n", 8)) {
		ck_assert_int_gt(read(fifo, chunk, sizeof(chunk)), 0);
	}
	close(fifo);
	close(fds[0]);
	close(fds[1]);
}

START_TEST(stalled_fifo)
{
	check_blocking(LOG_RAW);
}
END_TEST

START_TEST(stalled_fifo_text)
{
	check_blocking(LOG_TEXT);
}
END_TEST

START_TEST(dropped)
{
	struct log_stream slow = stream_of(1, in_dir("fifo"));
	static char chunk[65536];
	uint64_t missing;
	int fd, fifo;

	ck_assert_int_eq(mkfifo(slow.path, 0600), 0);
	slow.stall = LOG_DROP;
	slow.format = (uint32_t)_i;
	fd = add_stream(&slow, -1, NULL);
	for (int i = 0; i < 1000; i++) { /* 1 MB, without ever waiting for a reader */
		char text[1001];

		memset(text, 'x', 1000);
		text[999] = '\n';
		text[1000] = '\0';
		put(fd, text);
	}
	sync_stream(1);
	ck_assert_uint_eq(count_stream(1, &missing), 1000000);
	ck_assert_uint_gt(missing, 0);
	fifo = open(slow.path, O_RDONLY);
	while (!memmem(chunk, sizeof(chunk), "are missing here", 16)) {
		memset(chunk, 0, sizeof(chunk));
		ck_assert_int_gt(read(fifo, chunk, sizeof(chunk)), 0);
	}
	put(fd, "it goes on\n");
	while (!memmem(chunk, sizeof(chunk), "it goes on", 10)) {
		memset(chunk, 0, sizeof(chunk));
		ck_assert_int_gt(read(fifo, chunk, sizeof(chunk)), 0);
	}
	sync_stream(1);
	ck_assert_ptr_nonnull(strstr(notes, "bytes were dropped"));
	close(fifo);
	close(fd);
}
END_TEST

/* Lines of two streams do not come into the middle of each other, however little a pipe takes. */
START_TEST(lines_stay_whole_in_a_pipe)
{
	struct log_stream streams[2] = { stream_of(1, "/dev/stdout"), stream_of(2, "/dev/stdout") };
	int sink[2], fds[2], status;
	struct buf all = { 0 };
	pid_t writers[2];

	ck_assert_int_eq(pipe2(sink, O_CLOEXEC), 0);
	for (int i = 0; i < 2; i++) {
		streams[i].own = 1;
		streams[i].format = LOG_TEXT;
		fds[i] = add_stream(&streams[i], sink[1], NULL);
	}
	for (int i = 0; i < 2; i++) {
		writers[i] = fork();
		if (writers[i])
			continue;
		for (int n = 0; n < 2000; n++) {
			char text[1002];

			memset(text, 'a' + i, 1000);
			strcpy(text + 1000, "\n");
			if (fd_write_all(fds[i], text, 1001) < 0)
				_exit(1);
		}
		_exit(0);
	}
	close(sink[1]);
	while (all.len < 4000 * (1001 + 43)) {
		char chunk[3000];
		ssize_t n = read(sink[0], chunk, sizeof(chunk));

		ck_assert_int_gt(n, 0);
		buf_add(&all, chunk, (size_t)n);
	}
	for (size_t i = 0; i < 4000; i++)
		ck_assert_int_eq(all.data[i * (1001 + 43) + 1000 + 43], '\n');
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(waitpid(writers[i], &status, 0), writers[i]);
		ck_assert_int_eq(status, 0);
		close(fds[i]);
	}
	buf_done(&all);
	close(sink[0]);
}
END_TEST

/* What is handed to us keeps its flags: a shell goes on with this terminal. */
START_TEST(own_sink_is_left_as_it_was)
{
	struct log_stream stream = stream_of(1, "/dev/stdout");
	int sink[2], fd;
	char text[16] = "";

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sink), 0);
	stream.own = 1;
	fd = add_stream(&stream, sink[1], NULL);
	put(fd, "hello\n");
	ck_assert_int_eq(read(sink[0], text, sizeof(text)), 6);
	ck_assert_str_eq(text, "hello\n");
	ck_assert_int_eq(fcntl(sink[1], F_GETFL) & O_NONBLOCK, 0);
	close(sink[0]); /* nobody reads it any more: the program is not stopped */
	close(sink[1]);
	for (int i = 0; i < 100; i++) {
		char block[4097];

		memset(block, 'x', 4096);
		block[4096] = '\0';
		put(fd, block);
	}
	sync_stream(1);
	ck_assert_ptr_nonnull(strstr(notes, "/dev/stdout"));
	close(fd);
}
END_TEST

/* A full disk: nothing is lost, neighbours go on. */
START_TEST(disk_full)
{
	struct log_stream full = stream_of(1, NULL), other = stream_of(2, in_dir("b.log"));
	char path[256], ballast[256], block[10001];
	int fds[2], file;

	end_logger(); /* once more, where a mount is nobody else's */
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mkdir(in_dir("disk"), 0755) < 0 ||
	    mount("none", in_dir("disk"), "tmpfs", 0, "size=1m") < 0)
		return;
	start_logger();
	snprintf(path, sizeof(path), "%s", in_dir("disk/a.log"));
	snprintf(ballast, sizeof(ballast), "%s", in_dir("disk/ballast"));
	full.path = path;
	full.format = (uint32_t)_i;
	fds[0] = add_stream(&full, -1, NULL);
	fds[1] = add_stream(&other, -1, NULL);
	file = open(ballast, O_WRONLY | O_CREAT, 0644);
	ck_assert_int_eq(posix_fallocate(file, 0, (1 << 20) - 8 * 4096), 0);
	memset(block, 'x', 10000);
	for (int i = 99; i < 10000; i += 100)
		block[i] = '\n';
	block[10000] = '\0';
	for (int i = 0; i < 6; i++)
		put(fds[0], block);
	put(fds[1], "not disturbed\n");
	sync_stream(2);
	ck_assert_str_eq(content("b.log"), "not disturbed\n");
	while (!strstr(notes, "No space left"))
		sync_stream(2);
	ck_assert_int_eq(unlink(ballast), 0);
	close(file);
	sync_stream(1);
	if (full.format == LOG_RAW)
		ck_assert_uint_eq(strlen(content("disk/a.log")), 60000);
	else
		ck_assert_uint_eq(strlen(content("disk/a.log")), 60000 + 600 * 43);
	while (!strstr(notes, "written to again"))
		sync_stream(1);
	ck_assert_uint_eq(ask(MESSAGE_LOG_REMOVE, 1), 0);
	ck_assert_int_eq(umount(in_dir("disk")), 0);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

/* One that never stops does not keep the others waiting. */
START_TEST(flood_and_neighbours)
{
	struct log_stream loud = stream_of(1, "/dev/null"), calm = stream_of(2, in_dir("b.log"));
	static char block[65536];
	int fds[2], status;
	pid_t writer;

	fds[0] = add_stream(&loud, -1, NULL);
	fds[1] = add_stream(&calm, -1, NULL);
	writer = fork();
	if (writer == 0)
		for (;;)
			if (fd_write_all(fds[0], block, sizeof(block)) < 0)
				_exit(0);
	for (int i = 0; i < 100; i++) {
		put(fds[1], "line\n");
		sync_stream(2);
	}
	ck_assert_uint_eq(strlen(content("b.log")), 500);
	kill(writer, SIGKILL);
	ck_assert_int_eq(waitpid(writer, &status, 0), writer);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, set_up, driver_tear_down);
	suite_add_tcase(suite, tc);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("stream");
	TCase *tc = add_case(suite, "formats");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, text_lines);
	tcase_add_test(tc, unfinished_lines);
	tcase_add_test(tc, unfinished_line_is_held_in_the_pipe);
	tcase_add_test(tc, long_line_in_pieces);
	tcase_add_test(tc, stripped_across_writes);
	tc = add_case(suite, "events");
	tcase_add_test(tc, output_events);
	tcase_add_test(tc, capture_across_writes);
	tcase_add_test(tc, capture_ends_with_its_process);
	tcase_add_test(tc, slow_supervisor);
	tc = add_case(suite, "daemons");
	tcase_add_test(tc, to_syslog);
	tcase_add_test(tc, to_the_journal);
	tcase_add_test(tc, daemon_is_missing);
	tcase_add_test(tc, daemon_is_slow);
	tc = add_case(suite, "stalls");
	tcase_add_test(tc, stalled_fifo);
	tcase_add_test(tc, stalled_fifo_text);
	tcase_add_loop_test(tc, dropped, LOG_RAW, LOG_JSON + 1);
	tcase_add_test(tc, lines_stay_whole_in_a_pipe);
	tcase_add_test(tc, own_sink_is_left_as_it_was);
	tcase_add_loop_test(tc, disk_full, LOG_RAW, LOG_TEXT + 1);
	tcase_add_test(tc, flood_and_neighbours);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
