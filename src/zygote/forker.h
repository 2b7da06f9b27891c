/* forker.h - answers the supervisor's requests for workers.
 * Runs in: zygote: in filter mode its fork thread, otherwise its main thread.  In either case the
 * main thread holds the GIL for good, so no Python code runs in a zygote once it may fork. */
#ifndef ZYGOTE_FORKER_H
#define ZYGOTE_FORKER_H

#include "ipc/channel.h"
#include "ipc/messages.h"
#include "tracer/tracer.h"
#include "zygote/handover.h"
#include "zygote/heap.h"
#include "zygote/prefault.h"
#include "zygote/traits.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

struct embed;

struct forker {
	struct embed *embed; /* borrowed */
	int channel;         /* borrowed: to the supervisor */
	int reserved;        /* fds 3 to 2 + reserved are placeholders for a worker's listeners */
	uint64_t filters;    /* forker_filters() before any application code */
	struct handover handover;
	struct message message; /* the request in hand: here, since the worker finds it here */
	struct spawn_request request;
	struct verdict verdict;   /* owned */
	struct traits traits;     /* of the main thread at the end of the import */
	struct sigaction sigterm; /* the application's; ours is the default while no worker */
	uint64_t import_us;
	struct heap_counts heap;
	struct prefault prefault;
};

/* How many seccomp filters the calling thread is under: those of a container or of systemd's
 * SystemCallFilter= are there from the beginning, and workers may have them. */
uint64_t forker_filters(void);

/* Without an audit: what is open and runs now is what later forks are compared with.  0 or -errno.
 */
int forker_take_as_audited(struct forker *forker);

/* Sends MESSAGE_READY and serves until the supervisor closes the channel.  Never returns in the
 * zygote; in a worker, only where the main thread forks (else the worker goes on in
 * handover_park()). */
void forker_run(struct forker *forker);

#endif
