/* schema.c - see schema.h: the tables. */
#include "config/schema.h"

#include "base/log.h"
#include "base/util.h"
#include "config/types.h"
#include "ipc/messages.h"

#include <string.h>
#include <sys/socket.h>

#define STRING(x) #x
#define EXPANDED(x) STRING(x)

static const struct config_choice loglevels[] = {
	{ "critical", LEVEL_CRITICAL }, { "error", LEVEL_ERROR },
	{ "warn", LEVEL_WARN },         { "info", LEVEL_INFO },
	{ "debug", LEVEL_DEBUG },       { "trace", LEVEL_TRACE },
	{ "blather", LEVEL_BLATHER },   { NULL, 0 },
};

static const struct config_choice policies[] = {
	{ "enforce", AUDIT_ENFORCE },
	{ "warn", AUDIT_WARN },
	{ "off", AUDIT_OFF },
	{ NULL, 0 },
};

static const struct config_choice modes[] = {
	{ "filter", AUDIT_FILTER },
	{ "full", AUDIT_FULL },
	{ NULL, 0 },
};

static const struct config_choice restarts[] = {
	{ "true", RESTART_ALWAYS },
	{ "false", RESTART_NEVER },
	{ "unexpected", RESTART_UNEXPECTED },
	{ "yes", RESTART_ALWAYS },
	{ "no", RESTART_NEVER },
	{ "on", RESTART_ALWAYS },
	{ "off", RESTART_NEVER },
	{ "1", RESTART_ALWAYS },
	{ "0", RESTART_NEVER },
	{ NULL, 0 },
};

#define AT(member) offsetof(struct config_daemon, member)
static const struct schema_key daemon_keys[] = {
	{ "logfile", &type_mainlog, AT(logfile), "supervisord.log", NULL, 0 },
	{ "logfile_maxbytes", &type_bytes, AT(logfile_maxbytes), "50MB", NULL, 0 },
	{ "logfile_backups", &type_count, AT(logfile_backups), "10", NULL, 0 },
	{ "loglevel", &type_choice, AT(loglevel), "info", loglevels, 0 },
	{ "pidfile", &type_newfile, AT(pidfile), "supervisord.pid", NULL, 0 },
	{ "umask", &type_octal, AT(umask), "022", NULL, 0 },
	{ "nodaemon", &type_bool, AT(nodaemon), "false", NULL, 0 },
	{ "silent", &type_bool, AT(silent), "false", NULL, 0 },
	{ "minfds", &type_count, AT(minfds), "1024", NULL, 0 },
	{ "minprocs", &type_count, AT(minprocs), "200", NULL, 0 },
	{ "nocleanup", &type_bool, AT(nocleanup), "false", NULL, 0 },
	{ "childlogdir", &type_directory, AT(childlogdir), NULL, NULL, 0 },
	{ "user", &type_user, AT(user), NULL, NULL, 0 },
	{ "directory", &type_directory, AT(directory), NULL, NULL, 0 },
	{ "strip_ansi", &type_bool, AT(strip_ansi), "false", NULL, 0 },
	{ "identifier", &type_text, AT(identifier), "supervisor", NULL, 0 },
	{ "environment", &type_environment, AT(environment), NULL, NULL, SCHEMA_TWICE },
	{ "profile_options", NULL, 0, NULL, NULL, SCHEMA_MUTE },
};
#undef AT

#define AT(member) offsetof(struct config_zygote, member)
static const struct schema_key zygote_keys[] = {
	{ "python", &type_text, AT(python), NULL, NULL, 0 },
	{ "path", &type_paths, AT(path), NULL, NULL, 0 },
	{ "pythonpath", &type_paths, AT(path), NULL, NULL, SCHEMA_ALIAS },
	{ "preload", &type_modules, AT(preload), NULL, NULL, 0 },
	{ "warmup", &type_callable, AT(warmup), NULL, NULL, 0 },
	{ "user", &type_user, AT(user), NULL, NULL, 0 },
	{ "directory", &type_text, AT(directory), NULL, NULL, 0 },
	{ "environment", &type_environment, AT(environment), NULL, NULL, 0 },
	{ "allow", &type_rules, AT(allow), NULL, NULL, 0 },
	{ "baseline", &type_text, AT(baseline), NULL, NULL, 0 },
	{ "audit", &type_choice, AT(policy), "enforce", policies, 0 },
	{ "audit_mode", &type_choice, AT(mode), "filter", modes, 0 },
	{ "preload_timeout", &type_count, AT(preload_timeout), "300", NULL, 0 },
	{ "umask", &type_octal, AT(umask), "-1", NULL, 0 },
	{ "thp", &type_bool, AT(thp), "no", NULL, 0 },
};
#undef AT

