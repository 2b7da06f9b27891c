/* test_control_metrics_text.c - an answer of the supervisor becomes text, or is refused. */
#include "control/metrics_text.h"

#include "base/buf.h"
#include "ipc/metrics_messages.h"
#include "ipc/pack.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct metrics_http http;

static void pack_answer(struct buf *buf)
{
	struct histogram histogram = { .counts = { 1 }, .sum_us = 100 };
	struct supervisor_status supervisor = { .identifier = (char *)"i\"",
						.version = (char *)"1",
						.config_file = (char *)"/c",
						.rollouts = { [OUTCOME_ROLLED_BACK] = 9 } };
	struct zygote_status zygote = { .name = (char *)"shop",
					.condition = CONDITION_READY,
					.verdict = AUDIT_VERDICT_CLEAN,
					.audit_us = 2500000,
					.workers = 3,
					.generation = 8 };
	struct process_metrics process = { .group = (char *)"g",
					   .name = (char *)"p\n",
					   .state = 20,
					   .restarts = { [END_SIGNAL] = 4 },
					   .recycled = { [RECYCLE_MAXUSS] = 7 },
					   .err_dropped = 5,
					   .pss_bytes = 6 };

	supervisor_status_pack(buf, &supervisor);
	for (unsigned i = 0; i < FORK_NKINDS + 1; i++)
		histogram_pack(buf, &histogram);
	pack_u32(buf, 1);
	zygote_status_pack(buf, &zygote);
	pack_u32(buf, 2);
	process_metrics_pack(buf, &process);
	process.name = (char *)"q";
	process.memory_age_us = MEMORY_UNKNOWN;
	process_metrics_pack(buf, &process);
}

static int convert(struct buf *to, const void *data, size_t len)
{
	struct unpack in;

	unpack_init(&in, data, len);
	return metrics_text(to, &in, &http);
}

START_TEST(lines)
{
	static const char *const wanted[] = {
		"forkserver_info{identifier=\"i\\\"\",version=\"1\"} 1\n",
		"forkserver_control_http_responses_total{code=\"404\"} 1\n",
		"forkserver_respawn_seconds_count 1\n",
		"forkserver_fork_seconds_count{kind=\"zygote\"} 1\n",
		"forkserver_rollouts_total{outcome=\"done\"} 0\n",
		"forkserver_rollouts_total{outcome=\"rolled_back\"} 9\n",
		"forkserver_zygote_audit_result{zygote=\"shop\",result=\"clean\"} 1\n",
		"forkserver_zygote_audit_result{zygote=\"shop\",result=\"violations\"} 0\n",
		"forkserver_zygote_generation{zygote=\"shop\"} 8\n",
		"forkserver_zygote_audit_seconds{zygote=\"shop\"} 2.500000\n",
		"forkserver_process_state{group=\"g\",process=\"p\\n\",state=\"RUNNING\"} 1\n",
		"forkserver_process_state{group=\"g\",process=\"p\\n\",state=\"FATAL\"} 0\n",
		"forkserver_process_restarts_total{group=\"g\",process=\"p\\n\",reason=\"signal\"} "
		"4\n",
		"forkserver_process_restarts_total{group=\"g\",process=\"p\\n\",reason=\"maxuss\"} "
		"7\n",
		"forkserver_process_log_dropped_bytes_total{group=\"g\",process=\"p\\n\","
		"stream=\"stderr\"} 5\n",
		"forkserver_process_pss_bytes{group=\"g\",process=\"p\\n\"} 6\n",
	};
	struct buf answer = { 0 }, text = { 0 };

	memset(&http, 0, sizeof(http));
	metrics_http_count(&http, 404);
	metrics_http_count(&http, 0);
	metrics_http_count(&http, 600);
	pack_answer(&answer);
	ck_assert_int_eq(convert(&text, answer.data, answer.len), 0);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		ck_assert_msg(strstr(buf_str(&text), wanted[i]) != NULL, "no %s", wanted[i]);
	/* what was not measured is not there; nor an import that has not ended */
	ck_assert_ptr_null(strstr(buf_str(&text), "pss_bytes{group=\"g\",process=\"q\"}"));
	ck_assert_ptr_null(strstr(buf_str(&text), "import_seconds{"));
	buf_done(&answer);
	buf_done(&text);
}
END_TEST

START_TEST(malformed)
{
	struct buf answer = { 0 }, text = { 0 };

	pack_answer(&answer);
	for (size_t len = 0; len < answer.len; len++)
		ck_assert_int_eq(convert(&text, answer.data, len), -EPROTO);
	ck_assert_uint_eq(text.len, 0);
	buf_done(&answer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("control/metrics_text");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, lines);
	tcase_add_test(tc, malformed);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
