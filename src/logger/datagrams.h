/* datagrams.h - the socket of a log daemon: one datagram a line.
 * Runs in: logger. */
#ifndef LOGGER_DATAGRAMS_H
#define LOGGER_DATAGRAMS_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct datagrams {
	struct ev_loop *loop; /* borrowed */
	const char *path;     /* borrowed: of the socket */
	int fd;               /* owned; -1: not connected */
	ev_io writable;
	int64_t retry_ms; /* on the monotonic clock: not before is it tried again */
	uint64_t lost;    /* lines since it was there last */
	void (*resumed)(struct datagrams *);
	void (*note)(struct datagrams *, int level, const char *text);
};

/* path and the callbacks are set before. */
void datagrams_init(struct datagrams *d, struct ev_loop *loop);
void datagrams_done(struct datagrams *d);

/* 0: it is sent, or lost because nobody is there; -EAGAIN: the daemon is busy, `resumed` comes. */
int datagrams_send(struct datagrams *d, const void *data, size_t len);

/* A line that its stream did not want to wait with. */
void datagrams_lose(struct datagrams *d);

#endif
