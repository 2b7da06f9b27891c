/* test_supervisor_event_ring.c - events that wait: order, the head, and who gives way. */
#include "supervisor/event_ring.h"

#include "base/buf.h"
#include "base/util.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT64_MAX

static struct pool_event make(uint64_t serial)
{
	struct buf payload = { 0 };
	struct event *event = event_new(EVENT_TICK_5, serial, &payload);

	ck_assert_ptr_nonnull(event);
	return (struct pool_event){ event, serial + 100 };
}

/* The serial of what gave way. */
static uint64_t put(struct event_ring *ring, uint64_t serial, bool head)
{
	struct pool_event lost;
	uint64_t gone;

	event_ring_put(ring, make(serial), head, &lost);
	gone = lost.event ? lost.event->serial : NONE;
	event_unref(lost.event);
	return gone;
}

static uint64_t take(struct event_ring *ring)
{
	struct pool_event entry = event_ring_take(ring);
	uint64_t serial = entry.event ? entry.event->serial : NONE;

	if (entry.event)
		ck_assert_uint_eq(entry.serial, serial + 100);
	event_unref(entry.event);
	return serial;
}

START_TEST(order)
{
	struct event_ring ring;

	event_ring_init(&ring, 1000);
	ck_assert_uint_eq(take(&ring), NONE);
	/* begins anywhere, grows while it is wrapped around */
	for (uint64_t i = 0; i < 5; i++)
		ck_assert_uint_eq(put(&ring, i, false), NONE);
	for (uint64_t i = 0; i < 5; i++)
		ck_assert_uint_eq(take(&ring), i);
	for (uint64_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(put(&ring, i, false), NONE);
	for (uint64_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(take(&ring), i);
	ck_assert_uint_eq(take(&ring), NONE);
	event_ring_done(&ring);
}
END_TEST

START_TEST(head)
{
	struct event_ring ring;

	event_ring_init(&ring, 10);
	put(&ring, 1, false);
	put(&ring, 2, false);
	put(&ring, 0, true);
	ck_assert_uint_eq(take(&ring), 0);
	put(&ring, 7, true);
	ck_assert_uint_eq(take(&ring), 7);
	ck_assert_uint_eq(take(&ring), 1);
	ck_assert_uint_eq(take(&ring), 2);
	event_ring_done(&ring);
}
END_TEST

START_TEST(overflow)
{
	size_t max = (size_t)_i + 1;
	struct event_ring ring;

	event_ring_init(&ring, max);
	for (uint64_t i = 0; i < 100; i++)
		ck_assert_uint_eq(put(&ring, i, false), i < max ? NONE : i - max);
	ck_assert_uint_le(ring.room, max);
	/* one that comes back is the next, and the oldest of the others gives way */
	ck_assert_uint_eq(put(&ring, 1000, true), 100 - max);
	ck_assert_uint_eq(take(&ring), 1000);
	for (uint64_t i = 100 - max + 1; i < 100; i++)
		ck_assert_uint_eq(take(&ring), i);
	ck_assert_uint_eq(take(&ring), NONE);
	put(&ring, 5, false);
	event_ring_done(&ring); /* with something in it */
}
END_TEST

START_TEST(against_a_model)
{
	struct event_ring ring;
	uint64_t model[7];
	size_t n = 0;

	srandom(1);
	event_ring_init(&ring, ARRAY_LEN(model));
	for (uint64_t i = 0; i < 20000; i++) {
		long what = random() % 5;
		bool at_head = what == 0;

		if (what >= 3) {
			ck_assert_uint_eq(take(&ring), n ? model[0] : NONE);
			if (n)
				memmove(model, model + 1, --n * sizeof(model[0]));
			continue;
		}
		ck_assert_uint_eq(put(&ring, i, at_head), n == ARRAY_LEN(model) ? model[0] : NONE);
		if (n == ARRAY_LEN(model))
			memmove(model, model + 1, --n * sizeof(model[0]));
		if (at_head)
			memmove(model + 1, model, n * sizeof(model[0]));
		model[at_head ? 0 : n] = i;
		n++;
	}
	event_ring_done(&ring);
}
END_TEST

START_TEST(shared)
{
	struct buf payload = { 0 };
	struct event *event;

	buf_addstr(&payload, "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80");
	event = event_new(EVENT_TICK_5, 3, &payload);
	ck_assert_ptr_nonnull(event);
	ck_assert_uint_eq(event->len, 11);
	ck_assert_uint_eq(event->characters, 6);
	ck_assert_mem_eq(event->payload, payload.data, payload.len);
	buf_done(&payload);
	ck_assert_ptr_eq(event_ref(event), event);
	event_unref(event);
	ck_assert_uint_eq(event->serial, 3);
	event_unref(event);
	event_unref(NULL);
	payload.failed = true;
	ck_assert_ptr_null(event_new(EVENT_TICK_5, 0, &payload));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/event_ring");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, order);
	tcase_add_test(tc, head);
	tcase_add_loop_test(tc, overflow, 0, 20);
	tcase_add_test(tc, against_a_model);
	tcase_add_test(tc, shared);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
