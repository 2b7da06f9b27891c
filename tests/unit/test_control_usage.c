/* test_control_usage.c - what a zygote's workers hold together, and how it is told. */
#include "control/usage.h"

#include "base/buf.h"
#include "control/describe.h"
#include "ipc/metrics_messages.h"
#include "ipc/pack.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORKER(n, z, own, dirty, files, pss)                                                       \
	{                                                                                          \
		.kind = USAGE_PROCESS, .group = (char *)"web", .name = (char *)(n), .zygote = (z), \
		.state = STATE_RUNNING, .pid = 10, .sampled_us = 1, .run_state = 'S',              \
		.private_bytes = (own), .forked_bytes = (dirty),                                   \
		.shared_bytes = (dirty) + (files), .pss_bytes = (pss)                              \
	}

static void pack(struct buf *to, const struct usage_row *rows, uint32_t n)
{
	struct usage_host host = { { 25, 100, 1234 }, 8 };

	usage_host_pack(to, &host);
	pack_u32(to, n);
	for (uint32_t i = 0; i < n; i++)
		usage_row_pack(to, &rows[i]);
}

static int read_rows(struct usage *usage, const struct usage_row *rows, uint32_t n)
{
	struct buf body = { 0 };
	struct unpack in;
	int r;

	pack(&body, rows, n);
	unpack_init(&in, body.data, body.len);
	r = usage_read(usage, &in);
	buf_done(&body);
	return r;
}

static struct usage_row rows[] = {
	{ .kind = USAGE_ZYGOTE,
	  .name = (char *)"app",
	  .generation = 2,
	  .state = CONDITION_READY,
	  .pid = 9,
	  .private_bytes = 5,
	  .pss_bytes = 40 },
	{ .kind = USAGE_ZYGOTE, .name = (char *)"idle", .memory_age_us = USAGE_UNMEASURED },
	WORKER("a", 1, 10, 100, 30, 50),
	WORKER("b", 1, 20, 90, 40, 60),
	WORKER("c", 0, 7, 0, 3, 8),
	WORKER("d", 1, 0, 0, 0, 0),
};

/* d runs, and is not measured. */
static void set_up(void)
{
	rows[5].memory_age_us = USAGE_UNMEASURED;
	rows[5].memory_error = EACCES;
	rows[2].uptime_us = 1500000;
	rows[2].cpu_us = 250000;
}

START_TEST(sums)
{
	struct usage usage;
	const struct usage_family *app;

	ck_assert_int_eq(read_rows(&usage, rows, 6), 0);
	app = &usage.families[0];
	ck_assert_uint_eq(app->workers, 3);
	ck_assert_uint_eq(app->measured, 2);
	ck_assert_uint_eq(app->private_bytes, 30);
	ck_assert_uint_eq(app->total_bytes, 40 + 50 + 60);
	ck_assert_uint_eq(app->shared_bytes, 150 - 30);
	/* what each has, what each would not share without a fork, and the files once */
	ck_assert_uint_eq(app->separate_bytes, 10 + 100 + 20 + 90 + 40);
	ck_assert_uint_eq(usage.families[1].workers, 0);
	ck_assert_uint_eq(usage.families[1].separate_bytes, 0);
	usage_done(&usage);
}
END_TEST

/* An answer that names a zygote which is none is only shown. */
START_TEST(no_such_zygote)
{
	struct usage_row odd[] = { WORKER("x", 1, 1, 1, 1, 1), WORKER("y", 9, 1, 1, 1, 1) };
	struct buf text = { 0 };
	struct usage usage;

	ck_assert_int_eq(read_rows(&usage, odd, 2), 0);
	usage_write_json(&text, &usage);
	ck_assert_ptr_nonnull(strstr(buf_str(&text), "\"name\":\"web:y\",\"group\":\"web\","
						     "\"process\":\"y\",\"zygote\":null"));
	buf_done(&text);
	usage_done(&usage);
}
END_TEST

START_TEST(every_cut)
{
	struct buf body = { 0 };

	pack(&body, rows, 6);
	for (size_t len = 0; len < body.len; len++) {
		struct usage usage;
		struct unpack in;

		unpack_init(&in, body.data, len);
		ck_assert_int_eq(usage_read(&usage, &in), -EPROTO);
		usage_done(&usage);
	}
	buf_done(&body);
}
END_TEST

static const char *const in_json[] = {
	"{\"load\":[0.250000,1.000000,12.340000],\"cpus\":8,\"zygotes\":[{\"name\":\"app\","
	"\"generation\":2,\"state\":\"READY\",\"pid\":9,",
	"\"workers\":{\"running\":3,\"measured\":2,\"private_bytes\":30,\"shared_bytes\":120,"
	"\"total_bytes\":150,\"separate_bytes\":260}}",
	"{\"name\":\"idle\",\"generation\":0,\"state\":\"DOWN\",\"pid\":null,\"uptime_seconds\":"
	"null,",
	"\"workers\":{\"running\":0,\"measured\":0,\"private_bytes\":null,",
	"{\"name\":\"web:a\",\"group\":\"web\",\"process\":\"a\",\"zygote\":\"app\","
	"\"generation\":null,\"state\":\"RUNNING\",\"pid\":10,\"uptime_seconds\":1.500000,"
	"\"restarts\":0,"
	"\"run_state\":\"S\",\"threads\":0,\"cpu_seconds\":0.250000,",
	"\"pss_bytes\":null,\"private_bytes\":null,\"shared_bytes\":null,\"forked_bytes\":null,"
	"\"memory_age_seconds\":null,\"memory_error\":\"Permission denied\"}",
};

START_TEST(as_json)
{
	struct buf text = { 0 };
	struct usage usage;

	ck_assert_int_eq(read_rows(&usage, rows, 6), 0);
	usage_write_json(&text, &usage);
	ck_assert_msg(strstr(buf_str(&text), in_json[_i]) != NULL, "%s", buf_str(&text));
	buf_done(&text);
	usage_done(&usage);
}
END_TEST

static bool has(const struct buf *text, const char *part)
{
	return strstr(buf_str(text), part) != NULL;
}

/* What is not known is left out. */
START_TEST(as_xml_rpc)
{
	struct buf text = { 0 };
	struct usage usage;

	ck_assert_int_eq(read_rows(&usage, &rows[1], 1), 0);
	usage_write_rpc(&text, &usage);
	ck_assert(has(&text, "<double>12.34"));
	ck_assert(has(&text, "<name>state</name>\n<value><string>DOWN</string></value>"));
	ck_assert(has(&text, "<name>pid</name>\n<value><int>0</int></value>"));
	ck_assert(!has(&text, "uptime_seconds") && !has(&text, "pss_bytes") &&
		  !has(&text, "memory_error"));
	ck_assert(has(&text, "<name>processes</name>\n<value><array><data>\n</data></array>"));
	buf_done(&text);
	usage_done(&usage);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("control/usage");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_unchecked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, sums);
	tcase_add_test(tc, no_such_zygote);
	tcase_add_test(tc, every_cut);
	tcase_add_loop_test(tc, as_json, 0, sizeof(in_json) / sizeof(in_json[0]));
	tcase_add_test(tc, as_xml_rpc);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
