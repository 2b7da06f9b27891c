/* test_config_rule.c - the grammar of `allow` rules, and what they match.
 * Runs in: make check. */
#include "base/error.h"
#include "base/util.h"
#include "config/rule.h"
#include "config/suggest.h"

#include <check.h>
#include <string.h>

static const struct {
	const char *text, *kind, *target, *file, *function;
	unsigned line;
	enum rule_action action;
} good[] = {
	{ "file", "file", NULL, NULL, NULL, 0, RULE_KEEP },
	{ "fd close", "fd", NULL, NULL, NULL, 0, RULE_CLOSE },
	{ "  thread:Timer-*\t", "thread", "Timer-*", NULL, NULL, 0, RULE_KEEP },
	{ "file:/usr/share/GeoIP/*.mmdb reopen", "file", "/usr/share/GeoIP/*.mmdb", NULL, NULL, 0,
	  RULE_REOPEN },
	{ "socket:TCP* at shop/db.py:12 null", "socket", "TCP*", "shop/db.py", NULL, 12,
	  RULE_NULL },
	{ "pipe at setup()", "pipe", NULL, NULL, "setup", 0, RULE_KEEP },
	{ "pipe at log.py:setup() keep", "pipe", NULL, "log.py", "setup", 0, RULE_KEEP },
	{ "\"socket:TCP 127.0.0.1:* -> *\" close", "socket", "TCP 127.0.0.1:* -> *", NULL, NULL, 0,
	  RULE_CLOSE },
	{ "thread:\"My Worker *\"", "thread", "My Worker *", NULL, NULL, 0, RULE_KEEP },
	{ "\"file:/a \\\"b\\\" c\"", "file", "/a \\\"b\\\" c", NULL, NULL, 0, RULE_KEEP },
	{ "file at \"/srv/my app/log.py\"", "file", NULL, "/srv/my app/log.py", NULL, 0,
	  RULE_KEEP },
	{ "file at x:y.py", "file", NULL, "x:y.py", NULL, 0, RULE_KEEP },
	{ "file at \"<frozen os>:3\"", "file", NULL, "<frozen os>", NULL, 3, RULE_KEEP },
	{ "device:/dev/urandom reopen", "device", "/dev/urandom", NULL, NULL, 0, RULE_REOPEN },
	{ "file at at close", "file", NULL, "at", NULL, 0, RULE_CLOSE },
};

static const struct {
	const char *text, *says;
} bad[] = {
	{ "", "the rule is empty" },
	{ " \t", "the rule is empty" },
	{ "fiel:/x", "unknown kind \"fiel\"; did you mean \"file\"?" },
	{ "sokcet", "did you mean \"socket\"?" },
	{ "/var/log/x", "did you mean \"file:/var/log/x\"?" },
	{ "zebra", "unknown kind \"zebra\"; use fd, file" },
	{ "file:", "nothing follows \"file:\"" },
	{ "file keeep", "unknown action \"keeep\"; did you mean \"keep\"?" },
	{ "file:/a /b", "a pattern with blanks needs double quotes" },
	{ "file at", "\"at\" needs FILE" },
	{ "file at x.py:0", "lines count from 1" },
	{ "file at x.py:99999999999", "not a line number" },
	{ "file at ()", "no function before" },
	{ "file at <frozen os>:3", "unexpected \"os>:3\"" },
	{ "file at :f()", "\"at\" needs FILE" },
	{ "file at x.py:()", "\"at\" needs FILE" },
	{ "file at a.py at b.py", "\"at\"" },
	{ "file keep close", "unexpected \"close\" after \"keep\"" },
	{ "thread close", "a thread cannot be closed" },
	{ "lock null", "a lock cannot be replaced by /dev/null" },
	{ "mapping reopen", "a mapping cannot be reopened" },
	{ "socket reopen", "only for file, directory and device, not for socket" },
	{ "fd reopen", "only for file, directory and device, not for fd" },
	{ "\"file:/x", "a double quote is not closed" },
	{ "file at \"x", "a double quote is not closed" },
};

static void same(const char *a, const char *b)
{
	ck_assert_pstr_eq(a, b);
}

START_TEST(parses)
{
	struct error err = { "" };
	struct rule rule;

	ck_assert_msg(rule_parse(&rule, good[_i].text, &err) == 0, "%s: %s", good[_i].text,
		      err.text);
	same(rule.text, good[_i].text);
	same(rule.kind, good[_i].kind);
	same(rule.target, good[_i].target);
	same(rule.file, good[_i].file);
	same(rule.function, good[_i].function);
	ck_assert_uint_eq(rule.line, good[_i].line);
	ck_assert_int_eq(rule.action, good[_i].action);
	rule_done(&rule);
}
END_TEST

