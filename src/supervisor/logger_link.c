/* logger_link.c - see logger_link.h. */
#include "supervisor/logger_link.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/strv.h"
#include "base/util.h"
#include "ipc/channel.h"
#include "ipc/log_messages.h"
#include "supervisor/environment.h"
#include "supervisor/launch.h"
#include "supervisor/libexec.h"
#include "supervisor/wait_status.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define STARTS_MAX 20.       /* at once: the programs' pipes are filling up meanwhile; */
#define STARTS_PER_SECOND 1. /* and then */
#define END_SECONDS 5.       /* for all that is still in the pipes to be written */
#define END_STARTS 4         /* loggers that die over it */
#define EXIT_SECONDS 5.      /* it has hung up, so it ought to exit */
#define ROOM_SECONDS 0.02    /* too many fds are in flight (unix(7)): no event tells when not */
#define BATCH 16             /* messages between two looks at other events */

static void died(struct reaper_watch *watch, int status);
static void on_input(struct ev_loop *loop, ev_io *io, int events);
static void on_output(struct ev_loop *loop, ev_io *io, int events);
static void on_timer(struct ev_loop *loop, ev_timer *timer, int events);

void logger_link_init(struct logger_link *link, const struct logger_host *host,
		      struct ev_loop *loop, struct reaper *reaper,
		      const struct config_daemon *daemon)
{
	memset(link, 0, sizeof(*link));
	link->host = host;
	link->loop = loop;
	link->reaper = reaper;
	link->daemon = daemon;
	link->channel = -1;
	link->watch.dead = died;
	ev_init(&link->input, on_input);
	ev_init(&link->output, on_output);
	ev_init(&link->timer, on_timer);
}

static void close_channel(struct logger_link *link)
{
	ev_io_stop(link->loop, &link->input);
	ev_io_stop(link->loop, &link->output);
	fd_close(&link->channel);
}

void logger_link_done(struct logger_link *link)
{
	if (!link->loop)
		return;
	ev_timer_stop(link->loop, &link->timer);
	close_channel(link);
	reaper_unwatch(link->reaper, &link->watch);
	link->loop = NULL;
}

static void set_timer(struct logger_link *link, ev_tstamp seconds)
{
	ev_timer_stop(link->loop, &link->timer);
	ev_now_update(link->loop);
	ev_timer_set(&link->timer, seconds, 0.);
	ev_timer_start(link->loop, &link->timer);
}

/* ---- starting ---- */

static pid_t launch_logger(struct logger_link *link, int end, struct error *err)
{
	CLEANUP_FREE char *path = libexec_find("forkserver-logger", err);
	char *argv[] = { path, "3", NULL };
	char **environment = path ? environment_base(link->daemon) : NULL;
	/* stdio is not passed on: a stream that goes there gets it with its own message */
	struct launch what = {
		.path = path,
		.argv = argv,
		.environment = environment,
		.stdio = { -1, -1, -1 },
		.fds = &end,
		.nfds = 1,
		.umask = -1,
	};
	pid_t pid = -1;

	if (path && !environment)
		error_set(err, "out of memory");
	else if (path)
		pid = launch(&what, err);
	strv_free(environment);
	return pid;
}

static void watch_child(struct logger_link *link, pid_t pid, int channel)
{
	int status;

	link->pid = pid;
	link->channel = channel;
	link->starts++;
	if (!link->ending)
		link->failures = 0;
	link->told = false;
	(void)fd_nonblock(channel, 1);
	ev_io_set(&link->input, channel, EV_READ);
	ev_io_set(&link->output, channel, EV_WRITE);
	ev_io_start(link->loop, &link->input);
	/* it is our child and was not reaped since: this cannot fail */
	(void)reaper_watch(link->reaper, &link->watch, pid, &status);
}

/* Seconds until the next start may be. */
static double next_start(struct logger_link *link)
{
	ev_now_update(link->loop);
	return budget_spend(&link->budget, STARTS_MAX, STARTS_PER_SECOND, ev_now(link->loop));
}

void logger_link_start(struct logger_link *link)
{
	struct error err = { { 0 } };
	int ends[2] = { -1, -1 };
	pid_t pid = -1;

	if (!link->ending)
		ev_timer_stop(link->loop, &link->timer);
	if (channel_pair(ends) < 0)
		error_set(&err, "socketpair: %s", strerror(errno));
	else
		pid = launch_logger(link, ends[1], &err);
	fd_close(&ends[1]);
	if (pid > 0) {
		watch_child(link, pid, ends[0]);
		log_info("logger: started with pid %d", (int)pid);
		link->host->up(link);
		return;
	}
	fd_close(&ends[0]);
	if (link->failures++ == 0)
		log_critical("the logger cannot be started: %s; no program can be started whose "
			     "output is to be logged; trying again",
			     err.text);
	if (!link->ending) /* what fails without having run is not tried again at once */
		set_timer(link, next_start(link) + 1. / STARTS_PER_SECOND);
	link->host->failed(link, err.text);
	if (link->ending)
		set_timer(link, 0.);
}

