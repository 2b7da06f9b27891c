/* supervisor.c - see supervisor.h. */
#include "supervisor/supervisor.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/daemon.h"
#include "supervisor/depends.h"
#include "supervisor/essential.h"
#include "supervisor/group.h"
#include "supervisor/main_log.h"
#include "supervisor/output.h"
#include "supervisor/output_echo.h"
#include "supervisor/wait_status.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define REPORT_SECONDS 3.

/* ---- events ---- */

static void on_child(struct supervisor *supervisor, int signum)
{
	log_debug("received %s indicating a child quit", signal_name(signum));
	reaper_run(&supervisor->reaper);
}

/* A wrapper that passes a signal on may do so to the whole process group as well: two in a moment
 * are one. */
#define HURRY_MS 500

static void on_stop(struct supervisor *supervisor, int signum)
{
	if (supervisor->phase < SUPERVISOR_GROUPS || supervisor->restart) {
		log_warn("received %s indicating exit request", signal_name(signum));
		supervisor->restart = false;
		announce_stopping(&supervisor->announce);
		supervisor->stop_ms = clock_ms();
		supervisor->stop_signal = signum;
		if (supervisor->phase < SUPERVISOR_GROUPS)
			supervisor_shutdown(supervisor, EXIT_CLEAN);
	} else if (signum == supervisor->stop_signal &&
		   clock_ms() - supervisor->stop_ms < HURRY_MS) {
		log_info("received %s once more at once: once is meant", signal_name(signum));
	} else {
		log_warn("received %s again: killing what is left", signal_name(signum));
		supervisor_hurry(supervisor);
	}
}

static void on_reload(struct supervisor *supervisor, int signum)
{
	if (supervisor->phase >= SUPERVISOR_GROUPS) {
		log_warn("ignored %s indicating restart request (shutdown in progress)",
			 signal_name(signum));
	} else if (supervisor->phase == SUPERVISOR_ZYGOTES) {
		log_warn("received %s, but the zygotes are not ready yet: the configuration is "
			 "read when the programs have been started",
			 signal_name(signum));
		supervisor->reload.again = true;
	} else {
		log_warn("received %s: reading the configuration, and importing every zygote anew",
			 signal_name(signum));
		reload_all(supervisor);
	}
}

static void on_unsupported(struct supervisor *supervisor, int signum)
{
	(void)supervisor;
	log_warn("received %s, which means nothing here; SIGUSR2 opens the logs again",
		 signal_name(signum));
}

static void reopened(struct log_job *job, int error, const char *why, int fd)
{
	(void)job;
	(void)fd;
	if (error)
		log_error("not all logs could be reopened: %s", why);
}

static void on_reopen(struct supervisor *supervisor, int signum)
{
	log_info("received %s indicating log reopen request", signal_name(signum));
	logs_cancel(&supervisor->logs, &supervisor->reopen); /* this one does for both */
	supervisor->reopen.done = reopened;
	logs_reopen(&supervisor->logs, LOG_ALL, &supervisor->reopen);
}

static const struct {
	int signum;
	void (*act)(struct supervisor *supervisor, int signum);
} signal_acts[] = {
	{ SIGCHLD, on_child },  { SIGTERM, on_stop },  { SIGINT, on_stop },
	{ SIGQUIT, on_stop },   { SIGHUP, on_reload }, { SIGUSR1, on_unsupported },
	{ SIGUSR2, on_reopen },
};
_Static_assert(ARRAY_LEN(signal_acts) == SUPERVISOR_NSIGNALS, "a watcher for every signal");

static void on_signal(struct ev_loop *loop, ev_signal *watcher, int events)
{
	struct supervisor *supervisor = ev_userdata(loop);

	(void)events;
	signal_acts[watcher - supervisor->signals].act(supervisor, watcher->signum);
}

static void on_report(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)timer;
	(void)events;
	supervisor_list_alive(ev_userdata(loop));
}

static void on_step(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)timer;
	(void)events;
	supervisor_step(ev_userdata(loop));
}

/* ---- what processes and zygotes tell us ---- */

