/* test_ipc_log_messages.c - a stream and a piece of output, there and back, and cut at every byte.
 */
#include "ipc/log_messages.h"

#include "base/buf.h"

#include <check.h>
#include <errno.h>
#include <string.h>

static const struct log_stream stream = {
	.id = 7,
	.group = (char *)"web",
	.process = (char *)"web_0",
	.channel = NULL,
	.path = (char *)"/var/log/web.log",
	.maxbytes = (uint64_t)5 << 40,
	.backups = 3,
	.period = LOG_DAILY,
	.format = LOG_JSON,
	.stall = LOG_DROP,
	.capture_maxbytes = 4096,
	.pid = 4711,
};

START_TEST(stream_there_and_back)
{
	struct log_stream got = { 0 };
	struct buf buf = { 0 };

	log_stream_pack(&buf, &stream);
	ck_assert_int_eq(log_stream_unpack(&got, buf.data, buf.len), 0);
	ck_assert_uint_eq(got.id, 7);
	ck_assert_str_eq(got.process, "web_0");
	ck_assert_ptr_null(got.channel);
	ck_assert_str_eq(got.path, "/var/log/web.log");
	ck_assert_uint_eq(got.maxbytes, (uint64_t)5 << 40);
	ck_assert_uint_eq(got.format, LOG_JSON);
	ck_assert_uint_eq(got.capture_maxbytes, 4096);
	ck_assert_uint_eq(got.pid, 4711);
	log_stream_done(&got);
	ck_assert_ptr_null(got.path);
	buf_done(&buf);
}
END_TEST

START_TEST(stream_cut_at_every_byte)
{
	struct buf buf = { 0 };

	log_stream_pack(&buf, &stream);
	for (size_t len = 0; len < buf.len; len++) {
		struct log_stream got = { 0 };

		ck_assert_int_eq(log_stream_unpack(&got, buf.data, len), -EPROTO);
		ck_assert_ptr_null(got.group);
	}
	buf_done(&buf);
}
END_TEST

START_TEST(data_holds_any_bytes)
{
	struct log_data data = { 3, 9, 1, (char *)"a\0b\xff", 4 }, got = { 0 };
	struct buf buf = { 0 };

	log_data_pack(&buf, &data);
	ck_assert_int_eq(log_data_unpack(&got, buf.data, buf.len), 0);
	ck_assert_uint_eq(got.len, 4);
	ck_assert_int_eq(memcmp(got.data, "a\0b\xff", 5), 0); /* the NUL behind it, too */
	log_data_done(&got);
	for (size_t len = 0; len < buf.len; len++)
		ck_assert_int_eq(log_data_unpack(&got, buf.data, len), -EPROTO);
	buf_done(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ipc/log_messages");
	TCase *tcase = tcase_create("log_messages");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, stream_there_and_back);
	tcase_add_test(tcase, stream_cut_at_every_byte);
	tcase_add_test(tcase, data_holds_any_bytes);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
