/* test_config_config_compare.c - every key of the schema: what it takes to apply another value.
 * Runs in: make check. */
#include "base/buf.h"
#include "base/fd.h"
#include "base/util.h"
#include "config/config.h"
#include "config/config_compare.h"
#include "config/schema.h"

#include <check.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIVE CHANGE_LIVE
#define RESTART CHANGE_RESTART
#define NONE CHANGE_NONE

static char directory[64];

static void start(void)
{
	strcpy(directory, "/tmp/test-compare-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void stop(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	ck_assert_int_eq(system(command), 0);
}

static void write_file(const char *name, const char *text)
{
	char path[128];
	CLEANUP_FD int fd = -1;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
}

static struct config *load(const char *text)
{
	struct config *config = NULL;
	struct buf messages = { 0 };
	char path[128];

	write_file("main.conf", text);
	snprintf(path, sizeof(path), "%s/main.conf", directory);
	ck_assert_msg(config_load(path, &config, &messages) == 0, "%s%s", text, buf_str(&messages));
	buf_done(&messages);
	return config;
}

/* A key of a kind of section, two lines that differ in it (NULL: none), and what that means. */
struct row {
	const char *section, *key;
	const char *one, *other;
	enum config_change change;
};

static const struct row rows[] = {
	{ "program", "command", "command=/bin/cat x", "command=/bin/cat  x", RESTART },
	{ "program", "zygote", "zygote=z", "zygote=y", RESTART },
	{ "program", "sockets", "sockets=s", "sockets=s,t", RESTART },
	{ "program", "sockets", "sockets=s:7", "sockets=s:8", RESTART },
	{ "program", "user", "user=nobody", NULL, RESTART },
	{ "program", "directory", "directory=/", "directory=/tmp", RESTART },
	{ "program", "umask", "umask=022", "umask=027", RESTART },
	{ "program", "environment", "environment=A=1,B=2", "environment=B=2,A=2", RESTART },
	{ "program", "env_file", "env_file=a.env", "env_file=b.env", RESTART },
	{ "program", "priority", "priority=1", "priority=2", LIVE },
	{ "program", "autostart", "autostart=no", NULL, LIVE },
	{ "program", "autorestart", "autorestart=yes", NULL, LIVE },
	{ "program", "startsecs", "startsecs=2", NULL, LIVE },
	{ "program", "startretries", "startretries=infinite", "startretries=2", LIVE },
	{ "program", "exitcodes", "exitcodes=0,2", NULL, LIVE },
	{ "program", "stopsignal", "stopsignal=INT", NULL, LIVE },
	{ "program", "stopwaitsecs", "stopwaitsecs=9", NULL, LIVE },
	{ "program", "stopasgroup", "stopasgroup=true", NULL, LIVE },
	{ "program", "killasgroup", "killasgroup=true", NULL, LIVE },
	{ "program", "redirect_stderr", "redirect_stderr=true", NULL, RESTART },
	{ "program", "serverurl", "serverurl=unix:///x", NULL, RESTART },
	{ "program", "logfile_rotate", "logfile_rotate=daily", NULL, LIVE },
	{ "program", "logfile_compress", "logfile_compress=yes", NULL, LIVE },
	{ "program", "logfile_format", "logfile_format=json", NULL, LIVE },
	{ "program", "logfile_stall", "logfile_stall=drop", NULL, LIVE },
	{ "program", "depends_on", "depends_on=q", NULL, LIVE },
	{ "program", "backoff", "backoff=exponential\nbackoff_max=1", "backoff_max=1", LIVE },
	{ "program", "backoff_max", "backoff_max=8", NULL, LIVE },
	{ "program", "essential", "essential=true", NULL, LIVE },
	{ "program", "nice", "nice=1", "nice=2", RESTART },
	{ "program", "oom_score_adj", "oom_score_adj=1", "oom_score_adj=-1", RESTART },
	{ "program", "memory_max", "memory_max=1MB", NULL, RESTART },
	{ "program", "rlimit_as", "rlimit_as=1GB", "rlimit_as=1GB:2GB", RESTART },
	{ "program", "rlimit_core", "rlimit_core=0", NULL, RESTART },
	{ "program", "rlimit_cpu", "rlimit_cpu=1", "rlimit_cpu=infinity", RESTART },
	{ "program", "rlimit_data", "rlimit_data=1GB", NULL, RESTART },
	{ "program", "rlimit_fsize", "rlimit_fsize=1GB", NULL, RESTART },
	{ "program", "rlimit_memlock", "rlimit_memlock=1", NULL, RESTART },
	{ "program", "rlimit_nofile", "rlimit_nofile=64", "rlimit_nproc=64", RESTART },
	{ "program", "rlimit_nproc", "rlimit_nproc=64", NULL, RESTART },
	{ "program", "rlimit_stack", "rlimit_stack=8MB", NULL, RESTART },
	{ "program", "rlimit_rss", "rlimit_rss=8MB", NULL, RESTART },
	{ "program", "rlimit_sigpending", "rlimit_sigpending=8", NULL, RESTART },
	{ "program", "rlimit_msgqueue", "rlimit_msgqueue=8", NULL, RESTART },
	{ "program", "rlimit_nice", "rlimit_nice=8", NULL, RESTART },
	{ "program", "rlimit_rtprio", "rlimit_rtprio=8", NULL, RESTART },
	{ "program", "prestart", "prestart=true", "prestart=false", LIVE },
	{ "program", "poststop", "poststop=true", NULL, LIVE },
	{ "program", "hooksecs", "hooksecs=1", NULL, LIVE },
	{ "program", "ready", "ready=notify", "ready=tcp://127.0.0.1:1", RESTART },
	{ "program", "readysecs", "readysecs=1", NULL, LIVE },
	{ "program", "watchdogsecs", "watchdogsecs=1", NULL, RESTART },
	{ "program", "maxage", "maxage=60", NULL, LIVE },
	{ "program", "maxuss", "maxuss=1MB", "maxuss=2MB", LIVE },
	{ "program", "maxpss", "maxpss=1MB", NULL, LIVE },
	{ "program", "maxrss", "maxrss=1MB", NULL, LIVE },
	{ "program", "max_requests", "max_requests=9", NULL, LIVE },
	{ "program", "recycle_jitter", "recycle_jitter=0", NULL, LIVE },
	{ "program", "recycle_parallel", "recycle_parallel=2", NULL, LIVE },
	{ "program", "replace", "replace=old_first", "replace=new_first", LIVE },
	{ "program", "spare", "zygote=z\nspare=2", "zygote=z", LIVE },
	{ "program", "reload_batch", "reload_batch=2", NULL, LIVE },
	{ "program", "reload_parallel", "reload_parallel=2", NULL, LIVE },
	{ "program", "reload_watch", "reload_watch=2", NULL, LIVE },
	{ "program", "scale", "scale=static", NULL, NONE },
	{ "program", "idlesecs", "idlesecs=1", NULL, LIVE },
	{ "program", "health", "health=exec x", "health=exec x every 9s", LIVE },
	{ "program", "stdout_logfile", "stdout_logfile=/tmp/a", "stdout_logfile=NONE", LIVE },
	{ "program", "stdout_logfile_maxbytes", "stdout_logfile_maxbytes=1", NULL, LIVE },
	{ "program", "stdout_logfile_backups", "stdout_logfile_backups=1", NULL, LIVE },
	{ "program", "stdout_capture_maxbytes", "stdout_capture_maxbytes=1", NULL, LIVE },
	{ "program", "stdout_events_enabled", "stdout_events_enabled=1", NULL, LIVE },
	{ "program", "stdout_syslog", "stdout_syslog=1", NULL, LIVE },
	{ "program", "stdout_journald", "stdout_journald=1", NULL, LIVE },
	{ "program", "stderr_logfile", "stderr_logfile=/tmp/a", NULL, LIVE },
	{ "program", "stderr_logfile_maxbytes", "stderr_logfile_maxbytes=1", NULL, LIVE },
	{ "program", "stderr_logfile_backups", "stderr_logfile_backups=1", NULL, LIVE },
	{ "program", "stderr_capture_maxbytes", "stderr_capture_maxbytes=1", NULL, LIVE },
	{ "program", "stderr_events_enabled", "stderr_events_enabled=1", NULL, LIVE },
	{ "program", "stderr_syslog", "stderr_syslog=1", NULL, LIVE },
	{ "program", "stderr_journald", "stderr_journald=1", NULL, LIVE },
	/* which processes there are */
	{ "program", "numprocs", "numprocs=2\nprocess_name=%(process_num)d",
	  "numprocs=3\nprocess_name=%(process_num)d", NONE },
	{ "program", "numprocs_start", "numprocs_start=1", NULL, NONE },
	{ "program", "process_name", "process_name=x", NULL, NONE },

	{ "eventlistener", "events", "events=TICK_5", "events=TICK", LIVE },
	{ "eventlistener", "buffer_size", "buffer_size=1", NULL, LIVE },
	{ "eventlistener", "result_handler",
	  "result_handler=supervisor.dispatchers:default_handler", NULL, LIVE },
	{ "fcgi-program", "socket", "socket=unix:///a", "socket=unix:///b", RESTART },
	{ "fcgi-program", "socket_owner", "socket_owner=root", NULL, RESTART },
	{ "fcgi-program", "socket_mode", "socket_mode=0770", NULL, RESTART },
	{ "fcgi-program", "socket_backlog", "socket_backlog=7", NULL, RESTART },

	{ "supervisord", "logfile", "logfile=/tmp/a", "logfile=/tmp/b", RESTART },
	{ "supervisord", "logfile_maxbytes", "logfile_maxbytes=1", NULL, LIVE },
	{ "supervisord", "logfile_backups", "logfile_backups=1", NULL, LIVE },
	{ "supervisord", "logfile_rotate", "logfile_rotate=daily", NULL, LIVE },
	{ "supervisord", "logfile_compress", "logfile_compress=1", NULL, LIVE },
	{ "supervisord", "loglevel", "loglevel=debug", NULL, LIVE },
	{ "supervisord", "pidfile", "pidfile=/tmp/a", NULL, RESTART },
	{ "supervisord", "umask", "umask=027", NULL, RESTART },
	{ "supervisord", "nodaemon", "nodaemon=1", NULL, RESTART },
	{ "supervisord", "silent", "silent=1", NULL, RESTART },
	{ "supervisord", "minfds", "minfds=9", NULL, RESTART },
	{ "supervisord", "minprocs", "minprocs=9", NULL, RESTART },
	{ "supervisord", "nocleanup", "nocleanup=1", NULL, LIVE },
	{ "supervisord", "childlogdir", "childlogdir=/", NULL, RESTART },
	{ "supervisord", "user", "user=nobody", NULL, RESTART },
	{ "supervisord", "directory", "directory=/", NULL, RESTART },
	{ "supervisord", "strip_ansi", "strip_ansi=1", NULL, RESTART },
	{ "supervisord", "identifier", "identifier=x", NULL, RESTART },
	{ "supervisord", "environment", "environment=A=1", "environment=A=2", LIVE },
};

/* What the section needs besides the key that is looked at. */
static struct config *load_with(const struct row *row, const char *line)
{
	const char *name = strcmp(row->section, "supervisord") == 0 ? "" : ":p";
	const char *command =
		!*name || strcmp(row->key, "command") == 0 ? "" : "command=/bin/cat\n";
	char text[1024];

	snprintf(text, sizeof(text),
		 "[%s%s]\n%s%s%s%s\n[program:q]\ncommand=q\n[zygote:z]\npreload=a\n[zygote:y]\n"
		 "preload=a\n[socket:s]\nlisten=tcp://h:1\n[socket:t]\nlisten=tcp://h:2\n%s",
		 row->section, name, command,
		 strcmp(row->section, "eventlistener") == 0 && strcmp(row->key, "events") != 0
			 ? "events=TICK\n"
			 : "",
		 strcmp(row->section, "fcgi-program") == 0 && strcmp(row->key, "socket") != 0
			 ? "socket=unix:///a\n"
			 : "",
		 line ? line : "", *name ? "" : "[program:p]\ncommand=p\n");
	return load(text);
}

static const struct config_program *find(const struct config *config)
{
	for (size_t i = 0; i < config->nprograms; i++)
		if (strcmp(config->programs[i].name, "p") == 0)
			return &config->programs[i];
	ck_abort_msg("there is no program p");
}

static enum config_change compare(const struct row *row, const struct config *a,
				  const struct config *b)
{
	const struct config_program *pa = find(a), *pb = find(b);

	if (strcmp(row->section, "supervisord") == 0)
		return config_daemon_compare(&a->daemon, &b->daemon);
	return config_process_compare(pa, pa->processes, pb, pb->processes);
}

START_TEST(change_of_each_key)
{
	const struct row *row = &rows[_i];
	struct config *one, *again, *other;

	write_file("a.env", "A=1\n");
	write_file("b.env", "A=2\n");
	one = load_with(row, row->one);
	again = load_with(row, row->one);
	other = load_with(row, row->other);
	ck_assert_msg(compare(row, one, again) == CHANGE_NONE, "[%s] %s: not equal to itself",
		      row->section, row->key);
	ck_assert_msg(
		compare(row, one, other) == row->change && compare(row, other, one) == row->change,
		"[%s] %s: %d, %d, expected %d", row->section, row->key,
		(int)compare(row, one, other), (int)compare(row, other, one), (int)row->change);
	config_free(one);
	config_free(again);
	config_free(other);
}
END_TEST

static bool has_row(const char *section, const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].key, key) == 0 && (strcmp(rows[i].section, section) == 0 ||
						      (strcmp(section, "supervisord") != 0 &&
						       strcmp(rows[i].section, "program") == 0)))
			return true;
	return false;
}

