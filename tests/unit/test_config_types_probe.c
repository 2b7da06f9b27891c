/* test_config_types_probe.c - `ready` and `health` as people write them, and what is wrong with
 * them. Runs in: make check. */
#include "base/error.h"
#include "base/util.h"
#include "config/config.h"
#include "config/types.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *text;
	struct config_probe probe;
} good[] = {
	{ "none", { .kind = PROBE_NONE } },
	{ "notify", { .kind = PROBE_NOTIFY } },
	{ "tcp://127.0.0.1:80", { PROBE_TCP, NULL, (char *)"127.0.0.1", 80, NULL } },
	{ "tcp://localhost:65535", { PROBE_TCP, NULL, (char *)"127.0.0.1", 65535, NULL } },
	{ "tcp://[::1]:8000", { PROBE_TCP, NULL, (char *)"::1", 8000, NULL } },
	{ "http://127.0.0.1", { PROBE_HTTP, NULL, (char *)"127.0.0.1", 80, (char *)"/" } },
	{ "http://[::1]", { PROBE_HTTP, NULL, (char *)"::1", 80, (char *)"/" } },
	{ "http://[::1]:81/a:b]", { PROBE_HTTP, NULL, (char *)"::1", 81, (char *)"/a:b]" } },
	{ "http://10.0.0.1:8000/healthz?full=1&x=%20",
	  { PROBE_HTTP, NULL, (char *)"10.0.0.1", 8000, (char *)"/healthz?full=1&x=%20" } },
	{ "http://localhost?x", { PROBE_HTTP, NULL, (char *)"127.0.0.1", 80, (char *)"/?x" } },
	{ "exec  /bin/check 'a b'", { PROBE_EXEC, NULL, NULL, 0, (char *)"/bin/check 'a b'" } },
	{ "exec\tx", { PROBE_EXEC, NULL, NULL, 0, (char *)"x" } },
};

START_TEST(good_probe)
{
	const struct config_probe *expected = &good[_i].probe;
	struct config_probe probe = { 0 }, again = { 0 };
	struct error err = { "" };

	ck_assert_msg(type_ready.parse(&probe, good[_i].text, NULL, &err) == 0, "%s: %s",
		      good[_i].text, err.text);
	ck_assert_int_eq(probe.kind, expected->kind);
	ck_assert_pstr_eq(probe.host, expected->host);
	ck_assert_uint_eq(probe.port, expected->port);
	ck_assert_pstr_eq(probe.target, expected->target);
	ck_assert_int_eq(type_ready.parse(&again, good[_i].text, NULL, &err), 0);
	ck_assert(type_ready.same(&probe, &again));
	type_ready.done(&again);
	ck_assert_int_eq(type_ready.same(&probe, &again), probe.kind == PROBE_NONE);
	type_ready.done(&probe);
}
END_TEST

static const struct {
	const char *text, *error;
} bad[] = {
	{ "", "'' is not one of none, notify, tcp://HOST:PORT" },
	{ "Notify", "'Notify' is not one of" },
	{ "tcp", "tcp needs an address: tcp://HOST:PORT; a socket that the supervisor has bound" },
	{ "http", "http needs an address: http://HOST:PORT/PATH" },
	{ "exec", "exec needs a command: exec COMMAND" },
	{ "exec ", "can't parse command ''" },
	{ "exec a 'b", "can't parse command 'a 'b': No closing quotation" },
	{ "executable", "'executable' is not one of" },
	{ "https://127.0.0.1", "https is not spoken here" },
	{ "tcp://127.0.0.1", "not a valid port number in '127.0.0.1'" },
	{ "tcp://127.0.0.1:", "not a valid port number" },
	{ "tcp://127.0.0.1:0", "not a valid port number" },
	{ "tcp://127.0.0.1:65536", "not a valid port number" },
	{ "tcp://127.0.0.1:80x", "not a valid port number" },
	{ "tcp://:80", "'' is no address" },
	{ "tcp://db:80", "'db' is no address; write one such as 127.0.0.1" },
	{ "tcp://::1:80", "'::1' is no address" },
	{ "tcp://[127.0.0.1]:80", "'[127.0.0.1]' is no address" },
	{ "tcp://[::1]", "not a valid port number" },
	{ "http://127.0.0.1:80/a b", "'/a b' is no path of HTTP" },
	{ "http://127.0.0.1:80/a\rX: y", "'/a\rX: y' is no path of HTTP" },
	{ "http://127.0.0.1:80/#a", "'/#a' is no path of HTTP" },
	{ "http://u:p@127.0.0.1:80/", "'u:p@127.0.0.1' is no address" },
};

START_TEST(bad_probe)
{
	struct config_probe probe = { 0 };
	struct error err = { "" };

	ck_assert_int_eq(type_ready.parse(&probe, bad[_i].text, NULL, &err), -1);
	ck_assert_msg(strstr(err.text, bad[_i].error) == err.text, "%s: %s", bad[_i].text,
		      err.text);
	ck_assert_ptr_null(probe.text);
	ck_assert_ptr_null(probe.host);
	ck_assert_ptr_null(probe.target);
	ck_assert_int_eq(probe.kind, PROBE_NONE);
}
END_TEST

