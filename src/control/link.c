/* link.c - see link.h. */
#include "control/link.h"

#include "base/fd.h"
#include "base/util.h"
#include "ipc/channel.h"

#include <errno.h>
#include <string.h>

#define SLOT_BITS 12
#define GENERATION_MASK ((1u << (32 - SLOT_BITS)) - 1)
#define WAITING_MAX (CONTROL_REQUESTS_MAX - CONTROL_REQUESTS_MAX / 4)
#define MESSAGES_AT_ONCE 64 /* then clients have their turn */

_Static_assert(CONTROL_REQUESTS_MAX == 1u << SLOT_BITS, "an id is a slot and a generation");

static void on_input(struct ev_loop *loop, ev_io *io, int events);
static void on_output(struct ev_loop *loop, ev_io *io, int events);

void link_init(struct link *link, struct ev_loop *loop, int fd)
{
	memset(link, 0, sizeof(*link));
	link->loop = loop;
	link->fd = fd;
	(void)fd_nonblock(fd, 1);
	for (uint32_t i = 0; i < CONTROL_REQUESTS_MAX; i++)
		link->free_slots[link->nfree++] = CONTROL_REQUESTS_MAX - 1 - i;
	ev_io_init(&link->input, on_input, fd, EV_READ);
	ev_io_init(&link->output, on_output, fd, EV_WRITE);
	ev_io_start(loop, &link->input);
}

void link_done(struct link *link)
{
	ev_io_stop(link->loop, &link->input);
	ev_io_stop(link->loop, &link->output);
	fd_close(&link->fd);
}

static void broken(struct link *link, int error)
{
	link_done(link);
	link->closed(link, error);
}

/* ---- questions ---- */

static void push(struct ask_queue *queue, struct ask *ask)
{
	ask->next = NULL;
	if (queue->last)
		queue->last->next = ask;
	else
		queue->first = ask;
	queue->last = ask;
}

static void take_out(struct ask_queue *queue, const struct ask *ask)
{
	struct ask *before = NULL;

	for (struct ask *at = queue->first; at; before = at, at = at->next) {
		if (at != ask)
			continue;
		if (before)
			before->next = at->next;
		else
			queue->first = at->next;
		if (queue->last == at)
			queue->last = before;
		return;
	}
}

/* 0: sent; -EAGAIN: not now; other: the channel is broken. */
static int send_one(struct link *link, struct ask *ask)
{
	uint32_t slot = link->free_slots[link->nfree - 1];
	struct link_slot *at = &link->slots[slot];
	uint32_t id = at->generation << SLOT_BITS | slot;
	int r = channel_send(link->fd, MESSAGE_CONTROL_REQUEST, id, ask->body.data, ask->body.len,
			     NULL, 0);

	if (r < 0)
		return r;
	link->nfree--;
	link->nwaiting += ask->waits;
	*at = (struct link_slot){ ask, at->generation, true, ask->waits };
	ask->slot = slot;
	ask->state = ASK_SENT;
	buf_done(&ask->body);
	return 0;
}

static void pump(struct link *link)
{
	int r = 0;

	for (int waits = 0; waits < 2 && r == 0; waits++) {
		struct ask_queue *queue = &link->unsent[waits];

		while (r == 0 && queue->first && link->nfree &&
		       (!waits || link->nwaiting < WAITING_MAX)) {
			struct ask *ask = queue->first;

			r = send_one(link, ask);
			if (r == 0)
				take_out(queue, ask);
		}
	}
	if (r == -EAGAIN)
		ev_io_start(link->loop, &link->output);
	else
		ev_io_stop(link->loop, &link->output);
	if (r < 0 && r != -EAGAIN && r != -EPIPE) /* a closed peer is met when reading */
		broken(link, r);
}

static void on_output(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	pump(container_of(io, struct link, output));
}

/* The message is sent from the loop, so that nobody is called back, and no channel found broken,
 * within. */
int link_ask(struct link *link, struct ask *ask, const struct control_request *request)
{
	memset(&ask->body, 0, sizeof(ask->body));
	control_request_pack(&ask->body, request);
	if (ask->body.failed) {
		buf_done(&ask->body);
		return -ENOMEM;
	}
	ask->waits = request->wait;
	ask->state = ASK_UNSENT;
	push(&link->unsent[ask->waits], ask);
	if (link->fd >= 0)
		ev_io_start(link->loop, &link->output);
	return 0;
}

void link_cancel(struct link *link, struct ask *ask)
{
	if (ask->state == ASK_UNSENT)
		take_out(&link->unsent[ask->waits], ask);
	else if (ask->state == ASK_SENT)
		link->slots[ask->slot].ask = NULL;
	buf_done(&ask->body);
	ask->state = ASK_NONE;
}

/* ---- answers ---- */

/* Frees the slot.  NULL if nobody waits any more; *ret_known: whether it was asked at all. */
static struct ask *take_slot(struct link *link, uint32_t id, bool *ret_known)
{
	uint32_t slot = id & (CONTROL_REQUESTS_MAX - 1);
	struct link_slot *at = &link->slots[slot];
	struct ask *ask = at->ask;

	*ret_known = at->used && (at->generation << SLOT_BITS | slot) == id;
	if (!*ret_known)
		return NULL;
	link->nwaiting -= at->waits;
	*at = (struct link_slot){ NULL, (at->generation + 1) & GENERATION_MASK, false, false };
	link->free_slots[link->nfree++] = slot;
	return ask;
}

static int take_reply(struct link *link, struct message *msg)
{
	struct control_reply reply = { 0 };
	struct answer answer = { .fd = -1 };
	struct ask *ask;
	bool known;

	ask = take_slot(link, msg->id, &known);
	if (msg->type != MESSAGE_CONTROL_REPLY || !known || msg->nfds > 1)
		return -EPROTO;
	unpack_init(&answer.body, msg->body, msg->len);
	control_reply_unpack(&reply, &answer.body);
	if (!answer.body.bad && ask) {
		answer.fault = reply.fault;
		answer.text = reply.text;
		if (msg->nfds) {
			answer.fd = msg->fds[0];
			msg->fds[0] = -1;
		}
		ask->state = ASK_NONE;
		ask->done(ask, &answer);
		fd_close(&answer.fd);
	}
	control_reply_done(&reply);
	return answer.body.bad ? -EPROTO : 0;
}

static void on_input(struct ev_loop *loop, ev_io *io, int events)
{
	struct link *link = container_of(io, struct link, input);
	struct message msg;
	int r = 1;

	(void)loop;
	(void)events;
	for (int i = 0; i < MESSAGES_AT_ONCE && r > 0; i++) {
		r = channel_recv(link->fd, &msg);
		if (r <= 0)
			break;
		r = take_reply(link, &msg) < 0 ? -EPROTO : 1;
		message_done(&msg);
	}
	if (r == 0 || (r < 0 && r != -EAGAIN))
		broken(link, r);
	else
		pump(link);
}