static void check_table(const char *section, const struct schema_table *table)
{
	for (size_t i = 0; i < table->nkeys; i++) {
		const struct schema_key *key = &table->keys[i];
		unsigned flags = key->flags & (SCHEMA_LIVE | SCHEMA_RESTART);

		if (!key->type)
			continue;
		ck_assert_msg(flags == SCHEMA_LIVE || flags == SCHEMA_RESTART,
			      "[%s] %s is neither SCHEMA_LIVE nor SCHEMA_RESTART", section,
			      key->name);
		ck_assert_msg(has_row(section, key->name), "no row here for [%s] %s", section,
			      key->name);
	}
}

/* So that a new key cannot be forgotten. */
START_TEST(every_key_is_classified)
{
	static const char *const kinds[] = { "program", "eventlistener", "fcgi-program",
					     "supervisord" };
	const struct schema_section *sections;
	size_t n, found = 0;

	sections = schema_sections(&n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
			if (strcmp(sections[i].name, kinds[k]) != 0)
				continue;
			found++;
			for (size_t t = 0; sections[i].tables[t]; t++)
				check_table(kinds[k], sections[i].tables[t]);
		}
	ck_assert_uint_eq(found, ARRAY_LEN(kinds));
}
END_TEST

/* A type without a comparison could not be asked. */
START_TEST(every_type_compares)
{
	size_t n;
	const struct schema_section *sections = schema_sections(&n);

	for (size_t i = 0; i < n; i++)
		for (size_t t = 0; sections[i].tables[t]; t++)
			for (size_t k = 0; k < sections[i].tables[t]->nkeys; k++) {
				const struct schema_key *key = &sections[i].tables[t]->keys[k];

				ck_assert_msg(!key->type || key->type->same, "[%s] %s",
					      sections[i].name, key->name);
			}
}
END_TEST

