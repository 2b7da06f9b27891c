/* compress.h - gzips one file at a time, in a thread of its own.
 * Runs in: logger. */
#ifndef LOGGER_COMPRESS_H
#define LOGGER_COMPRESS_H

#include <ev.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct compressor {
	struct ev_loop *loop; /* borrowed */
	ev_async finished;
	pthread_t thread;
	bool busy;
	atomic_bool cancelled;
	int from, to;                                  /* owned; the thread's while busy */
	int result;                                    /* 0 or -errno */
	void (*done)(struct compressor *, int result); /* in the loop; may start the next */
};

void compressor_init(struct compressor *c, struct ev_loop *loop,
		     void (*done)(struct compressor *, int result));
void compressor_done(struct compressor *c); /* stops at once; `done` is not called */

/* Takes both fds over.  `to` gets the mode and the times of `from`.  0, or -errno with nothing
 * begun; not while it is busy. */
int compressor_start(struct compressor *c, int from, int to);

#endif
