/* test_logger_logger.c - the whole logger, over its channel: streams come, change and go. */
#include "logger_driver.h"

static struct log_stream stream_of(uint32_t id, const char *path)
{
	return (struct log_stream){ .id = id,
				    .group = "web",
				    .process = "web_0",
				    .channel = "stdout",
				    .path = (char *)path };
}

START_TEST(raw_to_a_file)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int fd = add_stream(&stream, -1, NULL);

	put(fd, "one\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_str_eq(content("a.log"), "one\n");
	put(fd, "two, without an end of line");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_str_eq(content("a.log"), "one\ntwo, without an end of line");
	close(fd);
}
END_TEST

START_TEST(counts)
{
	struct log_stream stream = stream_of(1, in_dir("a.log")), other = stream_of(2, NULL);
	int fd = add_stream(&stream, -1, NULL), second = add_stream(&other, -1, NULL);
	uint64_t dropped;

	ck_assert_uint_eq(count_stream(1, &dropped), 0);
	put(fd, "one\n");
	put(second, "second\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_uint_eq(count_stream(1, &dropped), 4);
	put(fd, "three");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_uint_eq(count_stream(1, &dropped), 5); /* since the last time */
	ck_assert_uint_eq(count_stream(1, &dropped), 0);
	ck_assert_uint_eq(dropped, 0);
	close(second);
	close(fd);
}
END_TEST

START_TEST(write_end_stays_blocking)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int fd = add_stream(&stream, -1, NULL);

	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	close(fd);
}
END_TEST

