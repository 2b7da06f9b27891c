/* test_supervisor_event_payload.c - payloads as supervisord's events.py writes them. */
#include "supervisor/event_payload.h"

#include "base/buf.h"
#include "base/util.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	enum process_state to;
	const char *extra;
} states[] = {
	{ PROCESS_STARTING, " tries:2" },
	{ PROCESS_BACKOFF, " tries:2" },
	{ PROCESS_RUNNING, " pid:41" },
	{ PROCESS_STOPPING, " pid:41" },
	{ PROCESS_STOPPED, " pid:41" },
	{ PROCESS_EXITED, " expected:1 pid:41" },
	{ PROCESS_FATAL, "" },
	{ PROCESS_UNKNOWN, "" },
};
_Static_assert(ARRAY_LEN(states) == PROCESS_NSTATES, "every state");

START_TEST(process_states)
{
	struct state_payload what = { .process = "web_1",
				      .group = "web",
				      .from = PROCESS_BACKOFF,
				      .to = states[_i].to,
				      .tries = 2,
				      .expected = true,
				      .pid = 41 };
	struct buf buf = { 0 };

	payload_state(&buf, &what);
	ck_assert_int_eq(
		strncmp(buf.data, "processname:web_1 groupname:web from_state:BACKOFF", 50), 0);
	ck_assert_str_eq(buf.data + 50, states[_i].extra);
	buf_done(&buf);
}
END_TEST

START_TEST(unexpected)
{
	struct state_payload what = { .process = "p",
				      .group = "g",
				      .from = PROCESS_RUNNING,
				      .to = PROCESS_EXITED,
				      .pid = 7 };
	struct buf buf = { 0 };

	payload_state(&buf, &what);
	ck_assert_str_eq(buf.data, "processname:p groupname:g from_state:RUNNING expected:0 pid:7");
	buf_done(&buf);
}
END_TEST

START_TEST(others)
{
	struct buf buf = { 0 };

	payload_group(&buf, "web");
	ck_assert_str_eq(buf.data, "groupname:web\n");
	buf_clear(&buf);
	payload_remote(&buf, "news", "two\nlines", 9);
	ck_assert_str_eq(buf.data, "type:news\ntwo\nlines");
	buf_clear(&buf);
	payload_tick(&buf, 1790000005);
	ck_assert_str_eq(buf.data, "when:1790000005");
	buf_clear(&buf);
	payload_output(&buf, "p", "g", 12, "stderr");
	payload_bytes(&buf, "line\n", 5);
	ck_assert_str_eq(buf.data, "processname:p groupname:g pid:12 channel:stderr\nline\n");
	buf_clear(&buf);
	payload_output(&buf, "p", "g", 12, NULL);
	payload_bytes(&buf, "", 0);
	ck_assert_str_eq(buf.data, "processname:p groupname:g pid:12\n");
	buf_done(&buf);
}
END_TEST

#define TEXT(bytes) bytes, sizeof(bytes) - 1

/* The right column is Python's: 'Undecodable: %r' % bytes. */
static const struct {
	const char *bytes;
	size_t len;
	const char *text; /* NULL: as it is */
	size_t characters;
} outputs[] = {
	{ TEXT("plain"), NULL, 5 },
	{ TEXT("nul \0 inside"), NULL, 12 },
	{ TEXT("\xc3\xa9t\xc3\xa9"), NULL, 3 },
	{ TEXT("\xf0\x9f\x98\x80"), NULL, 1 },
	{ TEXT("\xf4\x8f\xbf\xbf"), NULL, 1 },
	{ TEXT("\xff"), "Undecodable: b'\\xff'", 20 },
	{ TEXT("half \xc3"), "Undecodable: b'half \\xc3'", 25 },
	{ TEXT("half \xf0\x9f\x98"), "Undecodable: b'half \\xf0\\x9f\\x98'", 33 },
	{ TEXT("\xc0\x80"), "Undecodable: b'\\xc0\\x80'", 24 },
	{ TEXT("\xed\xa0\x80"), "Undecodable: b'\\xed\\xa0\\x80'", 28 },
	{ TEXT("\xf4\x90\x80\x80"), "Undecodable: b'\\xf4\\x90\\x80\\x80'", 32 },
	{ TEXT("\xff\0\x1f\x7f~\n\r\t\\"), "Undecodable: b'\\xff\\x00\\x1f\\x7f~\\n\\r\\t\\\\'",
	  41 },
	{ TEXT("\xffit's"), "Undecodable: b\"\\xffit's\"", 24 },
	{ TEXT("\xff\"it's\""), "Undecodable: b'\\xff\"it\\'s\"'", 27 },
	{ TEXT("\xff\""), "Undecodable: b'\\xff\"'", 21 },
};

START_TEST(output)
{
	struct buf buf = { 0 };

	buf_addstr(&buf, "before\n");
	payload_bytes(&buf, outputs[_i].bytes, outputs[_i].len);
	if (outputs[_i].text) {
		ck_assert_str_eq(buf.data + 7, outputs[_i].text);
	} else {
		ck_assert_uint_eq(buf.len - 7, outputs[_i].len);
		ck_assert_mem_eq(buf.data + 7, outputs[_i].bytes, outputs[_i].len);
	}
	ck_assert_uint_eq(payload_characters(buf.data + 7, buf.len - 7), outputs[_i].characters);
	buf_done(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/event_payload");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, process_states, 0, ARRAY_LEN(states));
	tcase_add_test(tc, unexpected);
	tcase_add_test(tc, others);
	tcase_add_loop_test(tc, output, 0, ARRAY_LEN(outputs));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
