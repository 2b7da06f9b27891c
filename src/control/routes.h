/* routes.h - which path leads to what.
 * Runs in: control. */
#ifndef CONTROL_ROUTES_H
#define CONTROL_ROUTES_H

#include <stdbool.h>

struct exchange;

enum route_methods {
	ROUTE_GET = 1, /* and HEAD */
	ROUTE_POST = 2,
	ROUTE_OPEN = 4, /* for everybody: a password is not asked for */
	ROUTE_BARE = 8, /* POST without a body may leave out Content-Length */
};

struct route {
	const char *path;
	bool prefix;                              /* what begins so is meant as well */
	unsigned methods;                         /* enum route_methods */
	unsigned refusal;                         /* HTTP status for any other method */
	bool page;                                /* for browsers only */
	void (*begin)(struct exchange *exchange); /* answers, now or later */
};

const struct route *route_find(const char *path); /* NULL: there is none */

/* rpc_route.c, api.c, probes.c, logtail.c, page_*.c */
void route_rpc(struct exchange *exchange);
void route_logtail(struct exchange *exchange);
void route_mainlogtail(struct exchange *exchange);
void route_status(struct exchange *exchange);
void route_tail(struct exchange *exchange);
void route_api(struct exchange *exchange);
void route_metrics(struct exchange *exchange);
void route_healthz(struct exchange *exchange);
void route_readyz(struct exchange *exchange);
void route_ok(struct exchange *exchange);
void route_stylesheet(struct exchange *exchange);

#endif