START_TEST(long_path)
{
	struct config_probe probe = { 0 };
	struct error err = { "" };
	char text[600];

	memset(text, 'x', sizeof(text));
	memcpy(text, "http://[::1]/", 13);
	text[12 + 512] = '\0';
	ck_assert_int_eq(type_ready.parse(&probe, text, NULL, &err), 0);
	type_ready.done(&probe);
	text[12 + 512] = 'x';
	text[12 + 513] = '\0';
	ck_assert_int_eq(type_ready.parse(&probe, text, NULL, &err), -1);
}
END_TEST

static const struct {
	const char *text, *probe;
	uint32_t every, fail, timeout;
	const char *target;
} checks[] = {
	{ "tcp://127.0.0.1:80", "tcp://127.0.0.1:80", 10, 3, 5, NULL },
	{ "http://127.0.0.1:8000/healthz every 30s fail 3", "http://127.0.0.1:8000/healthz", 30, 3,
	  5, "/healthz" },
	{ "tcp://[::1]:80  fail\t1   timeout 2m every 1h ", "tcp://[::1]:80", 3600, 1, 120, NULL },
	{ "tcp://127.0.0.1:80 every 3", "tcp://127.0.0.1:80", 3, 3, 3, NULL },
	{ "exec check --every 5 every 20s", "exec check --every 5", 20, 3, 5, "check --every 5" },
	{ "exec check fail 'fail 3' fail 9", "exec check fail 'fail 3'", 10, 9, 5,
	  "check fail 'fail 3'" },
};

START_TEST(good_health)
{
	struct config_health health = { 0 }, other = { 0 };
	struct error err = { "" };

	ck_assert_msg(type_health.parse(&health, checks[_i].text, NULL, &err) == 0, "%s: %s",
		      checks[_i].text, err.text);
	ck_assert_str_eq(health.probe.text, checks[_i].probe);
	ck_assert_pstr_eq(health.probe.target, checks[_i].target);
	ck_assert_uint_eq(health.every, checks[_i].every);
	ck_assert_uint_eq(health.fail, checks[_i].fail);
	ck_assert_uint_eq(health.timeout, checks[_i].timeout);
	ck_assert_int_eq(type_health.parse(&other, checks[_i].text, NULL, &err), 0);
	ck_assert(type_health.same(&health, &other));
	other.every++;
	ck_assert(!type_health.same(&health, &other));
	type_health.done(&health);
	type_health.done(&other);
}
END_TEST

START_TEST(no_health)
{
	struct config_health health = { 0 }, none = { 0 };
	struct error err = { "" };

	ck_assert_int_eq(type_health.parse(&health, "none every 5s", NULL, &err), 0);
	ck_assert_int_eq(health.probe.kind, PROBE_NONE);
	ck_assert(type_health.same(&health, &none));
	type_health.done(&health);
}
END_TEST

static const struct {
	const char *text, *error;
} bad_checks[] = {
	{ "", "PROBE [every 10s] [fail 3] [timeout 5s] is expected: '' is not one of" },
	{ "notify", "a process that says itself that it is well has watchdogsecs" },
	{ "notify every 5s", "a process that says itself" },
	{ "tcp://127.0.0.1:80 every",
	  "PROBE [every 10s] [fail 3] [timeout 5s] is expected: not a" },
	{ "tcp://127.0.0.1:80 every 0s", "every: '0s' is no time" },
	{ "tcp://127.0.0.1:80 every 5d", "every: '5d' is no time" },
	{ "tcp://127.0.0.1:80 every s", "every: 's' is no time" },
	{ "tcp://127.0.0.1:80 every -1", "every: '-1' is no time" },
	{ "tcp://127.0.0.1:80 every 25h", "every: '25h' is no time" },
	{ "tcp://127.0.0.1:80 every 99999999999999999999s",
	  "every: '99999999999999999999s' is no" },
	{ "tcp://127.0.0.1:80 fail 0", "fail: '0' is no number from 1 to 1000" },
	{ "tcp://127.0.0.1:80 fail 3 fail 4", "fail is there twice" },
	{ "tcp://127.0.0.1:80 timeout 11s", "one probe may not take longer (timeout 11s) than" },
	{ "every 5s", "PROBE [every 10s] [fail 3] [timeout 5s] is expected: 'every 5s' is not" },
	{ "http://127.0.0.1:80/ often",
	  "PROBE [every 10s] [fail 3] [timeout 5s] is expected: '/ o" },
};

START_TEST(bad_health)
{
	struct config_health health = { 0 };
	struct error err = { "" };

	ck_assert_int_eq(type_health.parse(&health, bad_checks[_i].text, NULL, &err), -1);
	ck_assert_msg(strstr(err.text, bad_checks[_i].error) == err.text, "%s: %s",
		      bad_checks[_i].text, err.text);
	ck_assert_ptr_null(health.probe.text);
	ck_assert_uint_eq(health.every, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config/types_probe");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, good_probe, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tc, bad_probe, 0, ARRAY_LEN(bad));
	tcase_add_test(tc, long_path);
	tcase_add_loop_test(tc, good_health, 0, ARRAY_LEN(checks));
	tcase_add_test(tc, no_health);
	tcase_add_loop_test(tc, bad_health, 0, ARRAY_LEN(bad_checks));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
