/* turns.h - which pipes have something to read, and whose turn it is.
 * Runs in: logger.
 *
 * Pipes are watched edge-triggered, in an epoll instance of their own: bytes that are left in a
 * pipe on purpose (half a line, a sink that takes nothing now) cause no wake-ups.  Those that have
 * something take turns, so that one that never ends does not keep the others waiting.
 *
 * A program that writes many small pieces would wake us for each of them, and lose the processor to
 * us each time.  So when turns follow each other closely and find little, there is a pause before
 * the next; never so long that a pipe would be full by then. */
#ifndef LOGGER_TURNS_H
#define LOGGER_TURNS_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

/* Embedded in what has a pipe. */
struct turn {
	bool queued;
	struct turn *next; /* borrowed */
};

struct turns {
	struct ev_loop *loop; /* borrowed */
	int epoll;            /* owned */
	ev_io io;             /* the epoll instance */
	ev_idle more;         /* active while somebody waits for a turn */
	struct turn *first;   /* borrowed: a list */
	struct turn **last;
	size_t n;
	size_t most;                 /* bytes that a turn of this round has found */
	double pause;                /* seconds between rounds */
	void (*take)(struct turn *); /* one turn; wakes itself if it has not come to the end */
};

/* 0 or -errno. */
int turns_init(struct turns *turns, struct ev_loop *loop, void (*take)(struct turn *));
void turns_done(struct turns *turns);

/* From now on each arrival in the pipe (borrowed) means a turn, as does what is in it already. */
int turns_add(struct turns *turns, struct turn *turn, int pipe);
/* It gets no turn any more; pipe -1: until it is woken. */
void turns_remove(struct turns *turns, struct turn *turn, int pipe);

void turns_wake(struct turns *turns, struct turn *turn);

/* A turn has found so many bytes. */
void turns_found(struct turns *turns, size_t n);

/* No pause: somebody waits for an answer. */
void turns_hurry(struct turns *turns);

#endif
