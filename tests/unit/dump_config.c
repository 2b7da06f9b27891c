/* dump_config.c - what the parsers of src/config make of standard input, in hexadecimal, one item a
 * line, so that a test can compare them with Python's.
 * Runs in: tests.  Usage: dump_config dialect|expand|command|environment <FILE, or
 * dump_config config FILE for a whole configuration. */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/config.h"
#include "config/dialect.h"
#include "config/expand.h"
#include "config/notes.h"
#include "config/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void hex(const char *text)
{
	putchar(' ');
	for (; *text; text++)
		printf("%02x", (unsigned char)*text);
}

static int fail(const char *text)
{
	printf("error");
	hex(text);
	putchar('\n');
	return 0;
}

static void dump_section(const struct dialect_section *section)
{
	printf("section");
	hex(section->name);
	putchar('\n');
	for (size_t i = 0; i < section->noptions; i++) {
		printf("option");
		hex(section->options[i].name);
		hex(buf_str(&section->options[i].value));
		putchar('\n');
	}
}

static int dump_dialect(const struct buf *in)
{
	struct dialect dialect = { 0 };
	struct buf text = { 0 };
	struct notes notes = { .text = &text };

	if (dialect_read(&dialect, "input", buf_str(in), in->len, &notes) < 0) {
		fail(buf_str(&text));
	} else {
		if (dialect.defaults.name)
			dump_section(&dialect.defaults);
		for (size_t i = 0; i < dialect.nsections; i++)
			dump_section(&dialect.sections[i]);
	}
	buf_done(&text);
	dialect_done(&dialect);
	return 0;
}

static int dump_expand(const struct buf *in)
{
	static const struct expand_name names[] = {
		{ "here", "/etc/shop", 0 },
		{ "program_name",
		  "w\xc3\xa9"
		  "b",
		  0 },
		{ "process_num", NULL, 7 },
		{ "numprocs", NULL, 120 },
		{ "below", NULL, -42 },
	};
	struct expand_scope scope = { names, ARRAY_LEN(names), NULL, NULL };
	struct error err = { "" };
	char *text;

	if (expand(buf_str(in), &scope, &text, &err) < 0)
		return fail(err.text);
	printf("text");
	hex(text);
	putchar('\n');
	free(text);
	return 0;
}

static int dump_words(const struct buf *in, int (*split)(const char *, char ***, struct error *))
{
	struct error err = { "" };
	char **words = NULL;

	if (split(buf_str(in), &words, &err) < 0)
		return fail(err.text);
	for (size_t i = 0; words && words[i]; i++) {
		printf("word");
		hex(words[i]);
		putchar('\n');
	}
	strv_free(words);
	return 0;
}

static void number(const char *name, long long value)
{
	printf(" %s=%lld", name, value);
}

static void string(const char *name, const char *text)
{
	printf(" %s=", name);
	for (; text && *text; text++)
		printf("%02x", (unsigned char)*text);
	if (!text)
		putchar('-');
}

static void dump_log(const char *stream, const struct config_log *log)
{
	printf(" %s=", stream);
	fputs(log->automatic ? "AUTO" : log->file ? "" : "-", stdout);
	for (const char *p = log->file; p && *p; p++)
		printf("%02x", (unsigned char)*p);
	printf(",%llu,%u,%llu,%d,%d", (unsigned long long)log->maxbytes, log->backups,
	       (unsigned long long)log->capture_maxbytes, log->events_enabled, log->syslog);
}

/* Sorted as a set would be: the order of variables is nobody's business. */
static void dump_environment(char *const *common, char *const *own)
{
	char **all = strv_copy(common);

	for (size_t i = 0; own && own[i]; i++) {
		char *equals = strchr(own[i], '=');
		CLEANUP_FREE char *name = strndup(own[i], (size_t)(equals - own[i]));

		strv_setenv(&all, name, equals + 1);
	}
	for (size_t i = 0; all[i]; i++)
		string("env", all[i]);
	strv_free(all);
}

