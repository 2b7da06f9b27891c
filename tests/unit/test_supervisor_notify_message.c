/* test_supervisor_notify_message.c - what a process says of itself, and what is not said by that.
 * Runs in: make check. */
#include "supervisor/notify_message.h"

#include "base/util.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text and its length, in which NULs count. */
#define TEXT(text) text, sizeof(text) - 1

static const struct row {
	const char *data;
	size_t len;
	int r;
	struct notify_message message;
} rows[] = {
	{ TEXT("READY=1"), 0, { .ready = true } },
	{ TEXT("READY=1\n"), 0, { .ready = true } },
	{ TEXT("READY=1\0"), 0, { .ready = true } },
	{ TEXT("\n\nREADY=1\n\n"), 0, { .ready = true } },
	{ TEXT("READY=1\nREADY=0"), 0, { .ready = true } },
	{ TEXT("STATUS=up\nREADY=1\nMAINPID=1\nWATCHDOG=1"),
	  0,
	  { .ready = true, .alive = true, .has_status = true, .status = "up" } },
	{ TEXT("WATCHDOG=trigger"), 0, { .sick = true } },
	{ TEXT("STOPPING=1"), 0, { .stopping = true } },
	{ TEXT("RELOADING=1\nMONOTONIC_USEC=7"), 0, { .reloading = true } },
	{ TEXT("EXTEND_TIMEOUT_USEC=5000000"), 0, { .extend_us = 5000000 } },
	{ TEXT("EXTEND_TIMEOUT_USEC=18446744073709551615"), 0, { .extend_us = UINT64_MAX } },
	{ TEXT("STATUS=first\nSTATUS=last=1"), 0, { .has_status = true, .status = "last=1" } },
	{ TEXT("STATUS="), 0, { .has_status = true } },
	{ TEXT("STATUS=a\tb\x1b[2Jc\x7f"), 0, { .has_status = true, .status = "a?b?[2Jc?" } },
	{ TEXT("STATUS=\xc3\xa9 \xc2\x9b \xff\xc3"),
	  0,
	  { .has_status = true, .status = "\xc3\xa9 ? ??" } },

	/* nothing is said by any of these */
	{ TEXT(""), 0, { .ready = false } },
	{ TEXT("\0"), 0, { .ready = false } },
	{ TEXT("READY"), 0, { .ready = false } },
	{ TEXT("READY="), 0, { .ready = false } },
	{ TEXT("READY=10"), 0, { .ready = false } },
	{ TEXT("READY=1 "), 0, { .ready = false } },
	{ TEXT(" READY=1"), 0, { .ready = false } },
	{ TEXT("ready=1"), 0, { .ready = false } },
	{ TEXT("XREADY=1"), 0, { .ready = false } },
	{ TEXT("READY=1\r\n"), 0, { .ready = false } },
	{ TEXT("STATU\nS=x"), 0, { .ready = false } },
	{ TEXT("WATCHDOG_USEC=1"), 0, { .ready = false } },
	{ TEXT("EXTEND_TIMEOUT_USEC="), 0, { .ready = false } },
	{ TEXT("EXTEND_TIMEOUT_USEC=-1"), 0, { .ready = false } },
	{ TEXT("EXTEND_TIMEOUT_USEC=1s"), 0, { .ready = false } },
	{ TEXT("EXTEND_TIMEOUT_USEC=18446744073709551616"), 0, { .ready = false } },

	{ TEXT("READY=1\0READY=1"), -EINVAL, { .ready = false } },
	{ TEXT("\0READY=1"), -EINVAL, { .ready = false } },
	{ TEXT("READY=1\0\0"), -EINVAL, { .ready = false } },
};

START_TEST(each_row)
{
	const struct row *row = &rows[_i];
	struct notify_message message;
	char *exact = malloc(row->len + 1); /* so that a sanitizer sees a read beyond the end */

	ck_assert_ptr_nonnull(exact);
	memcpy(exact, row->data, row->len);
	exact = realloc(exact, row->len ? row->len : 1);
	memset(&message, 0xff, sizeof(message));
	ck_assert_int_eq(notify_message_parse(exact, row->len, &message), row->r);
	ck_assert_int_eq(message.ready, row->message.ready);
	ck_assert_int_eq(message.reloading, row->message.reloading);
	ck_assert_int_eq(message.stopping, row->message.stopping);
	ck_assert_int_eq(message.alive, row->message.alive);
	ck_assert_int_eq(message.sick, row->message.sick);
	ck_assert_int_eq(message.has_status, row->message.has_status);
	ck_assert_str_eq(message.status, row->message.status);
	ck_assert_uint_eq(message.extend_us, row->message.extend_us);
	free(exact);
}
END_TEST

/* Cut so that it ends in the kernel's room and between two characters. */
START_TEST(long_status)
{
	struct notify_message message;
	char text[1024];

	memset(text, 'x', sizeof(text));
	memcpy(text, "STATUS=", 7);
	ck_assert_int_eq(notify_message_parse(text, sizeof(text), &message), 0);
	ck_assert_uint_eq(strlen(message.status), NOTIFY_STATUS_MAX - 1);
	memcpy(text + 7 + NOTIFY_STATUS_MAX - 2, "\xc3\xa9", 2);
	ck_assert_int_eq(notify_message_parse(text, sizeof(text), &message), 0);
	ck_assert_uint_eq(strlen(message.status), NOTIFY_STATUS_MAX - 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/notify_message");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, each_row, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, long_status);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
