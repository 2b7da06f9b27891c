/* schema.c - see schema.h: the tables. */
#include "config/schema.h"

#include "base/log.h"
#include "base/util.h"
#include "config/types.h"
#include "ipc/messages.h"

#include <string.h>

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

#define AT(member) offsetof(struct config_daemon, member)
static const struct schema_key daemon_keys[] = {
	{ "logfile", &type_mainlog, AT(logfile), "supervisord.log", NULL, SCHEMA_RESTART },
	{ "logfile_maxbytes", &type_bytes, AT(logfile_maxbytes), "50MB", NULL, SCHEMA_LIVE },
	{ "logfile_backups", &type_count, AT(logfile_backups), "10", NULL, SCHEMA_LIVE },
	{ "loglevel", &type_choice, AT(loglevel), "info", loglevels, SCHEMA_LIVE },
	{ "pidfile", &type_newfile, AT(pidfile), "supervisord.pid", NULL, SCHEMA_RESTART },
	{ "umask", &type_octal, AT(umask), "022", NULL, SCHEMA_RESTART },
	{ "nodaemon", &type_bool, AT(nodaemon), "false", NULL, SCHEMA_RESTART },
	{ "silent", &type_bool, AT(silent), "false", NULL, SCHEMA_RESTART },
	{ "minfds", &type_count, AT(minfds), "1024", NULL, SCHEMA_RESTART },
	{ "minprocs", &type_count, AT(minprocs), "200", NULL, SCHEMA_RESTART },
	{ "nocleanup", &type_bool, AT(nocleanup), "false", NULL, SCHEMA_LIVE },
	{ "childlogdir", &type_directory, AT(childlogdir), NULL, NULL, SCHEMA_RESTART },
	{ "user", &type_user, AT(user), NULL, NULL, SCHEMA_RESTART },
	{ "directory", &type_directory, AT(directory), NULL, NULL, SCHEMA_RESTART },
	{ "strip_ansi", &type_bool, AT(strip_ansi), "false", NULL, SCHEMA_RESTART },
	{ "identifier", &type_anything, AT(identifier), "supervisor", NULL, SCHEMA_RESTART },
	{ "environment", &type_environment, AT(environment), NULL, NULL,
	  SCHEMA_TWICE | SCHEMA_LIVE },
	{ "logfile_rotate", &type_choice, AT(logfile_period), "never", schema_periods,
	  SCHEMA_LIVE },
	{ "logfile_compress", &type_bool, AT(logfile_compress), "false", NULL, SCHEMA_LIVE },
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
	{ "ksm", &type_bool, AT(ksm), "no", NULL, 0 },
	{ "gc_freeze", &type_bool, AT(gc_freeze), "yes", NULL, 0 },
	{ "immortalize", &type_bool, AT(immortalize), "no", NULL, 0 },
	{ "prefault", &type_bool, AT(prefault), "yes", NULL, 0 },
};
#undef AT

static const struct config_range backlogs = { 1, INT32_MAX };
static const struct config_range keepalives = { 0, 32767 }; /* the kernel's MAX_TCP_KEEPIDLE */
static const struct config_range defers = { 0, 3600 };
static const struct config_range queues = { 0, 65535 };

#define AT(member) offsetof(struct config_socket, member)
static const struct schema_key socket_keys[] = {
	{ "listen", &type_socket, AT(listen), NULL, NULL, SCHEMA_RESTART },
	{ "backlog", &type_range, AT(backlog), NULL, &backlogs, SCHEMA_LIVE },
	{ "mode", &type_octal, AT(mode), "0700", NULL, SCHEMA_LIVE },
	{ "owner", &type_owner, AT(owner), NULL, NULL, SCHEMA_LIVE },
	{ "reuseport", &type_bool, AT(reuseport), "no", NULL, SCHEMA_RESTART },
	{ "v6only", &type_bool, AT(v6only), "yes", NULL, SCHEMA_RESTART },
	{ "nodelay", &type_bool, AT(nodelay), "no", NULL, SCHEMA_LIVE },
	{ "keepalive", &type_range, AT(keepalive), NULL, &keepalives, SCHEMA_LIVE },
	{ "defer_accept", &type_range, AT(defer_accept), NULL, &defers, SCHEMA_LIVE },
	{ "fastopen", &type_range, AT(fastopen), NULL, &queues, SCHEMA_LIVE },
};
#undef AT

