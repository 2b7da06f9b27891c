/* test_supervisor_counter.c - requests in shared memory: numbers that are free, and what a process
 * cannot do to us.
 * Runs in: make check. */
#include "supervisor/counter.h"

#include "base/fd.h"
#include "base/util.h"
#include "config/config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct {
	size_t nannounced, nplaced;
	int placed[3];
	int number;
} rows[] = {
	{ 0, 0, { 0 }, 18 },          { 2, 0, { 0 }, 18 },       { 2, 1, { 18 }, 17 },
	{ 1, 3, { 16, 18, 17 }, 15 }, { 14, 2, { 18, 17 }, 19 }, /* 3 to 16 are announced */
	{ 20, 1, { 23 }, 24 },
};

START_TEST(chooses_a_free_number)
{
	int placed[3];
	struct config_program program = { .nannounced = rows[_i].nannounced,
					  .nplaced = rows[_i].nplaced,
					  .socket_fds = placed,
					  .max_requests = 1 };
	struct counter counter;

	memcpy(placed, rows[_i].placed, sizeof(placed));
	counter_init(&counter);
	ck_assert_int_eq(counter_choose(&counter, &program), 0);
	ck_assert_int_eq(counter.number, rows[_i].number);
	ck_assert_uint_eq(counter.nnumbers, rows[_i].nplaced + 1);
	ck_assert_mem_eq(counter.numbers, placed, rows[_i].nplaced * sizeof(int));
	ck_assert_int_eq(counter.numbers[rows[_i].nplaced], rows[_i].number);
	ck_assert_int_eq(counter_choose(&counter, &program), 0); /* nothing more */
	ck_assert_uint_eq(counter.nnumbers, rows[_i].nplaced + 1);
	counter_done(&counter);
}
END_TEST

START_TEST(none_without_a_limit)
{
	struct config_program program = { 0 };
	struct counter counter;

	counter_init(&counter);
	ck_assert_int_eq(counter_choose(&counter, &program), 0);
	ck_assert_int_eq(counter.number, 0);
	ck_assert_int_eq(counter_open(&counter), 0);
	ck_assert_int_eq(counter.fd, -1);
	ck_assert_uint_eq(counter_read(&counter), 0);
	counter_done(&counter);
}
END_TEST

static void set(int fd, uint64_t count)
{
	uint64_t *map = mmap(NULL, sizeof(count), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	ck_assert_ptr_ne(map, MAP_FAILED);
	*map = count;
	munmap(map, sizeof(count));
}

START_TEST(each_start_has_its_own)
{
	struct config_program program = { .max_requests = 1 };
	struct counter counter;
	int before;

	counter_init(&counter);
	ck_assert_int_eq(counter_choose(&counter, &program), 0);
	ck_assert_int_eq(counter_open(&counter), 0);
	ck_assert_int_eq(fcntl(counter.fd, F_GETFD), FD_CLOEXEC);
	ck_assert_uint_eq(counter_read(&counter), 0);
	set(counter.fd, 7);
	ck_assert_uint_eq(counter_read(&counter), 7);
	set(counter.fd, UINT64_MAX);
	ck_assert_uint_eq(counter_read(&counter), UINT64_MAX);
	before = dup(counter.fd);
	ck_assert_int_eq(counter_open(&counter), 0);
	set(before, 9); /* by what is left of the start before */
	ck_assert_uint_eq(counter_read(&counter), 0);
	fd_close(&before);
	counter_done(&counter);
}
END_TEST

START_TEST(a_process_cannot_change_its_size)
{
	struct config_program program = { .max_requests = 1 };
	struct counter counter;
	char page[64] = { 0 };

	counter_init(&counter);
	ck_assert_int_eq(counter_choose(&counter, &program), 0);
	ck_assert_int_eq(counter_open(&counter), 0);
	ck_assert_int_eq(ftruncate(counter.fd, 0), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(ftruncate(counter.fd, 1 << 30), -1);
	ck_assert_int_eq(pwrite(counter.fd, page, sizeof(page), 4096), -1);
	ck_assert_int_eq(fcntl(counter.fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	ck_assert_uint_eq(counter_read(&counter), 0);
	counter_done(&counter);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("counter");
	TCase *tcase = tcase_create("counter");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tcase, chooses_a_free_number, 0, (int)ARRAY_LEN(rows));
	tcase_add_test(tcase, none_without_a_limit);
	tcase_add_test(tcase, each_start_has_its_own);
	tcase_add_test(tcase, a_process_cannot_change_its_size);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
