/* test_ipc_messages.c - every message body, there and back, and cut at every byte. */
#include "ipc/messages.h"

#include "base/buf.h"
#include "base/strv.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *words[] = { (char *)"one", (char *)"two words", NULL };

static const struct zygote_setup setup = {
	.name = (char *)"shop",
	.python = (char *)"/srv/venv/bin/python",
	.python_prefix = NULL,
	.path = words,
	.preload = words + 1,
	.warmup = (char *)"shop.boot:warm",
	.commands = words,
	.allow = NULL,
	.baseline = (char *)"",
	.policy = AUDIT_WARN,
	.mode = AUDIT_FULL,
	.preload_timeout = 300,
	.progress = 1,
	.thp = 1,
	.beside = 1,
	.ksm = 2,
	.gc_freeze = 3,
	.immortalize = 4,
};

static const int numbers[] = { 7, 200 };

static const struct spawn_request request = {
	.name = (char *)"web:web_03",
	.kind = (char *)"web",
	.argv = words,
	.environment = words,
	.directory = NULL,
	.sockets = words + 1,
	.placed = (int *)numbers,
	.nplaced = 2,
	.umask = -1,
	.setuid = 1,
	.uid = 33,
	.gid = 0xfffffffe,
	.user = (char *)"www-data",
};

START_TEST(setup_round_trip)
{
	struct buf buf = { 0 };
	struct zygote_setup got;

	zygote_setup_pack(&buf, &setup);
	ck_assert_int_eq(zygote_setup_unpack(&got, buf.data, buf.len), 0);
	ck_assert_str_eq(got.name, setup.name);
	ck_assert_str_eq(got.python, setup.python);
	ck_assert_ptr_null(got.python_prefix);
	ck_assert_uint_eq(strv_len(got.path), 2);
	ck_assert_str_eq(got.preload[0], "two words");
	ck_assert_str_eq(got.warmup, setup.warmup);
	ck_assert_uint_eq(strv_len(got.commands), 2);
	ck_assert_uint_eq(strv_len(got.allow), 0);
	ck_assert_str_eq(got.baseline, "");
	ck_assert_uint_eq(got.policy, AUDIT_WARN);
	ck_assert_uint_eq(got.mode, AUDIT_FULL);
	ck_assert_uint_eq(got.preload_timeout, 300);
	ck_assert_uint_eq(got.progress, 1);
	ck_assert_uint_eq(got.thp, 1);
	ck_assert_uint_eq(got.beside, 1);
	ck_assert_uint_eq(got.ksm, 2);
	ck_assert_uint_eq(got.gc_freeze, 3);
	ck_assert_uint_eq(got.immortalize, 4);
	zygote_setup_done(&got);
	ck_assert_ptr_null(got.name);
	zygote_setup_done(&got);
	buf_done(&buf);
}
END_TEST

START_TEST(request_round_trip)
{
	struct buf buf = { 0 };
	struct spawn_request got;

	spawn_request_pack(&buf, &request);
	ck_assert_int_eq(spawn_request_unpack(&got, buf.data, buf.len), 0);
	ck_assert_str_eq(got.name, request.name);
	ck_assert_str_eq(got.kind, "web");
	ck_assert_str_eq(got.argv[1], "two words");
	ck_assert_uint_eq(strv_len(got.environment), 2);
	ck_assert_ptr_null(got.directory);
	ck_assert_uint_eq(strv_len(got.sockets), 1);
	ck_assert_uint_eq(got.nplaced, 2);
	ck_assert_mem_eq(got.placed, numbers, sizeof(numbers));
	ck_assert_int_eq(got.umask, -1);
	ck_assert_uint_eq(got.setuid, 1);
	ck_assert_uint_eq(got.uid, 33);
	ck_assert_uint_eq(got.gid, 0xfffffffe);
	ck_assert_str_eq(got.user, "www-data");
	spawn_request_done(&got);
	buf_done(&buf);
}
END_TEST

START_TEST(reply_and_ready_round_trip)
{
	struct spawn_reply failed = { .pid = -1, .again = 1, .error = (char *)"no memory" }, got;
	struct zygote_ready ready = { 1ull << 40, 2, UINT64_MAX, 4, 5, 6 }, seen;
	struct worker_model model = { (char *)"web", 4711 }, learned;
	struct buf buf = { 0 };

	spawn_reply_pack(&buf, &failed);
	ck_assert_int_eq(spawn_reply_unpack(&got, buf.data, buf.len), 0);
	ck_assert_int_eq(got.pid, -1);
	ck_assert_uint_eq(got.again, 1);
	ck_assert_str_eq(got.error, "no memory");
	spawn_reply_done(&got);
	buf_clear(&buf);
	worker_model_pack(&buf, &model);
	ck_assert_int_eq(worker_model_unpack(&learned, buf.data, buf.len - 1), -EPROTO);
	ck_assert_int_eq(worker_model_unpack(&learned, buf.data, buf.len), 0);
	ck_assert_str_eq(learned.kind, "web");
	ck_assert_int_eq(learned.pid, 4711);
	worker_model_done(&learned);
	buf_clear(&buf);
	zygote_ready_pack(&buf, &ready);
	ck_assert_int_eq(zygote_ready_unpack(&seen, buf.data, buf.len), 0);
	ck_assert_uint_eq(seen.rss, 1ull << 40);
	ck_assert_uint_eq(seen.pss, 2);
	ck_assert_uint_eq(seen.import_us, UINT64_MAX);
	ck_assert_int_eq(zygote_ready_unpack(&seen, buf.data, buf.len - 1), -EPROTO);
	buf_done(&buf);
}
END_TEST

/* A message of an older or newer build, or of a broken peer, leaves nothing behind but -EPROTO. */
START_TEST(cut_messages)
{
	struct buf buf = { 0 };

	zygote_setup_pack(&buf, &setup);
	for (size_t len = 0; len < buf.len; len++) {
		struct zygote_setup got;

		ck_assert_int_eq(zygote_setup_unpack(&got, buf.data, len), -EPROTO);
		ck_assert_ptr_null(got.name);
		ck_assert_ptr_null(got.path);
	}
	buf_clear(&buf);
	spawn_request_pack(&buf, &request);
	for (size_t len = 0; len < buf.len; len++) {
		struct spawn_request got;

		ck_assert_int_eq(spawn_request_unpack(&got, buf.data, len), -EPROTO);
		ck_assert_ptr_null(got.name);
	}
	buf_addch(&buf, '\0');
	{
		struct spawn_request got;

		ck_assert_int_eq(spawn_request_unpack(&got, buf.data, buf.len), -EPROTO);
	}
	buf_done(&buf);
}
END_TEST

/* Flip every byte in turn: the result may be anything valid or -EPROTO, but never a crash. */
START_TEST(flipped_bytes)
{
	struct buf buf = { 0 };
	unsigned refused = 0;

	spawn_request_pack(&buf, &request);
	for (size_t i = 0; i < buf.len; i++) {
		struct spawn_request got;

		buf.data[i] ^= 0xff;
		if (spawn_request_unpack(&got, buf.data, buf.len) == 0)
			spawn_request_done(&got);
		else
			refused++;
		buf.data[i] ^= 0xff;
	}
	ck_assert_uint_gt(refused, 20); /* every length field has at least its high bytes refused */
	buf_done(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ipc/messages");
	TCase *tc = tcase_create("messages");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, setup_round_trip);
	tcase_add_test(tc, request_round_trip);
	tcase_add_test(tc, reply_and_ready_round_trip);
	tcase_add_test(tc, cut_messages);
	tcase_add_test(tc, flipped_bytes);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
