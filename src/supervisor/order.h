/* order.h - starts and stops processes in the order of what depends on what.
 * Runs in: supervisor.
 *
 * A process whose dependencies do not run yet is *held*: STARTING without a pid.  A process that is
 * to be stopped, but is needed by others that are to be stopped, too, is *condemned* until they are
 * down. After every change of a process, in the next turn of the loop, all of them are looked at
 * again. */
#ifndef SUPERVISOR_ORDER_H
#define SUPERVISOR_ORDER_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

struct groups;
struct process;

/* Embedded. */
struct order {
	struct ev_loop *loop; /* borrowed, as the next one */
	const struct groups *groups;
	ev_timer look;
	bool condemned; /* there may be such */
	ev_timer more;  /* while others are about to be condemned, too */
};

void order_init(struct order *order, struct ev_loop *loop, const struct groups *groups);
void order_done(struct order *order);

/* Something has changed that others may have waited for. */
void order_changed(struct order *order);

/* One of several that are stopped together; order_stop() with the last of them follows at once, and
 * if it does not, nobody waits long. */
void order_condemn(struct order *order, struct process *process);

/* Stops these processes; what depends on others of them goes first.  What need not wait has got its
 * signal on return. */
void order_stop(struct order *order, struct process *const *processes, size_t n);

#endif
