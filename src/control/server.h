/* server.h - one HTTP server: a listening socket of the supervisor's, its clients, and
 * libmicrohttpd run by our own loop.  Runs in: control.
 *
 * We accept, not libmicrohttpd, which would stop doing so at its limit: then whoever holds enough
 * connections half open shuts everybody else out.  Here a new client takes the place of the one
 * that has been silent for longest, first among those that never finished a request. */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

struct MHD_Daemon;
struct control;
struct control_server;
struct exchange;

/* A connection. */
struct client {
	struct server *server;      /* borrowed */
	struct client *prev, *next; /* in a list of the server's; borrowed */
	struct client_list *list;   /* NULL: it is being served, or ends */
	struct exchange *suspended; /* what it waits for; borrowed; NULL: nothing */
	int fd;                     /* borrowed from libmicrohttpd */
	bool known;                 /* has finished a request */
};

struct client_list {
	struct client *first, *last; /* the first has waited for longest; borrowed */
	size_t n;
};

#define SERVER_TOKEN_LENGTH 32

struct server {
	struct control *control;             /* borrowed */
	const struct control_server *config; /* borrowed */
	int fd;                              /* owned; listening */
	struct MHD_Daemon *daemon;           /* owned */
	ev_io accept, io;
	ev_timer timer, pause;
	struct client_list fresh, kept; /* without and with a finished request */
	struct client *leaving;         /* has hung up, and is asked for the rest; borrowed */
	size_t nclients, max_clients;
	char token[SERVER_TOKEN_LENGTH + 1]; /* in the forms of its pages */
};

/* Takes fd.  0 or -errno; server_done() in any case. */
int server_init(struct server *server, struct control *control, const struct control_server *config,
		int fd, size_t max_clients);
void server_quiet(struct server *server); /* accepts nobody any more */
void server_run(struct server *server);   /* what libmicrohttpd has to do now */
void server_kick(struct server *server);  /* the same, from the loop: something was resumed */
void server_done(struct server *server);  /* no exchange may be suspended */

/* A whole request has come: the client's place is safe until it is answered. */
void client_busy(struct client *client);
void client_idle(struct client *client);

/* It sends nothing more; `gone`: and reads nothing. */
void client_hung_up(struct client *client, bool gone);

#endif
