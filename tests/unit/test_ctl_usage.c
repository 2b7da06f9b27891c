/* test_ctl_usage.c - what the supervisor says of CPU and memory: read, compared, sorted, chosen. */
#include "ctl/usage.h"

#include "base/buf.h"
#include "ctl/ctl.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void set_real(struct rpc_value *to, const char *name, double real)
{
	struct rpc_value *value = rpc_new(RPC_DOUBLE);

	value->real = real;
	ck_assert_int_eq(rpc_set(to, name, value), 0);
}

/* `cpu` negative: it was not sampled; `pss` negative: not measured. */
static void add(struct rpc_value *list, const char *group, const char *name, int pid, double cpu,
		double at, int pss)
{
	struct rpc_value *value = rpc_new(RPC_STRUCT);

	ck_assert_int_eq(rpc_append(list, value), 0);
	if (group)
		(void)rpc_set(value, "group", rpc_new_string(group));
	(void)rpc_set(value, "name", rpc_new_string(name));
	(void)rpc_set(value, "zygote", rpc_new_string(group && *group == 'w' ? "app" : ""));
	(void)rpc_set(value, "pid", rpc_new_int(pid));
	if (cpu >= 0) {
		set_real(value, "cpu_seconds", cpu);
		set_real(value, "sampled_seconds", at);
		set_real(value, "uptime_seconds", 10);
		(void)rpc_set(value, "rss_bytes", rpc_new_int(1000));
	}
	if (pss >= 0)
		(void)rpc_set(value, "pss_bytes", rpc_new_int(pss));
}

/* Two lists, to be filled and then taken. */
static struct rpc_value *begin(struct rpc_value **zygotes, struct rpc_value **processes)
{
	struct rpc_value *answer = rpc_new(RPC_STRUCT);

	*zygotes = rpc_new(RPC_ARRAY);
	*processes = rpc_new(RPC_ARRAY);
	ck_assert_int_eq(rpc_set(answer, "zygotes", *zygotes), 0);
	ck_assert_int_eq(rpc_set(answer, "processes", *processes), 0);
	return answer;
}

static struct usage make(double at, double factor)
{
	struct rpc_value *zygotes, *processes, *answer = begin(&zygotes, &processes);
	struct usage usage;

	add(zygotes, NULL, "app", 5, 1, at, 70);
	add(processes, "web", "web_0", 6, 3 * factor, at, 30);
	add(processes, "web", "web_1", 7, 2, at, -1);
	add(processes, "cat", "cat", 0, -1, at, -1);
	ck_assert(usage_take(&usage, answer));
	return usage;
}

START_TEST(reading)
{
	struct usage usage = make(100, 1);

	ck_assert_uint_eq(usage.n, 4);
	ck_assert_str_eq(usage.lines[0].name, "zygote:app");
	ck_assert(usage.lines[0].is_zygote && !usage.lines[1].is_zygote);
	ck_assert_str_eq(usage.lines[1].name, "web:web_0");
	ck_assert_str_eq(usage.lines[3].name, "cat");
	ck_assert_int_eq(usage.lines[0].pss, 70);
	ck_assert_int_eq(usage.lines[2].pss, -1);
	ck_assert_int_eq(usage.lines[3].rss, -1);
	ck_assert_str_eq(usage.lines[3].run_state, "");
	usage_done(&usage);
	ck_assert(usage_take(&usage, rpc_new(RPC_STRUCT))); /* of a strange server */
	ck_assert_uint_eq(usage.n, 0);
	usage_sort(&usage, USAGE_BY_CPU);
	usage_done(&usage);
}
END_TEST