START_TEST(order_of_variables_is_no_change)
{
	const struct row row = { "program", "environment", NULL, NULL, NONE };
	struct config *one = load_with(&row, "environment=A=1,B=2");
	struct config *other = load_with(&row, "environment=B=2,A=1");
	struct config *fewer = load_with(&row, "environment=B=2");

	ck_assert_int_eq(compare(&row, one, other), CHANGE_NONE);
	ck_assert_int_eq(compare(&row, one, fewer), CHANGE_RESTART);
	ck_assert_int_eq(compare(&row, fewer, one), CHANGE_RESTART);
	config_free(one);
	config_free(other);
	config_free(fewer);
}
END_TEST

START_TEST(content_of_an_env_file_counts)
{
	const struct row row = { "program", "env_file", NULL, NULL, NONE };
	struct config *one, *moved, *other;

	write_file("a.env", "A=1\n");
	write_file("b.env", "# the same\nA='1'\n");
	one = load_with(&row, "env_file=a.env");
	moved = load_with(&row, "env_file=b.env");
	write_file("a.env", "A=2\n");
	other = load_with(&row, "env_file=a.env");
	ck_assert_int_eq(compare(&row, one, moved), CHANGE_LIVE);
	ck_assert_int_eq(compare(&row, one, other), CHANGE_RESTART);
	config_free(one);
	config_free(moved);
	config_free(other);
}
END_TEST

