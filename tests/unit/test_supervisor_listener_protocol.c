/* test_supervisor_listener_protocol.c - what listeners say, however the bytes come. */
#include "supervisor/listener_protocol.h"

#include "base/util.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* A conversation as letters: r asked, + done, - refused, ! bad line, ? noise.  An event is sent
 * whenever one is asked for and bytes have run out (as the supervisor does) or at a '>' in the
 * script, which is no byte. */
struct row {
	const char *said;
	const char *steps;
	enum listener_state end;
};

#define LINE_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct row rows[] = {
	{ "", "", LISTENER_ACKNOWLEDGED },
	{ "READY", "", LISTENER_ACKNOWLEDGED },
	{ "READY\n", "r", LISTENER_READY },
	{ "READY\r\n", "?", LISTENER_UNKNOWN },
	{ "READX\n", "?", LISTENER_UNKNOWN },
	{ "foo\n", "", LISTENER_ACKNOWLEDGED }, /* six bytes are judged, not four */
	{ "foo\nba", "?", LISTENER_UNKNOWN },
	{ "READY\nx", "r?", LISTENER_UNKNOWN },
	{ "READY\nREADY\n", "r?", LISTENER_UNKNOWN },
	{ "READY\n>RESULT 2\nOK", "r+", LISTENER_ACKNOWLEDGED },
	{ "READY\n>RESULT 2\nOKREADY\n", "r+r", LISTENER_READY },
	{ "READY\n>RESULT 2\nOKREADY\n>RESULT 4\nFAILREADY\n", "r+r-r", LISTENER_READY },
	{ "READY\n>RESULT 2\nOKgarbage", "r+?", LISTENER_UNKNOWN },
	{ "READY\n>RESULT 2\nO", "r", LISTENER_BUSY },
	{ "READY\n>RESULT 2\nok", "r-", LISTENER_ACKNOWLEDGED },
	{ "READY\n>RESULT 1\nO", "r-", LISTENER_ACKNOWLEDGED },
	{ "READY\n>RESULT 3\nOK\n", "r-", LISTENER_ACKNOWLEDGED },
	{ "READY\n>RESULT 3\nOK\nREADY\n", "r-r", LISTENER_READY },
	{ "READY\n>RESULT 0\n", "r-", LISTENER_ACKNOWLEDGED },
	{ "READY\n>RESULT 0\nREADY\n", "r-r", LISTENER_READY },
	{ "READY\n>RESULT 64\n" LINE_64 "READY\n", "r-r", LISTENER_READY },
	{ "READY\n>RESULT 10000000000\n" LINE_64 LINE_64, "r", LISTENER_BUSY },
	{ "READY\n>RESULT 99999999999999999999999999\nOK", "r", LISTENER_BUSY },
	{ "READY\n>RESULT\n", "r!", LISTENER_UNKNOWN },
	{ "READY\n>RESULT \n", "r!", LISTENER_UNKNOWN },
	{ "READY\n>\n", "r!", LISTENER_UNKNOWN },
	{ "READY\n>RESULT x\n", "r!", LISTENER_UNKNOWN },
	{ "READY\n>RESULT 2x\nOK", "r!", LISTENER_UNKNOWN },
	{ "READY\n>RESULT -2\nOK", "r!", LISTENER_UNKNOWN },
	{ "READY\n>RESULT 0x2\nOK", "r!", LISTENER_UNKNOWN },
	{ "READY\n>READY\nREADY\n", "r!", LISTENER_UNKNOWN },
	/* what Python's int() takes, and a first word that nobody reads */
	{ "READY\n>RESULT 2\r\nOK", "r+", LISTENER_ACKNOWLEDGED },
	{ "READY\n>RESULT  +2 \nOK", "r+", LISTENER_ACKNOWLEDGED },
	{ "READY\n>RESULT 0002\nOK", "r+", LISTENER_ACKNOWLEDGED },
	{ "READY\n>RESULT 0_2\nOK", "r+", LISTENER_ACKNOWLEDGED },
	{ "READY\n>RESULT _2\nOK", "r!", LISTENER_UNKNOWN },
	{ "READY\n>RESULT 2_\nOK", "r!", LISTENER_UNKNOWN },
	{ "READY\n>RESULT 0__2\nOK", "r!", LISTENER_UNKNOWN },
	{ "READY\n>RESULT + 2\nOK", "r!", LISTENER_UNKNOWN },
	{ "READY\n>ANSWER:2\nOK", "r+", LISTENER_ACKNOWLEDGED },
	{ "READY\n>RESULT 2\nOKREADY\n>x\n", "r+r!", LISTENER_UNKNOWN },
};

struct talk {
	struct listener_protocol protocol;
	char steps[16];
	size_t n;
};

static const char letters[] = {
	[LISTENER_WAITS] = 0,     [LISTENER_ASKED] = 'r',    [LISTENER_DONE] = '+',
	[LISTENER_REFUSED] = '-', [LISTENER_BAD_LINE] = '!', [LISTENER_NOISE] = '?',
};
_Static_assert(ARRAY_LEN(letters) == LISTENER_NSTEPS, "a letter for every step");

