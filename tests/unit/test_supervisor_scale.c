/* test_supervisor_scale.c - numbers of processes that were chosen: what a name means, and what a
 * new configuration makes of them. Runs in: make check. */
#include "supervisor/scale.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/supervisor.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct supervisor supervisor;

static struct config *load(const char *text)
{
	char path[] = "/tmp/test-scale-XXXXXX";
	CLEANUP_FD int fd = mkstemp(path);
	struct buf messages = { 0 };
	struct config *config;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
	ck_assert_msg(config_load(path, &config, &messages) == 0, "%s", buf_str(&messages));
	unlink(path);
	buf_done(&messages);
	return config;
}

/* ---- names ---- */

static const struct {
	const char *name, *group; /* NULL: none */
} names[] = {
	{ "web", "site" },          { "site:web", "site" }, { "job", NULL },   { "a:job", "a" },
	{ "b:job", "b" },           { "alone", "alone" },   { "site", NULL },  { "site:", NULL },
	{ "alone:alone", "alone" }, { "a:web", NULL },      { "", NULL },      { ":", NULL },
	{ "sit:web", NULL },        { "siteweb", NULL },    { "web:0", NULL },
};

START_TEST(finds)
{
	struct config *config = load("[program:web]\ncommand=x\n[program:job]\ncommand=x\n"
				     "[program:alone]\ncommand=x\n[group:site]\nprograms=web\n"
				     "[group:a]\nprograms=job\n[group:b]\nprograms=job\n");
	struct group all[4] = { 0 };
	struct group *list[4];
	struct groups groups = { list, config->ngroups, 0 };
	struct scale_target found;

	ck_assert_uint_eq(config->ngroups, ARRAY_LEN(all));
	for (size_t i = 0; i < config->ngroups; i++) {
		all[i] = (struct group){ .name = config->groups[i].name,
					 .base = config,
					 .config = &config->groups[i] };
		list[i] = &all[i];
	}
	found = scale_find(&groups, names[_i].name);
	ck_assert_int_eq(found.group != NULL, names[_i].group != NULL);
	ck_assert_int_eq(found.other != NULL, strcmp(names[_i].name, "job") == 0);
	if (found.group)
		ck_assert_str_eq(found.group->name, names[_i].group);
	config_free(config);
}
END_TEST

/* ---- a configuration that was read ---- */

static void scale(const char *program, uint32_t from, uint32_t to)
{
	struct config_scales *scales = &supervisor.scales;

	scales->all = realloc(scales->all, (scales->n + 1) * sizeof(*scales->all));
	scales->all[scales->n++] =
		(struct config_scale){ strdup(program), strdup(program), from, to };
}

START_TEST(lasts_until_numprocs_changes)
{
	struct config *config = load("[program:a]\ncommand=x\n[program:b]\ncommand=x\n");
	struct config *before = config;
	struct buf messages = { 0 };

	ck_assert_int_eq(scales_apply(&supervisor, &config, &messages), 0);
	ck_assert_ptr_eq(config, before); /* nothing is to be done */
	scale("a", 1, 0);
	scale("b", 2, 0); /* it is 1 now */
	scale("gone", 1, 0);
	ck_assert_int_eq(scales_apply(&supervisor, &config, &messages), 0);
	ck_assert_ptr_ne(config, before);
	ck_assert_uint_eq(config->programs[0].nprocesses, 0);
	ck_assert_uint_eq(config->programs[1].nprocesses, 1);
	ck_assert_uint_eq(supervisor.scales.n, 1);
	ck_assert_str_eq(supervisor.scales.all[0].program, "a");
	ck_assert_str_eq(buf_str(&messages), "");
	config_free(config);
	scales_done(&supervisor.scales);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scale");
	TCase *tcase = tcase_create("scale");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tcase, finds, 0, (int)ARRAY_LEN(names));
	tcase_add_test(tcase, lasts_until_numprocs_changes);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
