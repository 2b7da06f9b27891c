/* test_tracer_ledger.c - the newest record of an fd number wins; copies keep what they descend
 * from. */
#include "tracer/ledger.h"

#include "tracer/pystack.h"

#include <check.h>
#include <errno.h>

/* The ledger only counts stacks; reading them needs a CPython (tests/functional). */
void pystack_unref(struct pystack *stack)
{
	ck_assert_ptr_null(stack);
}

static struct record *record_of(int fd, const char *syscall)
{
	struct record *record = record_new();

	ck_assert_ptr_nonnull(record);
	record->fd = fd;
	record->syscall = syscall;
	return record;
}

START_TEST(newest_wins)
{
	struct ledger ledger = { 0 };

	ck_assert_ptr_null(ledger_fd(&ledger, 5));
	ck_assert_int_eq(ledger_add_fd(&ledger, record_of(5, "openat")), 0);
	ck_assert_int_eq(ledger_add_fd(&ledger, record_of(5, "socket")), 0);
	ck_assert_str_eq(ledger_fd(&ledger, 5)->syscall, "socket");
	ck_assert_int_eq(ledger.events, 2);
	ck_assert_ptr_null(ledger_fd(&ledger, 4));
	ck_assert_ptr_null(ledger_fd(&ledger, -1));
	ck_assert_ptr_null(ledger_fd(&ledger, 1 << 19));
	ledger_done(&ledger);
}
END_TEST

START_TEST(numbers_have_a_limit)
{
	struct ledger ledger = { 0 };

	ck_assert_int_eq(ledger_add_fd(&ledger, record_of(-1, "openat")), -EBADF);
	ck_assert_int_eq(ledger_add_fd(&ledger, record_of(1 << 30, "openat")), -EBADF);
	ck_assert_int_eq(ledger_add_fd(&ledger, record_of(100000, "openat")), 0);
	ck_assert_ptr_nonnull(ledger_fd(&ledger, 100000));
	ledger_done(&ledger);
}
END_TEST

START_TEST(a_copy_outlives_its_origin_record)
{
	struct ledger ledger = { 0 };
	struct record *copy = record_of(9, "dup");

	ledger_add_fd(&ledger, record_of(7, "openat"));
	copy->parent = record_ref(ledger_fd(&ledger, 7));
	ledger_add_fd(&ledger, copy);
	ledger_add_fd(&ledger, record_of(7, "pipe2")); /* 7 was closed and used again */
	ck_assert_str_eq(ledger_fd(&ledger, 9)->parent->syscall, "openat");
	ledger_done(&ledger);
}
END_TEST

START_TEST(a_long_chain_is_freed_without_recursion)
{
	struct ledger ledger = { 0 };
	struct record *last = NULL;

	for (int i = 0; i < 1000000; i++) {
		struct record *record = record_of(3, "dup");

		record->parent = last;
		last = record;
	}
	ledger_add_fd(&ledger, last);
	ledger_done(&ledger);
}
END_TEST

START_TEST(mappings_by_address)
{
	struct ledger ledger = { 0 };
	const uintptr_t at[] = { 0x1000, 0x5000, 0x1000 };
	const char *const names[] = { "mmap", "shmat", "second" };

	for (int i = 0; i < 3; i++) {
		struct record *record = record_of(-1, names[i]);

		record->address = at[i];
		ck_assert_int_eq(ledger_add_map(&ledger, record), 0);
	}
	ck_assert_str_eq(ledger_map(&ledger, 0x1000, 0x3000)->syscall, "second");
	ck_assert_str_eq(ledger_map(&ledger, 0x4000, 0x6000)->syscall, "shmat");
	ck_assert_ptr_null(ledger_map(&ledger, 0x2000, 0x5000));
	ck_assert_int_eq(ledger.nmaps, 2);
	ledger_done(&ledger);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tracer/ledger");
	TCase *tc = tcase_create("ledger");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, newest_wins);
	tcase_add_test(tc, numbers_have_a_limit);
	tcase_add_test(tc, a_copy_outlives_its_origin_record);
	tcase_add_test(tc, a_long_chain_is_freed_without_recursion);
	tcase_add_test(tc, mappings_by_address);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
