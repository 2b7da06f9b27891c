/* test_config_words.c - commands, environments and lists, and what errors say.
 * Runs in: make check. */
#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/words.h"

#include <check.h>
#include <string.h>

/* The words with a bar after each. */
static void same(char *const *words, const char *expected)
{
	struct buf joined = { 0 };

	for (size_t i = 0; words && words[i]; i++)
		buf_printf(&joined, "%s|", words[i]);
	ck_assert_str_eq(buf_str(&joined), expected);
	buf_done(&joined);
}

static const struct {
	const char *text, *words;
} commands[] = {
	{ "a", "a|" },
	{ " python -m 'uvicorn x' --fd \"3\" ", "python|-m|uvicorn x|--fd|3|" },
	{ "a '' \"\"", "a|||" },
	{ "a\\ b 'c\\d' \"e\\\"f\\g\"", "a b|c\\d|e\"f\\g|" },
	{ "a\nb #c $d *", "a|b|#c|$d|*|" },
};

START_TEST(command)
{
	struct error err = { "" };
	char **words = NULL;

	ck_assert_msg(words_command(commands[_i].text, &words, &err) == 0, "%s", err.text);
	same(words, commands[_i].words);
	strv_free(words);
}
END_TEST

static const struct {
	const char *text, *says;
} bad_commands[] = {
	{ "", "the command is empty" },
	{ " \t", "the command is empty" },
	{ "a 'b", "No closing quotation: a ' is not closed" },
	{ "a b \"", "No closing quotation: a \" is not closed" },
	{ "a \\", "No escaped character" },
};

START_TEST(bad_command)
{
	struct error err = { "" };
	char **words = NULL;

	ck_assert_int_eq(words_command(bad_commands[_i].text, &words, &err), -1);
	ck_assert_msg(strstr(err.text, bad_commands[_i].says) != NULL, "%s", err.text);
}
END_TEST

static const struct {
	const char *text, *words;
} environments[] = {
	{ "", "" },
	{ " \n", "" },
	{ "A=1", "A=1|" },
	{ "A=1,B=\"x, y\"\n,C='z'", "A=1|B=x, y|C=z|" },
	{ "A=\"say \\\"hi\\\" \\\\ \\n\"", "A=say \"hi\" \\ \\n|" },
	{ "J='{\"a\": \"b\"}'", "J={\"a\": \"b\"}|" },
	{ "A=\"\"", "A=|" },
	{ "A=1,B=2,A=3", "A=3|B=2|" },
	{ "A=é/ü", "A=é/ü|" },
	{ "A=1 # ,B=2\n, C=3", "A=1|C=3|" },
	{ "P=/a:/b,", "P=/a:/b|" },
};

START_TEST(environment)
{
	struct error err = { "" };
	char **words = NULL;

	ck_assert_msg(words_environment(environments[_i].text, &words, &err) == 0, "%s", err.text);
	same(words, environments[_i].words);
	strv_free(words);
}
END_TEST

static const struct {
	const char *text, *says;
} bad_environments[] = {
	{ "A", "no = after A; write A=\"VALUE\"" },
	{ "A=", "no value after A=; write A=\"\" for an empty one" },
	{ "A=,B=1", "no value after A=" },
	{ "A=1 B=2", "after A=1 stands \"B=2\"; separate pairs by commas" },
	{ "A=a@b", "after A=a stands \"@b\"" },
	{ "A=$HOME", "after A=$ stands \"HOME\"" },
	{ "=1", "\"=\" stands where NAME=\"VALUE\" is expected" },
	{ ",A=1", "\",\" stands where" },
	{ "A=\"1", "No closing quotation" },
};

START_TEST(bad_environment)
{
	struct error err = { "" };
	char **words = NULL;

	ck_assert_int_eq(words_environment(bad_environments[_i].text, &words, &err), -1);
	ck_assert_msg(strstr(err.text, bad_environments[_i].says) != NULL, "%s", err.text);
}
END_TEST

static const struct {
	int (*split)(const char *, char ***);
	const char *text, *words;
} lists[] = {
	{ words_list, "", "" },
	{ words_list, " a, b c,,\n d ,", "a|b|c|d|" },
	{ words_blanks, " a,b \n c\t", "a,b|c|" },
	{ words_lines, "", "" },
	{ words_lines, " a b \n\n \t\n c, d", "a b|c, d|" },
	{ words_paths, "/a b:/c , /d\n/e:", "/a b|/c|/d|/e|" },
};

START_TEST(list)
{
	char **words = NULL;

	ck_assert_int_eq(lists[_i].split(lists[_i].text, &words), 0);
	same(words, lists[_i].words);
	strv_free(words);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_words");
	TCase *tcase = tcase_create("words");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, command, 0, ARRAY_LEN(commands));
	tcase_add_loop_test(tcase, bad_command, 0, ARRAY_LEN(bad_commands));
	tcase_add_loop_test(tcase, environment, 0, ARRAY_LEN(environments));
	tcase_add_loop_test(tcase, bad_environment, 0, ARRAY_LEN(bad_environments));
	tcase_add_loop_test(tcase, list, 0, ARRAY_LEN(lists));
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
