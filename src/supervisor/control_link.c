/* control_link.c - see control_link.h. */
#include "supervisor/control_link.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/strv.h"
#include "base/util.h"
#include "ipc/channel.h"
#include "ipc/control_messages.h"
#include "supervisor/http_sockets.h"
#include "supervisor/launch.h"
#include "supervisor/libexec.h"
#include "supervisor/wait_status.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "forkserver-control"
#define SUPERVISORD_VERSION "4.2.5" /* what getSupervisorVersion answers: clients compare it */
#define STARTS_MAX 20.              /* at once, */
#define STARTS_PER_SECOND 1.        /* and then */
#define STOP_SECONDS 2.             /* to send the last answers and exit */
#define BYTES_MAX ((size_t)16 << 20)
#define AT_ONCE 64 /* requests taken before others have their turn */

struct control_answer {
	struct control_answer *next;
	uint32_t id;
	struct buf body;
	int fd; /* owned; -1 */
};

static void died(struct reaper_watch *watch, int status);
static void on_input(struct ev_loop *loop, ev_io *io, int events);
static void on_output(struct ev_loop *loop, ev_io *io, int events);
static void on_timer(struct ev_loop *loop, ev_timer *timer, int events);

void control_link_init(struct control_link *link, struct control_host *host)
{
	memset(link, 0, sizeof(*link));
	link->host = host;
	link->channel = -1;
	link->watch.dead = died;
	ev_init(&link->input, on_input);
	ev_init(&link->output, on_output);
	ev_init(&link->timer, on_timer);
}

static void forget_answers(struct control_link *link)
{
	while (link->answers) {
		struct control_answer *answer = link->answers;

		link->answers = answer->next;
		buf_done(&answer->body);
		fd_close(&answer->fd);
		free(answer);
	}
	link->last = NULL;
	link->bytes = 0;
	link->unanswered = 0;
}

static void close_channel(struct control_link *link)
{
	ev_io_stop(link->host->loop, &link->input);
	ev_io_stop(link->host->loop, &link->output);
	fd_close(&link->channel);
	forget_answers(link);
}

void control_link_done(struct control_link *link)
{
	if (!link->host)
		return;
	ev_timer_stop(link->host->loop, &link->timer);
	close_channel(link);
	reaper_unwatch(link->host->reaper, &link->watch);
	memset(link, 0, sizeof(*link));
	link->channel = -1;
}

static void set_timer(struct control_link *link, ev_tstamp seconds)
{
	ev_timer_stop(link->host->loop, &link->timer);
	ev_now_update(link->host->loop);
	ev_timer_set(&link->timer, seconds, 0.);
	ev_timer_start(link->host->loop, &link->timer);
}

/* ---- starting ---- */

static int send_setup(const struct control_link *link, int channel, struct error *err)
{
	const struct http_sockets *sockets = link->host->sockets;
	struct control_server *servers = calloc(sockets->n + 1, sizeof(*servers));
	struct control_setup setup = {
		.identifier = (char *)link->host->identifier,
		.version = (char *)SUPERVISORD_VERSION,
		.servers = servers,
		.nservers = sockets->n,
	};
	int fds[CHANNEL_FDS_MAX], r = servers ? 0 : -ENOMEM;
	struct buf body = { 0 };

	if (sockets->n > CHANNEL_FDS_MAX)
		r = -E2BIG;
	if (r == 0) {
		http_sockets_describe(sockets, servers);
		for (size_t i = 0; i < sockets->n; i++)
			fds[i] = sockets->all[i].fd;
		control_setup_pack(&body, &setup);
		r = body.failed ? -ENOMEM : 0;
	}
	if (r == 0)
		r = channel_send(channel, MESSAGE_CONTROL_SETUP, 0, body.data, body.len, fds,
				 sockets->n);
	buf_done(&body);
	free(servers);
	if (r < 0)
		error_set(err, "cannot be told what to serve: %s", strerror(-r));
	return r;
}

