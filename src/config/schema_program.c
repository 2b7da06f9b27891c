/* schema_program.c - see schema.h: the tables of [program:x], [eventlistener:x] and
 * [fcgi-program:x]. */
#include "base/util.h"
#include "config/schema.h"
#include "config/types.h"
#include "ipc/log_messages.h"

#include <sys/resource.h>
#include <sys/socket.h>

#define STRING(x) #x
#define EXPANDED(x) STRING(x)

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

const struct config_choice schema_periods[] = {
	{ "never", LOG_NEVER },   { "hourly", LOG_HOURLY },   { "daily", LOG_DAILY },
	{ "weekly", LOG_WEEKLY }, { "monthly", LOG_MONTHLY }, { NULL, 0 },
};

static const struct config_choice formats[] = {
	{ "raw", LOG_RAW },
	{ "text", LOG_TEXT },
	{ "json", LOG_JSON },
	{ NULL, 0 },
};

static const struct config_choice stalls[] = {
	{ "block", LOG_BLOCK },
	{ "drop", LOG_DROP },
	{ NULL, 0 },
};

static const struct config_choice backoffs[] = {
	{ "linear", BACKOFF_LINEAR },
	{ "exponential", BACKOFF_EXPONENTIAL },
	{ NULL, 0 },
};

static const struct config_choice replacements[] = {
	{ "auto", REPLACEMENT_AUTO },
	{ "new_first", REPLACEMENT_NEW_FIRST },
	{ "old_first", REPLACEMENT_OLD_FIRST },
	{ NULL, 0 },
};

static const struct config_choice scalings[] = {
	{ "static", SCALE_STATIC },
	{ "ondemand", SCALE_ONDEMAND },
	{ NULL, 0 },
};

static const struct config_range spares = { 0, 100 };
static const struct config_range nices = { -20, 19 };
static const struct config_range scores = { -1000, 1000 };
static const struct config_range percents = { 0, 100 };
static const struct config_range parallels = { 1, CONFIG_NUMPROCS_MAX };
static const struct config_range buffers = { 1, INT32_MAX };
static const struct config_range backlogs = { 1, 65535 };

#define COUNTED(resource)                                                                          \
	&(const struct config_resource)                                                            \
	{                                                                                          \
		resource, false                                                                    \
	}
#define SIZED(resource)                                                                            \
	&(const struct config_resource)                                                            \
	{                                                                                          \
		resource, true                                                                     \
	} /* in bytes */

