/* test_logger_rotate.c - the names of backups. */
#include "logger/rotate.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];
static int dir;

/* Every name that a case may use. */
static const char *const names[] = { "a",      "a.1",    "a.2",    "a.3",      "a.4", "a.1.gz",
				     "a.2.gz", "a.3.gz", "a.4.gz", "a.gz.tmp", NULL };

static void set_up(void)
{
	snprintf(path, sizeof(path), "/tmp/test_rotate.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(path));
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir, 0);
}

static void tear_down(void)
{
	for (int i = 0; names[i]; i++)
		unlinkat(dir, names[i], 0);
	close(dir);
	ck_assert_int_eq(rmdir(path), 0); /* nothing else was made */
}

static ino_t make(const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct stat st;

	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	ck_assert_int_eq(fstat(fd, &st), 0);
	close(fd);
	return st.st_ino;
}

/* "name=content name=content" of what is there. */
static const char *listing(void)
{
	static char text[512];

	text[0] = '\0';
	for (int i = 0; names[i]; i++) {
		char content[32] = "";
		int fd = openat(dir, names[i], O_RDONLY);

		if (fd < 0)
			continue;
		ck_assert_int_ge(read(fd, content, sizeof(content) - 1), 0);
		close(fd);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s=%s",
			 text[0] ? " " : "", names[i], content);
	}
	return text;
}

START_TEST(shift)
{
	make("a", "new");
	ck_assert_int_eq(rotate_shift(dir, "a", 3), 0);
	ck_assert_str_eq(listing(), "a.1=new");
	make("a", "newer");
	ck_assert_int_eq(rotate_shift(dir, "a", 3), 0);
	ck_assert_str_eq(listing(), "a.1=newer a.2=new");
	make("a", "newest");
	ck_assert_int_eq(rotate_shift(dir, "a", 3), 0);
	make("a", "last");
	ck_assert_int_eq(rotate_shift(dir, "a", 3), 0);
	ck_assert_str_eq(listing(), "a.1=last a.2=newest a.3=newer");
}
END_TEST

START_TEST(one_backup)
{
	make("a", "new");
	make("a.1", "old");
	ck_assert_int_eq(rotate_shift(dir, "a", 1), 0);
	ck_assert_str_eq(listing(), "a.1=new");
}
END_TEST

/* A rotation that failed after the shift has left a gap; to shift again must not push out more. */
START_TEST(gap_stops_the_shift)
{
	make("a", "new");
	make("a.2", "two");
	make("a.3", "three");
	ck_assert_int_eq(rotate_shift(dir, "a", 3), 0);
	ck_assert_str_eq(listing(), "a.1=new a.2=two a.3=three");
}
END_TEST

START_TEST(compressed_ones)
{
	make("a", "new");
	make("a.1", "one");
	make("a.2.gz", "two");
	make("a.3.gz", "three");
	ck_assert_int_eq(rotate_shift(dir, "a", 3), 0);
	ck_assert_str_eq(listing(), "a.1=new a.2=one a.3.gz=two");
	make("a", "newer");
	make("a.3", "stale"); /* both forms of one backup go together */
	ck_assert_int_eq(rotate_shift(dir, "a", 3), 0);
	ck_assert_str_eq(listing(), "a.1=newer a.2=new a.3=one");
}
END_TEST

START_TEST(undo)
{
	make("a", "new");
	ck_assert_int_eq(rotate_shift(dir, "a", 3), 0);
	rotate_undo(dir, "a");
	ck_assert_str_eq(listing(), "a=new");
	make("a.1", "one");
	rotate_undo(dir, "a");
	ck_assert_str_eq(listing(), "a=new a.1=one");
}
END_TEST

START_TEST(nothing_to_rotate)
{
	make("a.1", "one");
	ck_assert_int_eq(rotate_shift(dir, "a", 3), -ENOENT);
	ck_assert_str_eq(listing(), "a.2=one");
}
END_TEST

START_TEST(plain_one_is_found_and_replaced)
{
	struct stat st;
	unsigned number;
	ino_t ino;
	int fd;

	make("a.1", "one");
	ino = make("a.2", "two");
	make("a.3.gz", "three");
	fd = rotate_find_plain(dir, "a", 3, &number);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(number, 2);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_ino, ino);
	close(fd);
	make("a", "new"); /* a rotation comes in between */
	ck_assert_int_eq(rotate_shift(dir, "a", 4), 0);
	make("a.gz.tmp", "packed");
	ck_assert_int_eq(rotate_replace(dir, "a", 4, st.st_dev, ino), 0);
	ck_assert_str_eq(listing(), "a.1=new a.2=one a.3.gz=packed a.4.gz=three");
	make("a.gz.tmp", "packed");
	ck_assert_int_eq(rotate_replace(dir, "a", 4, st.st_dev, ino), -ENOENT);
}
END_TEST

START_TEST(links_are_not_compressed)
{
	unsigned number;

	make("a.1", "one");
	ck_assert_int_eq(symlinkat("/etc/passwd", dir, "a.2"), 0);
	ck_assert_int_eq(rotate_find_plain(dir, "a", 3, &number), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rotate");
	TCase *tc = tcase_create("rotate");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, shift);
	tcase_add_test(tc, one_backup);
	tcase_add_test(tc, gap_stops_the_shift);
	tcase_add_test(tc, compressed_ones);
	tcase_add_test(tc, undo);
	tcase_add_test(tc, nothing_to_rotate);
	tcase_add_test(tc, plain_one_is_found_and_replaced);
	tcase_add_test(tc, links_are_not_compressed);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
