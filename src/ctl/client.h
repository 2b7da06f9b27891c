/* client.h - calls methods of a supervisor by XML-RPC.
 * Runs in: forkserverctl. */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include "base/error.h"
#include "ctl/http.h"

struct rpc_value;

enum client_outcome {
	CLIENT_OK,
	CLIENT_FAULT,        /* code and text say which */
	CLIENT_REFUSED,      /* nobody listens */
	CLIENT_NO_SOCKET,    /* there is no such unix socket */
	CLIENT_UNAUTHORIZED, /* name or password are missing or wrong */
	CLIENT_FAILED,       /* anything else; err says what */
};

struct client {
	struct http_server server;
	/* of the last call that did not go well */
	int code;         /* of a fault */
	struct error err; /* a fault's text; else what went wrong */
};

/* `params` are values of rpc_new…(), ended by NULL, and are taken over.  CLIENT_OK: *ret_result is
 * the caller's to rpc_free(); otherwise it is NULL. */
enum client_outcome client_call(struct client *client, struct rpc_value **ret_result,
				const char *method, ...) __attribute__((sentinel));

#endif
