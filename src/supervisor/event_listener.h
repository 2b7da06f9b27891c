/* event_listener.h - one process of an event pool: its standard input and output, and its event.
 * Runs in: supervisor.
 *
 *   events ──envelope──► stdin │ the process │ stdout ──► listener_protocol.h, and its log
 *
 * Its stdout is a pipe of ours instead of its log's, since what it says there is for us; a copy
 * goes on into the log, and what that does not take at once is counted and lost. */
#ifndef SUPERVISOR_EVENT_LISTENER_H
#define SUPERVISOR_EVENT_LISTENER_H

#include "supervisor/event.h"
#include "supervisor/listener_protocol.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct event_pool;
struct process;

struct event_listener {
	struct event_pool *pool; /* borrowed, as process */
	struct process *process; /* NULL: it is no more */
	struct listener_protocol protocol;
	struct pool_event entry; /* what it has; a reference; only while BUSY */
	ev_io readable;          /* its fd is owned: the read end of its stdout; -1 */
	int log_fd;              /* owned; where copies go; -1 */
	uint64_t lost;           /* bytes that its log did not take */
};

/* Becomes the listener of this process. */
void event_listener_init(struct event_listener *listener, struct event_pool *pool,
			 struct process *process);

/* The process or the pool comes to its end, whichever is first.  NULL is legal. */
void event_listener_done(struct event_listener *listener);

/* Before each start.  `log_fd` becomes the listener's: a non-blocking one, or -1 for no log.  The
 * write end of a new pipe, which becomes the child's stdout, is the caller's.  -errno with err. */
int event_listener_open(struct event_listener *listener, int log_fd, struct error *err);

/* The process is gone, or never came: reads what it had said, then forgets it.  The event that it
 * had, if any, is the caller's with its reference. */
struct pool_event event_listener_close(struct event_listener *listener);

/* Whether it can be sent an event. */
bool event_listener_is_ready(const struct event_listener *listener);

/* Sends it.  0: the reference is the listener's; or -errno of process_write_stdin() or -ENOMEM,
 * then nothing has changed. */
int event_listener_send(struct event_listener *listener, struct pool_event entry);

#endif
