/* zygote_link.c - see zygote_link.h: the life of the zygote itself. */
#include "supervisor/zygote_link.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/config.h"
#include "ipc/channel.h"
#include "ipc/messages.h"
#include "supervisor/environment.h"
#include "supervisor/launch.h"
#include "supervisor/spares.h"
#include "supervisor/wait_status.h"
#include "supervisor/zygote_queue.h"
#include "supervisor/zygote_report.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BASELINE_MAX ((size_t)16 << 20)
#define COMMANDS_MAX 100       /* that a zygote makes something ready for */
#define RESTART_GAP 1.0        /* seconds between two starts at least */
#define RESTART_GAP_MAX 60.    /* and at most, after many failures */
#define IMPORT_GRACE 30.       /* beyond preload_timeout, which the tracer keeps and reports on */
#define STOP_SECONDS 5.        /* an idle zygote needs milliseconds */
#define LAST_WORDS_SECONDS 10. /* for the tracer's report after the zygote's death */

static void died(struct reaper_watch *watch, int status);
static void on_input(struct ev_loop *loop, ev_io *io, int events);
static void on_output(struct ev_loop *loop, ev_io *io, int events);
static void on_timer(struct ev_loop *loop, ev_timer *timer, int events);
static void failed(struct zygote_link *link);

void zygote_link_init(struct zygote_link *link, struct zygote_host *host,
		      const struct config_zygote *config)
{
	memset(link, 0, sizeof(*link));
	link->config = config;
	link->host = host;
	link->channel = -1;
	link->watch.dead = died;
	ev_init(&link->input, on_input);
	ev_init(&link->output, on_output);
	ev_init(&link->timer, on_timer);
}

static void close_channel(struct zygote_link *link)
{
	ev_io_stop(link->host->loop, &link->input);
	ev_io_stop(link->host->loop, &link->output);
	fd_close(&link->channel);
}

void zygote_link_done(struct zygote_link *link)
{
	if (!link->host)
		return;
	ev_timer_stop(link->host->loop, &link->timer);
	close_channel(link);
	zygote_queue_reset(link);
	spares_done(link);
	reaper_unwatch(link->host->reaper, &link->watch);
	interpreter_done(&link->interpreter);
	user_done(&link->user);
	strv_free(link->environment);
	memset(link, 0, sizeof(*link));
	link->channel = -1;
}

void zygote_link_set_timer(struct zygote_link *link, ev_tstamp seconds)
{
	ev_timer_stop(link->host->loop, &link->timer);
	ev_now_update(link->host->loop);
	ev_timer_set(&link->timer, seconds, 0.);
	ev_timer_start(link->host->loop, &link->timer);
}

/* While it imports, the application's subprocesses are in its process group; later nobody is who
 * should be killed.  It is not reaped yet, so the pid is still its own. */
static void kill_zygote(struct zygote_link *link)
{
	if (!link->pid)
		return;
	if (link->state != ZYGOTE_IMPORTING || kill(-link->pid, SIGKILL) < 0)
		(void)kill(link->pid, SIGKILL);
}

/* The group of a zygote that is reaped already.  The number is only ours while one of our children
 * (the tracer, orphans of the import) is in that group. */
static void kill_remains(struct zygote_link *link)
{
	struct buf children = { 0 };
	char path[64], *at, *end;
	pid_t child;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	if (link->remains && fd_read_path(path, &children, 1 << 20) == 0 && children.data) {
		for (at = children.data; (child = (pid_t)strtol(at, &end, 10)) > 0; at = end) {
			if (getpgid(child) == link->remains) {
				(void)kill(-link->remains, SIGKILL);
				break;
			}
		}
	}
	link->remains = 0;
	buf_done(&children);
}

/* ---- starting ---- */

/* Everything that stays the same from start to start. */
static int prepare(struct zygote_link *link, struct error *err)
{
	const struct config_zygote *config = link->config;
	const struct user *user = NULL;

	if (config->user) {
		if (user_find(&link->user, config->user, err) < 0)
			return -1;
		user = &link->user;
		if (geteuid() != 0 && !user_is_self(user))
			return error_set(err, "user = %s: only root can start it as another user",
					 config->user);
	}
	link->environment = environment_base(&link->base->daemon);
	if (!link->environment || environment_merge(&link->environment, config->environment) < 0)
		return error_set(err, "out of memory");
	if (interpreter_find(&link->interpreter, config->python, user, err) < 0)
		return -1;
	return config->immortalize ? interpreter_check_immortalize(&link->interpreter, err) : 0;
}

static int add_command(char ***commands, char *const *argv)
{
	char number[16];
	int r;

	snprintf(number, sizeof(number), "%zu", strv_len(argv));
	r = strv_add(commands, number);
	for (size_t i = 0; r == 0 && argv[i]; i++)
		r = strv_add(commands, argv[i]);
	return r;
}

