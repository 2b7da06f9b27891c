/* test_supervisor_event_hold.c - what waits for the logger, and what waits behind it.  The logger's
 * part is played here. */
#include "supervisor/event_hold.h"

#include "base/log.h"
#include "base/util.h"
#include "supervisor/logs.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the logger ---- */

static struct log_job *asked[1024];
static uint32_t streams[1024];
static size_t nasked;

void logs_sync(struct logs *logs, uint32_t stream, struct log_job *job)
{
	ck_assert_ptr_null(logs);
	ck_assert_uint_lt(nasked, ARRAY_LEN(asked));
	streams[nasked] = stream;
	asked[nasked++] = job;
}

void logs_cancel(struct logs *logs, struct log_job *job)
{
	ck_assert_ptr_null(logs);
	for (size_t i = 0; i < nasked; i++)
		if (asked[i] == job)
			asked[i] = NULL;
}

static void answer(uint32_t stream, int error)
{
	for (size_t i = 0; i < nasked; i++) {
		struct log_job *job = asked[i];

		if (!job || streams[i] != stream)
			continue;
		asked[i] = NULL;
		job->done(job, error, error ? "why" : NULL, -1);
		return;
	}
	ck_abort_msg("nobody waits for stream %u", stream);
}

/* ---- the events ---- */

static struct event_hold hold;
static struct buf got;
static unsigned sent;

static void on_send(struct event_hold *it, enum event_type type, struct buf *payload)
{
	ck_assert_ptr_eq(it, &hold);
	ck_assert_int_eq(type, EVENT_PROCESS_STATE_EXITED);
	buf_addstr(&got, buf_str(payload));
	buf_done(payload);
}

static void on_sent(struct event_hold *it)
{
	ck_assert_ptr_eq(it, &hold);
	sent++;
}

static bool put(const char *text, uint32_t one, uint32_t two)
{
	uint32_t of[2] = { one ? one : two, two };
	size_t n = (one != 0) + (two != 0);
	struct buf payload = { 0 };
	bool held;

	buf_addstr(&payload, text);
	held = event_hold_put(&hold, EVENT_PROCESS_STATE_EXITED, &payload, of, n);
	ck_assert_int_eq(payload.data == NULL, held);
	buf_done(&payload);
	return held;
}

static void setup(void)
{
	log_open(-1, -1, LEVEL_CRITICAL);
	event_hold_init(&hold, ev_loop_new(EVFLAG_AUTO), NULL);
	hold.send = on_send;
	hold.sent = on_sent;
}

static void teardown(void)
{
	event_hold_done(&hold);
	for (size_t i = 0; i < nasked; i++)
		ck_assert_ptr_null(asked[i]); /* nobody is left who could be called */
	ck_assert(!ev_is_active(&hold.timer));
	ev_loop_destroy(hold.loop);
	buf_done(&got);
}

START_TEST(nothing_in_the_way)
{
	ck_assert(!put("a", 0, 0));
	ck_assert_uint_eq(nasked, 0);
	ck_assert(!ev_is_active(&hold.timer));
}
END_TEST

START_TEST(order)
{
	ck_assert(put("a", 1, 2));
	ck_assert(put("b", 0, 0));
	ck_assert(put("c", 3, 0));
	ck_assert(put("d", 0, 0));
	answer(1, 0);
	ck_assert_str_eq(buf_str(&got), "");
	answer(3, EIO); /* a failure is an answer as well */
	ck_assert_str_eq(buf_str(&got), "");
	answer(2, 0);
	ck_assert_str_eq(buf_str(&got), "abcd");
	ck_assert(!ev_is_active(&hold.timer));
	ck_assert(!put("e", 0, 0));
	ck_assert(put("f", 1, 0));
	answer(1, 0);
	ck_assert_str_eq(buf_str(&got), "abcdf");
	ck_assert_uint_eq(sent, 4);
}
END_TEST

START_TEST(part)
{
	put("a", 1, 0);
	put("b", 2, 0);
	put("c", 0, 0);
	answer(1, 0);
	ck_assert_str_eq(buf_str(&got), "a");
	ck_assert(ev_is_active(&hold.timer));
}
END_TEST

START_TEST(no_answer)
{
	put("a", 1, 2);
	put("b", 0, 0);
	put("c", 3, 0);
	answer(2, 0);
	ev_run(hold.loop, EVRUN_ONCE); /* the timer */
	ck_assert_str_eq(buf_str(&got), "abc");
	ck_assert(!put("d", 0, 0));
}
END_TEST

START_TEST(not_too_many)
{
	for (int i = 0; i < EVENT_HOLD_MAX; i++)
		ck_assert(put("x", 1, 0));
	ck_assert_uint_eq(got.len, 0);
	ck_assert(!put("y", 1, 0));
	ck_assert_uint_eq(got.len, EVENT_HOLD_MAX);
	ck_assert_uint_eq(hold.n, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/event_hold");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_in_the_way);
	tcase_add_test(tc, order);
	tcase_add_test(tc, part);
	tcase_add_test(tc, no_answer);
	tcase_add_test(tc, not_too_many);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
