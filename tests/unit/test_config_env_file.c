/* test_config_env_file.c - files of KEY=VALUE lines: as systemd reads them, and every complaint.
 * Runs in: make check. */
#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/env_file.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* NULL: it has no value. */
static const struct {
	const char *text, *name, *value;
} right[] = {
	{ "", "A", NULL },
	{ "\n\n  \n", "A", NULL },
	{ "A=1", "A", "1" },
	{ "A=1\n", "A", "1" },
	{ "A=1\r\nB=2\r\n", "A", "1" },
	{ "A=1\nA=2\n", "A", "2" },
	{ "  A  =  two words  \n", "A", "two words" },
	{ "A=\n", "A", "" },
	{ "A=\nB=1\n", "A", "" },
	{ "A=a=b\n", "A", "a=b" },
	{ "# A=1\n; A=2\n  # A=3\n", "A", NULL },
	{ "# goes on \\\nA=1\nB=2", "A", NULL },
	{ "A=x # no comment\n", "A", "x # no comment" },
	{ "A='x  y '\n", "A", "x  y " },
	{ "A=\"x  y \"  \n", "A", "x  y " },
	{ "A='a'\"b\" 'c'\n", "A", "abc" },
	{ "A='a\\n\"'\n", "A", "a\\n\"" },
	{ "A=\"a\\\"b\\\\c\\$d\\`e\\nf\"\n", "A", "a\"b\\c$d`e\\nf" },
	{ "A=\"one\ntwo\"\n", "A", "one\ntwo" },
	{ "A='one\ntwo'\nB=1\n", "B", "1" },
	{ "A=\"one \\\ntwo\"\n", "A", "one two" },
	{ "A=one\\\n two\n", "A", "one two" },
	{ "A=a\\b\\\\c\n", "A", "ab\\c" },
	{ "A=a\\ \n", "A", "a " },
	{ "A=it's\n", "A", "it's" },
	{ "A=$HOME %s %(x)s\n", "A", "$HOME %s %(x)s" },
	{ "A=\xc3\xa9\n", "A", "\xc3\xa9" },
	{ "_a9=1\n", "_a9", "1" },
	{ "A=x\\", "A", "x" },
};

START_TEST(reads)
{
	const char *text = right[_i].text;
	struct error err = { "" };
	char **environment = NULL;
	unsigned line = 0;

	ck_assert_msg(env_file_read(text, strlen(text), &environment, &line, &err) == 0, "%u: %s",
		      line, err.text);
	ck_assert_pstr_eq(strv_getenv(environment, right[_i].name), right[_i].value);
	strv_free(environment);
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
	const char *says;
} wrong[] = {
	{ "A=1\n\nnonsense\n", 3, "\"nonsense\" is not NAME=VALUE" },
	{ "=1\n", 1, "\"\" is not the name of a variable" },
	{ "1A=1\n", 1, "\"1A\" is not the name of a variable" },
	{ "A B=1\n", 1, "\"A B\" is not the name of a variable" },
	{ "A-B=1\n", 1, "use letters, digits and _" },
	{ "export A=1\n", 1, "remove the word export" },
	{ "A=1\nB=\"x\ny\nz\n", 2, "the quote \" is not closed" },
	{ "A='x", 1, "the quote ' is not closed" },
	{ "A=\"1\n2\"\nB\n", 3, "\"B\" is not NAME=VALUE" },
};

START_TEST(refuses)
{
	struct error err = { "" };
	char **environment = NULL;
	unsigned line = 0;

	ck_assert_int_eq(
		env_file_read(wrong[_i].text, strlen(wrong[_i].text), &environment, &line, &err),
		-1);
	ck_assert_msg(strstr(err.text, wrong[_i].says) != NULL, "%s", err.text);
	ck_assert_uint_eq(line, wrong[_i].line);
	strv_free(environment);
}
END_TEST

START_TEST(has_no_nul)
{
	static const char text[] = "A=1\nB=x\0y\n";
	struct error err = { "" };
	char **environment = NULL;
	unsigned line = 0;

	ck_assert_int_eq(env_file_read(text, sizeof(text) - 1, &environment, &line, &err), -1);
	ck_assert_msg(strstr(err.text, "NUL") != NULL, "%s", err.text);
	ck_assert_uint_eq(line, 2);
	strv_free(environment);
}
END_TEST

START_TEST(adds_to_what_is_there)
{
	struct error err = { "" };
	char **environment = NULL;
	unsigned line = 0;

	ck_assert_int_eq(env_file_read("A=1\nB=2\n", 8, &environment, &line, &err), 0);
	ck_assert_int_eq(env_file_read("B=3\nC=4\n", 8, &environment, &line, &err), 0);
	ck_assert_uint_eq(strv_len(environment), 3);
	ck_assert_str_eq(strv_getenv(environment, "B"), "3");
	strv_free(environment);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_env_file");
	TCase *tcase = tcase_create("env_file");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, reads, 0, ARRAY_LEN(right));
	tcase_add_loop_test(tcase, refuses, 0, ARRAY_LEN(wrong));
	tcase_add_test(tcase, has_no_nul);
	tcase_add_test(tcase, adds_to_what_is_there);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