/* As struct zygote_setup has them; NULL if out of memory: then nothing is made ready for them.  The
 * programs of a zygote may have changed since its own section was read. */
static char **find_commands(const struct zygote_link *link)
{
	const struct config *config = link->candidate ? link->base : *link->host->latest;
	char **commands = NULL, **seen = NULL;
	int r = 0;

	for (size_t i = 0; i < config->nprograms; i++) {
		const struct config_program *program = &config->programs[i];

		if (!program->zygote || strcmp(program->zygote, link->config->name) != 0)
			continue;
		for (size_t j = 0; j < program->nprocesses && r == 0; j++) {
			const struct config_process *process = &program->processes[j];

			if (strv_len(seen) >= COMMANDS_MAX || strv_contains(seen, process->command))
				continue;
			r = strv_add(&seen, process->command);
			if (r == 0)
				r = add_command(&commands, process->argv);
		}
	}
	strv_free(seen);
	if (r == 0)
		return commands;
	strv_free(commands);
	return NULL;
}

static int pack_setup(struct zygote_link *link, struct buf *body, struct error *err)
{
	char **commands = find_commands(link);
	const struct config_zygote *config = link->config;
	struct buf baseline = { 0 };
	struct zygote_setup setup = {
		.name = config->name,
		.python = link->interpreter.python,
		.python_prefix = link->interpreter.base_prefix,
		.path = config->path,
		.preload = config->preload,
		.warmup = config->warmup,
		.commands = commands,
		.allow = config->allow,
		.policy = config->policy,
		.mode = config->mode,
		.preload_timeout = config->preload_timeout,
		.thp = config->thp,
		.beside = link->candidate || link->proved,
		.ksm = config->ksm,
		.gc_freeze = config->gc_freeze,
		.immortalize = config->immortalize,
	};
	int r = config->baseline ? fd_read_path(config->baseline, &baseline, BASELINE_MAX) : 0;

	if (r < 0) {
		error_set(err, "cannot read the baseline %s: %s", config->baseline, strerror(-r));
	} else {
		setup.baseline = config->baseline ? (char *)buf_str(&baseline) : NULL;
		zygote_setup_pack(body, &setup);
		if (body->failed)
			r = error_set(err, "out of memory");
	}
	strv_free(commands);
	buf_done(&baseline);
	return r < 0 ? -1 : 0;
}

/* A stream of ours that nobody reads any more would end the import with EPIPE: then none. */
static int usable(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLOUT };

	return poll(&polled, 1, 0) > 0 && polled.revents & (POLLERR | POLLNVAL) ? -1 : fd;
}

static pid_t launch_zygote(struct zygote_link *link, int end, struct error *err)
{
	char *argv[] = { link->interpreter.zygote, "3", link->config->name, NULL };
	bool background = link->host->background;
	struct launch what = {
		.path = link->interpreter.zygote,
		.argv = argv,
		.environment = link->environment,
		.directory = link->config->directory,
		.user = link->user.name ? &link->user : NULL,
		.stdio = { -1, background ? -1 : usable(1), background ? -1 : usable(2) },
		.fds = &end,
		.nfds = 1,
		.umask = link->config->umask,
	};

	return launch(&what, err);
}

static void watch_child(struct zygote_link *link, pid_t pid, int channel)
{
	int status;

	link->pid = pid;
	link->channel = channel;
	link->state = ZYGOTE_IMPORTING;
	link->starts++;
	link->reported = false;
	(void)fd_nonblock(channel, 1);
	ev_io_set(&link->input, channel, EV_READ);
	ev_io_set(&link->output, channel, EV_WRITE);
	ev_io_start(link->host->loop, &link->input);
	if (link->config->preload_timeout)
		zygote_link_set_timer(link, link->config->preload_timeout + IMPORT_GRACE);
	/* it is our child and was not reaped since: this cannot fail */
	(void)reaper_watch(link->host->reaper, &link->watch, pid, &status);
}

/* One start: launch, SETUP. */
static int start(struct zygote_link *link, struct error *err)
{
	struct buf body = { 0 };
	int ends[2] = { -1, -1 }, r;
	pid_t pid = -1;

	link->started = ev_now(link->host->loop);
	link->launched_us = clock_us();
	r = pack_setup(link, &body, err);
	if (r == 0 && channel_pair(ends) < 0)
		r = error_set(err, "socketpair: %s", strerror(errno));
	if (r == 0) {
		pid = launch_zygote(link, ends[1], err);
		fd_close(&ends[1]);
		r = pid < 0 ? -1 : 0;
	}
	if (r == 0) {
		r = channel_send(ends[0], MESSAGE_SETUP, 0, body.data, body.len, NULL, 0);
		watch_child(link, pid, ends[0]);
		if (r < 0 && r != -EPIPE) { /* a peer that died already is noticed by its status */
			log_error("zygote '%s': cannot be told what to import: %s",
				  link->config->name, strerror(-r));
			kill_zygote(link);
		}
		r = 0;
		log_info("zygote '%s': started with pid %d, %s (Python %s)", link->config->name,
			 (int)pid, link->interpreter.python, link->interpreter.version);
	} else {
		fd_close(&ends[0]);
	}
	buf_done(&body);
	return r;
}

