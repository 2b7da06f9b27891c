/* test_report_hint.c - the advice fits the finding, and the rule to paste works.
 * Runs in: make check. */
#include "report_sample.h"

#include "base/error.h"
#include "report/hint.h"

#include <stdio.h>
#include <stdlib.h>

/* A finding below a traceback through `through`, if any, and one frame of the application. */
static const struct {
	const char *kind, *type, *target, *through;
	const char *says;
} advice[] = {
	{ "fd", "file", "/etc/shop.conf", NULL, "with open(" },
	{ "fd", "file", "/var/log/x.log", "/usr/lib/python3.11/logging/__init__.py", "delay=True" },
	{ "fd", "file", "/srv/db.sqlite3", NULL, "SQLite" },
	{ "fd", "file", "/srv/db.sqlite3-wal", NULL, "SQLite" },
	{ "fd", "socket", "TCP 127.0.0.1:53710 -> 127.0.0.1:5432 ESTABLISHED", NULL, "connect in" },
	{ "fd", "socket", "TCP 127.0.0.1:53710 -> 127.0.0.1:5432 ESTABLISHED",
	  "/x/site-packages/django/db/backends/postgresql/base.py", "connections.close_all()" },
	{ "fd", "file", "/srv/db.sqlite3", "/x/django/db/backends/sqlite3/base.py",
	  "connections.close_all()" },
	{ "fd", "socket", "TCP 0.0.0.0:8000 LISTEN", NULL, "[socket:NAME]" },
	{ "fd", "eventpoll", "anon_inode:[eventpoll]", "/usr/lib/python3.11/asyncio/unix_events.py",
	  "asyncio.run()" },
	{ "fd", "eventpoll", "anon_inode:[eventpoll]", "/x/twisted/internet/epollreactor.py",
	  "reactor" },
	{ "fd", "eventpoll", "anon_inode:[eventpoll]", "/x/gevent/hub.py", "gevent" },
	{ "fd", "eventfd", "anon_inode:[eventfd]", NULL, "events" },
	{ "fd", "pipe", "pipe:[123456]", NULL, "pipe" },
	{ "fd", "pipe", "pipe:[123456]", "/usr/lib/python3.11/multiprocessing/resource_tracker.py",
	  "resource tracker" },
	{ "fd", "device", "/dev/nvidia0", NULL, "GPU" },
	{ "fd", "memfd", "/memfd:x (deleted)", NULL, "make it in the worker" },
	{ "thread", NULL, "Thread-1 (poll)", NULL, "start it in the worker" },
	{ "thread", NULL, "python3", "/x/site-packages/numpy/__init__.py", "OPENBLAS_NUM_THREADS" },
	{ "process", NULL, "sleep 100", NULL, "subprocess.run()" },
	{ "process", NULL, "python -c from multiprocessing.resource_tracker import main", NULL,
	  "resource tracker" },
	{ "process", NULL, "[sleep] <defunct>", NULL, "wait()" },
	{ "process", "zombie", "sleep", NULL, "wait()" },
	{ "mapping", NULL, "/dev/zero (deleted)", NULL, "MAP_PRIVATE" },
	{ "lock", NULL, "FLOCK /run/shop.lock", NULL, "flock" },
	{ "io_uring", NULL, "anon_inode:[io_uring]", NULL, "io_uring" },
	{ "fd", "never seen before", "x", NULL, "make it in the worker" },
};

static struct finding *build(struct report *report, const char *kind, const char *type,
			     const char *target, const char *through)
{
	struct finding *finding;

	sample_init(report);
	finding = sample_add(report, kind, type, target);
	sample_frame(&finding->stack, "/srv/shop/app.py", 12, "setup", "f()");
	if (through)
		sample_frame(&finding->stack, through, 1, "g", NULL);
	return finding;
}

START_TEST(advice_fits)
{
	struct report report;
	struct finding *finding = build(&report, advice[_i].kind, advice[_i].type,
					advice[_i].target, advice[_i].through);
	CLEANUP_FREE char *hint = hint_make(&report, finding);
	size_t lines = 1;

	ck_assert_msg(strstr(hint, advice[_i].says), "%s", hint);
	for (const char *c = hint; *c; c++)
		lines += *c == '\n';
	ck_assert_msg(lines <= 2, "%s", hint);
	report_done(&report);
}
END_TEST

/* Targets and files that a pattern, a quoted word or a configuration file could misread. */
static const char *const targets[] = {
	"/var/log/shop.log",
	"/srv/a b.txt",
	"/srv/[x]*?\\.txt",
	"/srv/say \"hi\"",
	"/srv/100%.txt; x",
	"/srv/caf\xc3\xa9.txt",
	"/srv/caf\xe9 \xff.txt",
	"/srv/line\nbreak",
	"/tmp/tmpabc123",
	"/srv/gone.txt (deleted)",
	"TCP 127.0.0.1:53710 -> 127.0.0.1:5432 ESTABLISHED",
	"TCP [::1]:53710 \xe2\x86\x92 [::1]:5432",
	"pipe:[123456]",
	"Thread-1 (poll)",
	"",
	"a:b:c",
	"at close",
};
static const char *const files[] = {
	"/srv/shop/log.py",
	"/srv/my shop/[log].py",
	"/srv/caf\xe9.py",
	"<string>",
	"/srv/at:12",
	"/srv/x y:z();.py",
	NULL,
};
static const struct {
	const char *kind, *type;
} kinds[] = {
	{ "fd", "file" },       { "fd", "directory" }, { "fd", "socket" },   { "fd", "pipe" },
	{ "fd", "new_in_7_0" }, { "fd", NULL },        { "thread", NULL },   { "process", NULL },
	{ "mapping", NULL },    { "lock", NULL },      { "io_uring", NULL },
};

