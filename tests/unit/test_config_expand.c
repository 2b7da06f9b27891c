/* test_config_expand.c - %(name)s: scopes, the environment, and what errors say.  Conversions are
 * compared with Python's in tests/functional/test_config_dialect.py.
 * Runs in: make check. */
#include "base/error.h"
#include "base/util.h"
#include "config/expand.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct expand_name outer_names[] = {
	{ "here", "/etc", 0 },
	{ "program_name", "outer", 0 },
};
static const struct expand_name inner_names[] = {
	{ "program_name", "web", 0 },
	{ "process_num", NULL, 3 },
};
static char *outer_environment[] = { (char *)"HOME=/root", (char *)"EMPTY=", NULL };
static char *inner_environment[] = { (char *)"HOME=/srv", NULL };
static const struct expand_scope outer = { outer_names, ARRAY_LEN(outer_names), outer_environment,
					   NULL };
static const struct expand_scope scope = { inner_names, ARRAY_LEN(inner_names), inner_environment,
					   &outer };

static const struct {
	const char *format, *result;
} good[] = {
	{ "%(here)s/%(program_name)s_%(process_num)02d", "/etc/web_03" },
	{ "%(ENV_HOME)s", "/srv" },
	{ "[%(ENV_EMPTY)s]", "[]" },
	{ "%%(here)s %%", "%(here)s %" },
	{ "", "" },
	{ "%(process_num)s", "3" },
};

START_TEST(expands)
{
	struct error err = { "" };
	char *text = NULL;

	ck_assert_msg(expand(good[_i].format, &scope, &text, &err) == 0, "%s", err.text);
	ck_assert_str_eq(text, good[_i].result);
	free(text);
}
END_TEST

static const struct {
	const char *format, *says;
} bad[] = {
	{ "x %(pogram_name)s",
	  "Format string 'x %(pogram_name)s' contains names ('pogram_name') which cannot be "
	  "expanded. "
	  "Available names: here, process_num, program_name, ENV_NAME for a variable of the "
	  "environment; did you mean %(program_name)s?" },
	{ "%(ENV_HOEM)s", "did you mean %(ENV_HOME)s?" },
	{ "%(zzz)s", "for a variable of the environment" },
	{ "50%",
	  "Format string '50%' is badly formatted: incomplete format; write %% for a percent" },
	{ "date +%F", "the % at index 6 is not followed by (NAME); write %% for a percent sign" },
	{ "%(here", "a \"%(\" is not closed" },
	{ "%(here)", "incomplete format" },
	{ "%(here)y", "unsupported format character 'y' (0x79) at index 7" },
	{ "%(here)d", "%d format: a number is required, and here is a string; use %(here)s" },
	{ "%(here)99999999999s", "a width is too big" },
	{ "%(process_num).99999d", "a width is too big" },
	{ "%(process_num)*d", "a width of * has no number to take" },
};

START_TEST(refuses)
{
	struct error err = { "" };
	char *text = (char *)"untouched";

	ck_assert_int_eq(expand(bad[_i].format, &scope, &text, &err), -1);
	ck_assert_msg(strstr(err.text, bad[_i].says) != NULL, "%s", err.text);
	ck_assert_str_eq(text, "untouched");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_expand");
	TCase *tcase = tcase_create("expand");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, expands, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, refuses, 0, ARRAY_LEN(bad));
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