/* A stream of ours that nobody reads any more is none. */
static int usable(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLOUT };

	return poll(&polled, 1, 0) > 0 && polled.revents & (POLLERR | POLLNVAL) ? -1 : fd;
}

static pid_t launch_control(bool background, int end, struct error *err)
{
	CLEANUP_FREE char *path = libexec_find(PROGRAM, err);
	char *argv[] = { (char *)PROGRAM, (char *)"3", NULL };
	char *environment[] = { (char *)"PATH=/usr/bin:/bin", (char *)"LC_ALL=C.UTF-8", NULL };
	struct launch what = {
		.path = path,
		.argv = argv,
		.environment = environment,
		.stdio = { -1, background ? -1 : usable(1), background ? -1 : usable(2) },
		.fds = &end,
		.nfds = 1,
		.umask = 077,
	};

	return path ? launch(&what, err) : -ENOENT;
}

static void watch_child(struct control_link *link, pid_t pid, int channel)
{
	int status;

	link->pid = pid;
	link->channel = channel;
	link->state = CONTROL_UP;
	(void)fd_nonblock(channel, 1);
	ev_io_set(&link->input, channel, EV_READ);
	ev_io_set(&link->output, channel, EV_WRITE);
	ev_io_start(link->host->loop, &link->input);
	/* it is our child and was not reaped since: this cannot fail */
	(void)reaper_watch(link->host->reaper, &link->watch, pid, &status);
}

static int start(struct control_link *link, struct error *err)
{
	int ends[2] = { -1, -1 };
	pid_t pid = -1;

	if (channel_pair(ends) < 0)
		return error_set(err, "socketpair: %s", strerror(errno));
	if (send_setup(link, ends[0], err) == 0)
		pid = launch_control(link->host->background, ends[1], err);
	fd_close(&ends[1]);
	if (pid < 0) {
		fd_close(&ends[0]);
		return -1;
	}
	watch_child(link, pid, ends[0]);
	log_debug("control: started with pid %d", (int)pid);
	return 0;
}

static void start_later(struct control_link *link)
{
	ev_now_update(link->host->loop);
	set_timer(link, budget_spend(&link->budget, STARTS_MAX, STARTS_PER_SECOND,
				     ev_now(link->host->loop)));
}

void control_link_start(struct control_link *link)
{
	struct error err = { { 0 } };

	if (start(link, &err) == 0)
		return;
	log_error(
		"control: cannot be started, so nobody can ask for anything; it is tried again: %s",
		err.text);
	start_later(link);
}

/* ---- stopping ---- */

void control_link_kill(struct control_link *link)
{
	if (link->pid)
		(void)kill(link->pid, SIGKILL);
}

void control_link_stop(struct control_link *link)
{
	ev_timer_stop(link->host->loop, &link->timer);
	link->state = link->pid ? CONTROL_STOPPING : CONTROL_DOWN;
	if (!link->pid) {
		link->host->stopped(link->host);
		return;
	}
	ev_io_stop(link->host->loop, &link->input);
	if (!link->answers)
		close_channel(link); /* that is how it is told */
	set_timer(link, STOP_SECONDS);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct control_link *link = container_of(timer, struct control_link, timer);

	(void)loop;
	(void)events;
	if (link->state == CONTROL_DOWN)
		control_link_start(link);
	else
		control_link_kill(link);
}

/* It breaks the protocol, or cannot be spoken with: whatever runs there is not believed. */
static void give_up(struct control_link *link, const char *what, int error)
{
	log_error("control: killed, it %s: %s", what, strerror(-error));
	close_channel(link);
	control_link_kill(link);
}