#define AT(member) offsetof(struct config_socket, member)
static const struct schema_key socket_keys[] = {
	{ "listen", &type_listen, AT(listen), NULL, NULL, 0 },
	{ "backlog", &type_count, AT(backlog), EXPANDED(SOMAXCONN), NULL, 0 },
	{ "mode", &type_octal, AT(mode), "0700", NULL, 0 },
	{ "owner", &type_owner, AT(owner), NULL, NULL, 0 },
};
#undef AT

#define AT(member) offsetof(struct config_program, member)
static const struct schema_key program_keys[] = {
	{ "zygote", &type_text, AT(zygote), NULL, NULL, 0 },
	{ "sockets", &type_names, AT(sockets), NULL, NULL, 0 },
	{ "user", &type_user, AT(user), NULL, NULL, 0 },
	{ "priority", &type_int, AT(priority), "999", NULL, 0 },
	{ "autostart", &type_bool, AT(autostart), "true", NULL, 0 },
	{ "autorestart", &type_choice, AT(autorestart), "unexpected", restarts, 0 },
	{ "startsecs", &type_count, AT(startsecs), "1", NULL, 0 },
	{ "startretries", &type_count, AT(startretries), "3", NULL, 0 },
	{ "exitcodes", &type_exitcodes, AT(exitcodes), "0", NULL, 0 },
	{ "stopsignal", &type_signal, AT(stopsignal), "TERM", NULL, 0 },
	{ "stopwaitsecs", &type_count, AT(stopwaitsecs), "10", NULL, 0 },
	{ "stopasgroup", &type_bool, AT(stopasgroup), "false", NULL, 0 },
	{ "killasgroup", &type_bool, AT(killasgroup), NULL, NULL, 0 },
	{ "umask", &type_octal, AT(umask), "-1", NULL, 0 },
	{ "redirect_stderr", &type_bool, AT(redirect_stderr), "false", NULL, 0 },
	{ "serverurl", NULL, 0, NULL, NULL, SCHEMA_MUTE },
	{ "ready", NULL, 0, NULL, NULL, SCHEMA_LATER },
	{ "watchdogsecs", NULL, 0, NULL, NULL, SCHEMA_LATER },
	{ "maxage", NULL, 0, NULL, NULL, SCHEMA_LATER },
	{ "maxuss", NULL, 0, NULL, NULL, SCHEMA_LATER },
};
#undef AT

#define AT(member) offsetof(struct schema_numbering, member)
static const struct schema_key numbering_keys[] = {
	{ "numprocs", &type_count, AT(numprocs), "1", NULL, 0 },
	{ "numprocs_start", &type_int, AT(numprocs_start), "0", NULL, 0 },
	{ "process_name", &type_text, AT(process_name), "%(program_name)s", NULL, SCHEMA_RAW },
};
#undef AT

#define AT(member) offsetof(struct config_process, member)
static const struct schema_key environment_keys[] = {
	{ "environment", &type_environment, AT(environment), NULL, NULL, 0 },
};

