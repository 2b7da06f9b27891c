/* test_report_source.c - source lines are found, in whatever file there is.
 * Runs in: make check. */
#include "report_sample.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

static void make_directory(void)
{
	strcpy(directory, "/tmp/report_source.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static char *in_directory(const char *name)
{
	char *path;

	ck_assert_int_gt(asprintf(&path, "%s/%s", directory, name), 0);
	return path;
}

static void remove_directory(void)
{
	static const char *const names[] = { "a.py", "fifo.py", "b0.py" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CLEANUP_FREE char *path = in_directory(names[i]);

		unlink(path);
	}
	for (int i = 0; i < 40; i++) {
		char name[16];
		CLEANUP_FREE char *path = NULL;

		snprintf(name, sizeof(name), "b%d.py", i);
		path = in_directory(name);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(directory), 0);
}

static char *write_file(const char *name, const char *text)
{
	char *path = in_directory(name);
	CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
	return path;
}

static const struct {
	const char *text;
	unsigned line;
	const char *source; /* NULL: none */
} cases[] = {
	{ "one\ntwo\n", 1, "one" },
	{ "one\ntwo", 2, "two" },
	{ "one\ntwo\n", 3, NULL },
	{ "one\n", 0, NULL },
	{ "one\r\n  two\t\r\nthree", 2, "two" },
	{ "one\rtwo\rthree", 3, "three" },
	{ "one\n\nthree\n", 2, "" },
	{ "\f\tx = 1  \n", 1, "x = 1" },
	{ "x = 'gr\xc3\xbc\xc3\x9f'\n", 1, "x = 'gr\xc3\xbc\xc3\x9f'" },
	{ "x = '\xe9'\n", 1, "x = '\\xe9'" },
	{ "# -*- coding: latin-1 -*-\nx = '\xe9'\n", 2, "x = '\xc3\xa9'" },
	{ "#!/usr/bin/python3\n# vim: set fileencoding=iso-8859-1 :\nx = '\xe9'\n", 3,
	  "x = '\xc3\xa9'" },
	{ "# coding: iso-8859-15\nx = '\xa4'\n", 2, "x = '\\xa4'" },
	{ "1\n2\n# coding: latin-1\nx = '\xe9'\n", 4, "x = '\\xe9'" },
	{ "", 1, NULL },
};

START_TEST(lines)
{
	struct report report;
	CLEANUP_FREE char *path = write_file("a.py", cases[_i].text);
	struct finding *finding;

	sample_init(&report);
	finding = sample_add(&report, "fd", "file", "/x");
	sample_frame(&finding->stack, path, cases[_i].line, "f", NULL);
	ck_assert_int_eq(report_fill_sources(&report), 0);
	if (cases[_i].source)
		ck_assert_str_eq(finding->stack.frames[0].source, cases[_i].source);
	else
		ck_assert_ptr_null(finding->stack.frames[0].source);
	report_done(&report);
}
END_TEST

START_TEST(everywhere_in_the_report)
{
	struct report report;
	CLEANUP_FREE char *path = write_file("a.py", "first\nsecond\nthird\n");
	struct finding *finding;
	struct report_origin *origin;
	struct report_thread *thread;
	struct report_error *error;

	sample_init(&report);
	free(report.cwd);
	report.cwd = strdup(directory);
	finding = sample_add(&report, "fd", "file", "/x");
	sample_frame(&finding->stack, "a.py", 1, "f", NULL); /* relative to cwd */
	sample_frame(&finding->stack, path, 1, "f", "kept");
	origin = report_add_origin(finding, 3, "dup");
	sample_frame(&origin->stack, path, 2, "f", NULL);
	error = report_set_error(&report, "import", "timeout", "");
	sample_frame(&error->stack, path, 3, "f", NULL);
	thread = report_add_thread(error, "MainThread", 1);
	sample_frame(&thread->stack, path, 1, "f", NULL);
	ck_assert_int_eq(report_fill_sources(&report), 0);
	ck_assert_str_eq(finding->stack.frames[0].source, "first");
	ck_assert_str_eq(finding->stack.frames[1].source, "kept");
	ck_assert_str_eq(origin->stack.frames[0].source, "second");
	ck_assert_str_eq(error->stack.frames[0].source, "third");
	ck_assert_str_eq(thread->stack.frames[0].source, "first");
	report_done(&report);
}
END_TEST

START_TEST(more_files_than_are_kept)
{
	struct report report;
	struct finding *finding;

	sample_init(&report);
	finding = sample_add(&report, "fd", "file", "/x");
	for (int i = 0; i < 80; i++) {
		char name[16], text[64];
		CLEANUP_FREE char *path = NULL;

		snprintf(name, sizeof(name), "b%d.py", i % 40);
		snprintf(text, sizeof(text), "\nline of file %d\n", i % 40);
		path = write_file(name, text);
		sample_frame(&finding->stack, path, 2, "f", NULL);
	}
	ck_assert_int_eq(report_fill_sources(&report), 0);
	for (int i = 0; i < 80; i++) {
		char text[64];

		snprintf(text, sizeof(text), "line of file %d", i % 40);
		ck_assert_str_eq(finding->stack.frames[i].source, text);
	}
	report_done(&report);
}
END_TEST

/* Whatever a frame calls its file: no blocking, no failure, no source. */
START_TEST(no_sources)
{
	struct report report;
	struct finding *finding;
	CLEANUP_FREE char *fifo = in_directory("fifo.py");
	const char *const files[] = {
		fifo,          "/nonexistent/x.py", "/dev/zero",      directory,
		"<frozen os>", "relative/x.py",     "/proc/self/mem", ""
	};

	sample_init(&report);
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	finding = sample_add(&report, "fd", "file", "/x");
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		sample_frame(&finding->stack, files[i], 1, "f", NULL);
	ck_assert_int_eq(report_fill_sources(&report), 0);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		ck_assert_ptr_null(finding->stack.frames[i].source);
	report_done(&report);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/source");
	TCase *tc = tcase_create("source");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, make_directory, remove_directory);
	tcase_add_loop_test(tc, lines, 0, ARRAY_LEN(cases));
	tcase_add_test(tc, everywhere_in_the_report);
	tcase_add_test(tc, more_files_than_are_kept);
	tcase_add_test(tc, no_sources);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
