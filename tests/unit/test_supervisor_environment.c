/* test_supervisor_environment.c - what programs find in their environment. */
#include "base/strv.h"
#include "config/config.h"
#include "supervisor/environment.h"
#include "supervisor/launch.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *ours[] = {
	(char *)"PATH=/bin",      (char *)"NOTIFY_SOCKET=/run/n",  (char *)"NOTIFY_SOCKETS=x",
	(char *)"LISTEN_FDS=3",   (char *)"LISTEN_PID=1",          (char *)"LISTEN_FDNAMES=a",
	(char *)"WATCHDOG_PID=1", (char *)"WATCHDOG_USEC=2",       (char *)"FDSTORE=5",
	(char *)"COLOUR=red",     (char *)"FORKSERVER_COUNTER=18", NULL
};
static char *daemon_own[] = { (char *)"COLOUR=blue", (char *)"SHAPE=round", NULL };
static char *program_own[] = { (char *)"SHAPE=square", (char *)"EMPTY=", (char *)"EQUATION=a=b",
			       NULL };

static void setup(void)
{
	environ = ours;
}

START_TEST(base)
{
	struct config_daemon daemon = { .environment = daemon_own };
	char **env = environment_base(&daemon);

	ck_assert_uint_eq(strv_len(env), 4);
	ck_assert_str_eq(strv_getenv(env, "PATH"), "/bin");
	ck_assert_str_eq(strv_getenv(env, "NOTIFY_SOCKETS"), "x");
	ck_assert_str_eq(strv_getenv(env, "COLOUR"), "blue");
	ck_assert_str_eq(strv_getenv(env, "SHAPE"), "round");
	strv_free(env);
}
END_TEST

START_TEST(program)
{
	struct config_daemon daemon = { .environment = daemon_own };
	struct environment_names names = { "web_0", "web", "unix:///run/s", "site", 7, 2 };
	char **env = environment_program(&daemon, NULL, &names, program_own);

	ck_assert_str_eq(strv_getenv(env, "SUPERVISOR_ENABLED"), "1");
	ck_assert_str_eq(strv_getenv(env, "SUPERVISOR_PROCESS_NAME"), "web_0");
	ck_assert_str_eq(strv_getenv(env, "SUPERVISOR_GROUP_NAME"), "web");
	ck_assert_str_eq(strv_getenv(env, "SUPERVISOR_SERVER_URL"), "unix:///run/s");
	ck_assert_str_eq(strv_getenv(env, "FORKSERVER_PROGRAM"), "site");
	ck_assert_str_eq(strv_getenv(env, "FORKSERVER_PROCESS_NUM"), "7");
	ck_assert_str_eq(strv_getenv(env, "FORKSERVER_GENERATION"), "2");
	ck_assert_str_eq(strv_getenv(env, "COLOUR"), "blue");
	ck_assert_str_eq(strv_getenv(env, "SHAPE"), "square");
	ck_assert_str_eq(strv_getenv(env, "EMPTY"), "");
	ck_assert_str_eq(strv_getenv(env, "EQUATION"), "a=b");
	strv_free(env);
}
END_TEST