START_TEST(refuses)
{
	struct error err = { "" };
	struct rule rule;

	ck_assert_msg(rule_parse(&rule, bad[_i].text, &err) == -1, "%s", bad[_i].text);
	ck_assert_msg(err.text[0] && strstr(err.text, bad[_i].says), "%s: %s", bad[_i].text,
		      err.text);
}
END_TEST

static const struct rule_frame frames[] = {
	{ "/srv/shop/shop/wsgi.py", "<module>", 3 },
	{ "/srv/shop/shop/log.py", "Log.setup", 12 },
};

static const struct {
	const char *rule, *kind, *type, *target;
	bool matches;
} pairs[] = {
	{ "fd", "fd", "file", "/x", true },
	{ "fd:/x", "fd", "socket", "/x", true },
	{ "file", "fd", "file", "/x", true },
	{ "file", "fd", "socket", "/x", false },
	{ "fd", "thread", NULL, "t", false },
	{ "thread", "thread", NULL, "t", true },
	{ "thread:x*", "thread", NULL, NULL, false },
	{ "thread:*", "thread", NULL, NULL, true },
	{ "io_uring", "fd", "io_uring", "", true },
	{ "bpf-map", "fd", "bpf-map", "", true },
	{ "file", "mapping", "file", "/x", false },
	{ "file:/var/*", "fd", "file", "/var/log/deep/x", true },
	{ "file:/var/log/?", "fd", "file", "/var/log/xy", false },
	{ "file at log.py", "fd", "file", "/x", true },
	{ "file at shop/log.py", "fd", "file", "/x", true },
	{ "file at og.py", "fd", "file", "/x", false },
	{ "file at *og.py", "fd", "file", "/x", true },
	{ "file at /srv/shop/shop/log.py:12", "fd", "file", "/x", true },
	{ "file at log.py:3", "fd", "file", "/x", false },
	{ "file at wsgi.py:3", "fd", "file", "/x", true },
	{ "file at setup()", "fd", "file", "/x", true },
	{ "file at Log.setup()", "fd", "file", "/x", true },
	{ "file at og.setup()", "fd", "file", "/x", false },
	{ "file at <module>()", "fd", "file", "/x", true },
	{ "file at log.py:setup()", "fd", "file", "/x", true },
	{ "file at wsgi.py:setup()", "fd", "file", "/x", false },
	{ "\"file:/a \\\"b\\\"\"", "fd", "file", "/a \"b\"", true },
};

START_TEST(matches)
{
	struct rule_subject subject = { pairs[_i].kind, pairs[_i].type, pairs[_i].target, frames,
					ARRAY_LEN(frames) };
	struct error err = { "" };
	struct rule rule;

	ck_assert_msg(rule_parse(&rule, pairs[_i].rule, &err) == 0, "%s: %s", pairs[_i].rule,
		      err.text);
	ck_assert_msg(rule_matches(&rule, &subject) == pairs[_i].matches, "%s", pairs[_i].rule);
	rule_done(&rule);
}
END_TEST

START_TEST(location_needs_frames)
{
	struct rule_subject subject = { "fd", "file", "/x", NULL, 0 };
	struct rule rule;

	ck_assert_int_eq(rule_parse(&rule, "file at log.py", NULL), 0);
	ck_assert(!rule_matches(&rule, &subject));
	rule_done(&rule);
	ck_assert_int_eq(rule_parse(&rule, "file", NULL), 0);
	ck_assert(rule_matches(&rule, &subject));
	rule_done(&rule);
}
END_TEST

START_TEST(suggests)
{
	static const char *const words[] = { "command", "numprocs", "user", "umask" };

	ck_assert_pstr_eq(suggest("comand", words, 4), "command");
	ck_assert_pstr_eq(suggest("NUMPROC", words, 4), "numprocs");
	ck_assert_pstr_eq(suggest("usre", words, 4), "user");
	ck_assert_pstr_eq(suggest("userdirectory", words, 4), "user");
	ck_assert_pstr_eq(suggest("xyz", words, 4), NULL);
	ck_assert_pstr_eq(suggest("", words, 4), NULL);
	ck_assert_pstr_eq(
		suggest("a-word-that-is-much-longer-than-any-known-word-can-ever-be", words, 4),
		NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_rule");
	TCase *tcase = tcase_create("rule");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, parses, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, refuses, 0, ARRAY_LEN(bad));
	tcase_add_loop_test(tcase, matches, 0, ARRAY_LEN(pairs));
	tcase_add_test(tcase, location_needs_frames);
	tcase_add_test(tcase, suggests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