void supervisor_plan_step(struct supervisor *supervisor)
{
	ev_timer_stop(supervisor->loop, &supervisor->step); /* it may be a later one */
	ev_timer_set(&supervisor->step, 0., 0.);
	ev_timer_start(supervisor->loop, &supervisor->step);
}

static void process_changed(struct process_host *host, struct process *process)
{
	struct supervisor *supervisor = container_of(host, struct supervisor, process_host);

	replaces_changed(&supervisor->replaces);
	rollouts_changed(&supervisor->rollouts);
	if (process->role != ROLE_SLOT) {
		reload_sweep_retired(supervisor);
		return;
	}
	order_changed(&supervisor->order);
	announce_changed(&supervisor->announce);
	recycle_changed(&supervisor->recycle, process);
	demand_changed(&supervisor->demand, process);
	reload_sweep_retired(supervisor);
	if (supervisor->phase == SUPERVISOR_RUNNING && essential_ended(process) &&
	    !replace_is_on_trial(process) && !supervisor->essential_ended) {
		supervisor->essential_ended = true;
		supervisor->essential_status = essential_status(process);
		log_warn("%s is essential and has ended for good (%s): shutting down, with exit "
			 "status %d",
			 process->config->name, process_state_name(process->state),
			 supervisor->essential_status);
		supervisor_plan_step(supervisor);
	}
	if (supervisor->phase >= SUPERVISOR_GROUPS || supervisor->reload.target)
		supervisor_plan_step(supervisor);
}

static void process_entering(struct process_host *host, struct process *process,
			     enum process_state from)
{
	struct metrics_change change = {
		.from = from,
		.to = process->state,
		.now_us = clock_us(),
		.status = process->status,
		.had_pid = process->pid != 0,
		.expected = process_exit_expected(process),
		.restarts = process->restarts,
	};

	if (process->role == ROLE_LEAVING)
		return;
	metrics_changed(&process->counters, &change);
	if (process->role == ROLE_SLOT)
		events_process(host->events, process, from);
}

static void replaced_gone(struct replaces *replaces)
{
	struct supervisor *supervisor = container_of(replaces, struct supervisor, replaces);

	order_changed(&supervisor->order);
	reload_sweep_retired(supervisor);
	supervisor_plan_step(supervisor);
}

static void listener_settled(struct events *events)
{
	struct supervisor *supervisor = container_of(events, struct supervisor, events);

	if (supervisor->phase == SUPERVISOR_GROUPS)
		supervisor_plan_step(supervisor);
}

static bool process_may_start(struct process_host *host, const struct process *process, char *note,
			      size_t size)
{
	struct supervisor *supervisor = container_of(host, struct supervisor, process_host);

	if (process->role == ROLE_COMING)
		return true; /* the one that it is to replace runs as well */
	if (replaces_precede(&supervisor->replaces, process)) {
		snprintf(note, size, "waiting for the one before it to stop");
		return false;
	}
	return depends_met(&supervisor->groups, process, note, size);
}

static void start_groups(struct supervisor *supervisor)
{
	supervisor->phase = SUPERVISOR_RUNNING;
	supervisor->groups_begun = true;
	/* first of all: no program's output goes to the terminal that we are leaving */
	daemon_ready(&supervisor->ready_fd, EXIT_CLEAN);
	events_supervisor(&supervisor->events, true);
	for (size_t i = 0; i < supervisor->groups.n; i++)
		group_start(supervisor->groups.all[i]);
	zygotes_want_spares(&supervisor->zygotes, supervisor->latest);
	announce_started(&supervisor->announce);
	supervisor->zygote_host.report_fd = -1; /* from now on reports go to the log */
	if (supervisor->reload.again) {
		supervisor->reload.again = false;
		reload_all(supervisor);
	}
}

static void zygote_first(struct zygote_host *host, struct zygote_link *link,
			 enum exit_status status)
{
	struct supervisor *supervisor = container_of(host, struct supervisor, zygote_host);

