/* config_compare.h - what has changed between two configurations, and what it takes to apply it.
 * Runs in: supervisor.  Pure.
 *
 * The rows of the schema say for each key whether a running process need not notice (SCHEMA_LIVE)
 * or must be started anew (SCHEMA_RESTART).  numprocs, numprocs_start and process_name decide which
 * processes there are: they show as processes that come and go, not as a change of one. */
#ifndef CONFIG_CONFIG_COMPARE_H
#define CONFIG_CONFIG_COMPARE_H

#include <stdbool.h>

struct config_daemon;
struct config_http;
struct config_process;
struct config_program;
struct config_socket;
struct config_zygote;

enum config_change {
	CHANGE_NONE,
	CHANGE_LIVE,    /* the new values can be taken over while the process runs */
	CHANGE_RESTART, /* the process must be started anew with them */
};

/* Two processes of the same group and name.  The zygote and the sockets that they name, and
 * [supervisord]'s environment, have comparisons of their own, below. */
enum config_change config_process_compare(const struct config_program *a,
					  const struct config_process *pa,
					  const struct config_program *b,
					  const struct config_process *pb);

/* CHANGE_RESTART: the supervisor itself must be started anew for it, and its processes too if
 * environments differ. */
enum config_change config_daemon_compare(const struct config_daemon *a,
					 const struct config_daemon *b);
bool config_daemon_same_environment(const struct config_daemon *a, const struct config_daemon *b);

/* CHANGE_LIVE: the kernel takes it for a socket that is bound; CHANGE_RESTART: it must be another
 * socket. */
enum config_change config_socket_compare(const struct config_socket *a,
					 const struct config_socket *b);

/* Whether all keys have the same values; names and places do not count. */
bool config_zygote_same(const struct config_zygote *a, const struct config_zygote *b);
bool config_socket_same(const struct config_socket *a, const struct config_socket *b);
bool config_http_same(const struct config_http *a, const struct config_http *b);

#endif