static void say(struct talk *talk, const char *data, size_t len)
{
	while (len) {
		size_t used = 0;
		enum listener_step step = listener_protocol_feed(&talk->protocol, data, len, &used);

		ck_assert_uint_ge(used, 1);
		ck_assert_uint_le(used, len);
		if (letters[step])
			talk->steps[talk->n++] = letters[step];
		ck_assert_uint_lt(talk->n, sizeof(talk->steps));
		data += used;
		len -= used;
	}
}

/* Says it in pieces that end where `cut` says: after every byte, nowhere, or after byte number cut.
 */
static void converse(struct talk *talk, const char *said, size_t cut)
{
	size_t begin = 0, len = strlen(said);

	memset(talk, 0, sizeof(*talk));
	listener_protocol_reset(&talk->protocol);
	for (size_t i = 0; i <= len; i++) {
		bool send = said[i] == '>';

		if (send || i == len || cut == i || cut == SIZE_MAX) {
			say(talk, said + begin, i - begin);
			begin = i + send;
		}
		if (send) {
			ck_assert_int_eq(talk->protocol.state, LISTENER_READY);
			listener_protocol_sent(&talk->protocol);
			ck_assert_int_eq(talk->protocol.state, LISTENER_BUSY);
		}
	}
}

static void check_row(const struct row *row, size_t cut)
{
	struct talk talk;

	converse(&talk, row->said, cut);
	ck_assert_msg(strcmp(talk.steps, row->steps) == 0, "\"%s\" cut at %zu: %s, not %s",
		      row->said, cut, talk.steps, row->steps);
	ck_assert_msg(talk.protocol.state == row->end, "\"%s\" cut at %zu ends in %s", row->said,
		      cut, listener_state_name(talk.protocol.state));
}

START_TEST(every_split)
{
	const struct row *row = &rows[_i];

	check_row(row, SIZE_MAX);
	for (size_t cut = 0; cut <= strlen(row->said); cut++)
		check_row(row, cut);
}
END_TEST

START_TEST(bad_line_is_kept)
{
	struct talk talk;

	converse(&talk, "READY\n>what is \xff this\nREADY\n", 0);
	ck_assert_uint_eq(talk.protocol.len, strlen("what is \xff this"));
	ck_assert_mem_eq(talk.protocol.line, "what is \xff this", talk.protocol.len);
}
END_TEST

START_TEST(long_line)
{
	char line[2 * LISTENER_LINE_MAX];
	struct listener_protocol protocol;
	size_t used;

	memset(line, '0', sizeof(line));
	memcpy(line, "RESULT ", 7);
	/* the longest that fits is a number like any other */
	listener_protocol_sent(&protocol);
	ck_assert_int_eq(listener_protocol_feed(&protocol, line, LISTENER_LINE_MAX, &used),
			 LISTENER_WAITS);
	ck_assert_int_eq(listener_protocol_feed(&protocol, "\n", 1, &used), LISTENER_REFUSED);
	/* one more is no line */
	for (size_t step = 1; step <= sizeof(line); step++) {
		enum listener_step got = LISTENER_WAITS;

		listener_protocol_sent(&protocol);
		for (size_t at = 0; at < sizeof(line) && got == LISTENER_WAITS; at += used) {
			size_t len = sizeof(line) - at < step ? sizeof(line) - at : step;

			got = listener_protocol_feed(&protocol, line + at, len, &used);
			ck_assert_uint_ge(used, 1);
		}
		ck_assert_int_eq(got, LISTENER_BAD_LINE);
		ck_assert_uint_eq(protocol.len, LISTENER_LINE_MAX);
	}
}
END_TEST

START_TEST(endless_result)
{
	static char data[1 << 20];
	struct listener_protocol protocol;
	size_t used;

	memset(data, 'x', sizeof(data));
	listener_protocol_sent(&protocol);
	ck_assert_int_eq(listener_protocol_feed(&protocol, "RESULT 10000000000\n", 19, &used),
			 LISTENER_WAITS);
	for (uint64_t at = 0; at < UINT64_C(10000000000); at += used) {
		uint64_t left = UINT64_C(10000000000) - at;
		size_t len = left < sizeof(data) ? (size_t)left : sizeof(data);
		enum listener_step step = listener_protocol_feed(&protocol, data, len, &used);

		ck_assert_int_eq(step, left == len ? LISTENER_REFUSED : LISTENER_WAITS);
	}
	ck_assert_int_eq(protocol.state, LISTENER_ACKNOWLEDGED);
}
END_TEST

START_TEST(unknown_is_for_good)
{
	struct talk talk;

	converse(&talk, "garbage\nREADY\nRESULT 2\nOKREADY\n", 0);
	ck_assert_str_eq(talk.steps, "?");
	ck_assert_int_eq(talk.protocol.state, LISTENER_UNKNOWN);
	listener_protocol_reset(&talk.protocol);
	say(&talk, "READY\n", 6);
	ck_assert_str_eq(talk.steps, "?r");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/listener_protocol");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, every_split, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, bad_line_is_kept);
	tcase_add_test(tc, long_line);
	tcase_add_test(tc, endless_result);
	tcase_add_test(tc, unknown_is_for_good);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