	if (supervisor->phase == SUPERVISOR_RUNNING) { /* it came with a new configuration */
		(void)rollouts_first(&supervisor->rollouts, link, status);
		if (status != EXIT_CLEAN)
			zygote_link_refuse(link);
		return;
	}
	supervisor->awaited--;
	if (status != EXIT_CLEAN && supervisor->status == EXIT_CLEAN)
		supervisor->status = status;
	if (supervisor->awaited > 0 || supervisor->phase != SUPERVISOR_ZYGOTES)
		return; /* the others may have something to report, too */
	if (supervisor->status == EXIT_CLEAN) {
		start_groups(supervisor);
		return;
	}
	log_critical("nothing is started, because not every zygote can be forked");
	supervisor_shutdown(supervisor, supervisor->status);
}

static void zygote_stopped(struct zygote_host *host, struct zygote_link *link)
{
	struct supervisor *supervisor = container_of(host, struct supervisor, zygote_host);

	(void)link;
	rollouts_changed(&supervisor->rollouts);
	supervisor_plan_step(supervisor);
}

/* ---- what the control process asks ---- */

static void control_asked(struct control_host *host, uint32_t id,
			  const struct control_request *request)
{
	struct supervisor *supervisor = container_of(host, struct supervisor, control_host);

	control_calls_take(&supervisor->calls, id, request);
}

static void control_lost(struct control_host *host)
{
	struct supervisor *supervisor = container_of(host, struct supervisor, control_host);

	control_calls_forget(&supervisor->calls);
}

static void control_stopped(struct control_host *host)
{
	supervisor_plan_step(container_of(host, struct supervisor, control_host));
}

static void log_answered(struct logs *logs, struct process *process, const char *why,
			 bool blameless)
{
	(void)logs;
	process_logs_answered(process, why, blameless);
}

static void log_data(struct logs *logs, struct process *process, enum log_channel channel,
		     const struct log_data *data)
{
	struct supervisor *supervisor = container_of(logs, struct supervisor, logs);

	output_echo(process->config->name, channel == LOG_STDERR, data->data, data->len);
	if (data->captured)
		log_debug("'%s' %s emitted a comm event", process->config->name,
			  channel == LOG_STDERR ? "stderr" : "stdout");
	events_output(&supervisor->events, process, channel == LOG_STDERR, data);
}

static void logs_ended(struct logs *logs)
{
	struct supervisor *supervisor = container_of(logs, struct supervisor, logs);

	main_log_close(supervisor->main_log);
	ev_break(supervisor->loop, EVBREAK_ALL);
}

/* ---- beginning and end ---- */

static const struct logs_host logs_host = {
	.answered = log_answered,
	.data = log_data,
	.ended = logs_ended,
};

static void init_hosts(struct supervisor *supervisor)
{
	supervisor->process_host = (struct process_host){
		.loop = supervisor->loop,
		.reaper = &supervisor->reaper,
		.daemon = &supervisor->config->daemon,
		.listeners = supervisor->listeners,
		.cgroups = &supervisor->cgroups,
		.events = &supervisor->events,
		.entering = process_entering,
		.may_start = process_may_start,
		.logs = &supervisor->logs,
		.metrics = &supervisor->metrics,
		.changed = process_changed,
	};
	supervisor->zygote_host = (struct zygote_host){
		.loop = supervisor->loop,
		.reaper = &supervisor->reaper,
		.daemon = &supervisor->config->daemon,
		.report_fd = 2,
		.color = isatty(2) && !getenv("NO_COLOR"),
		.latest = &supervisor->latest,
		.first = zygote_first,
		.stopped = zygote_stopped,
	};
	supervisor->control_host = (struct control_host){
		.loop = supervisor->loop,
		.reaper = &supervisor->reaper,
		.sockets = &supervisor->http,
		.identifier = supervisor->config->daemon.identifier,
		.request = control_asked,
		.lost = control_lost,
		.stopped = control_stopped,
	};
}

/* ---- the service manager's store ---- */

#define STORE_SECONDS 0.2 /* the manager's queue was full */

static void on_store_again(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events; /* the loop turns: that is all */
}

