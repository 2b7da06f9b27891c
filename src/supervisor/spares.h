/* spares.h - workers that a zygote has forked before anybody wants them.
 * Runs in: supervisor.
 *
 * A spare has no name yet: it waits, without having run a line of the application, on a channel of
 * its own for the request that says who it is.  So a worker that has died is replaced without a
 * fork, which takes long for a large heap, and without its zygote, which may be busy or dead.  A
 * spare that sees its channel close exits, so that none outlives the supervisor. */
#ifndef SUPERVISOR_SPARES_H
#define SUPERVISOR_SPARES_H

#include "supervisor/reaper.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;
struct error;
struct spawn_reply;
struct zygote_link;

/* One that was asked for (pid 0), that waits, or that is to end (channel -1). */
struct spare {
	struct spare *next;
	struct zygote_link *link; /* borrowed: whose it is */
	struct reaper_watch watch;
	uint32_t id; /* of the message that asked for it; 0: answered */
	int channel; /* owned; -1 */
};

/* Asks for one, if one is missing and none is on its way: 1 if the zygote was asked, 0, or -errno
 * of channel_send(). */
int spares_ask(struct zygote_link *link);

/* The answer; false: to no question of ours. */
bool spares_answer(struct zygote_link *link, uint32_t id, const struct spawn_reply *reply);

/* Hands a spawn request with its fds to one that waits: its pid, which nobody watches any more; or
 * 0: there is none. */
pid_t spares_use(struct zygote_link *link, const struct buf *body, const int *fds, size_t nfds);
unsigned spares_waiting(const struct zygote_link *link); /* how many there are */

/* The zygote is gone: those that it has not answered about end by themselves, if there are any. */
void spares_forget_asked(struct zygote_link *link);

/* So many are to wait from now on; the next flush of the queue asks for them. */
void spares_want(struct zygote_link *link, unsigned n);

/* They are all ended.  spares_are_down() is true when they have; of a link that is leaving,
 * zygote_host.stopped() follows. */
void spares_dismiss(struct zygote_link *link);
bool spares_are_down(const struct zygote_link *link);

void spares_done(struct zygote_link *link); /* forgets them */

#endif
