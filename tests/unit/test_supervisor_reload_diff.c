/* test_supervisor_reload_diff.c - what a new configuration means for a running group. */
#include "supervisor/reload_diff.h"

#include "base/buf.h"
#include "config/config.h"
#include "supervisor/group.h"
#include "supervisor/process.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[] = "/tmp/test_reload_diff.XXXXXX";
static char path[64];

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/x.conf", directory);
}

static void teardown(void)
{
	unlink(path);
	rmdir(directory);
}

static struct config *load(const char *text)
{
	struct buf messages = { 0 };
	struct config *config = NULL;
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	ck_assert_msg(config_load(path, &config, &messages) == 0, "%s", buf_str(&messages));
	buf_done(&messages);
	return config;
}

/* The group "x" of a configuration, its processes without anything that runs. */
struct fake {
	struct config *config;
	struct group group;
	struct process processes[8];
	struct process *pointers[8];
};

static void make(struct fake *fake, const char *text)
{
	memset(fake, 0, sizeof(*fake));
	fake->config = load(text);
	fake->group.base = fake->config;
	fake->group.config = config_find_group(fake->config, "x");
	fake->group.processes = fake->pointers;
	for (size_t i = 0; i < fake->group.config->nprograms; i++) {
		const struct config_program *program =
			&fake->config->programs[fake->group.config->programs[i]];

		for (size_t j = 0; j < program->nprocesses; j++) {
			struct process *process = &fake->processes[fake->group.n];

			process->base = fake->config;
			process->program = program;
			process->config = &program->processes[j];
			fake->pointers[fake->group.n++] = process;
		}
	}
}

#define PROGRAM "[program:x]\ncommand = /bin/cat\n"

START_TEST(differences)
{
	static const struct {
		const char *now;
		bool differs, whole;
		int change; /* enum config_change of x; -1: it is gone */
	} rows[] = {
		{ PROGRAM, false, false, CHANGE_NONE },
		{ "; a comment\n" PROGRAM "[program:y]\ncommand = /bin/cat\n", false, false,
		  CHANGE_NONE },
		{ PROGRAM "environment = A=1\n", true, false, CHANGE_RESTART },
		{ "[program:x]\ncommand = /bin/cat -u\n", true, false, CHANGE_RESTART },
		{ PROGRAM "stopwaitsecs = 3\n", true, false, CHANGE_LIVE },
		{ PROGRAM "autorestart = false\n", true, false, CHANGE_LIVE },
		{ PROGRAM "priority = 3\n", true, false, CHANGE_LIVE },
		{ PROGRAM "numprocs = 2\nprocess_name = x%(process_num)d\n", true, false, -1 },
		{ "[program:y]\ncommand = /bin/cat\n[program:x]\ncommand = /bin/cat\n"
		  "[group:x]\nprograms = x, y\n",
		  true, false, CHANGE_NONE },
		{ "[eventlistener:x]\ncommand = /bin/cat\nevents = TICK_5\n", true, true,
		  CHANGE_RESTART },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake fake;
		struct config *now;
		const struct config_group *its;
		struct reload_source source;

		make(&fake, PROGRAM);
		now = load(rows[i].now);
		its = config_find_group(now, "x");
		ck_assert_msg(reload_differs(&fake.group, now, its) == rows[i].differs, "%zu", i);
		ck_assert_msg(reload_is_whole(&fake.group, now, its) == rows[i].whole, "%zu", i);
		source = reload_find(now, its, "x");
		ck_assert_msg(!source.config == (rows[i].change < 0), "%zu", i);
		if (source.config)
			ck_assert_msg((int)reload_compare(&fake.processes[0], &source) ==
					      rows[i].change,
				      "%zu", i);
		config_free(now);
		config_free(fake.config);
	}
}
END_TEST

START_TEST(counting)
{
	struct config *config = load("[program:a]\ncommand = /bin/cat\nnumprocs = 3\n"
				     "process_name = a%(process_num)d\n"
				     "[program:b]\ncommand = /bin/cat\n"
				     "[group:x]\nprograms = a, b\n");
	const struct config_group *its = config_find_group(config, "x");

	ck_assert_uint_eq(reload_count(config, its), 4);
	ck_assert_str_eq(reload_find(config, its, "a2").program->name, "a");
	ck_assert_str_eq(reload_find(config, its, "b").config->name, "b");
	ck_assert_ptr_null(reload_find(config, its, "a").config);
	config_free(config);
}
END_TEST

/* A process is given another socket by being started anew; what the kernel takes as it is concerns
 * nobody. */
START_TEST(sockets)
{
	static const struct {
		const char *now;
		int change;
	} rows[] = {
		{ "[socket:s]\nlisten = tcp://h:1\n", CHANGE_NONE },
		{ "[socket:s]\nlisten = tcp://h:1\nbacklog = 7\n", CHANGE_NONE },
		{ "[socket:s]\nlisten = tcp://h:2\n", CHANGE_RESTART },
		{ "[socket:s]\nlisten = tcp://h:1\nreuseport = yes\n", CHANGE_RESTART },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reload_source source;
		struct config *now;
		struct fake fake;
		char text[256];

		make(&fake, PROGRAM "sockets = s\n[socket:s]\nlisten = tcp://h:1\n");
		snprintf(text, sizeof(text), PROGRAM "sockets = s\n%s", rows[i].now);
		now = load(text);
		source = reload_find(now, config_find_group(now, "x"), "x");
		ck_assert_msg((int)reload_compare(&fake.processes[0], &source) == rows[i].change,
			      "%zu", i);
		config_free(now);
		config_free(fake.config);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/reload_diff");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_test(tc, differences);
	tcase_add_test(tc, sockets);
	tcase_add_test(tc, counting);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
