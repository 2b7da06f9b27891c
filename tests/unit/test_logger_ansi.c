/* test_logger_ansi.c - escape sequences, cut at every place. */
#include "logger/ansi.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *text, *stripped;
} cases[] = {
	{ "plain text\n", "plain text\n" },
	{ "", "" },
	{ "\033[31mred\033[0m", "red" },
	{ "\033[1;38;5;208mbold\033[m!", "bold!" },
	{ "a\033[2Jb\033[10;20Hc\033[?25ld", "abcd" },
	{ "a\033[0 qb", "ab" },              /* with an intermediate byte */
	{ "\033]0;title\007x", "x" },        /* OSC, ended by BEL */
	{ "\033]8;;http://h/\033\\x", "x" }, /* OSC, ended by ST */
	{ "\033P1$r0m\033\\x", "x" },        /* DCS */
	{ "\033(Bx\0337y\033=z", "xyz" },    /* short ones */
	{ "\033\033[31mx", "x" },            /* one begins in another */
	{ "\033[31\nx", "\nx" },             /* never finished: the line ends it */
	{ "\033]0;title\nx", "\nx" },        /* the same of a string */
	{ "\033]0;title\033[31mx", "x" },    /* or another sequence */
	{ "\033]0;t\xc3\xbctle\007x", "x" }, /* UTF-8 in a title */
	{ "\033[3\xc3\xbc!", "\xc3\xbc!" },  /* no part of a sequence */
	{ "\302\23331m", "\302\23331m" },    /* the one-byte form is left alone */
	{ "x\033", "x" },                    /* nothing behind it */
	{ "x\033[", "x" },
};

START_TEST(every_split)
{
	const char *text = cases[_i].text, *want = cases[_i].stripped;
	size_t len = strlen(text);

	for (size_t first = 0; first <= len; first++) {
		for (size_t second = first; second <= len; second++) {
			const size_t ends[] = { first, second, len };
			struct ansi ansi = { ANSI_TEXT };
			char piece[64], all[64] = "";
			size_t from = 0;

			for (int i = 0; i < 3; i++) {
				size_t n = ends[i] - from;

				memcpy(piece, text + from, n);
				n = ansi_strip(&ansi, piece, n);
				strncat(all, piece, n);
				from = ends[i];
			}
			ck_assert_msg(strcmp(all, want) == 0, "\"%s\" cut at %zu and %zu: \"%s\"",
				      text, first, second, all);
		}
	}
}
END_TEST

START_TEST(bytes_without_escapes_are_kept)
{
	struct ansi ansi = { ANSI_TEXT };
	char all[255], copy[255];

	for (int i = 0, n = 0; i < 256; i++)
		if (i != 0x1b)
			all[n++] = (char)i;
	memcpy(copy, all, sizeof(all));
	ck_assert_uint_eq(ansi_strip(&ansi, copy, sizeof(copy)), sizeof(copy));
	ck_assert_mem_eq(copy, all, sizeof(all));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ansi");
	TCase *tc = tcase_create("ansi");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, every_split, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, bytes_without_escapes_are_kept);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
