/* exchange.h - one HTTP request and its answer, which may come later.
 * Runs in: control. */
#ifndef CONTROL_EXCHANGE_H
#define CONTROL_EXCHANGE_H

#include "base/buf.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;
struct control;
struct route;
struct server;

#define EXCHANGE_BODY_MAX ((size_t)16 << 20)   /* of one request */
#define EXCHANGE_BODIES_MAX ((size_t)64 << 20) /* of all requests together */

struct exchange {
	struct control *control; /* borrowed, as the next four */
	struct server *server;
	struct client *client; /* NULL: out of memory when it came */
	struct MHD_Connection *connection;
	const struct route *route; /* NULL: there is none, or it was refused */
	char *path;                /* owned; without the query, unescaped */
	bool posts;                /* POST, not GET or HEAD */
	bool complete;             /* the request is here as a whole */
	bool suspended;            /* waits for an answer, or for more of a stream */
	bool dead;                 /* the client has gone */
	bool streams;              /* the answer has begun and has no end yet */
	struct buf body;           /* owned */
	unsigned status;
	struct MHD_Response *response; /* owned; NULL: none yet */
	void *work;                    /* owned by the route; `drop` frees it */
	void (*drop)(struct exchange *exchange);
};

/* libmicrohttpd's MHD_AccessHandlerCallback; `server` is a struct server. */
enum MHD_Result exchange_handle(void *server, struct MHD_Connection *connection, const char *url,
				const char *method, const char *version, const char *data,
				size_t *len, void **context);
void exchange_free(struct exchange *exchange);

/* The client has gone: what it waits for is dropped. */
void exchange_hang_up(struct exchange *exchange);

/* ---- for routes ---- */

/* The answer; takes what is in body.  exchange_send() lets it go, once headers were added. */
void exchange_answer(struct exchange *exchange, unsigned status, const char *type,
		     struct buf *body);
void exchange_add(struct exchange *exchange, const char *name, const char *value);
void exchange_send(struct exchange *exchange);

/* All at once: a line of text for people. */
void exchange_say(struct exchange *exchange, unsigned status, const char *text);

/* An answer without a known end.  `read` fills at most max bytes; 0 after exchange_suspend(): not
 * now; -1: the end. */
void exchange_stream(struct exchange *exchange, const char *type,
		     ssize_t (*read)(struct exchange *exchange, char *to, size_t max));
void exchange_suspend(struct exchange *exchange);
void exchange_resume(struct exchange *exchange); /* does nothing if it is not suspended */

const char *exchange_header(struct exchange *exchange, const char *name); /* NULL: none */
const char *exchange_query(struct exchange *exchange, const char *name);  /* the same */

#endif