static void restart_later(struct zygote_link *link)
{
	ev_tstamp gap = RESTART_GAP, wait;

	for (unsigned i = 1; i < link->failures && gap < RESTART_GAP_MAX; i++)
		gap *= 2;
	if (gap > RESTART_GAP_MAX)
		gap = RESTART_GAP_MAX;
	ev_now_update(link->host->loop);
	/* the first death of a good zygote is answered at once, a second one soon after not */
	wait = link->started + gap - ev_now(link->host->loop);
	if (link->failures)
		wait = gap;
	if (wait < 0.)
		wait = 0.;
	zygote_link_set_timer(link, wait);
	if (wait > 0.)
		log_info("zygote '%s': will be started again in %.1f s", link->config->name, wait);
}

int zygote_link_start(struct zygote_link *link, struct error *err)
{
	if (prepare(link, err) < 0) {
		error_prefix(err, "%s:%u: [zygote:%s]", link->config->where.file,
			     link->config->where.line, link->config->name);
		return EXIT_CONFIG;
	}
	if (start(link, err) < 0) {
		error_prefix(err, "%s:%u: [zygote:%s] cannot be started", link->config->where.file,
			     link->config->where.line, link->config->name);
		return EXIT_CONFIG;
	}
	return 0;
}

static void start_again(struct zygote_link *link)
{
	struct error err = { { 0 } };

	log_info("zygote '%s': is imported and audited again", link->config->name);
	if (start(link, &err) == 0)
		return;
	link->failures++;
	log_error("zygote '%s': cannot be started: %s", link->config->name, err.text);
	restart_later(link);
}

void zygote_link_retry(struct zygote_link *link)
{
	if (!ev_is_active(&link->timer))
		start_again(link);
}

void zygote_link_want_spares(struct zygote_link *link, unsigned n)
{
	spares_want(link, n);
	zygote_queue_flush(link);
}

void zygote_link_model(struct zygote_link *link, uint64_t start, char *kind, pid_t pid)
{
	struct worker_model model = { kind, pid };
	struct buf body = { 0 };

	if (!link->config->prefault || link->state != ZYGOTE_READY || link->channel < 0 ||
	    start != link->starts)
		return;
	worker_model_pack(&body, &model);
	if (!body.failed) /* where the channel is full, the next one will do as well */
		(void)channel_send(link->channel, MESSAGE_MODEL, 0, body.data, body.len, NULL, 0);
	buf_done(&body);
}

/* ---- stopping ---- */

void zygote_link_stop(struct zygote_link *link)
{
	ev_timer_stop(link->host->loop, &link->timer);
	close_channel(link);
	kill_remains(link);
	spares_dismiss(link);
	if (!link->pid) {
		link->host->stopped(link->host, link);
		return;
	}
	if (link->state == ZYGOTE_IMPORTING)
		kill_zygote(link);
	else
		zygote_link_set_timer(link, STOP_SECONDS);
	link->state = ZYGOTE_STOPPING;
}

void zygote_link_kill(struct zygote_link *link)
{
	kill_zygote(link);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct zygote_link *link = container_of(timer, struct zygote_link, timer);

	(void)loop;
	(void)events;
	if (link->state == ZYGOTE_DOWN) {
		start_again(link);
		return;
	}
	if (link->state == ZYGOTE_DYING) {
		failed(link);
		return;
	}
	log_error("zygote '%s': killing it (%d) with SIGKILL, it %s", link->config->name,
		  (int)link->pid,
		  link->channel < 0                 ? "does not exit by itself"
		  : link->state == ZYGOTE_IMPORTING ? "has exceeded preload_timeout"
						    : "does not answer");
	kill_zygote(link);
}

/* ---- messages ---- */

/* A zygote is not believed that it may fork: its report has to say so. */
static bool may_fork(const struct zygote_link *link)
{
	switch (link->config->policy) {
	case AUDIT_OFF:
		return true;
	case AUDIT_WARN:
		return link->reported;
	default:
		return link->reported && link->summary.verdict == VERDICT_CLEAN;
	}
}

