/* test_logger_sink_rotate.c - rotation while bytes come: none is lost, none comes twice. */
#include "logger_driver.h"

#include <time.h>
#include <utime.h>
#include <zlib.h>

#define LINE 100 /* bytes: "%099d\n" */

static struct log_stream stream_to(const char *path, uint64_t maxbytes, uint32_t backups)
{
	return (struct log_stream){ .id = 1,
				    .group = "web",
				    .process = "web_0",
				    .channel = "stdout",
				    .path = (char *)path,
				    .maxbytes = maxbytes,
				    .backups = backups };
}

/* A process that writes so many numbered lines, in pieces of about 100 KB. */
static pid_t start_writer(int fd, int lines)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct buf text = { 0 };

		for (int i = 0; i < lines; i++) {
			buf_printf(&text, "%099d\n", i);
			if (text.len < 100000 && i < lines - 1)
				continue;
			if (fd_write_all(fd, text.data, text.len) < 0)
				_exit(1);
			buf_clear(&text);
		}
		_exit(0);
	}
	ck_assert_int_gt(pid, 0);
	return pid;
}

static void await_writer(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* Reads a file, or a compressed one, to the end of *text.  false: there is none. */
static bool append(struct buf *text, const char *name, unsigned number, bool packed)
{
	char path[512], chunk[65536];
	gzFile file;
	int n;

	snprintf(path, sizeof(path), number ? "%s/%s.%u%s" : "%s/%s", dir, name, number,
		 packed ? ".gz" : "");
	file = gzopen(path, "rb"); /* reads what is not compressed as it is */
	if (!file)
		return false;
	while ((n = gzread(file, chunk, sizeof(chunk))) > 0)
		buf_add(text, chunk, (size_t)n);
	ck_assert_int_eq(n, 0);
	gzclose(file);
	return true;
}

static void check_lines(const struct buf *text, int lines)
{
	char line[LINE + 1];

	ck_assert_uint_eq(text->len, (size_t)lines * LINE);
	for (int i = 0; i < lines; i++) {
		snprintf(line, sizeof(line), "%099d\n", i);
		ck_assert_msg(memcmp(text->data + (size_t)i * LINE, line, LINE) == 0, "line %d", i);
	}
}

/* Everything, oldest first. */
static void read_all(struct buf *text, const char *name, unsigned backups)
{
	for (unsigned n = backups; n > 0; n--)
		if (!append(text, name, n, false))
			append(text, name, n, true);
	ck_assert(append(text, name, 0, false));
}

/* 100 MB through some 200 rotations. */
START_TEST(hundred_megabytes)
{
	const int lines = 1000000;
	struct log_stream stream = stream_to(in_dir("a.log"), 500000, 1000);
	struct buf text = { 0 };
	int fd = add_stream(&stream, -1, NULL);
	struct stat st;

	await_writer(start_writer(fd, lines));
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	read_all(&text, "a.log", 1000);
	check_lines(&text, lines);
	ck_assert_int_eq(stat(in_dir("a.log.50"), &st), 0);
	ck_assert_int_ge(st.st_size, 500000);
	ck_assert_int_lt(st.st_size, 500000 + (1 << 20));
	buf_done(&text);
	close(fd);
}
END_TEST

START_TEST(oldest_is_dropped)
{
	struct log_stream stream = stream_to(in_dir("a.log"), 10, 2);
	int fd = add_stream(&stream, -1, NULL);

	for (int i = 1; i <= 5; i++) {
		char text[32];

		snprintf(text, sizeof(text), "number %d\n", i);
		put(fd, text);
		put(fd, text);
		ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	}
	ck_assert_ptr_nonnull(strstr(content("a.log.1"), "number 5"));
	ck_assert_ptr_nonnull(strstr(content("a.log.2"), "number 4"));
	ck_assert_int_lt(access(in_dir("a.log.3"), F_OK), 0);
	ck_assert_str_eq(content("a.log"), "");
	close(fd);
}
END_TEST

START_TEST(no_backups)
{
	struct log_stream stream = stream_to(in_dir("a.log"), 10, 0);
	int fd = add_stream(&stream, -1, NULL);

	put(fd, "123456789");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_str_eq(content("a.log"), "123456789");
	put(fd, "0");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_str_eq(content("a.log"), "");
	ck_assert_int_lt(access(in_dir("a.log.1"), F_OK), 0);
	close(fd);
}
END_TEST

START_TEST(by_request)
{
	struct log_stream stream = stream_to(in_dir("a.log"), 0, 3);
	struct stat before, after;
	int fd = add_stream(&stream, -1, NULL);

	ck_assert_int_eq(chmod(stream.path, 0640), 0);
	ck_assert_uint_eq(ask(MESSAGE_LOG_ROTATE, 1), 0); /* nothing in it */
	ck_assert_int_lt(access(in_dir("a.log.1"), F_OK), 0);
	put(fd, "one\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_int_eq(stat(stream.path, &before), 0);
	ck_assert_uint_eq(ask(MESSAGE_LOG_ROTATE, LOG_ALL), 0);
	ck_assert_int_eq(stat(stream.path, &after), 0);
	ck_assert_uint_eq(after.st_mode, before.st_mode);
	put(fd, "two\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_str_eq(content("a.log.1"), "one\n");
	ck_assert_str_eq(content("a.log"), "two\n");
	close(fd);
}
END_TEST

/* The first byte of a new day begins a new file. */
START_TEST(by_time)
{
	struct log_stream stream = stream_to(in_dir("a.log"), 0, 3);
	struct utimbuf yesterday = { time(NULL) - 86400, time(NULL) - 86400 };
	int file = open(stream.path, O_WRONLY | O_CREAT, 0644), fd;

	put(file, "yesterday's\n");
	close(file);
	ck_assert_int_eq(utime(stream.path, &yesterday), 0);
	stream.period = LOG_DAILY;
	fd = add_stream(&stream, -1, NULL);
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_str_eq(content("a.log"), "yesterday's\n");
	put(fd, "today's\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	put(fd, "still today's\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_str_eq(content("a.log.1"), "yesterday's\n");
	ck_assert_str_eq(content("a.log"), "today's\nstill today's\n");
	close(fd);
}
END_TEST

static void await_file(const char *name, bool there)
{
	while ((access(in_dir(name), F_OK) == 0) != there)
		usleep(1000);
}

START_TEST(compressed)
{
	const int lines = 100000;
	struct log_stream stream = stream_to(in_dir("a.log"), 500000, 100);
	struct buf text = { 0 };
	struct stat st;
	char name[32];
	int fd, last = 0;

	stream.compress = 1;
	fd = add_stream(&stream, -1, NULL);
	await_writer(start_writer(fd, lines));
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	for (int n = 2; n < 100; n++) {
		char plain[32];

		snprintf(name, sizeof(name), "a.log.%d.gz", n);
		snprintf(plain, sizeof(plain), "a.log.%d", n);
		if (stat(in_dir(name), &st) < 0 && stat(in_dir(plain), &st) < 0)
			break;
		await_file(name, true);
		await_file(plain, false);
		last = n;
	}
	ck_assert_int_gt(last, 5);
	await_file("a.log.gz.tmp", false);
	ck_assert_int_eq(access(in_dir("a.log.1"), F_OK), 0); /* the newest stays as it is */
	ck_assert_int_eq(stat(in_dir("a.log.3.gz"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0644);
	read_all(&text, "a.log", 100);
	check_lines(&text, lines);
	buf_done(&text);
	close(fd);
}
END_TEST

/* What a logger that was killed in the middle of compressing has left. */
START_TEST(compression_is_taken_up_again)
{
	struct log_stream stream = stream_to(in_dir("a.log"), 0, 3);
	struct buf text = { 0 };
	int file = open(in_dir("a.log.2"), O_WRONLY | O_CREAT, 0644), fd;

	put(file, "old\n");
	close(file);
	file = open(in_dir("a.log.1"), O_WRONLY | O_CREAT, 0644);
	close(file);
	file = open(in_dir("a.log.gz.tmp"), O_WRONLY | O_CREAT, 0644);
	put(file, "half of it");
	close(file);
	stream.compress = 1;
	fd = add_stream(&stream, -1, NULL);
	await_file("a.log.2", false);
	ck_assert(append(&text, "a.log", 2, true));
	ck_assert_str_eq(buf_str(&text), "old\n");
	ck_assert_int_lt(access(in_dir("a.log.gz.tmp"), F_OK), 0);
	buf_done(&text);
	close(fd);
}
END_TEST

/* Where it cannot be rotated the old file goes on, which is said once. */
START_TEST(rotation_fails)
{
	struct log_stream stream = stream_to(in_dir("a.log"), 10, 1);
	int fd = add_stream(&stream, -1, NULL);
	const char *first;

	ck_assert_int_eq(mkdir(in_dir("a.log.1"), 0755), 0); /* in the way */
	for (int i = 0; i < 5; i++) {
		put(fd, "0123456789\n");
		ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	}
	ck_assert_uint_eq(strlen(content("a.log")), 55);
	first = strstr(notes, "cannot rotate");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, "cannot rotate"));
	ck_assert_uint_eq(ask(MESSAGE_LOG_ROTATE, 1), EISDIR);
	ck_assert_int_eq(rmdir(in_dir("a.log.1")), 0);
	ck_assert_uint_eq(ask(MESSAGE_LOG_ROTATE, 1), 0);
	ck_assert_uint_eq(strlen(content("a.log.1")), 55);
	ck_assert_str_eq(content("a.log"), "");
	close(fd);
}
END_TEST

START_TEST(directory_removed)
{
	struct log_stream stream;
	int fd;

	ck_assert_int_eq(mkdir(in_dir("sub"), 0755), 0);
	stream = stream_to(in_dir("sub/a.log"), 10, 3);
	fd = add_stream(&stream, -1, NULL);
	put(fd, "before\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_int_eq(unlink(stream.path), 0);
	ck_assert_int_eq(rmdir(in_dir("sub")), 0);
	for (int i = 0; i < 5; i++) {
		put(fd, "0123456789\n");
		ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	}
	ck_assert_uint_eq(ask(MESSAGE_LOG_REOPEN, 1), ENOENT);
	ck_assert_int_eq(mkdir(in_dir("sub"), 0755), 0);
	ck_assert_uint_eq(ask(MESSAGE_LOG_REOPEN, 1), 0);
	put(fd, "after\n");
	ck_assert_uint_eq(ask(MESSAGE_LOG_SYNC, 1), 0);
	ck_assert_str_eq(content("sub/a.log"), "after\n");
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rotation");
	TCase *tc = tcase_create("rotation");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, driver_set_up, driver_tear_down);
	tcase_add_test(tc, hundred_megabytes);
	tcase_add_test(tc, oldest_is_dropped);
	tcase_add_test(tc, no_backups);
	tcase_add_test(tc, by_request);
	tcase_add_test(tc, by_time);
	tcase_add_test(tc, compressed);
	tcase_add_test(tc, compression_is_taken_up_again);
	tcase_add_test(tc, rotation_fails);
	tcase_add_test(tc, directory_removed);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