#define AT(member) offsetof(struct config_program, member)
static const struct schema_key program_keys[] = {
	{ "zygote", &type_text, AT(zygote), NULL, NULL, SCHEMA_RESTART },
	{ "sockets", &type_sockets, 0, NULL, NULL, SCHEMA_RESTART },
	{ "user", &type_user, AT(user), NULL, NULL, SCHEMA_RESTART },
	{ "priority", &type_int, AT(priority), "999", NULL, SCHEMA_LIVE },
	{ "autostart", &type_bool, AT(autostart), "true", NULL, SCHEMA_LIVE },
	{ "autorestart", &type_choice, AT(autorestart), "unexpected", restarts, SCHEMA_LIVE },
	{ "startsecs", &type_count, AT(startsecs), "1", NULL, SCHEMA_LIVE },
	{ "startretries", &type_retries, AT(startretries), "3", NULL, SCHEMA_LIVE },
	{ "exitcodes", &type_exitcodes, AT(exitcodes), "0", NULL, SCHEMA_LIVE },
	{ "stopsignal", &type_signal, AT(stopsignal), "TERM", NULL, SCHEMA_LIVE },
	{ "stopwaitsecs", &type_count, AT(stopwaitsecs), "10", NULL, SCHEMA_LIVE },
	{ "stopasgroup", &type_bool, AT(stopasgroup), "false", NULL, SCHEMA_LIVE },
	{ "killasgroup", &type_bool, AT(killasgroup), NULL, NULL, SCHEMA_LIVE },
	{ "umask", &type_octal, AT(umask), "-1", NULL, SCHEMA_RESTART },
	{ "redirect_stderr", &type_bool, AT(redirect_stderr), "false", NULL, SCHEMA_RESTART },
	{ "serverurl", &type_serverurl, AT(serverurl), NULL, NULL, SCHEMA_RESTART },
	{ "logfile_rotate", &type_choice, AT(logfile_period), "never", schema_periods,
	  SCHEMA_LIVE },
	{ "logfile_format", &type_choice, AT(logfile_format), "raw", formats, SCHEMA_LIVE },
	{ "logfile_stall", &type_choice, AT(logfile_stall), "block", stalls, SCHEMA_LIVE },
	{ "logfile_compress", &type_bool, AT(logfile_compress), "false", NULL, SCHEMA_LIVE },
	{ "depends_on", &type_names, AT(depends_on), NULL, NULL, SCHEMA_LIVE },
	{ "replace", &type_choice, AT(replace), "auto", replacements, SCHEMA_LIVE },
	{ "spare", &type_range, AT(spare), "0", &spares, SCHEMA_LIVE },
	{ "reload_batch", &type_count, AT(reload_batch), "1", NULL, SCHEMA_LIVE },
	{ "reload_parallel", &type_count, AT(reload_parallel), "0", NULL, SCHEMA_LIVE },
	{ "reload_watch", &type_count, AT(reload_watch), "10", NULL, SCHEMA_LIVE },
	{ "backoff", &type_choice, AT(backoff), "linear", backoffs, SCHEMA_LIVE },
	{ "backoff_max", &type_count, AT(backoff_max), NULL, NULL, SCHEMA_LIVE },
	{ "essential", &type_bool, AT(essential), "false", NULL, SCHEMA_LIVE },
	{ "nice", &type_range, AT(nice), NULL, &nices, SCHEMA_RESTART },
	{ "oom_score_adj", &type_range, AT(oom_score_adj), NULL, &scores, SCHEMA_RESTART },
	{ "memory_max", &type_bytes, AT(memory_max), "0", NULL, SCHEMA_RESTART },
	{ "rlimit_as", &type_rlimit, 0, NULL, SIZED(RLIMIT_AS), SCHEMA_RESTART },
	{ "rlimit_core", &type_rlimit, 0, NULL, SIZED(RLIMIT_CORE), SCHEMA_RESTART },
	{ "rlimit_cpu", &type_rlimit, 0, NULL, COUNTED(RLIMIT_CPU), SCHEMA_RESTART },
	{ "rlimit_data", &type_rlimit, 0, NULL, SIZED(RLIMIT_DATA), SCHEMA_RESTART },
	{ "rlimit_fsize", &type_rlimit, 0, NULL, SIZED(RLIMIT_FSIZE), SCHEMA_RESTART },
	{ "rlimit_memlock", &type_rlimit, 0, NULL, SIZED(RLIMIT_MEMLOCK), SCHEMA_RESTART },
	{ "rlimit_nofile", &type_rlimit, 0, NULL, COUNTED(RLIMIT_NOFILE), SCHEMA_RESTART },
	{ "rlimit_nproc", &type_rlimit, 0, NULL, COUNTED(RLIMIT_NPROC), SCHEMA_RESTART },
	{ "rlimit_stack", &type_rlimit, 0, NULL, SIZED(RLIMIT_STACK), SCHEMA_RESTART },
	{ "rlimit_rss", &type_rlimit, 0, NULL, SIZED(RLIMIT_RSS), SCHEMA_RESTART },
	{ "rlimit_sigpending", &type_rlimit, 0, NULL, COUNTED(RLIMIT_SIGPENDING), SCHEMA_RESTART },
	{ "rlimit_msgqueue", &type_rlimit, 0, NULL, SIZED(RLIMIT_MSGQUEUE), SCHEMA_RESTART },
	{ "rlimit_nice", &type_rlimit, 0, NULL, COUNTED(RLIMIT_NICE), SCHEMA_RESTART },
	{ "rlimit_rtprio", &type_rlimit, 0, NULL, COUNTED(RLIMIT_RTPRIO), SCHEMA_RESTART },
	{ "prestart", &type_hook, AT(prestart), NULL, NULL, SCHEMA_LIVE },
	{ "poststop", &type_hook, AT(poststop), NULL, NULL, SCHEMA_LIVE },
	{ "hooksecs", &type_count, AT(hooksecs), "60", NULL, SCHEMA_LIVE },
	{ "readysecs", &type_count, AT(readysecs), "60", NULL, SCHEMA_LIVE },
	{ "watchdogsecs", &type_count, AT(watchdogsecs), "0", NULL, SCHEMA_RESTART },
	{ "maxage", &type_count, AT(maxage), "0", NULL, SCHEMA_LIVE },
	{ "maxuss", &type_bytes, AT(maxuss), "0", NULL, SCHEMA_LIVE },
	{ "maxpss", &type_bytes, AT(maxpss), "0", NULL, SCHEMA_LIVE },
	{ "maxrss", &type_bytes, AT(maxrss), "0", NULL, SCHEMA_LIVE },
	{ "max_requests", &type_count, AT(max_requests), "0", NULL, SCHEMA_LIVE },
	{ "recycle_jitter", &type_range, AT(recycle_jitter), "10", &percents, SCHEMA_LIVE },
	{ "recycle_parallel", &type_range, AT(recycle_parallel), "1", &parallels, SCHEMA_LIVE },
	{ "scale", &type_choice, AT(scale), "static", scalings, SCHEMA_LIVE },
	{ "idlesecs", &type_count, AT(idlesecs), "300", NULL, SCHEMA_LIVE },
};
#undef AT