static void died(struct reaper_watch *watch, int status)
{
	struct control_link *link = container_of(watch, struct control_link, watch);
	bool wanted = link->state == CONTROL_STOPPING;
	char how[64];

	link->pid = 0;
	link->state = CONTROL_DOWN;
	close_channel(link);
	ev_timer_stop(link->host->loop, &link->timer);
	link->host->lost(link->host);
	if (wanted) {
		link->host->stopped(link->host);
		return;
	}
	wait_status_text(status, how, sizeof(how));
	log_warn("control: exited: %s; programs are not concerned, a new one is started", how);
	start_later(link);
}

/* ---- messages ---- */

static bool is_full(const struct control_link *link)
{
	return link->bytes > BYTES_MAX;
}

static int take(struct control_link *link, const struct message *msg)
{
	struct control_request request;
	int r;

	if (msg->type != MESSAGE_CONTROL_REQUEST || msg->nfds ||
	    link->unanswered >= CONTROL_REQUESTS_MAX)
		return -EPROTO;
	r = control_request_unpack(&request, msg->body, msg->len);
	if (r < 0)
		return r;
	link->unanswered++;
	link->host->request(link->host, msg->id, &request);
	control_request_done(&request);
	return 0;
}

static void on_input(struct ev_loop *loop, ev_io *io, int events)
{
	struct control_link *link = container_of(io, struct control_link, input);
	struct message msg;
	int r = 1;

	(void)events;
	for (int i = 0; i < AT_ONCE && r > 0 && link->channel >= 0 && !is_full(link); i++) {
		r = channel_recv(link->channel, &msg);
		if (r <= 0)
			break;
		r = take(link, &msg) < 0 ? -EPROTO : 1;
		message_done(&msg);
	}
	if (link->channel < 0 || r == -EAGAIN)
		return;
	if (r < 0)
		give_up(link, "broke the protocol", r);
	else if (r == 0)
		ev_io_stop(loop, &link->input); /* its status is on the way */
	else if (is_full(link))
		ev_io_stop(loop, &link->input); /* until it has read its answers */
}

static void drop_first(struct control_link *link)
{
	struct control_answer *answer = link->answers;

	link->answers = answer->next;
	if (!link->answers)
		link->last = NULL;
	link->bytes -= answer->body.len;
	link->unanswered--;
	buf_done(&answer->body);
	fd_close(&answer->fd);
	free(answer);
}

static void flush(struct control_link *link)
{
	struct ev_loop *loop = link->host->loop;
	int r = 0;

	while (link->channel >= 0 && link->answers && r == 0) {
		struct control_answer *answer = link->answers;

		r = channel_send(link->channel, MESSAGE_CONTROL_REPLY, answer->id,
				 answer->body.data, answer->body.len, &answer->fd, answer->fd >= 0);
		if (r == 0)
			drop_first(link);
	}
	if (link->channel < 0)
		return;
	if (r == -EAGAIN) {
		ev_io_start(loop, &link->output);
	} else if (r < 0 && r != -EPIPE && r != -ECONNRESET) {
		give_up(link, "cannot be answered", r);
	} else {
		ev_io_stop(loop, &link->output);
		if (link->state == CONTROL_STOPPING)
			close_channel(link);
		else if (r == 0 && !ev_is_active(&link->input))
			ev_io_start(loop, &link->input);
	}
}

static void on_output(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	flush(container_of(io, struct control_link, output));
}

void control_link_answer(struct control_link *link, uint32_t id, struct buf *body, int fd)
{
	struct control_answer *answer = link->channel >= 0 ? calloc(1, sizeof(*answer)) : NULL;

	if (!answer || body->failed) {
		if (link->channel >= 0)
			give_up(link, "cannot be answered", -ENOMEM);
		free(answer);
		fd_close(&fd);
		buf_done(body);
		return;
	}
	answer->id = id;
	answer->body = *body;
	answer->fd = fd;
	*body = (struct buf){ 0 };
	if (link->last)
		link->last->next = answer;
	else
		link->answers = answer;
	link->last = answer;
	link->bytes += answer->body.len;
	if (link->answers == answer)
		flush(link);
}