/* ---- ending ---- */

void logger_link_end(struct logger_link *link)
{
	link->ending = true;
	set_timer(link, END_SECONDS);
	link->failures = 0;
	if (!link->pid)
		logger_link_start(link);
}

void logger_link_last(struct logger_link *link)
{
	if (!link->told && logger_link_send(link, MESSAGE_LOG_END, 0, NULL, 0, NULL, 0) == 0)
		link->told = true;
}

static void give_up(struct logger_link *link)
{
	ev_timer_stop(link->loop, &link->timer);
	if (link->pid)
		log_error("logger: pid %d has not written everything within %d s; it goes on alone",
			  (int)link->pid, (int)END_SECONDS);
	link->host->ended(link);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct logger_link *link = container_of(timer, struct logger_link, timer);

	(void)loop;
	(void)events;
	if (link->ending) {
		give_up(link);
	} else if (!link->pid) {
		logger_link_start(link);
	} else if (link->channel >= 0) {
		link->host->writable(link);
	} else {
		log_error("logger: killing it (%d) with SIGKILL, it does not exit by itself",
			  (int)link->pid);
		(void)kill(link->pid, SIGKILL);
	}
}

/* ---- messages ---- */

/* Reads what is there, but for so long only that others get their turn. */
static void receive(struct logger_link *link, int batch)
{
	struct message msg;
	int r = 1;

	while (link->channel >= 0 && batch-- > 0 && (r = channel_recv(link->channel, &msg)) > 0) {
		r = link->host->take(link, &msg);
		message_done(&msg);
		if (r < 0)
			break;
		r = 1; /* 0 would be the channel's end */
	}
	if (link->channel < 0 || r > 0 || r == -EAGAIN)
		return;
	if (r < 0 && link->pid) {
		log_error("logger: killed, it broke the protocol: %s", strerror(-r));
		(void)kill(link->pid, SIGKILL);
	}
	close_channel(link);
	if (r == 0 && link->pid && !link->ending)
		set_timer(link, EXIT_SECONDS);
}

static void on_input(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	receive(container_of(io, struct logger_link, input), BATCH);
}

static void on_output(struct ev_loop *loop, ev_io *io, int events)
{
	struct logger_link *link = container_of(io, struct logger_link, output);

	(void)events;
	ev_io_stop(loop, io);
	link->host->writable(link);
}

int logger_link_send(struct logger_link *link, uint32_t type, uint32_t id, const void *body,
		     size_t len, const int *fds, size_t nfds)
{
	int r = link->channel < 0 ? -EPIPE
				  : channel_send(link->channel, type, id, body, len, fds, nfds);

	switch (r) {
	case 0:
		return 0;
	case -EAGAIN:
		ev_io_start(link->loop, &link->output);
		return -EAGAIN;
	case -EPIPE:
	case -ECONNRESET:
		return -EPIPE; /* its status is on the way */
	default:               /* ETOOMANYREFS, ENOBUFS, ENOMEM, EMFILE: that passes */
		if (!link->ending)
			set_timer(link, ROOM_SECONDS);
		return -EAGAIN;
	}
}

/* ---- death ---- */

static void died(struct reaper_watch *watch, int status)
{
	struct logger_link *link = container_of(watch, struct logger_link, watch);
	bool done = link->ending && link->told && status == 0;
	char how[64];
	double wait;

	link->pid = 0;
	receive(link, 1 << 20); /* its last answers */
	close_channel(link);
	if (!link->ending)
		ev_timer_stop(link->loop, &link->timer);
	link->host->down(link);
	if (done) {
		ev_timer_stop(link->loop, &link->timer);
		link->host->ended(link);
		return;
	}
	wait_status_text(status, how, sizeof(how));
	wait = next_start(link);
	log_at(wait > 0. ? LEVEL_ERROR : LEVEL_WARN,
	       "logger: exited: %s; it is started again, what it had not read is still in the "
	       "pipes",
	       how);
	if (!link->ending)
		set_timer(link, wait);
	else if (++link->failures < END_STARTS)
		logger_link_start(link);
	else
		set_timer(link, 0.);
}
