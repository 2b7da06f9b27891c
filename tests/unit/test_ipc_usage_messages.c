/* test_ipc_usage_messages.c - what everybody takes, there and back, and cut at every byte. */
#include "ipc/usage_messages.h"

#include "base/buf.h"
#include "ipc/pack.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

/* Every field has a value of its own, so that two that were exchanged are noticed. */
static const struct usage_host host = { .load = { 1, 2, 3 }, .cpus = 4 };
static const struct usage_row row = {
	.kind = USAGE_PROCESS,
	.group = (char *)"g",
	.name = (char *)"n",
	.zygote = 5,
	.generation = 20,
	.state = 6,
	.pid = 7,
	.uptime_us = 8,
	.restarts = 9,
	.sampled_us = 10,
	.cpu_us = 11,
	.rss_bytes = 12,
	.threads = 13,
	.run_state = 14,
	.pss_bytes = 15,
	.private_bytes = 16,
	.shared_bytes = 17,
	.forked_bytes = 18,
	.memory_age_us = USAGE_UNMEASURED,
	.memory_error = 19,
};

static void compare(const struct usage_row *r)
{
	ck_assert_uint_eq(r->kind, USAGE_PROCESS);
	ck_assert_str_eq(r->group, "g");
	ck_assert_str_eq(r->name, "n");
	ck_assert_uint_eq(r->zygote, 5);
	ck_assert_uint_eq(r->generation, 20);
	ck_assert_uint_eq(r->state, 6);
	ck_assert_uint_eq(r->pid, 7);
	ck_assert_uint_eq(r->uptime_us, 8);
	ck_assert_uint_eq(r->restarts, 9);
	ck_assert_uint_eq(r->sampled_us, 10);
	ck_assert_uint_eq(r->cpu_us, 11);
	ck_assert_uint_eq(r->rss_bytes, 12);
	ck_assert_uint_eq(r->threads, 13);
	ck_assert_uint_eq(r->run_state, 14);
	ck_assert_uint_eq(r->pss_bytes, 15);
	ck_assert_uint_eq(r->private_bytes, 16);
	ck_assert_uint_eq(r->shared_bytes, 17);
	ck_assert_uint_eq(r->forked_bytes, 18);
	ck_assert_uint_eq(r->memory_age_us, USAGE_UNMEASURED);
	ck_assert_uint_eq(r->memory_error, 19);
}

static bool unpack_all(const void *data, size_t len)
{
	struct usage_host h = { 0 };
	struct usage_row r = { 0 };
	struct unpack in;
	bool good;

	unpack_init(&in, data, len);
	usage_host_unpack(&h, &in);
	usage_row_unpack(&r, &in);
	good = unpack_end(&in) == 0;
	if (good) {
		ck_assert_uint_eq(h.load[0], 1);
		ck_assert_uint_eq(h.load[2], 3);
		ck_assert_uint_eq(h.cpus, 4);
		compare(&r);
	}
	usage_row_done(&r);
	return good;
}

START_TEST(there_and_back)
{
	struct buf buf = { 0 };

	usage_host_pack(&buf, &host);
	usage_row_pack(&buf, &row);
	ck_assert(unpack_all(buf.data, buf.len));
	for (size_t len = 0; len < buf.len; len++)
		ck_assert(!unpack_all(buf.data, len));
	buf_done(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ipc/usage_messages");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, there_and_back);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
