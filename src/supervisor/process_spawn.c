/* process_spawn.c - how a process comes to be: fork and exec, or a request to its zygote.
 * See process.h. */
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/config.h"
#include "ipc/messages.h"
#include "supervisor/environment.h"
#include "supervisor/event_listener.h"
#include "supervisor/fcgi.h"
#include "supervisor/launch.h"
#include "supervisor/listeners.h"
#include "supervisor/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fill(struct spawn_ticket *ticket, const struct buf **body, int *fds, size_t *nfds,
		struct error *err);
static void answered(struct spawn_ticket *ticket, pid_t pid, int gate, const char *error,
		     bool blameless);

/* ---- made once ---- */

/* A worker of a zygote that is root becomes the program's user; any other zygote has its user
 * already. */
static int check_user(struct process *process, struct error *err)
{
	const struct config_program *program = process->program;
	const struct config_zygote *zygote = process->zygote ? process->zygote->config : NULL;
	struct user user = { 0 };
	int r = 0;

	if (!program->user)
		return 0;
	if (user_find(&process->user, program->user, err) < 0)
		return -1;
	if (geteuid() != 0 && !user_is_self(&process->user))
		return error_set(err, "user = %s: only root can start it as another user",
				 program->user);
	if (!zygote || !zygote->user)
		return 0;
	if (user_find(&user, zygote->user, err) < 0)
		return -1;
	if (user.uid != 0 && user.uid != process->user.uid)
		r = error_set(err,
			      "user = %s, but its zygote '%s' runs as %s; a worker has the user of "
			      "its zygote",
			      program->user, zygote->name, zygote->user);
	if (user.uid == process->user.uid)
		user_done(&process->user); /* there is nothing to change */
	user_done(&user);
	return r;
}

char *process_kind(const struct process *process)
{
	char *const *argv = process->config->argv;
	char *kind;

	/* not the whole command: processes of a program may differ in their numbers */
	return asprintf(&kind, "%s %s%s%s", process->program->name, argv[0], argv[1] ? " " : "",
			argv[1] ? argv[1] : "") < 0
		       ? NULL
		       : kind;
}

static int pack_request(struct process *process, struct error *err)
{
	const struct config_program *program = process->program;
	CLEANUP_FREE char *kind = process_kind(process);
	char *name = NULL;
	struct spawn_request request = {
		.kind = kind,
		.argv = process->config->argv,
		.environment = process->environment,
		.directory = process->config->directory,
		.placed = process->counter.number ? process->counter.numbers : program->socket_fds,
		.nplaced = process->counter.number ? process->counter.nnumbers : program->nplaced,
		.umask = program->umask,
		.setuid = process->user.name != NULL,
		.uid = process->user.uid,
		.gid = process->user.gid,
		.user = process->user.name,
	};

	if (asprintf(&name, "%s:%s", process->group, process->config->name) < 0)
		return error_set(err, "out of memory");
	request.name = name;
	request.sockets = calloc(program->nannounced + 1, sizeof(char *));
	for (size_t i = 0; request.sockets && i < program->nannounced; i++)
		request.sockets[i] = program->sockets[i];
	if (request.sockets)
		spawn_request_pack(&process->request, &request);
	else
		process->request.failed = true;
	free(request.sockets); /* not the names */
	free(name);
	return process->request.failed ? error_set(err, "out of memory") : 0;
}

static int make_environment(struct process *process)
{
	const struct config_program *program = process->program;
	const char *address = process_notify_address(process);
	struct environment_names names = { .process = process->config->name,
					   .group = process->group,
					   .program = program->name,
					   .number = process->config->num,
					   .generation = process->generation };
	CLEANUP_FREE char *url = NULL;
	char **made;

	if (environment_server_url(process->base, program, &url) < 0)
		return -ENOMEM;
	names.url = url;
	made = environment_program(&process->base->daemon,
				   process->zygote ? process->zygote->config->environment : NULL,
				   &names, process->config->environment);
	if (made &&
	    (!process->counter.number ||
	     environment_add_counter(&made, process->counter.number) == 0) &&
	    (!address || environment_add_notify(&made, address, program->watchdogsecs) == 0) &&
	    (process->zygote ||
	     environment_add_sockets(&made, program->sockets, program->nannounced) == 0))
		process->environment = environment_pack(made);
	strv_free(made);
	return process->environment ? 0 : -ENOMEM;
}

/* What each start is given: environment, request. */
static int prepare_start(struct process *process, struct error *err)
{
	if (counter_choose(&process->counter, process->program) < 0 ||
	    make_environment(process) < 0)
		return error_set(err, "out of memory");
	return process->zygote ? pack_request(process, err) : 0;
}

