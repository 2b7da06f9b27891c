/* test_ipc_metrics_messages.c - every body of counts and measures, there and back, and cut at every
 * byte. */
#include "ipc/metrics_messages.h"

#include "base/buf.h"
#include "ipc/pack.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Every field has a value of its own, so that two that were exchanged are noticed. */
static const struct supervisor_status supervisor = {
	.pid = 1,
	.ready = 1,
	.identifier = (char *)"i",
	.version = (char *)"v",
	.config_file = (char *)"/c",
	.start = 2,
	.uptime_us = 3,
	.cpu_us = 4,
	.rss_bytes = UINT64_MAX,
};
static const struct zygote_status zygote = {
	.name = (char *)"z",
	.condition = CONDITION_READY,
	.pid = 5,
	.verdict = AUDIT_VERDICT_VIOLATIONS,
	.violations = 6,
	.starts = 7,
	.audit_us = 8,
	.import_us = 9,
	.workers = 10,
	.spares = 31,
	.generation = 30,
};
static const struct process_metrics process = {
	.group = (char *)"g",
	.name = (char *)"p \"é\"\n",
	.state = 20,
	.uptime_us = 11,
	.starts = 12,
	.ends = { 13, 14, 15, 16, 17 },
	.restarts = { 18, 19, 20, 21, 22 },
	.recycled = { 30, 31, 32, 33, 34 },
	.out_bytes = 23,
	.out_dropped = 24,
	.err_bytes = 25,
	.err_dropped = 26,
	.pss_bytes = 27,
	.uss_bytes = 28,
	.rss_bytes = 29,
	.memory_age_us = MEMORY_UNKNOWN,
};
static const struct unready unready = { (char *)"g:p", (char *)"FATAL: why" };
static const struct histogram histogram = { .counts = { 1, 2, [HISTOGRAM_BOUNDS] = 3 },
					    .sum_us = 4 };

static void pack_all(struct buf *buf)
{
	supervisor_status_pack(buf, &supervisor);
	zygote_status_pack(buf, &zygote);
	process_metrics_pack(buf, &process);
	histogram_pack(buf, &histogram);
	unready_pack(buf, &unready);
}

static void compare(const struct supervisor_status *s, const struct zygote_status *z,
		    const struct process_metrics *p, const struct histogram *h)
{
	ck_assert_uint_eq(s->ready, 1);
	ck_assert_str_eq(s->config_file, "/c");
	ck_assert_uint_eq(s->start, 2);
	ck_assert_uint_eq(s->cpu_us, 4);
	ck_assert_uint_eq(s->rss_bytes, UINT64_MAX);
	ck_assert_ptr_null(z->python);
	ck_assert_uint_eq(z->verdict, AUDIT_VERDICT_VIOLATIONS);
	ck_assert_uint_eq(z->audit_us, 8);
	ck_assert_uint_eq(z->workers, 10);
	ck_assert_uint_eq(z->spares, 31);
	ck_assert_uint_eq(z->generation, 30);
	ck_assert_str_eq(p->name, process.name);
	ck_assert_int_eq(memcmp(p->ends, process.ends, sizeof(p->ends)), 0);
	ck_assert_int_eq(memcmp(p->restarts, process.restarts, sizeof(p->restarts)), 0);
	ck_assert_int_eq(memcmp(p->recycled, process.recycled, sizeof(p->recycled)), 0);
	ck_assert_uint_eq(p->err_dropped, 26);
	ck_assert_uint_eq(p->uss_bytes, 28);
	ck_assert_uint_eq(p->memory_age_us, MEMORY_UNKNOWN);
	ck_assert_int_eq(memcmp(h, &histogram, sizeof(*h)), 0);
}

static bool unpack_all(const void *data, size_t len)
{
	struct supervisor_status s = { 0 };
	struct zygote_status z = { 0 };
	struct process_metrics p = { 0 };
	struct histogram h = { 0 };
	struct unready u = { 0 };
	struct unpack in;
	bool good;

	unpack_init(&in, data, len);
	supervisor_status_unpack(&s, &in);
	zygote_status_unpack(&z, &in);
	process_metrics_unpack(&p, &in);
	histogram_unpack(&h, &in);
	unready_unpack(&u, &in);
	good = unpack_end(&in) == 0;
	if (good) {
		compare(&s, &z, &p, &h);
		ck_assert_str_eq(u.why, "FATAL: why");
	}
	supervisor_status_done(&s);
	zygote_status_done(&z);
	process_metrics_done(&p);
	unready_done(&u);
	return good;
}

START_TEST(there_and_back)
{
	struct buf buf = { 0 };

	pack_all(&buf);
	ck_assert(unpack_all(buf.data, buf.len));
	for (size_t len = 0; len < buf.len; len++)
		ck_assert(!unpack_all(buf.data, len));
	buf_done(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ipc/metrics_messages");
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
