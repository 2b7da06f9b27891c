/* control.c - see control.h. */
#include "control/control.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "control/server.h"
#include "ipc/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define CLIENTS_MAX 1024 /* of one server */
#define CLIENTS_MIN 16
#define OTHER_FDS 640   /* followed logs, twice each, and our own */
#define LAST_SECONDS 1. /* for answers to leave when the supervisor has gone */

enum { EXIT_GONE = 0, EXIT_BROKEN = 1 };

static void end(struct control *control)
{
	ev_break(control->loop, EVBREAK_ALL);
}

static void on_last(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	end(container_of(timer, struct control, last));
}

/* The last answer has left. */
static void on_check(struct ev_loop *loop, ev_prepare *prepare, int events)
{
	struct control *control = container_of(prepare, struct control, check);

	(void)loop;
	(void)events;
	if (control->nexchanges == 0)
		end(control);
}

/* Clients still get what has been answered; nothing else can come any more. */
static void on_closed(struct link *link, int error)
{
	struct control *control = container_of(link, struct control, link);

	if (error) {
		log_error("the channel to the supervisor is broken: %s", strerror(-error));
		control->status = EXIT_BROKEN;
	}
	control->ending = true;
	for (size_t i = 0; i < control->nservers; i++)
		server_quiet(&control->servers[i]);
	ev_timer_set(&control->last, LAST_SECONDS, 0.);
	ev_timer_start(control->loop, &control->last);
	ev_prepare_start(control->loop, &control->check);
}

/* As many as the fds that we may have; libmicrohttpd wants one for each, and the watch on those
 * that have hung up none. */
static size_t clients_per_server(size_t nservers)
{
	struct rlimit limit = { 0 };
	size_t n;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return CLIENTS_MIN;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		(void)getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur <= OTHER_FDS || !nservers)
		return CLIENTS_MIN;
	n = (size_t)(limit.rlim_cur - OTHER_FDS) / nservers;
	return n > CLIENTS_MAX ? CLIENTS_MAX : n < CLIENTS_MIN ? CLIENTS_MIN : n;
}

static int init_servers(struct control *control, struct message *setup)
{
	size_t n = control->setup.nservers, max_clients = clients_per_server(n);

	control->servers = calloc(n + 1, sizeof(*control->servers));
	if (!control->servers)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int fd = setup->fds[i], r;

		setup->fds[i] = -1;
		control->nservers++;
		r = server_init(&control->servers[i], control, &control->setup.servers[i], fd,
				max_clients);
		if (r < 0)
			return r;
	}
	return 0;
}

int control_init(struct control *control, int channel, struct message *setup)
{
	int r;

	memset(control, 0, sizeof(*control));
	control->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	if (!control->loop) {
		fd_close(&channel);
		return -ENOMEM;
	}
	link_init(&control->link, control->loop, channel);
	control->link.closed = on_closed;
	ev_init(&control->last, on_last);
	ev_prepare_init(&control->check, on_check);
	logtails_init(&control->logtails, control->loop);
	if (gethostname(control->hostname, sizeof(control->hostname)) < 0)
		control->hostname[0] = '\0';
	control->hostname[sizeof(control->hostname) - 1] = '\0';
	if (setup->type != MESSAGE_CONTROL_SETUP)
		return -EPROTO;
	r = control_setup_unpack(&control->setup, setup->body, setup->len);
	if (r == 0 && (control->setup.nservers != setup->nfds || !control->setup.identifier ||
		       !control->setup.version))
		r = -EPROTO;
	if (r == 0)
		r = hangup_init(&control->hangup, control->loop);
	control->host = (struct call_host){ &control->link, control->setup.identifier,
					    control->setup.version };
	return r < 0 ? r : init_servers(control, setup);
}

int control_run(struct control *control)
{
	ev_run(control->loop, 0);
	return control->status;
}

void control_done(struct control *control)
{
	if (!control->loop)
		return;
	/* a suspended connection cannot be stopped: the process ends with it */
	for (size_t i = 0; i < control->nservers && control->nexchanges == 0; i++)
		server_done(&control->servers[i]);
	logtails_done(&control->logtails);
	hangup_done(&control->hangup);
	ev_timer_stop(control->loop, &control->last);
	ev_prepare_stop(control->loop, &control->check);
	link_done(&control->link);
	if (control->nexchanges > 0)
		return;
	free(control->servers);
	flash_done(&control->flash);
	control_setup_done(&control->setup);
	ev_loop_destroy(control->loop);
	control->loop = NULL;
}