/* Before the loop waits: sockets are bound and closed in many places. */
static void on_store(struct ev_loop *loop, ev_prepare *prepare, int events)
{
	struct supervisor *supervisor = container_of(prepare, struct supervisor, store);

	(void)events;
	if (listeners_store(supervisor->listeners) == 0 || ev_is_active(&supervisor->store_again))
		return;
	ev_now_update(loop);
	ev_timer_set(&supervisor->store_again, STORE_SECONDS, 0.);
	ev_timer_start(loop, &supervisor->store_again);
}

static void init_watchers(struct supervisor *supervisor)
{
	ev_set_userdata(supervisor->loop, supervisor);
	ev_init(&supervisor->step, on_step);
	ev_init(&supervisor->store_again, on_store_again);
	ev_prepare_init(&supervisor->store, on_store);
	ev_prepare_start(supervisor->loop, &supervisor->store);
	ev_timer_init(&supervisor->report, on_report, REPORT_SECONDS, REPORT_SECONDS);
	for (size_t i = 0; i < SUPERVISOR_NSIGNALS; i++) {
		ev_signal_init(&supervisor->signals[i], on_signal, signal_acts[i].signum);
		ev_signal_start(supervisor->loop, &supervisor->signals[i]);
	}
}

static int init_parts(struct supervisor *supervisor, struct error *err)
{
	struct config *config = supervisor->config;

	if (http_sockets_open(&supervisor->http, config, err) < 0)
		return -1;
	for (size_t i = 0; i < config->nzygotes; i++)
		if (!zygotes_add(&supervisor->zygotes, &supervisor->zygote_host, config,
				 &config->zygotes[i]))
			return error_set(err, "out of memory");
	if (listeners_open(supervisor->listeners, config, err) < 0)
		return -1;
	for (size_t i = 0; i < config->ngroups; i++)
		if (reload_add_group(supervisor, config, &config->groups[i], err) < 0)
			return -1;
	return 0;
}

/* As with supervisord, a pid file that cannot be written stops nobody; a living twin does. */
static int write_pidfile(struct supervisor *supervisor, struct error *err)
{
	const char *path = supervisor->config->daemon.pidfile;
	int r = path ? pidfile_write(&supervisor->pidfile, path, err) : 0;

	if (r == -EBUSY)
		return -1;
	if (r < 0)
		log_critical("%s", err->text);
	return 0;
}

int supervisor_init(struct supervisor *supervisor, struct config *config, struct main_log *main_log,
		    struct listeners *listeners, struct error *err)
{
	struct walk all = { &supervisor->groups, &supervisor->zygotes, 0, 0, 0 };

	memset(supervisor, 0, sizeof(*supervisor));
	supervisor->main_log = main_log;
	supervisor->listeners = listeners;
	supervisor->config = config_ref(config);
	supervisor->latest = config_ref(config);
	supervisor->pidfile.fd = -1;
	supervisor->ready_fd = -1;
	supervisor->started_us = clock_us();
	supervisor->started = (int64_t)time(NULL);
	reaper_init(&supervisor->reaper);
	/* the environment must not choose the backend of a daemon that runs as root */
	supervisor->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	if (!supervisor->loop)
		return error_set(err, "cannot make an event loop");
	logs_init(&supervisor->logs, &logs_host, supervisor->loop, &supervisor->reaper,
		  &config->daemon);
	init_hosts(supervisor);
	events_init(&supervisor->events, &supervisor->process_host, listener_settled);
	order_init(&supervisor->order, supervisor->loop, &supervisor->groups);
	rollouts_init(&supervisor->rollouts, supervisor);
	replaces_init(&supervisor->replaces, supervisor->loop, &supervisor->groups, replaced_gone);
	announce_init(&supervisor->announce, supervisor->loop, &supervisor->groups,
		      &supervisor->replaces);
	control_link_init(&supervisor->control, &supervisor->control_host);
	control_calls_init(&supervisor->calls, supervisor, &supervisor->control);
	meter_init(&supervisor->meter, supervisor->loop, &supervisor->reaper, &all,
		   &supervisor->logs);
	sampler_init(&supervisor->sampler, supervisor->loop, &all);
	demand_init(&supervisor->demand, supervisor->loop, &supervisor->groups,
		    supervisor->listeners);
	recycle_init(&supervisor->recycle, &(struct recycle){ .loop = supervisor->loop,
							      .groups = &supervisor->groups,
							      .zygotes = &supervisor->zygotes,
							      .replaces = &supervisor->replaces,
							      .rollouts = &supervisor->rollouts,
							      .meter = &supervisor->meter });
	init_watchers(supervisor);
	if (init_parts(supervisor, err) < 0)
		return -1;
	if (write_pidfile(supervisor, err) < 0)
		return -1;
	if (!config->daemon.nocleanup)
		output_cleanup(&config->daemon);
	return 0;
}