int process_prepare(struct process *process, struct error *err)
{
	process->ticket.fill = fill;
	process->ticket.done = answered;
	if (strv_len(process->program->sockets) > LAUNCH_FDS_MAX - 8)
		return error_set(err, "more than %d sockets", LAUNCH_FDS_MAX - 8);
	if (check_user(process, err) < 0)
		return -1;
	if (process_notify_open(process, err) < 0)
		return -1;
	if (process_logs_new(process, err) < 0)
		return -1;
	return prepare_start(process, err);
}

int process_prepare_again(struct process *process, struct error *err)
{
	char **environment = process->environment;
	struct buf request = process->request;
	int r;

	process->environment = NULL;
	process->request = (struct buf){ 0 };
	r = prepare_start(process, err);
	if (r < 0) { /* as it was */
		counter_done(&process->counter);
		free(process->environment);
		buf_done(&process->request);
		process->environment = environment;
		process->request = request;
		return r;
	}
	free(environment);
	buf_done(&request);
	return 0;
}

/* ---- for each start ---- */

/* All processes of the program have the same one, which outlives them as long as one is to come. */
static int open_fcgi(struct process *process, struct error *err)
{
	int fd;

	if (!process->fcgi)
		process->fcgi = fcgi_acquire(&process->host->fcgi_sockets, process->program, err);
	if (!process->fcgi)
		return -1;
	fd = fcntl(fcgi_fd(process->fcgi), F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? error_set(err, "fcntl(F_DUPFD): %s", strerror(errno)) : fd;
}

/* The socket that is to be standard input, as programs made for inetd(8) want it; NULL: none. */
static const char *stdin_socket(const struct config_program *program)
{
	size_t n = program->nannounced + program->nplaced;

	return strv_len(program->sockets) > n ? program->sockets[n] : NULL;
}

static int open_stdin_socket(const struct process *process, const char *name, struct error *err)
{
	int fd = fcntl(listeners_find(process->host->listeners, name), F_DUPFD_CLOEXEC, 3);

	return fd < 0 ? error_set(err, "fcntl(F_DUPFD): %s", strerror(errno)) : fd;
}

/* An open pipe without a writer but us, as supervisord gives: reading blocks, it is not the end. */
static int open_stdin(struct process *process, struct error *err)
{
	const char *socket = stdin_socket(process->program);
	int ends[2];

	if (process->program->kind == KIND_FCGI)
		return open_fcgi(process, err);
	if (socket)
		return open_stdin_socket(process, socket, err);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, "pipe: %s", strerror(errno));
	process_close_stdin(process);
	process->stdin_fd = ends[1];
	(void)fd_nonblock(ends[1], 1);
	return ends[0];
}

static void close_three(int *fds)
{
	for (int i = 0; i < 3; i++)
		fd_close(&fds[i]);
}

/* stdin, stdout and stderr of one start, owned by the caller.  0 or -errno with err. */
static int open_stdio(struct process *process, int *fds, struct error *err)
{
	int r;

	errno = EIO;
	fds[0] = open_stdin(process, err);
	if (fds[0] < 0)
		return -errno;
	r = process_logs_open(process, fds + 1, err);
	if (r < 0) {
		fd_close(&fds[0]);
		process_close_stdin(process);
	}
	return r;
}

/* Those that are not standard input: first what LISTEN_FDS counts; and behind them its counter. */
static size_t find_listeners(struct process *process, int *fds)
{
	const struct config_program *program = process->program;
	size_t n = program->nannounced + program->nplaced;

	for (size_t i = 0; i < n; i++)
		fds[i] = listeners_find(process->host->listeners, program->sockets[i]);
	process->listeners_at = process->host->listeners->generation;
	if (process->counter.number)
		fds[n++] = process->counter.fd;
	return n;
}

static int open_counter(struct process *process, struct error *err)
{
	int r = counter_open(&process->counter);

	if (r < 0)
		error_set(err, "cannot make a counter of its requests: %s", strerror(-r));
	return r;
}

static int fill(struct spawn_ticket *ticket, const struct buf **body, int *fds, size_t *nfds,
		struct error *err)
{
	struct process *process = container_of(ticket, struct process, ticket);
	int r = open_counter(process, err);

	if (r == 0)
		r = open_stdio(process, fds, err);
	if (r < 0)
		return r;
	*nfds = 3 + find_listeners(process, fds + 3);
	*body = &process->request;
	return 0;
}

static void fail(struct process *process, const char *why, bool no_fault)
{
	snprintf(process->spawnerr, sizeof(process->spawnerr), "%.*s",
		 (int)sizeof(process->spawnerr) - 1, why);
	log_info("spawnerr: %s", why);
	process_close_stdin(process);
	cgroup_close(&process->cgroup);
	process->no_fault = no_fault;
	process_handle(process, PROCESS_FAILED);
}

/* It has a pid.  It may have died already, or not be a child of ours at all: what runs application
 * code is not believed. */