static void dump_process(const struct config *config, const struct config_group *group,
			 const struct config_program *program, const struct config_process *process)
{
	printf("process");
	string("group", group->name);
	number("group_priority", group->priority);
	string("name", process->name);
	string("command", process->command);
	string("directory", process->directory);
	string("user", program->user);
	number("umask", program->umask);
	number("priority", program->priority);
	number("autostart", program->autostart);
	number("autorestart", program->autorestart);
	number("startsecs", program->startsecs);
	number("startretries", program->startretries);
	number("stopsignal", program->stopsignal);
	number("stopwaitsecs", program->stopwaitsecs);
	number("stopasgroup", program->stopasgroup);
	number("killasgroup", program->killasgroup);
	number("redirect_stderr", program->redirect_stderr);
	for (int i = 0; i < 256; i++)
		if (program->exitcodes[i / 8] & (1u << (i % 8)))
			number("exitcode", i);
	string("serverurl", program->serverurl);
	number("kind", program->kind);
	dump_log("stdout", &process->out);
	dump_log("stderr", &process->err);
	dump_environment(config->daemon.environment, process->environment);
	putchar('\n');
}

static void dump_daemon(const struct config_daemon *daemon)
{
	printf("daemon");
	string("logfile", daemon->logfile);
	string("pidfile", daemon->pidfile);
	string("identifier", daemon->identifier);
	string("directory", daemon->directory);
	string("user", daemon->user);
	string("childlogdir", daemon->childlogdir);
	number("logfile_maxbytes", (long long)daemon->logfile_maxbytes);
	number("logfile_backups", daemon->logfile_backups);
	number("loglevel", daemon->loglevel);
	number("umask", daemon->umask);
	number("minfds", daemon->minfds);
	number("minprocs", daemon->minprocs);
	number("nodaemon", daemon->nodaemon);
	number("silent", daemon->silent);
	number("nocleanup", daemon->nocleanup);
	number("strip_ansi", daemon->strip_ansi);
	for (char *const *p = daemon->environment; p && *p; p++)
		string("env", *p);
	putchar('\n');
}

static void dump_server(const struct config_http *server)
{
	printf("server");
	string("name", server->name);
	number("local", server->local);
	string("file", server->file);
	number("mode", server->mode);
	string("owner", server->owner);
	string("address", server->address);
	number("port", server->port);
	string("username", server->username);
	string("password", server->password);
	putchar('\n');
}

/* With what all its processes share. */
static void dump_group(const struct config_group *group, const struct config_program *program)
{
	printf("group");
	string("name", group->name);
	number("priority", group->priority);
	number("kind", program ? program->kind : KIND_PROGRAM);
	if (program && program->kind == KIND_LISTENER) {
		number("buffer_size", program->listener.buffer_size);
		for (size_t i = 0; i < strv_len(program->listener.events); i++)
			string("event", program->listener.events[i]);
	}
	if (program && program->kind == KIND_FCGI) {
		string("socket", program->fcgi.socket);
		string("owner", program->fcgi.owner);
		number("mode", program->fcgi.mode);
		number("backlog", program->fcgi.backlog);
	}
	putchar('\n');
}

static void dump_config(const struct config *config)
{
	dump_daemon(&config->daemon);
	for (size_t i = 0; i < config->nservers; i++)
		dump_server(&config->servers[i]);
	for (size_t g = 0; g < config->ngroups; g++) {
		const struct config_group *group = &config->groups[g];

		dump_group(group, group->nprograms ? &config->programs[group->programs[0]] : NULL);
		for (size_t p = 0; p < group->nprograms; p++) {
			const struct config_program *program =
				&config->programs[group->programs[p]];

			for (size_t i = 0; i < program->nprocesses; i++)
				dump_process(config, group, program, &program->processes[i]);
		}
	}
}

static int dump_file(const char *file)
{
	struct buf messages = { 0 };
	struct config *config = NULL;

	if (config_load(file, &config, &messages) < 0)
		fail(buf_str(&messages));
	else
		dump_config(config);
	buf_done(&messages);
	config_free(config);
	return 0;
}

static int dump(const char *mode, const struct buf *in)
{
	if (strcmp(mode, "dialect") == 0)
		return dump_dialect(in);
	if (strcmp(mode, "expand") == 0)
		return dump_expand(in);
	if (strcmp(mode, "command") == 0)
		return dump_words(in, words_command);
	if (strcmp(mode, "environment") == 0)
		return dump_words(in, words_environment);
	fprintf(stderr, "usage: dump_config dialect|expand|command|environment <FILE\n"
			"       dump_config config FILE\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct buf in = { 0 };
	int status;

	if (argc > 2 && strcmp(argv[1], "config") == 0)
		return dump_file(argv[2]);
	if (fd_read_all(0, &in, (size_t)1 << 24) < 0)
		return 2;
	status = dump(argc > 1 ? argv[1] : "", &in);
	buf_done(&in);
	return status;
}
