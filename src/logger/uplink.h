/* uplink.h - the logger's end of the channel to its supervisor.
 * Runs in: logger.
 *
 * Never blocks.  Answers are queued if the supervisor is slow, and while any is, no request is
 * read: so the queue is bounded by what the requests in flight ask for.  Notes are dropped when
 * there are too many; data for events is not queued, its stream waits. */
#ifndef LOGGER_UPLINK_H
#define LOGGER_UPLINK_H

#include "base/log.h"

#include <ev.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct log_data;
struct message;
struct outgoing;

struct uplink {
	struct ev_loop *loop; /* borrowed */
	int fd;               /* owned; -1: the supervisor has gone */
	ev_io readable;
	ev_io writable;
	struct outgoing *first; /* owned: a list */
	struct outgoing **last;
	size_t queued;
	void (*received)(struct uplink *, struct message *); /* takes the fds it wants */
	void (*drained)(struct uplink *);                    /* uplink_data() may work again */
	void (*ended)(struct uplink *);                      /* fd is -1 by then */
};

/* Takes fd over.  The callbacks are set before.  0 or -errno. */
int uplink_init(struct uplink *uplink, struct ev_loop *loop, int fd);
void uplink_done(struct uplink *uplink);

/* Sends all that is queued if the supervisor reads it within so many ms. */
void uplink_flush(struct uplink *uplink, int timeout_ms);

/* MESSAGE_LOG_DONE or MESSAGE_LOG_OPENED; error 0 or an errno; fd borrowed, -1: none. */
void uplink_answer(struct uplink *uplink, uint32_t id, int error, const char *why);
void uplink_opened(struct uplink *uplink, uint32_t id, int error, const char *why, int fd);

/* MESSAGE_LOG_COUNTED; takes body over. */
void uplink_counted(struct uplink *uplink, struct buf *body);

void uplink_note(struct uplink *uplink, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* 0, also if nobody is there any more; -EAGAIN: the supervisor is slow, `drained` comes later. */
int uplink_data(struct uplink *uplink, const struct log_data *data);

#endif
