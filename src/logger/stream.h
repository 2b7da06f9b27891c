/* stream.h - one pipe, and what becomes of what comes out of it.
 * Runs in: logger. */
#ifndef LOGGER_STREAM_H
#define LOGGER_STREAM_H

#include "ipc/log_messages.h"
#include "logger/filter.h"
#include "logger/turns.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct datagrams;
struct error;
struct peek;
struct sink;
struct sinks;
struct uplink;

/* What all streams share; borrowed, outlives them. */
struct stream_host {
	struct ev_loop *loop;
	struct turns *turns;
	struct uplink *uplink;
	struct peek *peek;
	struct sinks *sinks;
	struct datagrams *syslog, *journal;
	struct batch **spare; /* one that nobody uses, or NULL */
};

struct stream {
	struct stream *next;            /* owned by the logger's list */
	const struct stream_host *host; /* borrowed */
	struct turn turn;
	struct log_stream config; /* owned */
	int pipe;                 /* owned: the read end; -1: it has ended */
	struct sink *sink;        /* a user of it; NULL: none */
	struct filter filter;
	struct batch *batch; /* owned: what is on its way; NULL: nothing */
	ev_timer hold;       /* half a line has been in the pipe since it was started */
	bool force;          /* take that half */
	bool flush;          /* and end it: another process writes what comes */
	uint64_t taken;      /* bytes out of the pipe so far */
	uint64_t held_at;    /* `taken` when the timer was started */
	uint64_t dropped;    /* bytes that the sink did not get and has not been told of */
	uint64_t lost;       /* bytes that it did not get, ever */
	uint64_t counted, counted_lost; /* of `taken` and `lost`: what LOG_COUNTED has told */
};

enum stream_step {
	STREAM_MORE,    /* there may be more */
	STREAM_IDLE,    /* nothing in the pipe that could be written now */
	STREAM_STALLED, /* somebody takes nothing; it is woken when that changes */
	STREAM_ENDED,   /* nobody can write into the pipe any more */
};

/* Takes config's contents, pipe and own over, also on failure.  NULL with *ret_error (an errno) and
 * err. */
struct stream *stream_new(const struct stream_host *host, struct log_stream *config, int pipe,
			  int own, int *ret_error, struct error *err);
void stream_free(struct stream *stream);

/* From now on as `config` says, which is taken over, as is own.  0, or -errno with err and
 * everything as before. */
int stream_change(struct stream *stream, struct log_stream *config, int own, struct error *err);

/* Another process writes from now on; 0: none does. */
void stream_set_pid(struct stream *stream, uint32_t pid);

/* Its turn: as much as is fair. */
enum stream_step stream_turn(struct stream *stream);

/* What `taken` is when all that is in the pipe now has been written. */
uint64_t stream_mark(const struct stream *stream);
bool stream_is_written(const struct stream *stream, uint64_t mark);

/* Writes until that is so, or as far as it goes. */
enum stream_step stream_drain(struct stream *stream, uint64_t mark);

/* Its name for messages, in buf. */
const char *stream_name(const struct stream *stream, char *buf, size_t size);

#endif