START_TEST(generations)
{
	static const char *const names[] = { "zygote:app", "zygote:app", "zygote:app#2" };

	for (int generation = 0; generation < 3; generation++) {
		struct rpc_value *zygotes, *processes, *answer = begin(&zygotes, &processes);
		struct usage usage;

		add(zygotes, NULL, "app", 5, 1, 1, 70);
		if (generation) /* without: an older supervisor */
			(void)rpc_set(zygotes->first, "generation", rpc_new_int(generation));
		ck_assert(usage_take(&usage, answer));
		ck_assert_str_eq(usage.lines[0].name, names[generation]);
		usage_done(&usage);
	}
}
END_TEST

START_TEST(cpu_between_two)
{
	struct usage before = make(100, 1), now = make(102, 2), again = make(102, 2);

	before.lines[2].pid = 99; /* web_1 was another process then */
	usage_sort(&before, USAGE_BY_NAME);
	usage_compare(&now, &before);
	ck_assert_double_eq_tol(now.lines[0].cpu, 0, 1e-9);
	ck_assert_double_eq_tol(now.lines[1].cpu, 150, 1e-9);
	ck_assert_double_eq_tol(now.lines[2].cpu, 20, 1e-9); /* since its start */
	ck_assert_double_lt(now.lines[3].cpu, 0);
	usage_compare(&again, &now); /* the same sample: nothing new is known */
	ck_assert_double_eq_tol(again.lines[1].cpu, 150, 1e-9);
	usage_done(&before);
	usage_done(&now);
	usage_done(&again);
}
END_TEST

static const struct {
	enum usage_order order;
	const char *names[4];
} orders[] = {
	{ USAGE_BY_CPU, { "web:web_1", "zygote:app", "web:web_0", "cat" } },
	{ USAGE_BY_MEMORY, { "web:web_1", "zygote:app", "web:web_0", "cat" } },
	{ USAGE_BY_NAME, { "cat", "web:web_0", "web:web_1", "zygote:app" } },
};

START_TEST(sorting)
{
	struct usage usage = make(1, 1);

	usage.lines[1].cpu = usage.lines[0].cpu =
		0; /* the memory decides; RSS, where there is no PSS */
	usage.lines[2].cpu = 1;
	usage_sort(&usage, orders[_i].order);
	for (size_t i = 0; i < 4; i++)
		ck_assert_str_eq(usage.lines[i].name, orders[_i].names[i]);
	usage_done(&usage);
}
END_TEST

START_TEST(choosing)
{
	char *none[] = { NULL }, *cat[] = { (char *)"cat", NULL };
	char *web[] = { (char *)"web:web_1", (char *)"nix", NULL };
	struct ctl ctl = { .silent = true };
	struct usage usage = make(1, 1);

	usage_select(&ctl, &usage, none);
	ck_assert_uint_eq(usage.n, 4);
	usage_select(&ctl, &usage, web);
	ck_assert_uint_eq(usage.n, 2);
	ck_assert_str_eq(usage.lines[0].name, "zygote:app");
	ck_assert_str_eq(usage.lines[1].name, "web:web_1");
	ck_assert_int_eq(ctl.status, CTL_STATUS_UNKNOWN);
	usage_done(&usage);
	usage = make(1, 1);
	usage_select(&ctl, &usage, cat);
	ck_assert_uint_eq(usage.n, 1);
	ck_assert_str_eq(usage.lines[0].name, "cat");
	usage_done(&usage);
}
END_TEST

START_TEST(mebibytes)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} table[] = {
		{ -1, "     -" },    { 0, "   0.0" },       { 52428, "   0.0" },
		{ 52429, "   0.1" }, { 1048576, "   1.0" }, { INT64_C(1) << 40, "1048576.0" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct buf text = { 0 };

		usage_add_mib(&text, 6, table[i].bytes);
		ck_assert_str_eq(buf_str(&text), table[i].text);
		buf_done(&text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ctl/usage");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, reading);
	tcase_add_test(tc, generations);
	tcase_add_test(tc, cpu_between_two);
	tcase_add_loop_test(tc, sorting, 0, sizeof(orders) / sizeof(orders[0]));
	tcase_add_test(tc, choosing);
	tcase_add_test(tc, mebibytes);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