START_TEST(server_url)
{
	struct config_http servers[] = { { .port = 9001 },
					 { .port = 9002, .address = (char *)"::1" },
					 { .local = true, .file = (char *)"/run/s" } };
	struct config_program own = { .serverurl = (char *)"http://x" },
			      none = { .serverurl = NULL }, nothing = { .serverurl = (char *)"" };
	const struct {
		struct config config;
		struct config_program *program;
		const char *url;
	} rows[] = {
		{ { .servers = servers, .nservers = 3 }, &none, "unix:///run/s" },
		{ { .servers = servers, .nservers = 2 }, &none, "http://localhost:9001" },
		{ { .servers = servers + 1, .nservers = 1 }, &none, "http://[::1]:9002" },
		{ { .nservers = 0 }, &none, NULL },
		{ { .servers = servers, .nservers = 3 }, &own, "http://x" },
		{ { .servers = servers, .nservers = 3 }, &nothing, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *url;

		ck_assert_int_eq(environment_server_url(&rows[i].config, rows[i].program, &url), 0);
		ck_assert_pstr_eq(url, rows[i].url);
		free(url);
	}
}
END_TEST

START_TEST(sockets)
{
	char *names[] = { (char *)"http", (char *)"admin", (char *)"one:with a number", NULL };
	char **env = NULL;

	ck_assert_int_eq(environment_add_sockets(&env, NULL, 0), 0);
	ck_assert_ptr_null(env);
	ck_assert_int_eq(environment_add_sockets(&env, names, 2), 0);
	ck_assert_str_eq(strv_getenv(env, "LISTEN_FDS"), "2");
	ck_assert_str_eq(strv_getenv(env, "LISTEN_FDNAMES"), "http:admin");
	ck_assert_str_eq(env[strv_len(env) - 1], LAUNCH_PID_ROOM); /* launch() is told: the last */
	ck_assert_uint_ge(strlen(LAUNCH_PID_ROOM), strlen("LISTEN_PID=4194304"));
	strv_free(env);
}
END_TEST

START_TEST(notify)
{
	char **env = NULL;

	ck_assert_int_eq(environment_add_notify(&env, "@n", 0), 0);
	ck_assert_str_eq(strv_getenv(env, "NOTIFY_SOCKET"), "@n");
	ck_assert_ptr_null(strv_getenv(env, "WATCHDOG_USEC"));
	ck_assert_int_eq(environment_add_notify(&env, "@m", UINT32_MAX), 0);
	ck_assert_str_eq(strv_getenv(env, "NOTIFY_SOCKET"), "@m");
	ck_assert_str_eq(strv_getenv(env, "WATCHDOG_USEC"), "4294967295000000");
	ck_assert_str_eq(environment_entry(env, "WATCHDOG_PID"), LAUNCH_WATCHDOG_ROOM);
	ck_assert_uint_ge(strlen(LAUNCH_WATCHDOG_ROOM), strlen("WATCHDOG_PID=4194304"));
	ck_assert_ptr_null(environment_entry(env, "WATCHDOG"));
	ck_assert_ptr_null(environment_entry(NULL, "WATCHDOG"));
	strv_free(env);
}
END_TEST

START_TEST(empty)
{
	struct config_daemon daemon = { .environment = NULL };
	static char *none[] = { NULL }; /* Check itself reads it afterwards */
	char **env;

	environ = none;
	env = environment_base(&daemon);
	ck_assert_ptr_nonnull(env);
	ck_assert_ptr_null(env[0]);
	strv_free(env);
}
END_TEST

/* The same, but what is in ours as well is ours; what is written into is never. */
START_TEST(pack)
{
	char *entries[] = { (char *)"PATH=/bin",    (char *)"COLOUR=blue", (char *)"COLOUR=red",
			    (char *)"LISTEN_PID=1", (char *)"EMPTY=",      NULL };
	char *none[] = { NULL };
	char **packed = environment_pack(entries);

	for (size_t i = 0; entries[i]; i++)
		ck_assert_str_eq(packed[i], entries[i]);
	ck_assert_uint_eq(strv_len(packed), 5);
	ck_assert_ptr_eq(packed[0], ours[0]);
	ck_assert_ptr_eq(packed[2], ours[9]);
	for (size_t i = 0; ours[i]; i++)
		ck_assert_ptr_ne(packed[3], ours[i]);
	packed[3][0] = 'X';
	ck_assert_str_eq(packed[4], "EMPTY=");
	free(packed);

	environ = NULL;
	packed = environment_pack(entries);
	ck_assert_str_eq(packed[4], "EMPTY=");
	free(packed);
	packed = environment_pack(none);
	ck_assert_ptr_null(packed[0]);
	free(packed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/environment");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, base);
	tcase_add_test(tc, program);
	tcase_add_test(tc, server_url);
	tcase_add_test(tc, sockets);
	tcase_add_test(tc, notify);
	tcase_add_test(tc, empty);
	tcase_add_test(tc, pack);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
