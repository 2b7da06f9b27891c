/* test_supervisor_audit_options.c - the command line of --audit-only.
 * Runs in: make check. */
#include "base/error.h"
#include "base/strv.h"
#include "base/util.h"
#include "ipc/messages.h"
#include "supervisor/audit_options.h"

#include <check.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 12

static int parse(struct audit_options *options, const char *const *words, struct error *err)
{
	char *argv[WORDS + 2] = { (char *)"forkserver" };
	int argc = 1;

	for (; argc <= WORDS && words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	return audit_options_parse(options, argc, argv, err);
}

START_TEST(everything)
{
	static const char *const words[WORDS] = { "--audit-only",   "shop.wsgi", "--python=3.12",
						  "--path",         "/tmp/..",   "--allow",
						  "file:/x reopen", "--mode",    "full",
						  "--timeout",      "0",         "shop.tasks" };
	struct audit_options options;
	struct error err = { "" };

	ck_assert_msg(parse(&options, words, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(strv_len(options.names), 2); /* options may come in between */
	ck_assert_str_eq(options.names[0], "shop.wsgi");
	ck_assert_str_eq(options.names[1], "shop.tasks");
	ck_assert_str_eq(options.python, "3.12");
	ck_assert_str_eq(options.path[0], "/");
	ck_assert_str_eq(options.allow[0], "file:/x reopen");
	ck_assert_int_eq(options.mode, AUDIT_FULL);
	ck_assert_int_eq(options.timeout, 0);
	ck_assert(!options.json && !options.quiet && !options.memory && !options.help);
	audit_options_done(&options);
}
END_TEST

START_TEST(defaults)
{
	static const char *const words[WORDS] = { "--audit-only" };
	struct audit_options options;
	struct error err = { "" };

	ck_assert_int_eq(parse(&options, words, &err), 0);
	ck_assert_ptr_null(options.names);
	ck_assert_int_eq(options.mode, -1);
	ck_assert_int_eq(options.timeout, -1);
	ck_assert_int_eq(options.color, COLOR_AUTO);
	audit_options_done(&options);
}
END_TEST

START_TEST(with_a_configuration)
{
	static const char *const words[WORDS] = {
		"--audit-only", "-c",    "x.conf",  "--format=json",
		"--color",      "never", "--quiet", "--memory",
		"--baseline",   "b",     "shop"
	};
	struct audit_options options;
	struct error err = { "" };

	ck_assert_msg(parse(&options, words, &err) == 0, "%s", err.text);
	ck_assert_str_eq(options.config, "x.conf");
	ck_assert_str_eq(options.names[0], "shop");
	ck_assert_str_eq(options.baseline, "b");
	ck_assert(options.json && options.quiet && options.memory);
	ck_assert_int_eq(options.color, COLOR_NEVER);
	audit_options_done(&options);
}
END_TEST

/* After "--" nothing is an option. */
START_TEST(odd_names)
{
	static const char *const words[WORDS] = { "--audit-only", "--", "--quiet", "-c" };
	struct audit_options options;
	struct error err = { "" };

	ck_assert_int_eq(parse(&options, words, &err), 0);
	ck_assert_uint_eq(strv_len(options.names), 2);
	ck_assert(!options.quiet);
	audit_options_done(&options);
}
END_TEST

static const struct {
	const char *words[WORDS];
	const char *says;
} bad[] = {
	{ { "--audit-ony" }, "unknown option --audit-ony" },
	{ { "-x", "m" }, "unknown option -x" },
	{ { "m", "--python" }, "--python needs a value" },
	{ { "m", "--mode", "fast" }, "--mode fast: must be filter or full" },
	{ { "m", "--format", "xml" }, "--format xml: must be text, json or github" },
	{ { "m", "--color", "on" }, "--color on: must be auto, always or never" },
	{ { "m", "--timeout", "5s" }, "--timeout 5s: must be a whole number" },
	{ { "m", "--timeout", "-1" }, "--timeout -1: must be" },
	{ { "m", "--timeout", "" }, "--timeout : must be" },
	{ { "m", "--warmup", "shop.boot" }, "must be MODULE:CALLABLE" },
	{ { "m", "--warmup", ":x" }, "must be MODULE:CALLABLE" },
	{ { "m", "--warmup", "x:" }, "must be MODULE:CALLABLE" },
	{ { "m", "--allow", "fiel:/x" }, "--allow fiel:/x: unknown kind" },
	{ { "m", "--path", "/nonexistent" }, "--path /nonexistent: No such file" },
	{ { "m", "--path", "/dev/null" }, "--path /dev/null: not a directory" },
	{ { "--python", "3.11" }, "--python needs MODULE" },
	{ { "-c", "x", "--path", "/tmp", "m" }, "--path needs MODULE and goes without -c" },
	{ { "-c", "x", "--warmup", "a:b" }, "--warmup needs MODULE" },
};

START_TEST(errors)
{
	struct audit_options options;
	struct error err = { "" };

	ck_assert_int_eq(parse(&options, bad[_i].words, &err), -1);
	ck_assert_msg(strstr(err.text, bad[_i].says), "%s", err.text);
	audit_options_done(&options);
}
END_TEST

/* The usage names every option. */
START_TEST(usage)
{
	static const char *const names[] = { "--configuration", "--python",         "--path",
					     "--warmup",        "--allow",          "--mode",
					     "--timeout",       "--format",         "--output",
					     "--baseline",      "--write-baseline", "--color",
					     "--memory",        "--quiet" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ck_assert_msg(strstr(audit_usage, names[i]), "%s", names[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/audit_options");
	TCase *tc = tcase_create("audit_options");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, everything);
	tcase_add_test(tc, defaults);
	tcase_add_test(tc, with_a_configuration);
	tcase_add_test(tc, odd_names);
	tcase_add_loop_test(tc, errors, 0, ARRAY_LEN(bad));
	tcase_add_test(tc, usage);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