static void done_parts(struct supervisor *supervisor)
{
	control_calls_forget(&supervisor->calls);
	control_link_done(&supervisor->control);
	http_sockets_close(&supervisor->http);
	reload_done(&supervisor->reload);
	scales_done(&supervisor->scales);
	ev_timer_stop(supervisor->loop, &supervisor->report);
	ev_timer_stop(supervisor->loop, &supervisor->step);
	ev_timer_stop(supervisor->loop, &supervisor->store_again);
	ev_prepare_stop(supervisor->loop, &supervisor->store);
	order_done(&supervisor->order);
	meter_done(&supervisor->meter);
	sampler_done(&supervisor->sampler);
	announce_done(&supervisor->announce);
	replaces_done(&supervisor->replaces); /* they are in what the next one frees */
	rollouts_done(&supervisor->rollouts);
	recycle_done(&supervisor->recycle);
	demand_done(&supervisor->demand);
	groups_done(&supervisor->groups);
	cgroups_done(&supervisor->cgroups);
	events_done(&supervisor->events);
	logs_done(&supervisor->logs);
	zygotes_done(&supervisor->zygotes);
	for (size_t i = 0; i < SUPERVISOR_NSIGNALS; i++)
		ev_signal_stop(supervisor->loop, &supervisor->signals[i]);
	pidfile_remove(&supervisor->pidfile);
	ev_loop_destroy(supervisor->loop);
	supervisor->loop = NULL;
}

void supervisor_done(struct supervisor *supervisor)
{
	if (!supervisor->config)
		return;
	if (supervisor->loop)
		done_parts(supervisor);
	config_free(supervisor->config);
	config_free(supervisor->latest);
	if (supervisor->applied) /* it outlives us */
		supervisor->main_log->daemon = NULL;
	config_free(supervisor->applied);
	config_settings_done(&supervisor->settings);
	supervisor->config = supervisor->latest = supervisor->applied = NULL;
}

static void start_zygotes(struct supervisor *supervisor)
{
	size_t n = supervisor->zygotes.n;

	for (size_t i = 0; i < n; i++) {
		struct error err = { { 0 } };
		int r = zygote_link_start(supervisor->zygotes.all[i], &err);

		if (r == 0) {
			supervisor->awaited++;
			continue;
		}
		log_critical("%s", err.text);
		if (supervisor->zygote_host.report_fd >= 0)
			dprintf(supervisor->zygote_host.report_fd, "Error: %s\n", err.text);
		supervisor_shutdown(supervisor, (enum exit_status)r);
		return;
	}
	if (n == 0)
		start_groups(supervisor);
}

enum exit_status supervisor_run(struct supervisor *supervisor, int ready_fd)
{
	struct error err = { { 0 } };

	supervisor->ready_fd = ready_fd;
	log_info("supervisord started with pid %d", (int)getpid());
	if (logs_start(&supervisor->logs, supervisor->main_log, &err) < 0) {
		log_critical("%s", err.text);
		return EXIT_CONFIG;
	}
	http_sockets_warn(supervisor->config, -1);
	supervisor->control_host.background = supervisor->zygote_host.background = ready_fd >= 0;
	if (supervisor->http.n)
		control_link_start(&supervisor->control);
	start_zygotes(supervisor);
	ev_run(supervisor->loop, 0);
	daemon_ready(&supervisor->ready_fd, supervisor->status);
	return supervisor->status;
}