START_TEST(another_kind_of_program)
{
	const struct row program = { "program", "", NULL, NULL, NONE };
	const struct row listener = { "eventlistener", "", NULL, NULL, NONE };
	struct config *one = load_with(&program, NULL), *other = load_with(&listener, NULL);

	ck_assert_int_eq(compare(&program, one, other), CHANGE_RESTART);
	config_free(one);
	config_free(other);
}
END_TEST

/* What the kernel takes for a socket that is bound. */
START_TEST(sockets)
{
	static const struct {
		const char *one, *other;
		enum config_change change;
	} pairs[] = {
		{ "listen=tcp://h:1", "listen=tcp://h:1", NONE },
		{ "listen=tcp://h:1", "listen=tcp://h:2", RESTART },
		{ "listen=tcp://h:1", "listen=udp://h:1", RESTART },
		{ "listen=tcp://h:1", "listen=tcp://h:1\nreuseport=yes", RESTART },
		{ "listen=tcp://[::]:1", "listen=tcp://[::]:1\nv6only=no", RESTART },
		{ "listen=tcp://h:1", "listen=tcp://h:1\nbacklog=7", LIVE },
		{ "listen=tcp://h:1", "listen=tcp://h:1\nnodelay=yes", LIVE },
		{ "listen=tcp://h:1", "listen=tcp://h:1\nkeepalive=7", LIVE },
		{ "listen=tcp://h:1", "listen=tcp://h:1\ndefer_accept=7", LIVE },
		{ "listen=tcp://h:1", "listen=tcp://h:1\nfastopen=7", LIVE },
		{ "listen=unix:///h", "listen=unix:///h\nmode=0777", LIVE },
		{ "listen=unix:///h", "listen=unix:///h\nowner=root", LIVE },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char text[256];
		struct config *a, *b;

		snprintf(text, sizeof(text), "[program:p]\ncommand=x\n[socket:s]\n%s\n",
			 pairs[i].one);
		a = load(text);
		snprintf(text, sizeof(text), "[program:p]\ncommand=x\n[socket:s]\n%s\n",
			 pairs[i].other);
		b = load(text);
		ck_assert_msg(config_socket_compare(a->sockets, b->sockets) == pairs[i].change,
			      "%s, %s", pairs[i].one, pairs[i].other);
		config_free(a);
		config_free(b);
	}
}
END_TEST

