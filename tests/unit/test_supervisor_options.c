/* test_supervisor_options.c - the supervisor's command line.
 * Runs in: make check. */
#include "base/util.h"
#include "config/schema.h"
#include "supervisor/options.h"

#include <check.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 24

static int parse(struct options *options, const char *const *words)
{
	char *argv[WORDS + 1] = { NULL };
	int argc = 0;

	for (; argc < WORDS && words[argc]; argc++)
		argv[argc] = (char *)words[argc];
	optind = 0; /* of glibc and musl: start anew */
	return options_parse(options, argc, argv);
}

static const struct config_override *find(const struct options *options, const char *key)
{
	for (size_t i = 0; i < options->noverrides; i++)
		if (strcmp(options->overrides[i].key, key) == 0)
			return &options->overrides[i];
	return NULL;
}

START_TEST(nothing)
{
	struct options options;

	ck_assert_int_eq(parse(&options, (const char *const[WORDS]){ "forkserver" }), 0);
	ck_assert_ptr_null(options.file);
	ck_assert_uint_eq(options.noverrides, 0);
	ck_assert(!options.daemon && !options.check_config && !options.help && !options.version);
}
END_TEST

static const struct {
	const char *brief, *full, *key, *value;
} rows[] = {
	{ "-n", "--nodaemon", "nodaemon", NULL },
	{ "-u", "--user", "user", "bob" },
	{ "-m", "--umask", "umask", "022" },
	{ "-d", "--directory", "directory", "/srv" },
	{ "-l", "--logfile", "logfile", "/var/log/x" },
	{ "-y", "--logfile_maxbytes", "logfile_maxbytes", "1MB" },
	{ "-z", "--logfile_backups", "logfile_backups", "3" },
	{ "-e", "--loglevel", "loglevel", "debug" },
	{ "-j", "--pidfile", "pidfile", "/run/x" },
	{ "-i", "--identifier", "identifier", "shop" },
	{ "-q", "--childlogdir", "childlogdir", "/tmp" },
	{ "-k", "--nocleanup", "nocleanup", NULL },
	{ "-t", "--strip_ansi", "strip_ansi", NULL },
	{ "-s", "--silent", "silent", NULL },
	{ "-a", "--minfds", "minfds", "9" },
	{ NULL, "--minprocs", "minprocs", "9" },
};

static void check_row(const char *option, const char *key, const char *value)
{
	const char *const words[WORDS] = { "forkserver", option, value };
	struct options options;
	bool known = false;

	ck_assert_msg(parse(&options, words) == 0, "%s", option);
	ck_assert_uint_eq(options.noverrides, 1);
	ck_assert_str_eq(options.overrides[0].key, key);
	ck_assert_str_eq(options.overrides[0].text, value ? value : "true");
	ck_assert_str_eq(options.overrides[0].option, option);
	for (size_t i = 0; i < schema_daemon.nkeys; i++)
		known = known || strcmp(schema_daemon.keys[i].name, key) == 0;
	ck_assert_msg(known, "[supervisord] has no key %s", key);
}

START_TEST(keys)
{
	if (rows[_i].brief)
		check_row(rows[_i].brief, rows[_i].key, rows[_i].value);
	check_row(rows[_i].full, rows[_i].key, rows[_i].value);
}
END_TEST

START_TEST(the_last_counts)
{
	const char *const words[WORDS] = { "forkserver", "-l",          "a",
					   "-nts",       "--logfile=b", "-c",
					   "f",          "-lc",         "--check-config" };
	struct options options;

	ck_assert_int_eq(parse(&options, words), 0);
	ck_assert_uint_eq(options.noverrides, 4);
	ck_assert_str_eq(find(&options, "logfile")->text, "c");
	ck_assert_str_eq(find(&options, "logfile")->option, "-l");
	ck_assert_ptr_nonnull(find(&options, "nodaemon"));
	ck_assert_ptr_nonnull(find(&options, "strip_ansi"));
	ck_assert_ptr_nonnull(find(&options, "silent"));
	ck_assert_str_eq(options.file, "f");
	ck_assert(options.check_config);
}
END_TEST

START_TEST(all_at_once)
{
	struct options options;
	const char *words[WORDS] = { "forkserver" };
	size_t n = 1;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char word[64];

		strcpy(word, rows[i].full);
		if (rows[i].value)
			strcat(strcat(word, "="), rows[i].value);
		words[n++] = strdup(word);
	}
	ck_assert_int_eq(parse(&options, words), 0);
	ck_assert_uint_eq(options.noverrides, ARRAY_LEN(rows));
	while (n > 1)
		free((char *)words[--n]);
}
END_TEST

START_TEST(supervisords_name)
{
	static const char *const names[] = { "supervisord", "/usr/bin/supervisord" };
	struct options options;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		ck_assert_int_eq(parse(&options, (const char *const[WORDS]){ names[i] }), 0);
		ck_assert(options.daemon);
	}
	ck_assert_int_eq(parse(&options, (const char *const[WORDS]){ "supervisord.py" }), 0);
	ck_assert(!options.daemon);
	ck_assert_int_eq(parse(&options, (const char *const[WORDS]){ "x/forkserver", "--daemon" }),
			 0);
	ck_assert(options.daemon);
}
END_TEST

START_TEST(refuses)
{
	static const char *const wrong[] = { "--no-such", "-x",           "positional", "-l",
					     "--umask",   "--nodaemon=1", "--check" };
	struct options options;

	/* the last one is an abbreviation, which is allowed */
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		ck_assert_msg(
			(parse(&options, (const char *const[WORDS]){ "forkserver", wrong[i] }) <
			 0) == (i + 1 < ARRAY_LEN(wrong)),
			"%s", wrong[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor_options");
	TCase *tcase = tcase_create("options");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, nothing);
	tcase_add_loop_test(tcase, keys, 0, ARRAY_LEN(rows));
	tcase_add_test(tcase, the_last_counts);
	tcase_add_test(tcase, all_at_once);
	tcase_add_test(tcase, supervisords_name);
	tcase_add_test(tcase, refuses);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