#define AT(member) offsetof(struct schema_numbering, member)
static const struct schema_key numbering_keys[] = {
	{ "numprocs", &type_procs, AT(numprocs), "1", NULL, SCHEMA_LIVE },
	{ "numprocs_start", &type_int, AT(numprocs_start), "0", NULL, SCHEMA_LIVE },
	{ "process_name", &type_text, AT(process_name), "%(program_name)s", NULL,
	  SCHEMA_RAW | SCHEMA_LIVE },
};
#undef AT

#define AT(member) offsetof(struct config_process, member)
/* What is in the file is a part of the field `environment`. */
static const struct schema_key env_file_keys[] = {
	{ "env_file", &type_text, AT(env_file), NULL, NULL, SCHEMA_LIVE },
};

static const struct schema_key environment_keys[] = {
	{ "environment", &type_environment, AT(environment), NULL, NULL, SCHEMA_RESTART },
};

/* The *_syslog rows stand above *_logfile, which may say syslog too. */
static const struct schema_key process_keys[] = {
	{ "command", &type_command, AT(command), NULL, NULL, SCHEMA_RESTART },
	{ "directory", &type_text, AT(directory), NULL, NULL, SCHEMA_RESTART },
	{ "stdout_syslog", &type_bool, AT(out.syslog), "false", NULL, SCHEMA_LIVE },
	{ "stdout_logfile", &type_log, AT(out), "AUTO", NULL, SCHEMA_TWICE | SCHEMA_LIVE },
	{ "stdout_logfile_maxbytes", &type_bytes, AT(out.maxbytes), "50MB", NULL, SCHEMA_LIVE },
	{ "stdout_logfile_backups", &type_count, AT(out.backups), "10", NULL, SCHEMA_LIVE },
	{ "stdout_capture_maxbytes", &type_bytes, AT(out.capture_maxbytes), "0", NULL,
	  SCHEMA_LIVE },
	{ "stdout_events_enabled", &type_bool, AT(out.events_enabled), "false", NULL, SCHEMA_LIVE },
	{ "stdout_journald", &type_bool, AT(out.journald), "false", NULL, SCHEMA_LIVE },
	{ "stderr_syslog", &type_bool, AT(err.syslog), "false", NULL, SCHEMA_LIVE },
	{ "stderr_logfile", &type_log, AT(err), "AUTO", NULL, SCHEMA_TWICE | SCHEMA_LIVE },
	{ "stderr_logfile_maxbytes", &type_bytes, AT(err.maxbytes), "50MB", NULL, SCHEMA_LIVE },
	{ "stderr_logfile_backups", &type_count, AT(err.backups), "10", NULL, SCHEMA_LIVE },
	{ "stderr_capture_maxbytes", &type_bytes, AT(err.capture_maxbytes), "0", NULL,
	  SCHEMA_LIVE },
	{ "stderr_events_enabled", &type_bool, AT(err.events_enabled), "false", NULL, SCHEMA_LIVE },
	{ "stderr_journald", &type_bool, AT(err.journald), "false", NULL, SCHEMA_LIVE },
	{ "ready", &type_ready, AT(ready), NULL, NULL, SCHEMA_RESTART },
	{ "health", &type_health, AT(health), NULL, NULL, SCHEMA_LIVE },
};
#undef AT

#define AT(member) offsetof(struct config_listener, member)
static const struct schema_key listener_keys[] = {
	{ "events", &type_events, AT(events), NULL, NULL, SCHEMA_LIVE },
	{ "buffer_size", &type_range, AT(buffer_size), "10", &buffers, SCHEMA_LIVE },
	{ "result_handler", &type_only, AT(result_handler), NULL,
	  "supervisor.dispatchers:default_handler", SCHEMA_LIVE },
};
#undef AT

#define AT(member) offsetof(struct config_fcgi, member)
static const struct schema_key fcgi_keys[] = {
	{ "socket", &type_listen, AT(socket), NULL, NULL, SCHEMA_RESTART },
	{ "socket_owner", &type_owner, AT(owner), NULL, NULL, SCHEMA_RESTART },
	{ "socket_mode", &type_octal, AT(mode), "0700", NULL, SCHEMA_RESTART },
	{ "socket_backlog", &type_range, AT(backlog), EXPANDED(SOMAXCONN), &backlogs,
	  SCHEMA_RESTART },
};
#undef AT

#define TABLE(array)                                                                               \
	{                                                                                          \
		array, ARRAY_LEN(array)                                                            \
	}
const struct schema_table schema_program = TABLE(program_keys);
const struct schema_table schema_numbering = TABLE(numbering_keys);
const struct schema_table schema_env_file = TABLE(env_file_keys);
const struct schema_table schema_environment = TABLE(environment_keys);
const struct schema_table schema_process = TABLE(process_keys);
const struct schema_table schema_listener = TABLE(listener_keys);
const struct schema_table schema_fcgi = TABLE(fcgi_keys);
