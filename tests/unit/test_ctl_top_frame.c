/* test_ctl_top_frame.c - what `top` shows, on screens of every size. */
#include "ctl/top_frame.h"

#include "base/buf.h"
#include "ctl/usage.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((int64_t)1 << 20)

static struct usage_line lines[] = {
	{ .name = (char *)"web:wéb_0",
	  .state = "RUNNING",
	  .run_state = "R",
	  .pid = 1234567,
	  .threads = 12,
	  .restarts = 3,
	  .rss = 2000 * MIB,
	  .pss = 300 * MIB,
	  .private = 30 * MIB,
	  .uptime = 4000,
	  .cpu = 150.04 },
	{ .name = (char *)"zygote:app",
	  .state = "IMPORTING",
	  .is_zygote = true,
	  .run_state = "S",
	  .pid = 8,
	  .threads = 2,
	  .rss = 50 * MIB,
	  .pss = -1,
	  .private = -1,
	  .uptime = 0.5,
	  .cpu = 0 },
	{ .name = (char *)"off",
	  .state = "STOPPED",
	  .run_state = "",
	  .threads = -1,
	  .rss = -1,
	  .pss = -1,
	  .private = -1,
	  .uptime = -1,
	  .cpu = -1 },
};
static const struct usage usage = { NULL, lines, 3 };

static const char whole[] =
	"forkserver  12:34:56  load 0.00 0.00 0.00, 0 CPUs\n"
	"2 processes: 1 RUNNING, 1 STOPPED  1 zygote: 1 IMPORTING\n"
	"CPU 150.0 %  memory 300.0 MiB (PSS), of it private 30.0, 1 not measured\n"
	"\n"
	"STATE     S     PID  CPU% THR RSS/MiB PSS/MiB   PRIV   UPTIME RST NAME\n"
	"RUNNING   R 1234567 150.0  12  2000.0   300.0   30.0  1:06:40   3 web:wéb_0\n"
	"IMPORTING S       8   0.0   2    50.0       -      -     0:00   0 zygote:app\n"
	"STOPPED   -       -     -   -       -       -      -        -   0 off";

START_TEST(all_of_it)
{
	struct top_view view = { .clock = "12:34:56" };
	struct buf text = { 0 };

	top_frame(&text, &usage, &view);
	ck_assert_str_eq(buf_str(&text), whole);
	buf_done(&text);
}
END_TEST

static size_t characters(const char *line, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)line[i] & 0xc0) != 0x80;
	return n;
}

/* Every line fits, and so do the lines; no character is cut in two. */
START_TEST(every_size)
{
	for (int width = 1; width < 100; width++) {
		for (int height = 6; height < 12; height++) {
			struct top_view view = { width, height, "12:34:56", false };
			struct buf text = { 0 };
			int n = 1;

			top_frame(&text, &usage, &view);
			for (const char *at = buf_str(&text); *at; n++) {
				size_t len = strcspn(at, "\n");

				ck_assert_uint_le(characters(at, len), (size_t)width);
				ck_assert(len == 0 || at[len - 1] != '\xc3');
				at += len;
				if (!*at++)
					break;
			}
			ck_assert_int_eq(n, height < 8 ? height : 8);
			buf_done(&text);
		}
	}
}
END_TEST

START_TEST(heading_stands_out)
{
	struct top_view view = { 20, 24, "12:34:56", true };
	struct buf text = { 0 };

	top_frame(&text, &usage, &view);
	ck_assert_ptr_nonnull(strstr(buf_str(&text), "\n\n\033[7mSTATE     S     PID \033[0m\n"));
	buf_done(&text);
}
END_TEST

START_TEST(durations)
{
	static const struct {
		double seconds;
		const char *text;
	} table[] = {
		{ -1, "       -" },    { 0, "    0:00" },      { 7.9, "    0:07" },
		{ 3599, "   59:59" },  { 3600, " 1:00:00" },   { 86399, "23:59:59" },
		{ 86400, "   1d00h" }, { 273600, "   3d04h" }, { 1e9, "11574d01h" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct buf text = { 0 };

		top_add_duration(&text, 8, table[i].seconds);
		ck_assert_str_eq(buf_str(&text), table[i].text);
		buf_done(&text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ctl/top_frame");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, all_of_it);
	tcase_add_test(tc, every_size);
	tcase_add_test(tc, heading_stands_out);
	tcase_add_test(tc, durations);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
