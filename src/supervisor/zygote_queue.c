/* zygote_queue.c - see zygote_queue.h. */
#include "supervisor/zygote_queue.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "config/config.h"
#include "ipc/channel.h"
#include "ipc/messages.h"
#include "supervisor/spares.h"
#include "supervisor/zygote_link.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Requests that a zygote may have at once: each needs five fds until it is sent. */
#define WINDOW 8
#define ANSWER_SECONDS 20. /* a fork takes milliseconds */

static void push_back(struct zygote_link *link, struct spawn_ticket *ticket)
{
	ticket->state = TICKET_QUEUED;
	ticket->next = NULL;
	if (link->queue)
		link->queue_last->next = ticket;
	else
		link->queue = ticket;
	link->queue_last = ticket;
}

static void push_front(struct zygote_link *link, struct spawn_ticket *ticket)
{
	ticket->state = TICKET_QUEUED;
	ticket->next = link->queue;
	if (!link->queue)
		link->queue_last = ticket;
	link->queue = ticket;
}

static struct spawn_ticket *pop_front(struct zygote_link *link)
{
	struct spawn_ticket *ticket = link->queue;

	link->queue = ticket->next;
	ticket->next = NULL;
	ticket->state = TICKET_IDLE;
	return ticket;
}

/* Takes a ticket out of the list of sent ones; NULL if none has that id. */
static struct spawn_ticket *take_sent(struct zygote_link *link, uint32_t id)
{
	struct spawn_ticket **at = &link->sent, *found;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	found = *at;
	if (found) {
		*at = found->next;
		found->next = NULL;
		found->id = 0;
		found->state = TICKET_IDLE;
	}
	return found;
}

void zygote_link_spawn(struct zygote_link *link, struct spawn_ticket *ticket)
{
	ticket->gate = -1;
	push_back(link, ticket);
	if (link->state == ZYGOTE_DOWN && !link->proved && link->failures)
		zygote_link_retry(link);
	zygote_queue_flush(link);
}

void zygote_link_refuse(struct zygote_link *link)
{
	struct spawn_ticket *last = link->queue ? link->queue_last : NULL;
	struct spawn_ticket *ticket = NULL;
	struct error err = { { 0 } };

	error_set(&err, "its zygote '%s' cannot be forked, see the log", link->config->name);
	while (link->queue && ticket != last) { /* whoever asks anew meanwhile is not meant */
		ticket = pop_front(link);
		ticket->done(ticket, 0, -1, err.text, false);
	}
}

void zygote_link_cancel(struct zygote_link *link, struct spawn_ticket *ticket)
{
	if (ticket->state == TICKET_SENT) {
		take_sent(link, ticket->id);
		fd_close(&ticket->gate); /* the worker, if it comes to be, sees this and exits */
	} else if (ticket->state == TICKET_QUEUED) {
		struct spawn_ticket *last = NULL;
		struct spawn_ticket **at = &link->queue;

		for (; *at != ticket; at = &(*at)->next)
			last = *at;
		*at = ticket->next;
		if (link->queue_last == ticket)
			link->queue_last = last;
	}
	ticket->next = NULL;
	ticket->state = TICKET_IDLE;
}

/* Sends one request, to a spare if there is one.  1: sent, and if a spare has it *ret_pid is its
 * pid, else 0; 0: the channel is full, later; or -errno with err. */
static int send_request(struct zygote_link *link, struct spawn_ticket *ticket, pid_t *ret_pid,
			struct error *err)
{
	int fds[CHANNEL_FDS_MAX], gate[2], r;
	const struct buf *body = NULL;
	size_t nfds = 0;

	if (pipe2(gate, O_CLOEXEC) < 0) {
		r = -errno;
		error_set(err, "pipe: %s", strerror(-r));
		return r;
	}
	fds[0] = gate[0];
	r = ticket->fill(ticket, &body, fds + 1, &nfds, err);
	*ret_pid = r == 0 ? spares_use(link, body, fds, nfds + 1) : 0;
	if (r == 0 && !*ret_pid && link->state != ZYGOTE_READY) {
		r = -EPIPE; /* the spare that there was is dead */
	} else if (r == 0 && !*ret_pid) {
		ticket->id = ++link->last_id ? link->last_id : ++link->last_id;
		r = channel_send(link->channel, MESSAGE_SPAWN, ticket->id, body->data, body->len,
				 fds, nfds + 1);
		if (r < 0 && r != -EAGAIN)
			error_set(err, "cannot ask the zygote for a worker: %s", strerror(-r));
	}
	if (body) {
		for (size_t i = 1; i < 4; i++)
			fd_close(&fds[i]);
	} else if (r == -EAGAIN) {
		r = -EBUSY; /* a log file under a lease (fcntl(2)): not the channel's EAGAIN */
	}
	fd_close(&gate[0]);
	if (r < 0) {
		fd_close(&gate[1]);
		ticket->id = 0;
		return r == -EAGAIN ? 0 : r;
	}
	ticket->gate = gate[1];
	return 1;
}

