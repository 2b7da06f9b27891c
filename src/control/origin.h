/* origin.h - whether a browser that sends a request does so for its user, or for a page of somebody
 * else (CSRF, DNS rebinding).  Pure.
 * Runs in: control.
 *
 * Programs that are not browsers send none of these headers, and nothing is asked of them. */
#ifndef CONTROL_ORIGIN_H
#define CONTROL_ORIGIN_H

#include <stdbool.h>

/* Of the request; NULL: not there.  Borrowed. */
struct origin_headers {
	const char *host;
	const char *origin;
	const char *referer;
	const char *fetch_site;     /* Sec-Fetch-Site, which no page can forge */
	const char *forwarded_host; /* X-Forwarded-Host, which a page cannot send unasked */
	const char *user_agent;
};

struct origin_server {
	bool local;          /* a unix socket: no browser resolves a name to it */
	bool authenticated;  /* a foreign page's requests carry no password for its own name */
	const char *address; /* "http://host:port" */
	const char *hostname;
};

enum origin_verdict {
	ORIGIN_OK,
	ORIGIN_FOREIGN_HOST, /* the name in Host may be anybody's */
	ORIGIN_CROSS_SITE,   /* a page of another origin wants to change something */
};

/* `changes`: the request may change something.  `page`: only browsers ask for it. */
enum origin_verdict origin_check(const struct origin_headers *headers,
				 const struct origin_server *server, bool changes, bool page);

#endif
