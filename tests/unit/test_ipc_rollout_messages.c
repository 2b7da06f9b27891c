/* test_ipc_rollout_messages.c - what is told of a reload, there and back, cut at every byte, and
 * with numbers that promise more than there is. */
#include "ipc/rollout_messages.h"

#include "base/buf.h"
#include "ipc/pack.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Every field has a value of its own, so that two that were exchanged are noticed. */
static struct rollout_slot_info slots[] = {
	{ (char *)"web:web_0", SLOT_REPLACED, 1, 2, 3, (char *)"" },
	{ (char *)"web:\n\"é", SLOT_FAILED, 4, 5, UINT64_MAX, (char *)"exited" },
};
static const struct rollout_info rollout = {
	.id = 6,
	.is_program = 1,
	.name = (char *)"shop",
	.cause = (char *)"deploy",
	.phase = ROLLOUT_BACK,
	.outcome = OUTCOME_FAILED,
	.generation = 7,
	.before = 8,
	.start = 9,
	.us = 10,
	.import_us = 11,
	.audit = (char *)"audit clean",
	.why = (char *)"why",
	.slots = slots,
	.nslots = 2,
};

static void compare_slot(const struct rollout_slot_info *got, const struct rollout_slot_info *want)
{
	ck_assert_str_eq(got->name, want->name);
	ck_assert_uint_eq(got->state, want->state);
	ck_assert_uint_eq(got->from_pid, want->from_pid);
	ck_assert_uint_eq(got->to_pid, want->to_pid);
	ck_assert_uint_eq(got->us, want->us);
	ck_assert_str_eq(got->why, want->why);
}

static void compare(const struct rollout_info *got)
{
	ck_assert_uint_eq(got->id, 6);
	ck_assert_uint_eq(got->is_program, 1);
	ck_assert_str_eq(got->name, "shop");
	ck_assert_str_eq(got->cause, "deploy");
	ck_assert_uint_eq(got->phase, ROLLOUT_BACK);
	ck_assert_uint_eq(got->outcome, OUTCOME_FAILED);
	ck_assert_uint_eq(got->generation, 7);
	ck_assert_uint_eq(got->before, 8);
	ck_assert_uint_eq(got->start, 9);
	ck_assert_uint_eq(got->us, 10);
	ck_assert_uint_eq(got->import_us, 11);
	ck_assert_str_eq(got->audit, "audit clean");
	ck_assert_str_eq(got->why, "why");
	ck_assert_uint_eq(got->nslots, 2);
	for (size_t i = 0; i < got->nslots; i++)
		compare_slot(&got->slots[i], &slots[i]);
}

/* What is refused must be free of everything, and twice. */
static bool unpack(struct rollout_info *info, const void *data, size_t len)
{
	struct unpack in;

	unpack_init(&in, data, len);
	rollout_info_unpack(info, &in);
	return unpack_end(&in) == 0;
}

static bool refused(const void *data, size_t len)
{
	struct rollout_info info;
	bool good = unpack(&info, data, len);

	rollout_info_done(&info);
	ck_assert_ptr_null(info.slots);
	ck_assert_uint_eq(info.nslots, 0);
	rollout_info_done(&info);
	return !good;
}

START_TEST(there_and_back)
{
	struct buf buf = { 0 };
	struct rollout_info info;

	rollout_info_pack(&buf, &rollout);
	ck_assert(unpack(&info, buf.data, buf.len));
	compare(&info);
	rollout_info_done(&info);
	for (size_t len = 0; len < buf.len; len++)
		ck_assert(refused(buf.data, len));
	buf_addch(&buf, '\0');
	ck_assert(refused(buf.data, buf.len)); /* a byte too much */
	buf_done(&buf);
}
END_TEST

START_TEST(several)
{
	struct rollout_info bare = rollout, got;
	struct unpack in;
	struct buf buf = { 0 };

	bare.slots = NULL;
	bare.nslots = 0;
	rollout_info_pack(&buf, &bare);
	rollout_info_pack(&buf, &rollout);
	unpack_init(&in, buf.data, buf.len);
	rollout_info_unpack(&got, &in);
	ck_assert(!in.bad);
	ck_assert_uint_eq(got.nslots, 0);
	rollout_info_done(&got);
	rollout_info_unpack(&got, &in);
	ck_assert_int_eq(unpack_end(&in), 0);
	compare(&got);
	rollout_info_done(&got);
	buf_done(&buf);
}
END_TEST

/* How many slots there are is a number like any other: it may not be believed. */
START_TEST(number_of_slots)
{
	static const uint32_t numbers[] = { 1, 3, 1000, 0x7fffffff, UINT32_MAX };
	struct rollout_info bare = rollout;
	struct buf buf = { 0 };

	bare.nslots = 0;
	rollout_info_pack(&buf, &bare);
	memcpy(buf.data + buf.len - sizeof(uint32_t), &numbers[_i], sizeof(uint32_t));
	ck_assert(refused(buf.data, buf.len));
	for (unsigned i = 0; i < 3000; i++)
		buf_addch(&buf, '\xff'); /* NULL for a string, and odd numbers */
	ck_assert(refused(buf.data, buf.len));
	buf_done(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ipc/rollout_messages");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, there_and_back);
	tcase_add_test(tc, several);
	tcase_add_loop_test(tc, number_of_slots, 0, 5);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