static bool blameless(int r)
{
	return r == -EAGAIN || r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -ENOBUFS ||
	       r == -ETOOMANYREFS;
}

static bool is_open(const struct zygote_link *link)
{
	return link->state == ZYGOTE_READY && link->channel >= 0 && link->in_flight < WINDOW;
}

static bool can_send(const struct zygote_link *link)
{
	return is_open(link) || (spares_waiting(link) && !link->leaving);
}

static void expect_answer(struct zygote_link *link)
{
	if (link->in_flight++ == 0)
		zygote_link_set_timer(link, ANSWER_SECONDS);
	reaper_expect(link->host->reaper);
}

void zygote_queue_flush(struct zygote_link *link)
{
	struct ev_loop *loop = link->host->loop;

	ev_io_stop(loop, &link->output);
	while (link->queue && can_send(link)) {
		struct spawn_ticket *ticket = pop_front(link);
		struct error err = { { 0 } };
		pid_t pid = 0;
		int r = send_request(link, ticket, &pid, &err);

		if (r > 0 && pid) {
			int gate = ticket->gate;

			ticket->gate = -1;
			ticket->done(ticket, pid, gate, NULL, false);
		} else if (r > 0) {
			ticket->state = TICKET_SENT;
			ticket->next = link->sent;
			link->sent = ticket;
			expect_answer(link);
		} else if (r == 0 || r == -EPIPE || r == -ECONNRESET) {
			/* full, or dead: then its status is on the way and it waits for the next */
			push_front(link, ticket);
			if (r == 0)
				ev_io_start(loop, &link->output);
			else if (link->state != ZYGOTE_READY)
				continue; /* the next spare, or none */
			return;
		} else {
			ticket->done(ticket, 0, -1, err.text, blameless(r));
		}
	}
	if (is_open(link) && spares_ask(link) > 0)
		expect_answer(link);
}

/* It is no longer what was audited: the ticket waits for the zygote that replaces it. */
static void refused(struct zygote_link *link, struct spawn_ticket *ticket, const char *why)
{
	fd_close(&ticket->gate);
	push_front(link, ticket);
	log_error("zygote '%s': refuses to fork: %s; it is replaced by a new one",
		  link->config->name, why ? why : "it gives no reason");
	zygote_link_replace(link);
}

static void answer(struct zygote_link *link, struct spawn_ticket *ticket,
		   const struct spawn_reply *reply)
{
	int gate = ticket->gate;

	if (reply->pid <= 0 && !reply->again) {
		refused(link, ticket, reply->error);
		return;
	}
	ticket->gate = -1;
	if (reply->pid > 0) {
		link->failures = 0;
		link->wasted_spares = 0;
		ticket->done(ticket, reply->pid, gate, NULL, false);
	} else {
		fd_close(&gate);
		ticket->done(ticket, 0, -1, reply->error ? reply->error : "fork failed", true);
	}
}

int zygote_queue_answer(struct zygote_link *link, const struct message *msg)
{
	struct spawn_reply reply;
	struct spawn_ticket *ticket;

	if (link->in_flight == 0 || spawn_reply_unpack(&reply, msg->body, msg->len) < 0)
		return -EPROTO;
	ev_timer_stop(link->host->loop, &link->timer);
	if (--link->in_flight)
		zygote_link_set_timer(link, ANSWER_SECONDS);
	ticket = take_sent(link, msg->id);
	if (ticket)
		answer(link, ticket, &reply);
	else if (!spares_answer(link, msg->id, &reply) && reply.pid <= 0 && !reply.again)
		log_debug("zygote '%s': a worker that nobody waits for could not be forked",
			  link->config->name);
	/* else it was cancelled: the closed gate ends the worker */
	reaper_expect_done(link->host->reaper);
	spawn_reply_done(&reply);
	zygote_queue_flush(link);
	return 0;
}

void zygote_queue_reset(struct zygote_link *link)
{
	/* the list is newest first, so that pushing one after the other restores the order */
	while (link->sent) {
		struct spawn_ticket *ticket = link->sent;

		link->sent = ticket->next;
		ticket->id = 0;
		fd_close(&ticket->gate);
		push_front(link, ticket);
	}
	spares_forget_asked(link);
	for (; link->in_flight; link->in_flight--)
		reaper_expect_done(link->host->reaper);
}