static int take_ready(struct zygote_link *link, const struct message *msg)
{
	struct zygote_ready ready;
	bool first = !link->proved;
	char text[64];

	if (link->state != ZYGOTE_IMPORTING || !may_fork(link) ||
	    zygote_ready_unpack(&ready, msg->body, msg->len) < 0)
		return -EPROTO;
	log_info("zygote '%s': ready, imported in %.2f s, %s, %.1f MB", link->config->name,
		 (double)ready.import_us / 1e6, zygote_report_summary(link, text, sizeof(text)),
		 (double)ready.rss / 1e6);
	if (link->config->immortalize)
		log_info("zygote '%s': %" PRIu64 " objects made immortal in %.2f s",
			 link->config->name, ready.immortal, (double)ready.immortal_us / 1e6);
	ev_timer_stop(link->host->loop, &link->timer);
	link->state = ZYGOTE_READY;
	link->proved = true;
	spares_dismiss(link); /* what an earlier process has forked may be older code */
	link->import_us = ready.import_us;
	if (first)
		link->host->first(link->host, link, EXIT_CLEAN);
	if (link->state == ZYGOTE_READY)
		zygote_queue_flush(link);
	return 0;
}

static int dispatch(struct zygote_link *link, const struct message *msg)
{
	switch (msg->type) {
	case MESSAGE_PROGRESS:
		return 0;
	case MESSAGE_REPORT:
		zygote_report_take(link, msg);
		return 0;
	case MESSAGE_READY:
		return take_ready(link, msg);
	case MESSAGE_SPAWNED:
		return zygote_queue_answer(link, msg);
	default:
		return -EPROTO;
	}
}

/* Reads what is there.  A zygote that breaks the protocol is not trusted with anything more. */
static void receive(struct zygote_link *link)
{
	struct message msg;
	int r = 1;

	while (link->channel >= 0 && (r = channel_recv(link->channel, &msg)) > 0) {
		r = dispatch(link, &msg);
		message_done(&msg);
		if (r < 0)
			break;
	}
	if (link->state == ZYGOTE_DYING && (link->reported || r != -EAGAIN)) {
		failed(link);
		return;
	}
	if (link->channel < 0 || r == -EAGAIN)
		return;
	if (r < 0)
		log_error("zygote '%s': killed, it broke the protocol: %s", link->config->name,
			  strerror(-r));
	close_channel(link);
	if (r < 0)
		kill_zygote(link);
	else if (link->state != ZYGOTE_STOPPING)
		zygote_link_set_timer(link, STOP_SECONDS); /* it has hung up, so it ought to exit */
}

static void on_input(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	receive(container_of(io, struct zygote_link, input));
}

static void on_output(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	zygote_queue_flush(container_of(io, struct zygote_link, output));
}

void zygote_link_replace(struct zygote_link *link)
{
	link->failures++;
	close_channel(link);
	kill_zygote(link);
}

/* ---- death ---- */

/* It never became READY: a first start is the owner's to judge, a later one is tried again. */
static void failed(struct zygote_link *link)
{
	bool judged = link->reported && link->summary.verdict != VERDICT_CLEAN;
	char text[64];

	kill_remains(link);
	close_channel(link);
	ev_timer_stop(link->host->loop, &link->timer);
	link->state = ZYGOTE_DOWN;
	link->failures++;
	if (judged)
		log_error("zygote '%s': nothing is forked from it: %s", link->config->name,
			  zygote_report_summary(link, text, sizeof(text)));
	else
		log_error("zygote '%s': exited before it was ready (%s)", link->config->name,
			  link->how);
	if (link->proved)
		restart_later(link);
	else
		link->host->first(link->host, link,
				  judged ? (enum exit_status)link->summary.verdict : EXIT_NO_AUDIT);
}

static void died(struct reaper_watch *watch, int status)
{
	struct zygote_link *link = container_of(watch, struct zygote_link, watch);
	enum zygote_state before;

	receive(link); /* its last messages: the report of a failure */
	before = link->state;
	wait_status_text(status, link->how, sizeof(link->how));
	ev_timer_stop(link->host->loop, &link->timer);
	zygote_queue_reset(link);
	if (before == ZYGOTE_IMPORTING && !link->reported && link->channel >= 0) {
		link->remains = link->pid;
		link->pid = 0;
		link->state = ZYGOTE_DYING;
		zygote_link_set_timer(link, LAST_WORDS_SECONDS);
		return;
	}
	if (before == ZYGOTE_IMPORTING)
		kill_zygote(link); /* what is left of its group */
	link->pid = 0;
	close_channel(link);
	link->state = ZYGOTE_DOWN;
	if (before == ZYGOTE_STOPPING) {
		link->host->stopped(link->host, link);
	} else if (before == ZYGOTE_IMPORTING) {
		failed(link);
	} else {
		log_warn("zygote '%s': exited: %s; its workers go on, new ones wait until it is "
			 "imported and audited again",
			 link->config->name, link->how);
		restart_later(link);
	}
}