static bool allows(const char *text, const struct finding *finding, struct error *err)
{
	struct rule_frame frame = { 0 };
	struct rule_subject subject = { finding->kind, finding->type, finding->target, &frame,
					finding->stack.nframes };
	struct rule rule;
	bool matches;

	if (finding->stack.nframes) {
		frame.file = finding->stack.frames[0].file;
		frame.function = finding->stack.frames[0].function;
		frame.line = finding->stack.frames[0].line;
	}
	if (rule_parse(&rule, text, err) < 0)
		return false;
	matches = rule_matches(&rule, &subject);
	if (!matches)
		error_set(err, "does not match");
	rule_done(&rule);
	return matches;
}

/* Every combination: the rule parses, allows the finding, and survives being pasted into a file. */
START_TEST(rule_allows_its_finding)
{
	for (size_t i = 0; i < ARRAY_LEN(targets); i++)
		for (size_t k = 0; k < ARRAY_LEN(files); k++) {
			struct report report;
			struct finding *finding;
			struct error err = { "" };
			CLEANUP_FREE char *rule = NULL;

			sample_init(&report);
			finding = sample_add(&report, kinds[_i].kind, kinds[_i].type, targets[i]);
			if (files[k])
				sample_frame(&finding->stack, files[k], 12, "setup", NULL);
			rule = hint_rule(&report, finding);
			ck_assert_msg(allows(rule, finding, &err), "%s: %s", rule, err.text);
			ck_assert_msg(!strpbrk(rule, "%;\n"), "%s", rule);
			report_done(&report);
		}
}
END_TEST

/* It allows no other finding of the same kind. */
START_TEST(rule_is_narrow)
{
	struct report report;
	struct finding *finding = build(&report, "fd", "file", "/var/log/shop.log", NULL);
	CLEANUP_FREE char *rule = hint_rule(&report, finding);
	struct error err;

	ck_assert_str_eq(rule, "file:/var/log/shop.log at /srv/shop/app.py:12 reopen");
	ck_assert(allows(rule, finding, &err));
	finding->stack.frames[0].line = 13;
	ck_assert(!allows(rule, finding, &err));
	finding->stack.frames[0].line = 12;
	finding->target[0] = 'x';
	ck_assert(!allows(rule, finding, &err));
	report_done(&report);
}
END_TEST

/* What changes from run to run is left out of it. */
START_TEST(rule_lasts)
{
	struct report report;
	struct finding *finding =
		build(&report, "fd", "socket", "TCP 127.0.0.1:53710 -> 127.0.0.1:80", NULL);
	CLEANUP_FREE char *located = hint_rule(&report, finding), *bare = NULL;
	struct error err;

	ck_assert_str_eq(located, "socket at /srv/shop/app.py:12");
	report_stack_done(&finding->stack);
	bare = hint_rule(&report, finding);
	free(finding->target);
	finding->target = strdup("TCP 127.0.0.1:40404 -> 127.0.0.1:80");
	ck_assert_msg(allows(bare, finding, &err), "%s", bare);
	finding->target[strlen(finding->target) - 1] = '1';
	ck_assert(!allows(bare, finding, &err));
	report_done(&report);
}
END_TEST

/* A line that calls a package may open more than this one: then the rule says which. */
START_TEST(rule_names_what_a_package_opened)
{
	struct report report;
	struct finding *finding =
		build(&report, "fd", "socket", "TCP 127.0.0.1:53710 -> 10.0.0.1:80",
		      "/x/site-packages/redis/connection.py");
	CLEANUP_FREE char *rule = hint_rule(&report, finding);

	ck_assert_str_eq(rule, "\"socket:TCP 127.0.0.1:* -> 10.0.0.1:80\" at /srv/shop/app.py:12");
	report_done(&report);
}
END_TEST

START_TEST(says_why_nobody_is_blamed)
{
	struct report report;
	struct finding *finding;
	CLEANUP_FREE char *unseen = NULL, *native = NULL;

	sample_init(&report);
	finding = sample_add(&report, "fd", "file", "/x");
	finding->attributed = false;
	unseen = hint_make(&report, finding);
	ck_assert_msg(strstr(unseen, "was not seen"), "%s", unseen);
	finding->attributed = true;
	native = hint_make(&report, finding);
	ck_assert_msg(strstr(native, "native library"), "%s", native);
	report_done(&report);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/hint");
	TCase *tc = tcase_create("hint");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, advice_fits, 0, ARRAY_LEN(advice));
	tcase_add_loop_test(tc, rule_allows_its_finding, 0, ARRAY_LEN(kinds));
	tcase_add_test(tc, rule_is_narrow);
	tcase_add_test(tc, rule_lasts);
	tcase_add_test(tc, rule_names_what_a_package_opened);
	tcase_add_test(tc, says_why_nobody_is_blamed);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
