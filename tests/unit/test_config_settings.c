/* test_config_settings.c - values that are given while the supervisor runs.
 * Runs in: make check. */
#include "base/buf.h"
#include "base/error.h"
#include "base/util.h"
#include "config/config.h"
#include "config/settings.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(lines_there_and_back)
{
	struct config_settings settings = { 0 };
	struct error err = { { 0 } };
	CLEANUP_FREE char *none = config_settings_lines(&settings, "a");
	CLEANUP_FREE char *a = NULL, *b = NULL;

	ck_assert_str_eq(none, "");
	ck_assert_int_eq(
		config_settings_replace(&settings, "a", "preload = x, y\n\npath=/p=q\n", &err), 0);
	ck_assert_int_eq(config_settings_replace(&settings, "b", "python=/venv", &err), 0);
	a = config_settings_lines(&settings, "a");
	b = config_settings_lines(&settings, "b");
	ck_assert_str_eq(a, "preload=x, y\npath=/p=q\n");
	ck_assert_str_eq(b, "python=/venv\n");
	config_settings_done(&settings);
}
END_TEST

START_TEST(what_is_wrong_changes_nothing)
{
	struct config_settings settings = { 0 };
	struct error err = { { 0 } };
	CLEANUP_FREE char *lines = NULL;

	ck_assert_int_eq(config_settings_replace(&settings, "a", "path=/p", &err), 0);
	ck_assert_int_eq(config_settings_replace(&settings, "a", "path=/q\nnonsense", &err), -1);
	ck_assert_str_eq(err.text, "'nonsense' is not of the form key=value");
	ck_assert_int_eq(config_settings_replace(&settings, "a", " = v", &err), -1);
	lines = config_settings_lines(&settings, "a");
	ck_assert_str_eq(lines, "path=/p\n");
	config_settings_done(&settings);
}
END_TEST

START_TEST(dropped)
{
	struct config_settings settings = { 0 };
	struct error err = { { 0 } };
	CLEANUP_FREE char *a = NULL, *b = NULL;

	ck_assert_int_eq(config_settings_replace(&settings, "a", "path=/p", &err), 0);
	ck_assert_int_eq(config_settings_replace(&settings, "b", "path=/b", &err), 0);
	ck_assert_int_eq(config_settings_replace(&settings, "a", NULL, &err), 0);
	a = config_settings_lines(&settings, "a");
	b = config_settings_lines(&settings, "b");
	ck_assert_str_eq(a, "");
	ck_assert_str_eq(b, "path=/b\n");
	config_settings_done(&settings);
}
END_TEST

/* Reads a file with one zygote `a`, and these lines over it. */
static int read_with(const char *lines, struct config **ret, struct buf *messages)
{
	char path[] = "/tmp/settings-XXXXXX";
	int fd = mkstemp(path);
	struct config_settings settings = { 0 };
	struct config *first = NULL;
	struct error err = { { 0 } };
	int r;

	ck_assert_int_ge(fd, 0);
	dprintf(fd, "[zygote:a]\npreload = one\n[zygote:b]\npreload = two\n");
	close(fd);
	ck_assert_int_eq(config_load(path, &first, messages), 0);
	ck_assert_int_eq(config_settings_replace(&settings, "a", lines, &err), 0);
	r = config_reload(first, &settings, ret, messages);
	config_settings_done(&settings);
	config_free(first);
	unlink(path);
	return r;
}

START_TEST(over_the_file)
{
	struct config *config = NULL;
	struct buf messages = { 0 };

	ck_assert_int_eq(read_with("preload=three, four\npath=/srv", &config, &messages), 0);
	ck_assert_str_eq(config_find_zygote(config, "a")->preload[0], "three");
	ck_assert_str_eq(config_find_zygote(config, "a")->preload[1], "four");
	ck_assert_str_eq(config_find_zygote(config, "a")->path[0], "/srv");
	ck_assert_str_eq(config_find_zygote(config, "b")->preload[0], "two");
	config_free(config);
	buf_done(&messages);
}
END_TEST

START_TEST(checked_as_the_files_values_are)
{
	static const char *const wrong[] = { "nosuch=1", "audit=perhaps", "preload=a b c/d" };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct config *config = NULL;
		struct buf messages = { 0 };
		CLEANUP_FREE char *key = strndup(wrong[i], strcspn(wrong[i], "="));

		ck_assert_int_eq(read_with(wrong[i], &config, &messages), -1);
		ck_assert_ptr_nonnull(strstr(buf_str(&messages), "--set"));
		ck_assert_ptr_nonnull(strstr(buf_str(&messages), key));
		buf_done(&messages);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config/settings");
	TCase *tcase = tcase_create("settings");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, lines_there_and_back);
	tcase_add_test(tcase, what_is_wrong_changes_nothing);
	tcase_add_test(tcase, dropped);
	tcase_add_test(tcase, over_the_file);
	tcase_add_test(tcase, checked_as_the_files_values_are);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