static void born(struct process *process, pid_t pid)
{
	struct error err = { { 0 } };
	int status = 0;
	int r = reaper_watch(process->host->reaper, &process->watch, pid, &status);

	if (r == -ECHILD) {
		fd_close(&process->ticket.gate);
		fail(process, "the zygote named a pid that is no new child of ours", true);
		return;
	}
	if (r == 0 && process->zygote && process_limits_worker(process, pid, &err) < 0) {
		reaper_unwatch(process->host->reaper, &process->watch);
		fd_close(&process->ticket.gate); /* it exits */
		fail(process, err.text, false);
		return;
	}
	process->pid = pid;
	process_logs_born(process, pid);
	process->spawnerr[0] = '\0';
	metrics_started(process->host->metrics, &process->counters,
			process->zygote ? FORK_ZYGOTE : FORK_EXEC, clock_us());
	log_info("spawned: '%s' with pid %d", process->config->name, (int)pid);
	process_handle(process, PROCESS_SPAWNED);
	if (r == -ESRCH) {
		process->status = status;
		process_handle(process, PROCESS_EXIT);
	}
}

static void answered(struct spawn_ticket *ticket, pid_t pid, int gate, const char *error,
		     bool blameless)
{
	struct process *process = container_of(ticket, struct process, ticket);

	if (pid <= 0) {
		fail(process, error, blameless);
		return;
	}
	ticket->gate = gate;
	/* a spare may be of the zygote before the one that is being imported */
	process->zygote_start =
		process->zygote->state == ZYGOTE_READY ? process->zygote->starts : 0;
	born(process, pid);
}

void process_let_go(struct process *process)
{
	if (process->ticket.gate < 0)
		return;
	/* EPIPE: it is dead already, its status will say how */
	(void)!write(process->ticket.gate, "", 1);
	fd_close(&process->ticket.gate);
}

static bool is_blameless(int r)
{
	return r == -EAGAIN || r == -ENOMEM || r == -EMFILE || r == -ENFILE;
}

static void exec_program(struct process *process)
{
	char **environment = process->environment;
	int listeners[LAUNCH_FDS_MAX], stdio[3], r;
	struct error err = { { 0 } };
	CLEANUP_FREE char *path = launch_find(process->config->argv[0], environment, &err);
	struct launch what = {
		.path = path,
		.argv = process->config->argv,
		.environment = environment,
		.directory = process->config->directory,
		.user = process->user.name ? &process->user : NULL,
		.fds = listeners,
		.numbers = process->counter.number ? process->counter.numbers
						   : process->program->socket_fds,
		.nnumbers = process->counter.number ? process->counter.nnumbers
						    : process->program->nplaced,
		.umask = process->program->umask,
		.limits = process->program,
		.name = process->config->name,
		.cgroups = &process->cgroup.procs,
	};

	if (process->program->watchdogsecs)
		what.watchdog_pid = environment_entry(environment, "WATCHDOG_PID");
	if (process->program->nannounced)
		what.listen_pid = environment_entry(environment, "LISTEN_PID");
	r = path ? open_counter(process, &err) : -ENOENT;
	what.nfds = find_listeners(process, listeners);
	if (r == 0)
		r = process_limits_prepare(process, &err);
	if (r == 0 && process->cgroup.procs >= 0)
		what.ncgroups = 1;
	if (r == 0)
		r = open_stdio(process, stdio, &err);
	if (r == 0) {
		memcpy(what.stdio, stdio, sizeof(stdio));
		r = launch(&what, &err);
		close_three(stdio);
	}
	if (r < 0)
		fail(process, err.text, is_blameless(r));
	else
		born(process, r);
}

static void start(struct process *process)
{
	struct error err = { { 0 } };

	if (process->program->prestart && !process->prepared) {
		if (process_prestart(process, &err) < 0)
			fail(process, err.text, false);
		return;
	}
	process->prepared = false;
	metrics_asked(&process->counters, clock_us());
	process_notify_begin(process);
	if (process->zygote)
		zygote_link_spawn(process->zygote, &process->ticket);
	else
		exec_program(process);
}

/* A command that is not there shall not leave logs behind. */
static int check_command(const struct process *process, struct error *err)
{
	CLEANUP_FREE char *path = NULL;

	if (process->zygote)
		return 0;
	path = launch_find(process->config->argv[0], process->environment, err);
	return path ? 0 : -ENOENT;
}

void process_spawn(struct process *process)
{
	struct error err = { { 0 } };
	int r = 0;

	if (!process_logs_ready(process))
		r = check_command(process, &err);
	if (r == 0)
		r = process_logs_prepare(process, &err);
	if (r < 0)
		fail(process, err.text, is_blameless(r));
	else if (r == 0)
		start(process);
}

void process_spawn_resume(struct process *process, const char *why, bool blameless)
{
	if (why)
		fail(process, why, blameless);
	else
		start(process);
}

void process_spawn_cancel(struct process *process)
{
	process->awaits_logs = false;
	if (process->zygote)
		zygote_link_cancel(process->zygote, &process->ticket);
	process_close_stdin(process);
}