#define AT(member) offsetof(struct schema_group, member)
static const struct schema_key group_keys[] = {
	{ "programs", &type_names, AT(programs), NULL, NULL, 0 },
	{ "priority", &type_int, AT(priority), "999", NULL, 0 },
};
#undef AT

#define AT(member) offsetof(struct config_http, member)
static const struct schema_key unix_keys[] = {
	{ "file", &type_path, AT(file), NULL, NULL, 0 },
	{ "chmod", &type_octal, AT(mode), "0700", NULL, 0 },
	{ "chown", &type_owner, AT(owner), NULL, NULL, 0 },
	{ "username", &type_anything, AT(username), NULL, NULL, 0 },
	{ "password", &type_password, AT(password), NULL, NULL, 0 },
};

static const struct schema_key inet_keys[] = {
	{ "port", &type_inet, 0, NULL, NULL, 0 },
	{ "username", &type_anything, AT(username), NULL, NULL, 0 },
	{ "password", &type_password, AT(password), NULL, NULL, 0 },
};
#undef AT

#define AT(member) offsetof(struct config_ctl, member)
static const struct schema_key ctl_keys[] = {
	{ "serverurl", &type_url, AT(serverurl), NULL, NULL, 0 },
	{ "username", &type_anything, AT(username), NULL, NULL, 0 },
	{ "password", &type_anything, AT(password), NULL, NULL, 0 },
	{ "prompt", &type_anything, AT(prompt), "supervisor", NULL, 0 },
	{ "history_file", &type_path, AT(history_file), NULL, NULL, 0 },
};
#undef AT

static const struct schema_key plugin_keys[] = {
	{ "supervisor.rpcinterface_factory", &type_only, 0, NULL,
	  "supervisor.rpcinterface:make_main_rpcinterface", 0 },
};

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
const struct schema_table schema_unix = TABLE(unix_keys);
const struct schema_table schema_inet = TABLE(inet_keys);
const struct schema_table schema_ctl = TABLE(ctl_keys);
const struct schema_table schema_plugin = TABLE(plugin_keys);
const struct schema_table schema_group = TABLE(group_keys);
static const struct schema_table schema_include = TABLE(include_keys);

#define PROGRAM_TABLES                                                                             \
	&schema_program, &schema_numbering, &schema_env_file, &schema_environment, &schema_process

static const struct schema_section sections[] = {
	{ "supervisord", SCHEMA_PLAIN, false, false, NULL, { &schema_daemon } },
	{ "zygote", SCHEMA_NAMED, true, false, NULL, { &schema_zygote } },
	{ "socket", SCHEMA_NAMED, true, false, NULL, { &schema_socket } },
	{ "program", SCHEMA_NAMED, false, false, NULL, { PROGRAM_TABLES } },
	{ "eventlistener", SCHEMA_NAMED, false, false, NULL, { &schema_listener, PROGRAM_TABLES } },
	{ "fcgi-program", SCHEMA_NAMED, false, false, NULL, { &schema_fcgi, PROGRAM_TABLES } },
	{ "group", SCHEMA_NAMED, false, false, NULL, { &schema_group } },
	{ "include", SCHEMA_PLAIN, false, false, NULL, { &schema_include } },
	{ "unix_http_server", SCHEMA_EITHER, false, false, NULL, { &schema_unix } },
	{ "inet_http_server", SCHEMA_EITHER, false, false, NULL, { &schema_inet } },
	{ "supervisorctl", SCHEMA_PLAIN, false, false, NULL, { &schema_ctl } },
	{ "rpcinterface", SCHEMA_NAMED, false, false, NULL, { &schema_plugin } },
	{ "ctlplugin",
	  SCHEMA_NAMED,
	  false,
	  true,
	  "forkserverctl has no plugins; the commands that it would add are missing",
	  { NULL } },
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
