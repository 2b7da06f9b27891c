/* probe.h - one look whether somebody answers: a TCP connection, or a request of HTTP.
 * Runs in: supervisor.  Never waits: one socket on the loop, with a deadline. */
#ifndef SUPERVISOR_PROBE_H
#define SUPERVISOR_PROBE_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

struct config_probe;
struct error;
struct probe;

#define PROBE_REQUEST_MAX 768 /* bytes; a target is at most 512 of them */
#define PROBE_REPLY_MAX 64    /* of a reply's first line, as much as matters */
#define PROBE_FAILURE_MAX 128

/* Embedded; zeroed and probe_init(). */
struct probe {
	struct ev_loop *loop; /* borrowed */
	int fd;               /* owned; -1: none is being made */
	ev_io io;
	ev_timer deadline;
	unsigned timeout; /* seconds */
	bool connected;

	char request[PROBE_REQUEST_MAX]; /* "": a connection is all that is asked for */
	size_t len, sent;
	char reply[PROBE_REPLY_MAX];
	size_t got; /* bytes of the reply so far, those that were not kept among them */
	char failure[PROBE_FAILURE_MAX];

	/* It has ended: NULL, or why that is a failure ("connect: Connection refused").  Another
	 * one may be started from within.  Never called from within probe_start(). */
	void (*done)(struct probe *probe, const char *failure);
};

void probe_init(struct probe *probe, struct ev_loop *loop);
void probe_done(struct probe *probe); /* without an answer */

/* Starts one of kind PROBE_TCP or PROBE_HTTP, which may take `timeout` seconds; `what` is not
 * looked at any more afterwards.  0; or -errno with err: it could not be made for want of something
 * of ours, which says nothing of whom it was to ask. */
int probe_start(struct probe *probe, const struct config_probe *what, unsigned timeout,
		struct error *err);
bool probe_is_active(const struct probe *probe);

/* The status of a reply of HTTP that begins with these bytes; 0: there are too few yet; -1: this is
 * not HTTP. */
int probe_http_status(const char *reply, size_t len);

#endif