/* The *_syslog rows stand above *_logfile, which may say syslog too. */
static const struct schema_key process_keys[] = {
	{ "command", &type_command, AT(command), NULL, NULL, 0 },
	{ "directory", &type_text, AT(directory), NULL, NULL, 0 },
	{ "stdout_syslog", &type_bool, AT(out.syslog), "false", NULL, 0 },
	{ "stdout_logfile", &type_log, AT(out), "AUTO", NULL, SCHEMA_TWICE },
	{ "stdout_logfile_maxbytes", &type_bytes, AT(out.maxbytes), "50MB", NULL, 0 },
	{ "stdout_logfile_backups", &type_count, AT(out.backups), "10", NULL, 0 },
	{ "stdout_capture_maxbytes", &type_bytes, AT(out.capture_maxbytes), "0", NULL, 0 },
	{ "stdout_events_enabled", &type_bool, AT(out.events_enabled), "false", NULL, 0 },
	{ "stderr_syslog", &type_bool, AT(err.syslog), "false", NULL, 0 },
	{ "stderr_logfile", &type_log, AT(err), "AUTO", NULL, SCHEMA_TWICE },
	{ "stderr_logfile_maxbytes", &type_bytes, AT(err.maxbytes), "50MB", NULL, 0 },
	{ "stderr_logfile_backups", &type_count, AT(err.backups), "10", NULL, 0 },
	{ "stderr_capture_maxbytes", &type_bytes, AT(err.capture_maxbytes), "0", NULL, 0 },
	{ "stderr_events_enabled", &type_bool, AT(err.events_enabled), "false", NULL, 0 },
};
#undef AT

#define AT(member) offsetof(struct schema_group, member)
static const struct schema_key group_keys[] = {
	{ "programs", &type_names, AT(programs), NULL, NULL, 0 },
	{ "priority", &type_int, AT(priority), "999", NULL, 0 },
};
#undef AT

static const struct schema_key include_keys[] = {
	{ "files", NULL, 0, NULL, NULL, SCHEMA_MUTE },
};

#define TABLE(array)                                                                               \
	{                                                                                          \
		array, ARRAY_LEN(array)                                                            \
	}
const struct schema_table schema_daemon = TABLE(daemon_keys);
const struct schema_table schema_zygote = TABLE(zygote_keys);
const struct schema_table schema_socket = TABLE(socket_keys);
const struct schema_table schema_program = TABLE(program_keys);
const struct schema_table schema_numbering = TABLE(numbering_keys);
const struct schema_table schema_environment = TABLE(environment_keys);
const struct schema_table schema_process = TABLE(process_keys);
const struct schema_table schema_group = TABLE(group_keys);
static const struct schema_table schema_include = TABLE(include_keys);

static const struct schema_section sections[] = {
	{ "supervisord", SCHEMA_PLAIN, false, false, NULL, { &schema_daemon } },
	{ "zygote", SCHEMA_NAMED, true, false, NULL, { &schema_zygote } },
	{ "socket", SCHEMA_NAMED, true, false, NULL, { &schema_socket } },
	{ "program",
	  SCHEMA_NAMED,
	  false,
	  false,
	  NULL,
	  { &schema_program, &schema_numbering, &schema_environment, &schema_process } },
	{ "group", SCHEMA_NAMED, false, false, NULL, { &schema_group } },
	{ "include", SCHEMA_PLAIN, false, false, NULL, { &schema_include } },
	{ "unix_http_server", SCHEMA_EITHER, false, true, "no control socket is opened", { NULL } },
	{ "inet_http_server", SCHEMA_EITHER, false, true, "no control port is opened", { NULL } },
	{ "eventlistener", SCHEMA_NAMED, false, true, "the listener is not started", { NULL } },
	{ "fcgi-program", SCHEMA_NAMED, false, true, "the program is not started", { NULL } },
	{ "supervisorctl", SCHEMA_PLAIN, false, true, NULL, { NULL } },
	{ "rpcinterface", SCHEMA_NAMED, false, true, NULL, { NULL } },
	{ "ctlplugin", SCHEMA_NAMED, false, true, NULL, { NULL } },
};

const struct schema_section *schema_sections(size_t *n)
{
	*n = ARRAY_LEN(sections);
	return sections;
}

const char *schema_name(const char *header)
{
	const char *colon = strchr(header, ':');

	return colon ? colon + 1 : NULL;
}

const struct schema_section *schema_find(const char *header)
{
	size_t len = strcspn(header, ":");

	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		const struct schema_section *s = &sections[i];

		if (strlen(s->name) != len || memcmp(s->name, header, len) != 0)
			continue;
		if (s->naming == SCHEMA_EITHER ||
		    (s->naming == SCHEMA_NAMED) == (header[len] == ':'))
			return s;
	}
	return NULL;
}
