/* test_ipc_control_messages.c - every body of the control channel, there and back, and cut at every
 * byte. */
#include "ipc/control_messages.h"

#include "base/buf.h"
#include "ipc/pack.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

START_TEST(setup_body)
{
	struct control_server servers[] = {
		{ 1, (char *)"unix:///run/x.sock", NULL, NULL },
		{ 0, (char *)"http://127.0.0.1:9001", (char *)"me", (char *)"{SHA}00" },
	};
	struct control_setup setup = { (char *)"supervisor", (char *)"4.2.5", servers, 2 }, got;
	struct buf buf = { 0 };

	control_setup_pack(&buf, &setup);
	ck_assert_int_eq(control_setup_unpack(&got, buf.data, buf.len), 0);
	ck_assert_uint_eq(got.nservers, 2);
	ck_assert_str_eq(got.servers[1].password, "{SHA}00");
	ck_assert_ptr_null(got.servers[0].username);
	control_setup_done(&got);
	for (size_t len = 0; len < buf.len; len++)
		ck_assert_int_eq(control_setup_unpack(&got, buf.data, len), -EPROTO);
	buf_done(&buf);
}
END_TEST

START_TEST(request_body)
{
	struct control_request request = { CONTROL_STDIN, 0, 1, (char *)"cat", (char *)"x\0y", 3 };
	struct control_request got = { 0 };
	struct buf buf = { 0 };

	control_request_pack(&buf, &request);
	ck_assert_int_eq(control_request_unpack(&got, buf.data, buf.len), 0);
	ck_assert_uint_eq(got.operation, CONTROL_STDIN);
	ck_assert_uint_eq(got.ntext, 3);
	ck_assert_int_eq(memcmp(got.text, "x\0y", 4), 0);
	control_request_done(&got);
	for (size_t len = 0; len < buf.len; len++)
		ck_assert_int_eq(control_request_unpack(&got, buf.data, len), -EPROTO);
	buf_done(&buf);
}
END_TEST

static void pack_answer(struct buf *buf)
{
	struct control_reply reply = { FAULT_NONE, NULL };
	struct process_info info = { .group = (char *)"g",
				     .name = (char *)"p",
				     .start = 1,
				     .state = 20,
				     .spawnerr = (char *)"",
				     .note = (char *)"",
				     .exitstatus = -1,
				     .stdout_logfile = (char *)"",
				     .stderr_logfile = (char *)"" };
	struct process_config config = { .group = (char *)"g",
					 .name = (char *)"p",
					 .uid = -1,
					 .autorestart = CONFIG_AUTO,
					 .exitcodes = { 1 } };

	control_reply_pack(buf, &reply);
	process_info_pack(buf, &info);
	process_config_pack(buf, &config);
}

static bool unpack_answer(const void *data, size_t len)
{
	struct control_reply reply = { 0 };
	struct process_info info = { 0 };
	struct process_config config = { 0 };
	struct unpack in;
	bool good;

	unpack_init(&in, data, len);
	control_reply_unpack(&reply, &in);
	process_info_unpack(&info, &in);
	process_config_unpack(&config, &in);
	good = unpack_end(&in) == 0;
	if (good) {
		ck_assert_int_eq(info.exitstatus, -1);
		ck_assert_int_eq(config.autorestart, CONFIG_AUTO);
		ck_assert_uint_eq(config.exitcodes[0], 1);
		ck_assert_ptr_null(config.directory);
	}
	control_reply_done(&reply);
	process_info_done(&info);
	process_config_done(&config);
	return good;
}

START_TEST(answer_bodies)
{
	struct buf buf = { 0 };

	pack_answer(&buf);
	ck_assert(unpack_answer(buf.data, buf.len));
	for (size_t len = 0; len < buf.len; len++)
		ck_assert(!unpack_answer(buf.data, len));
	buf_done(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ipc/control_messages");
	TCase *tcase = tcase_create("control_messages");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, setup_body);
	tcase_add_test(tcase, request_body);
	tcase_add_test(tcase, answer_bodies);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
