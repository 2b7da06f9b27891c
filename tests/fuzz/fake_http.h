/* fake_http.h - stands in libmicrohttpd's place: hands requests to our handler in the steps in
 * which libmicrohttpd does, without a network and without parsing.
 *
 * What our side must keep to is checked here: no answer twice, no answer to a suspended connection,
 * no request left without either. */
#ifndef FUZZ_FAKE_HTTP_H
#define FUZZ_FAKE_HTTP_H

#include "base/buf.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#define FAKE_PAIRS_MAX 64
#define FAKE_DAEMONS_MAX 8

struct fake_pair {
	const char *name;
	const char *value; /* NULL: none, as of "a" in "?a&b=1" */
};

struct fake_pairs {
	struct fake_pair all[FAKE_PAIRS_MAX];
	size_t n;
};

/* All borrowed; the path is without its query, and unescaped. */
struct fake_request {
	const char *method, *path;
	struct fake_pairs headers, query;
	const char *body;
	size_t nbody;
};

const char *fake_find(const struct fake_pairs *pairs, const char *name); /* NULL: none */

enum fake_state {
	FAKE_FREE,    /* no connection, or it has been closed */
	FAKE_WAITS,   /* the request is there as a whole */
	FAKE_STREAMS, /* the answer has no end yet */
	FAKE_ANSWERED,
	FAKE_BROKEN, /* closed without an answer, or in the middle of it */
};

/* The one connection that there is at a time.  The answer is what has come last. */
struct fake_connection {
	enum fake_state state;
	bool suspended;
	unsigned steps; /* taken in its service; whoever waits for it sees whether it goes on */
	const struct fake_request *request; /* borrowed */
	unsigned status;                    /* of the answer; 0: none */
	struct buf body;                    /* of the answer */
	struct buf headers[FAKE_PAIRS_MAX]; /* of the answer: name, NUL, value */
	size_t nheaders;
	bool hung_up;
};

extern struct fake_connection fake_connection;

/* A request to the daemon that was started as the index-th. */
void fake_begin(size_t index, const struct fake_request *request);
const char *fake_answer_header(const char *name); /* NULL: none */
void fake_hang_up(void);                          /* the client goes while it waits */

#endif
