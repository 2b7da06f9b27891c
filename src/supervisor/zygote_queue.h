/* zygote_queue.h - the spawn tickets of a zygote link: queued, sent, answered.
 * Runs in: supervisor.  Only zygote_link.c uses this. */
#ifndef SUPERVISOR_ZYGOTE_QUEUE_H
#define SUPERVISOR_ZYGOTE_QUEUE_H

struct message;
struct zygote_link;

/* Sends what can be sent now; nothing unless the link is READY. */
void zygote_queue_flush(struct zygote_link *link);

/* A MESSAGE_SPAWNED.  0 or -EPROTO. */
int zygote_queue_answer(struct zygote_link *link, const struct message *msg);

/* The zygote is gone: sent tickets go back to the head of the queue, in their order. */
void zygote_queue_reset(struct zygote_link *link);

/* zygote_link.c: sets the one timer of the link; a zygote that lets it run out is killed. */
void zygote_link_set_timer(struct zygote_link *link, double seconds);

/* zygote_link.c: it was never READY and is down: starts it again, unless that is planned. */
void zygote_link_retry(struct zygote_link *link);

/* zygote_link.c: the zygote refuses to fork; end it, a new one follows. */
void zygote_link_replace(struct zygote_link *link);

#endif
