/* test_logger_lines.c - lines out of pieces, and long lines in pieces. */
#include "logger/lines.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Each as "[text]", with < for > if the line does not end with it, > for [ if it does not begin. */
static void show(struct buf *out, const struct line *line)
{
	buf_addch(out, line->first ? '[' : '>');
	buf_add(out, line->text, line->len);
	buf_addch(out, line->last ? ']' : '<');
}

static void feed(struct lines *lines, struct buf *out, const char *data, size_t len)
{
	struct line line;

	while (lines_next(lines, &data, &len, &line)) {
		show(out, &line);
		lines_used(lines);
	}
	ck_assert_uint_eq(len, 0);
}

static void flush(struct lines *lines, struct buf *out, bool last)
{
	struct line line;

	if (!lines_flush(lines, last, &line))
		return;
	show(out, &line);
	lines_used(lines);
}

START_TEST(every_split)
{
	static const char text[] = "one\n\ntwo and more\nlast";

	for (size_t first = 0; first < sizeof(text); first++) {
		for (size_t second = first; second < sizeof(text); second++) {
			struct lines lines = { 0 };
			struct buf out = { 0 };

			feed(&lines, &out, text, first);
			feed(&lines, &out, text + first, second - first);
			feed(&lines, &out, text + second, sizeof(text) - 1 - second);
			ck_assert_str_eq(buf_str(&out), "[one][][two and more]");
			flush(&lines, &out, true);
			ck_assert_str_eq(buf_str(&out), "[one][][two and more][last]");
			flush(&lines, &out, true);
			ck_assert_str_eq(buf_str(&out), "[one][][two and more][last]");
			buf_done(&out);
		}
	}
}
END_TEST

/* Lengths about the limit, in one piece and in several, come out whole. */
START_TEST(long_lines)
{
	static const size_t chunks[] = { 1,         1000,          LINES_MAX - 1,
					 LINES_MAX, LINES_MAX + 1, 3 * LINES_MAX };
	size_t len = LINES_MAX + (size_t)_i - 2, pieces = len > LINES_MAX ? 2 : 1;
	char *text = malloc(len + 1);

	memset(text, 'x', len);
	text[len] = '\n';
	for (size_t c = 0; c < sizeof(chunks) / sizeof(chunks[0]); c++) {
		struct lines lines = { 0 };
		struct buf out = { 0 };

		for (size_t at = 0; at <= len; at += chunks[c])
			feed(&lines, &out, text + at,
			     len + 1 - at < chunks[c] ? len + 1 - at : chunks[c]);
		ck_assert_uint_eq(out.len, len + 2 * pieces);
		ck_assert_int_eq(out.data[0], '[');
		ck_assert_int_eq(out.data[out.len - 1], ']');
		if (pieces == 2)
			ck_assert_ptr_nonnull(strstr(out.data, "<>"));
		ck_assert_uint_eq(lines.partial.len, 0);
		buf_done(&out);
		buf_done(&lines.partial);
	}
	free(text);
}
END_TEST

/* A piece does not end within a character, whatever its place. */
START_TEST(characters_stay_whole)
{
	struct lines lines = { 0 };
	struct buf text = { 0 }, out = { 0 };

	for (int i = 0; i < _i; i++)
		buf_addch(&text, 'x');
	while (text.len < 3 * LINES_MAX)
		buf_addstr(&text, "\xf0\x9f\x8e\x89\xc3\xbc\xe2\x82\xac");
	feed(&lines, &out, text.data, text.len);
	flush(&lines, &out, false);
	for (const char *at = out.data; (at = strchr(at, '<')); at++) {
		ck_assert_int_ne((unsigned char)at[1] & 0xc0, 0x80);
		ck_assert(at[1] == '\0' || ((unsigned char)at[2] & 0xc0) != 0x80);
	}
	buf_done(&text);
	buf_done(&out);
	buf_done(&lines.partial);
}
END_TEST

/* Memory is bounded, whatever comes. */
START_TEST(gigabyte_line)
{
	static char chunk[65536];
	struct lines lines = { 0 };
	size_t total = 0;

	memset(chunk, 0x80, sizeof(chunk)); /* no place to cut at, either */
	for (int i = 0; i < 16384; i++) {
		const char *data = chunk;
		size_t len = sizeof(chunk);
		struct line line;

		while (lines_next(&lines, &data, &len, &line)) {
			ck_assert_uint_le(line.len, LINES_MAX);
			total += line.len;
			lines_used(&lines);
		}
		ck_assert_uint_le(lines.partial.cap, 4 * LINES_MAX);
	}
	ck_assert_uint_ge(total + LINES_MAX, (size_t)1 << 30);
	buf_done(&lines.partial);
}
END_TEST

START_TEST(whole)
{
	char *text = malloc(2 * LINES_MAX);

	memset(text, 'x', 2 * LINES_MAX);
	ck_assert_uint_eq(lines_whole("", 0), 0);
	ck_assert_uint_eq(lines_whole("half", 4), 0);
	ck_assert_uint_eq(lines_whole("one\ntwo\nhalf", 12), 8);
	ck_assert_uint_eq(lines_whole(text, LINES_MAX), 0);
	ck_assert_uint_eq(lines_whole(text, LINES_MAX + 1), LINES_MAX);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lines");
	TCase *tc = tcase_create("lines");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, every_split);
	tcase_add_loop_test(tc, long_lines, 0, 5);
	tcase_add_loop_test(tc, characters_stay_whole, 0, 10);
	tcase_add_test(tc, gigabyte_line);
	tcase_add_test(tc, whole);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