START_TEST(zygotes_sockets_and_servers)
{
	struct config *a = load("[zygote:z]\npreload=a\n[zygote:y]\npreload=a\naudit=warn\n"
				"[socket:s]\nlisten=tcp://h:1\n[socket:t]\nlisten=tcp://h:2\n"
				"[unix_http_server]\nfile=/x\n[inet_http_server]\nport=h:1\n");
	struct config *b =
		load("\n\n[zygote:z]\npreload=a\n[zygote:y]\npreload=a\n"
		     "[socket:s]\nlisten=tcp://h:1\n[socket:t]\nlisten=tcp://h:2\nbacklog=1\n"
		     "[unix_http_server]\nfile=/x\n[inet_http_server]\nport=h:2\n");

	ck_assert(config_zygote_same(&a->zygotes[0], &b->zygotes[0]));
	ck_assert(!config_zygote_same(&a->zygotes[1], &b->zygotes[1]));
	ck_assert(config_socket_same(&a->sockets[0], &b->sockets[0]));
	ck_assert(!config_socket_same(&a->sockets[1], &b->sockets[1]));
	ck_assert_uint_eq(a->nservers, 2);
	for (size_t i = 0; i < 2; i++)
		ck_assert(config_http_same(&a->servers[i], &b->servers[i]) == a->servers[i].local);
	ck_assert(!config_http_same(&a->servers[0], &a->servers[1]));
	ck_assert(config_daemon_same_environment(&a->daemon, &b->daemon));
	config_free(a);
	config_free(b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_config_compare");
	TCase *tcase = tcase_create("compare");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, start, stop);
	tcase_add_loop_test(tcase, change_of_each_key, 0, ARRAY_LEN(rows));
	tcase_add_test(tcase, every_key_is_classified);
	tcase_add_test(tcase, every_type_compares);
	tcase_add_test(tcase, order_of_variables_is_no_change);
	tcase_add_test(tcase, content_of_an_env_file_counts);
	tcase_add_test(tcase, another_kind_of_program);
	tcase_add_test(tcase, sockets);
	tcase_add_test(tcase, zygotes_sockets_and_servers);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
