/* test_logger_capture.c - what stands between the tags, cut at every place. */
#include "logger/capture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define B CAPTURE_BEGIN
#define E CAPTURE_END

static const struct {
	const char *text, *outside, *captured; /* captures end in '|' */
} cases[] = {
	{ "nothing", "nothing", "" },
	{ "a" B "in" E "b", "ab", "in|" },
	{ B E, "", "|" },
	{ "a" B "one" E "b" B "two" E "c", "abc", "one|two|" },
	{ "a" B "one" B "two" E "b", "ab", "one" B "two|" }, /* no tag in there */
	{ "a" E "b", "a" E "b", "" },
	{ "a<!--XSUPER<!--XSUPERVISOR:BEGIN-->in" E, "a<!--XSUPER", "in|" },
	{ "<<<!--" B "<!--XSUPERVISOR:EN" E "x", "<<<!--x", "<!--XSUPERVISOR:EN|" },
	{ "a" B "never ended", "a", "" },
	{ "ends in the middle <!--XSUPERVISOR:BEG", "ends in the middle <!--XSUPERVISOR:BEG", "" },
};

/* As a stream does it: what is not dealt with comes again. */
static void run(const char *text, size_t first, size_t second, char *outside, char *captured)
{
	const size_t ends[] = { first, second, strlen(text) };
	struct capture capture = { 0 };
	size_t from = 0;

	for (int i = 0; i < 3; i++) {
		while (from < ends[i]) {
			size_t len;
			bool tag;
			size_t used = capture_find(&capture, text + from, ends[i] - from,
						   ends[i] == strlen(text), &len, &tag);

			if (used == 0)
				break;
			if (capture.on)
				capture_keep(&capture, text + from, len, 1000);
			else
				strncat(outside, text + from, len);
			from += used;
			if (tag && capture.on) {
				strcat(strcat(captured, buf_str(&capture.text)), "|");
				capture_reset(&capture);
			} else if (tag) {
				capture.on = true;
			}
		}
	}
	ck_assert_uint_eq(from, strlen(text));
	capture_reset(&capture);
}

START_TEST(every_split)
{
	const char *text = cases[_i].text;

	for (size_t first = 0; first <= strlen(text); first++) {
		for (size_t second = first; second <= strlen(text); second++) {
			char outside[256] = "", captured[256] = "";

			run(text, first, second, outside, captured);
			ck_assert_str_eq(outside, cases[_i].outside);
			ck_assert_str_eq(captured, cases[_i].captured);
		}
	}
}
END_TEST

START_TEST(last_bytes_are_kept)
{
	struct capture capture = { .on = true };

	for (int i = 0; i < 1000; i++)
		capture_keep(&capture, "0123456789", 10, 25);
	ck_assert_uint_le(capture.text.len, 50); /* never much more than that */
	capture_trim(&capture, 25);
	ck_assert_str_eq(buf_str(&capture.text), "5678901234567890123456789");
	capture_reset(&capture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("capture");
	TCase *tc = tcase_create("capture");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, every_split, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, last_bytes_are_kept);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
