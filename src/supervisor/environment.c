/* environment.c - see environment.h. */
#include "supervisor/environment.h"

#include "base/buf.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/counter.h"
#include "supervisor/launch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool meant_for_us(const char *entry)
{
	static const char *const names[] = {
		"NOTIFY_SOCKET=", "WATCHDOG_PID=",   "WATCHDOG_USEC=", "LISTEN_PID=",
		"LISTEN_FDS=",    "LISTEN_FDNAMES=", "FDSTORE=",       "FORKSERVER_COUNTER="
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strncmp(entry, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

int environment_merge(char ***environment, char *const *more)
{
	for (; more && *more; more++) {
		const char *equals = strchr(*more, '=');
		CLEANUP_FREE char *name = NULL;

		if (!equals)
			continue;
		name = strndup(*more, (size_t)(equals - *more));
		if (!name || strv_setenv(environment, name, equals + 1) < 0)
			return -ENOMEM;
	}
	return 0;
}

char **environment_base(const struct config_daemon *daemon)
{
	char **made = NULL;

	for (char **at = environ; at && *at; at++)
		if (!meant_for_us(*at) && strv_add(&made, *at) < 0)
			goto failed;
	if (environment_merge(&made, daemon->environment) < 0)
		goto failed;
	return made ? made : strv_copy(NULL);
failed:
	strv_free(made);
	return NULL;
}

char **environment_program(const struct config_daemon *daemon, char *const *zygote,
			   const struct environment_names *names, char *const *own)
{
	char **made = environment_base(daemon);
	char number[16], generation[16];

	if (!made)
		return NULL;
	snprintf(number, sizeof(number), "%u", names->number);
	snprintf(generation, sizeof(generation), "%u", names->generation);
	if (environment_merge(&made, zygote) < 0 ||
	    strv_setenv(&made, "SUPERVISOR_ENABLED", "1") < 0 ||
	    (names->url && strv_setenv(&made, "SUPERVISOR_SERVER_URL", names->url) < 0) ||
	    strv_setenv(&made, "SUPERVISOR_PROCESS_NAME", names->process) < 0 ||
	    strv_setenv(&made, "SUPERVISOR_GROUP_NAME", names->group) < 0 ||
	    strv_setenv(&made, "FORKSERVER_PROGRAM", names->program) < 0 ||
	    strv_setenv(&made, "FORKSERVER_PROCESS_NUM", number) < 0 ||
	    strv_setenv(&made, "FORKSERVER_GENERATION", generation) < 0 ||
	    environment_merge(&made, own) < 0) {
		strv_free(made);
		return NULL;
	}
	return made;
}

static const struct config_http *find_server(const struct config *config, bool local)
{
	for (size_t i = 0; i < config->nservers; i++)
		if (config->servers[i].local == local)
			return &config->servers[i];
	return NULL;
}

int environment_server_url(const struct config *config, const struct config_program *program,
			   char **ret_url)
{
	const struct config_http *server = find_server(config, true);
	const char *host;
	bool v6;

	*ret_url = NULL;
	if (program->serverurl) {
		if (*program->serverurl)
			*ret_url = strdup(program->serverurl);
		return *program->serverurl && !*ret_url ? -ENOMEM : 0;
	}
	if (server)
		return asprintf(ret_url, "unix://%s", server->file) < 0 ? -ENOMEM : 0;
	server = find_server(config, false);
	if (!server)
		return 0;
	host = server->address && *server->address ? server->address : "localhost";
	v6 = strchr(host, ':') != NULL;
	return asprintf(ret_url, "http://%s%s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "",
			server->port) < 0
		       ? -ENOMEM
		       : 0;
}

int environment_add_sockets(char ***environment, char *const *names, size_t n)
{
	struct buf joined = { 0 };
	char count[24];
	int r = 0;

	if (!n)
		return 0;
	snprintf(count, sizeof(count), "%zu", n);
	for (size_t i = 0; i < n; i++)
		buf_printf(&joined, "%s%s", i ? ":" : "", names[i]);
	if (joined.failed || strv_setenv(environment, "LISTEN_FDS", count) < 0 ||
	    strv_setenv(environment, "LISTEN_FDNAMES", buf_str(&joined)) < 0 ||
	    strv_setenv(environment, "LISTEN_PID", &LAUNCH_PID_ROOM[strlen("LISTEN_PID=")]) < 0)
		r = -ENOMEM;
	buf_done(&joined);
	return r;
}

int environment_add_notify(char ***environment, const char *socket, unsigned watchdogsecs)
{
	char usec[24];

	if (strv_setenv(environment, "NOTIFY_SOCKET", socket) < 0)
		return -ENOMEM;
	if (!watchdogsecs)
		return 0;
	snprintf(usec, sizeof(usec), "%" PRIu64, (uint64_t)watchdogsecs * 1000000);
	if (strv_setenv(environment, "WATCHDOG_USEC", usec) < 0 ||
	    strv_setenv(environment, "WATCHDOG_PID",
			&LAUNCH_WATCHDOG_ROOM[strlen("WATCHDOG_PID=")]) < 0)
		return -ENOMEM;
	return 0;
}

int environment_add_counter(char ***environment, int fd)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", fd);
	return strv_setenv(environment, COUNTER_VARIABLE, number);
}

/* The same text in our own environment, or NULL. */
static char *find_own(const char *entry)
{
	for (char **at = environ; at && *at; at++)
		if (strcmp(*at, entry) == 0)
			return meant_for_us(entry) ? NULL : *at;
	return NULL;
}

char **environment_pack(char *const *environment)
{
	size_t n = strv_len(environment), room = (n + 1) * sizeof(char *);
	char **made;
	char *text;

	for (size_t i = 0; i < n; i++)
		room += find_own(environment[i]) ? 0 : strlen(environment[i]) + 1;
	made = malloc(room);
	if (!made)
		return NULL;
	text = (char *)(made + n + 1);
	for (size_t i = 0; i < n; i++) {
		made[i] = find_own(environment[i]);
		if (made[i])
			continue;
		made[i] = text;
		text = stpcpy(text, environment[i]) + 1;
	}
	made[n] = NULL;
	return made;
}

char *environment_entry(char *const *environment, const char *name)
{
	size_t len = strlen(name);

	for (; environment && *environment; environment++)
		if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
			return *environment;
	return NULL;
}
