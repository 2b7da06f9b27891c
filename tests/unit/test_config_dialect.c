/* test_config_dialect.c - where options and errors are, and what merges.  That values are read as
 * Python reads them is compared with Python in tests/functional/test_config_dialect.py.
 * Runs in: make check. */
#include "base/buf.h"
#include "base/util.h"
#include "config/dialect.h"
#include "config/notes.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct dialect dialect;
static struct buf text;
static struct notes notes;

static void start(void)
{
	memset(&dialect, 0, sizeof(dialect));
	memset(&text, 0, sizeof(text));
	notes = (struct notes){ .text = &text };
}

static void stop(void)
{
	dialect_done(&dialect);
	buf_done(&text);
}

static int read_text(const char *file, const char *input)
{
	return dialect_read(&dialect, file, input, strlen(input), &notes);
}

static const char *value(const char *section, const char *name)
{
	const struct dialect_section *s = dialect_find(&dialect, section);
	const struct dialect_option *option = s ? dialect_get(&dialect, s, name) : NULL;

	return option ? buf_str(&option->value) : NULL;
}

START_TEST(remembers_places)
{
	const struct dialect_section *section;
	const struct dialect_option *option;

	ck_assert_int_eq(read_text("main", "; one\n[a]\n\nx=1\n  more\ny=2\n"), 0);
	section = dialect_find(&dialect, "a");
	ck_assert_ptr_nonnull(section);
	ck_assert_uint_eq(section->line, 2);
	ck_assert_str_eq(section->file, "main");
	option = dialect_get(&dialect, section, "y");
	ck_assert_uint_eq(option->line, 6);
	ck_assert_ptr_null(dialect_get(&dialect, section, "z"));
	ck_assert_ptr_null(dialect_find(&dialect, "A"));
}
END_TEST

START_TEST(merges_files)
{
	const struct dialect_section *section;
	const struct dialect_option *option;

	ck_assert_int_eq(read_text("main", "[a]\nx=1\ny=2\n"), 0);
	ck_assert_int_eq(read_text("extra", "\n[a]\ny=3\n  4\nz=5\n[b]\n"), 0);
	ck_assert_uint_eq(dialect.nsections, 2);
	section = dialect_find(&dialect, "a");
	ck_assert_str_eq(section->file, "main");
	option = dialect_get(&dialect, section, "y");
	ck_assert_str_eq(buf_str(&option->value), "3\n4");
	ck_assert_str_eq(option->file, "extra");
	ck_assert_uint_eq(option->line, 3);
	ck_assert_str_eq(value("a", "x"), "1");
	ck_assert_str_eq(dialect_find(&dialect, "b")->file, "extra");
}
END_TEST

START_TEST(defaults_apply)
{
	ck_assert_int_eq(read_text("main", "[a]\nx=own\n[DEFAULT]\nx=1\ny=2\n[b]\n"), 0);
	ck_assert_str_eq(value("a", "x"), "own");
	ck_assert_str_eq(value("a", "y"), "2");
	ck_assert_str_eq(value("b", "x"), "1");
	ck_assert_ptr_null(dialect_find(&dialect, "DEFAULT"));
}
END_TEST

/* What inih as Debian builds it would cut. */
START_TEST(any_length)
{
	enum { LEN = 100000 };
	struct buf input = { 0 };
	char *name = malloc(LEN + 1);

	ck_assert_ptr_nonnull(name);
	memset(name, 'n', LEN);
	name[LEN] = '\0';
	buf_printf(&input, "[%s]\n%s = %s\n  %s\n", name, name, name, name);
	ck_assert_int_eq(read_text("main", buf_str(&input)), 0);
	ck_assert_uint_eq(strlen(value(name, name)), 2 * LEN + 1);
	buf_done(&input);
	free(name);
}
END_TEST

static const struct {
	const char *input;
	unsigned errors;
	const char *says;
} bad[] = {
	{ "x=1\ny=2\n[a]\nz=3\n", 1, "Error: F:1: \"x=1\" stands before the first section" },
	{ "[a]\nx\ny\nz=3\n", 2, "Error: F:3: [a] \"y\" has no value; write \"name = value\"" },
	{ "[a]\n=1\n", 1, "Error: F:2: [a] there is no name before \"=\"" },
	{ "\n[]\n", 1, "Error: F:2: \"[]\" stands before the first section" },
	{ "[a]\n[b\n", 1, "Error: F:2: [a] \"[b\" has no value" },
	{ "[a\nx=1\n", 1, "Error: F:1: \"[a\" has no closing \"]\"" },
	{ "\xef\xbb\xbf[a]\nz=3\n", 1, "Error: F:1: the file begins with a byte order mark" },
	{ "[a]\nz=3\n\tb\x1b\n[c]\nv\x1b\n", 1, "Error: F:5: [c] \"v\\x1b\" has no value" },
};

START_TEST(refuses)
{
	ck_assert_int_eq(read_text("F", bad[_i].input), -1);
	ck_assert_uint_eq(notes.errors, bad[_i].errors);
	ck_assert_msg(strstr(buf_str(&text), bad[_i].says) != NULL, "%s", buf_str(&text));
}
END_TEST

/* A key and a value, but hardly meant so. */
START_TEST(header_without_end)
{
	ck_assert_int_eq(read_text("F", "[a]\n[b:c\nx=1\n"), 0);
	ck_assert_str_eq(value("a", "x"), "1");
	ck_assert_msg(
		strstr(buf_str(&text),
		       "Warning: F:2: [a] \"[b:c\" has no closing \"]\", so it is no section"),
		"%s", buf_str(&text));
}
END_TEST

START_TEST(refuses_nul)
{
	static const char input[] = "[a]\nx=1\0y=2\n";

	ck_assert_int_eq(dialect_read(&dialect, "F", input, sizeof(input) - 1, &notes), -1);
	ck_assert_ptr_nonnull(strstr(buf_str(&text), "F:2: the line holds a NUL byte"));
}
END_TEST

/* What could be read is there although something was wrong. */
START_TEST(goes_on)
{
	ck_assert_int_eq(read_text("F", "oops\n[a]\nx\ny=1\n"), -1);
	ck_assert_uint_eq(notes.errors, 2);
	ck_assert_str_eq(value("a", "y"), "1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_dialect");
	TCase *tcase = tcase_create("dialect");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, start, stop);
	tcase_add_test(tcase, remembers_places);
	tcase_add_test(tcase, merges_files);
	tcase_add_test(tcase, defaults_apply);
	tcase_add_test(tcase, any_length);
	tcase_add_loop_test(tcase, refuses, 0, ARRAY_LEN(bad));
	tcase_add_test(tcase, header_without_end);
	tcase_add_test(tcase, refuses_nul);
	tcase_add_test(tcase, goes_on);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