START_TEST(appends_to_what_is_there)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int file = open(stream.path, O_WRONLY | O_CREAT | O_APPEND, 0644), fd;

	put(file, "before\n");
	fd = add_stream(&stream, -1, NULL);
	put(fd, "after\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	put(file, "another's\n");
	put(fd, "last\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_str_eq(content("a.log"), "before\nafter\nanother's\nlast\n");
	ck_assert_int_eq(ftruncate(file, 0), 0); /* as logrotate's copytruncate */
	put(fd, "anew\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_str_eq(content("a.log"), "anew\n");
	close(file);
	close(fd);
}
END_TEST

START_TEST(two_streams_share_a_file)
{
	struct log_stream out = stream_of(1, in_dir("a.log")), err = stream_of(2, out.path);
	int fds[2] = { add_stream(&out, -1, NULL), add_stream(&err, -1, NULL) };

	for (int i = 0; i < 100; i++) {
		put(fds[i % 2], "0123456789\n");
		ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1 + (uint32_t)i % 2), 0);
	}
	ck_assert_uint_eq(strlen(content("a.log")), 1100);
	ck_assert_uint_eq(ask(MESSAGE_LOG_REMOVE, 1), 0);
	put(fds[1], "still there\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 2), 0);
	ck_assert_uint_eq(strlen(content("a.log")), 1112);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(removed_file_is_made_again)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int fd = add_stream(&stream, -1, NULL);

	put(fd, "one\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_int_eq(unlink(stream.path), 0);
	put(fd, "two\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_str_eq(content("a.log"), "two\n");
	close(fd);
}
END_TEST

static uint32_t send_open(uint32_t stream, const char *path)
{
	struct buf body = { 0 };

	pack_u32(&body, stream);
	pack_str(&body, path);
	ck_assert_int_eq(
		channel_send(channel, MESSAGE_LOG_OPEN, ++last_id, body.data, body.len, NULL, 0),
		0);
	buf_done(&body);
	return last_id;
}

START_TEST(open_clear_reopen)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int fd = add_stream(&stream, -1, NULL), file;
	char text[16] = "";

	put(fd, "one\n");
	ck_assert_uint_eq(await(send_open(1, NULL), NULL, &file), 0);
	ck_assert_int_eq(read(file, text, sizeof(text)), 4); /* drained first */
	ck_assert_str_eq(text, "one\n");
	ck_assert_int_eq(write(file, "x", 1), -1);
	close(file);
	put(fd, "two\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_CLEAR, 1), 0);
	ck_assert_str_eq(content("a.log"), "");
	put(fd, "three\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_str_eq(content("a.log"), "three\n");
	ck_assert_int_eq(rename(stream.path, in_dir("a.log.old")), 0);
	ck_assert_uint_eq(ask(MESSAGE_LOG_REOPEN, LOG_ALL), 0);
	put(fd, "four\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_str_eq(content("a.log"), "four\n");
	ck_assert_str_eq(content("a.log.old"), "three\n");
	close(fd);
}
END_TEST

/* What an earlier run has left, of a stream that nobody has added. */
START_TEST(open_what_was_left)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int fd = add_stream(&stream, -1, NULL), file;
	char text[16] = "";

	put(fd, "one\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_REMOVE, 1), 0);
	ck_assert_uint_eq(await(send_open(1, NULL), NULL, NULL), ENOENT);
	ck_assert_uint_eq(await(send_open(1, in_dir("a.log")), NULL, &file), 0);
	ck_assert_int_eq(read(file, text, sizeof(text)), 4);
	ck_assert_int_eq(write(file, "x", 1), -1);
	close(file);
	ck_assert_int_eq(symlink("a.log", in_dir("link")), 0);
	ck_assert_uint_eq(await(send_open(1, in_dir("link")), NULL, NULL), ELOOP);
	ck_assert_uint_eq(await(send_open(1, in_dir("none")), NULL, NULL), ENOENT);
	close(fd);
}
END_TEST

START_TEST(change_of_the_path)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int fd = add_stream(&stream, -1, NULL);

	put(fd, "old\n");
	stream.path = (char *)in_dir("b.log");
	ck_assert_uint_eq(await(send_stream(MESSAGE_LOG_CHANGE, &stream, -1, -1), NULL, NULL), 0);
	put(fd, "new\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_str_eq(content("a.log"), "old\n");
	ck_assert_str_eq(content("b.log"), "new\n");
	stream.path = (char *)in_dir("no/such/place");
	ck_assert_uint_eq(await(send_stream(MESSAGE_LOG_CHANGE, &stream, -1, -1), NULL, NULL),
			  ENOENT);
	put(fd, "same\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_str_eq(content("b.log"), "new\nsame\n");
	close(fd);
}
END_TEST

START_TEST(refusals)
{
	struct log_stream stream = stream_of(1, in_dir("no/a.log"));
	char why[2048];
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_uint_eq(await(send_stream(MESSAGE_LOG_ADD, &stream, ends[0], -1), why, NULL),
			  ENOENT);
	ck_assert_ptr_nonnull(strstr(why, stream.path));
	ck_assert_ptr_nonnull(strstr(why, "create it"));
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), ENOENT);
	ck_assert_uint_eq(await(send_open(1, NULL), NULL, NULL), ENOENT);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(end_writes_what_is_left)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int fd = add_stream(&stream, -1, NULL);

	for (int i = 0; i < 1000; i++)
		put(fd, "0123456789\n");
	end_logger();
	ck_assert_uint_eq(strlen(content("a.log")), 11000);
	close(fd);
}
END_TEST

START_TEST(supervisor_dies)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int fd = add_stream(&stream, -1, NULL), status;

	put(fd, "one\n");
	fd_close(&channel);
	put(fd, "two\n");
	close(fd);
	ck_assert_int_eq(waitpid(logger_pid, &status, 0), logger_pid);
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(content("a.log"), "one\ntwo\n");
}
END_TEST

START_TEST(killed_logger_loses_nothing)
{
	struct log_stream stream = stream_of(1, in_dir("a.log"));
	int reader, fd = add_stream(&stream, -1, &reader), status;
	const char *text;
	char line[16];
	pid_t writer = fork();

	if (writer == 0) {
		for (int i = 0; i < 200000; i++) {
			snprintf(line, sizeof(line), "%09d\n", i);
			if (fd_write_all(fd, line, 10) < 0)
				_exit(1);
		}
		_exit(0);
	}
	for (int i = 0; i < 20; i++) {
		struct stat st;
		off_t size = 100000 * (i + 1);

		while (stat(stream.path, &st) == 0 && st.st_size < size)
			usleep(100); /* lets it get into the middle */
		kill(logger_pid, SIGKILL);
		waitpid(logger_pid, &status, 0);
		close(channel);
		start_logger();
		ck_assert_uint_eq(
			await(send_stream(MESSAGE_LOG_ADD, &stream, reader, -1), NULL, NULL), 0);
	}
	waitpid(writer, &status, 0);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_uint_eq(strlen(content("a.log")), 2000000);
	text = content("a.log");
	for (int i = 0; i < 200000; i++) {
		snprintf(line, sizeof(line), "%09d\n", i);
		ck_assert_msg(memcmp(text + i * 10, line, 10) == 0, "line %d", i);
	}
	close(reader);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("logger");
	TCase *tc = tcase_create("logger");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, driver_set_up, driver_tear_down);
	tcase_add_test(tc, raw_to_a_file);
	tcase_add_test(tc, counts);
	tcase_add_test(tc, write_end_stays_blocking);
	tcase_add_test(tc, appends_to_what_is_there);
	tcase_add_test(tc, two_streams_share_a_file);
	tcase_add_test(tc, removed_file_is_made_again);
	tcase_add_test(tc, open_clear_reopen);
	tcase_add_test(tc, open_what_was_left);
	tcase_add_test(tc, change_of_the_path);
	tcase_add_test(tc, refusals);
	tcase_add_test(tc, end_writes_what_is_left);
	tcase_add_test(tc, supervisor_dies);
	tcase_add_test(tc, killed_logger_loses_nothing);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
