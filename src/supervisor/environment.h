/* environment.h - the environment of a supervised program or a zygote.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_ENVIRONMENT_H
#define SUPERVISOR_ENVIRONMENT_H

#include <stddef.h>

struct config;
struct config_daemon;
struct config_program;

/* Our own environment without what systemd meant for us (NOTIFY_SOCKET, WATCHDOG_*, LISTEN_*), then
 * [supervisord] environment.  A new vector; NULL: out of memory. */
char **environment_base(const struct config_daemon *daemon);

/* What SUPERVISOR_* and FORKSERVER_* say; borrowed. */
struct environment_names {
	const char *process;
	const char *group;
	const char *url;     /* of our server; NULL: there is none */
	const char *program; /* of [program:NAME] */
	unsigned number;     /* process_num */
	unsigned generation; /* of its code; from 1 */
};

/* The same with the zygote's variables, supervisord's own and then the program's (NAME=VALUE;
 * either may be NULL). */
char **environment_program(const struct config_daemon *daemon, char *const *zygote,
			   const struct environment_names *names, char *const *own);

/* Where a program finds us: its serverurl, or our first server, preferably a unix socket.  0 and a
 * malloc'ed URL, or NULL if there is none; or -ENOMEM. */
int environment_server_url(const struct config *config, const struct config_program *program,
			   char **ret_url);

/* Adds LISTEN_FDS, LISTEN_FDNAMES and room for LISTEN_PID (launch.h), for the first n names; none
 * if there are no names.  0 or -ENOMEM. */
int environment_add_sockets(char ***environment, char *const *names, size_t n);

/* Adds NOTIFY_SOCKET and, if it is to say that it is alive, WATCHDOG_USEC and room for WATCHDOG_PID
 * (launch.h).  0 or -ENOMEM. */
int environment_add_notify(char ***environment, const char *socket, unsigned watchdogsecs);

/* Adds FORKSERVER_COUNTER, the fd that it counts its requests in (counter.h).  0 or -ENOMEM. */
int environment_add_counter(char ***environment, int fd);
/* The same entries as a vector in one block, for free(3) alone.  What we have in our own
 * environment is not copied: entries are borrowed there, where they stay as long as we live
 * (nothing of ours calls putenv(3)), except those that launch.h writes into.  NULL: out of memory.
 */
char **environment_pack(char *const *environment);

/* The entry of that name, or NULL. */
char *environment_entry(char *const *environment, const char *name);

/* Sets every NAME=VALUE of `more`.  0 or -ENOMEM. */
int environment_merge(char ***environment, char *const *more);

#endif
