/* test_base_fd.c - descriptors: born CLOEXEC, closed once, read and written whole. */
#include "base/fd.h"

#include "base/buf.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(close_keeps_errno)
{
	int fd = dup(0), copy = fd;

	ck_assert_int_ge(fd, 0);
	errno = ENOENT;
	fd_close(&fd);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(fcntl(copy, F_GETFD), -1);
	errno = EINTR;
	fd_close(&fd);
	ck_assert_int_eq(errno, EINTR);
}
END_TEST

START_TEST(flags)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(fd_cloexec(ends[0], 1), 0);
	ck_assert_int_eq(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fd_cloexec(ends[0], 0), 0);
	ck_assert_int_eq(fcntl(ends[0], F_GETFD), 0);
	ck_assert_int_eq(fd_nonblock(ends[0], 1), 0);
	ck_assert(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	ck_assert_int_eq(fd_nonblock(ends[0], 0), 0);
	ck_assert(!(fcntl(ends[0], F_GETFL) & O_NONBLOCK));
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	ck_assert_int_eq(fd_cloexec(-1, 1), -EBADF);
	ck_assert_int_eq(fd_nonblock(-1, 1), -EBADF);
}
END_TEST

START_TEST(memfd_is_sealed)
{
	struct buf buf = { 0 };
	int fd = fd_memfd("test", "hello", 5);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(write(fd, "x", 1), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(ftruncate(fd, 1), -1);
	ck_assert_int_eq(ftruncate(fd, 10), -1);
	ck_assert_int_eq(fd_read_all(fd, &buf, 5), 0);
	ck_assert_str_eq(buf_str(&buf), "hello");
	buf_done(&buf);
	fd_close(&fd);
}
END_TEST

START_TEST(reading_has_a_limit)
{
	struct buf buf = { 0 };
	int fd = fd_memfd("test", "0123456789", 10);

	ck_assert_int_eq(fd_read_all(fd, &buf, 9), -EFBIG);
	buf_clear(&buf);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(fd_read_all(fd, &buf, 10), 0);
	ck_assert_uint_eq(buf.len, 10);
	fd_close(&fd);
	buf_done(&buf);
}
END_TEST

START_TEST(paths)
{
	char name[] = "/tmp/test_base_fd.XXXXXX";
	struct buf buf = { 0 };
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, "text\n", 5), 0);
	fd_close(&fd);
	ck_assert_int_eq(fd_read_path(name, &buf, 100), 0);
	ck_assert_str_eq(buf_str(&buf), "text\n");
	unlink(name);
	ck_assert_int_eq(fd_read_path(name, &buf, 100), -ENOENT);
	ck_assert_int_eq(fd_read_path("/", &buf, 100), -EISDIR);
	buf_done(&buf);
}
END_TEST

struct drain {
	int fd;
	struct buf buf;
	int result;
};

static void *drain(void *arg)
{
	struct drain *in = arg;

	in->result = fd_read_all(in->fd, &in->buf, (size_t)1 << 22);
	return NULL;
}

/* More than a pipe holds, so that the writer meets short writes. */
START_TEST(write_all_over_a_full_pipe)
{
	size_t len = (size_t)1 << 20;
	char *data = malloc(len);
	struct drain in = { .fd = -1 };
	pthread_t thread;
	int ends[2];

	for (size_t i = 0; i < len; i++)
		data[i] = (char)(i * 7 + i / 256);
	ck_assert_int_eq(pipe(ends), 0);
	in.fd = ends[0];
	ck_assert_int_eq(pthread_create(&thread, NULL, drain, &in), 0);
	ck_assert_int_eq(fd_write_all(ends[1], data, len), 0);
	fd_close(&ends[1]);
	pthread_join(thread, NULL);
	ck_assert_int_eq(in.result, 0);
	ck_assert_uint_eq(in.buf.len, len);
	ck_assert_int_eq(memcmp(in.buf.data, data, len), 0);
	fd_close(&ends[0]);
	ck_assert_int_eq(fd_write_all(-1, data, 1), -EBADF);
	buf_done(&in.buf);
	free(data);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/fd");
	TCase *tc = tcase_create("fd");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, close_keeps_errno);
	tcase_add_test(tc, flags);
	tcase_add_test(tc, memfd_is_sealed);
	tcase_add_test(tc, reading_has_a_limit);
	tcase_add_test(tc, paths);
	tcase_add_test(tc, write_all_over_a_full_pipe);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
