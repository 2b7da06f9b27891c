/* process.h - one supervised process: carries out what process_state.h decides.
 * Runs in: supervisor.  Never becomes the program: exec is launch.h's, fork is the zygote's.
 *
 * A pid stays valid for signals as long as we have not reaped it, and the reaper tells us before it
 * does; so a signal cannot hit a stranger that got the number. */
#ifndef SUPERVISOR_PROCESS_H
#define SUPERVISOR_PROCESS_H

#include "base/buf.h"
#include "supervisor/backoff.h"
#include "supervisor/cgroup.h"
#include "supervisor/counter.h"
#include "supervisor/demand.h"
#include "supervisor/hook.h"
#include "supervisor/meter.h"
#include "supervisor/metrics.h"
#include "supervisor/process_state.h"
#include "supervisor/reaper.h"
#include "supervisor/recycle.h"
#include "supervisor/sample.h"
#include "supervisor/user.h"
#include "supervisor/vitals.h"
#include "supervisor/zygote_link.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct config;
struct config_daemon;
struct config_process;
struct config_program;
struct error;
struct event_listener;
struct fcgi;
struct events;
struct listeners;
struct log_pipe;
struct logs;
struct process;
struct replace;

/* What every process needs of the supervisor; borrowed. */
struct process_host {
	struct ev_loop *loop;
	struct reaper *reaper;
	const struct config_daemon *daemon;
	const struct listeners *listeners;
	struct cgroups *cgroups;
	struct fcgi *fcgi_sockets; /* fcgi.h */
	struct events *events;
	/* on the way into process->state, before that state's action: its pid and its wait status
	 * are still those of what has just ended */
	void (*entering)(struct process_host *host, struct process *process,
			 enum process_state from);
	/* whether all that it depends on runs; else what it waits for */
	bool (*may_start)(struct process_host *host, const struct process *process, char *note,
			  size_t size);
	struct logs *logs;
	struct metrics *metrics;
	unsigned last_serial; /* of processes that came beside others */
	/* after every change of state */
	void (*changed)(struct process_host *host, struct process *process);
};

/* Somebody who waits for what becomes of a process; embedded.  changed() is called after everything
 * that happened to it, whether its state has changed or not, and may unwait itself, nobody else.
 * NULL: the process is no more, and the waiter is off. */
struct process_waiter {
	struct process_waiter *next;
	void (*changed)(struct process_waiter *waiter, struct process *process);
};

/* What an update has in store for it: reload_update.c. */
enum process_fate {
	FATE_STAY,
	FATE_RESTART,  /* when it is down another one takes its place, and is started */
	FATE_EXCHANGE, /* the same without a start */
	FATE_REMOVE,
};

/* Which part it has while one process replaces another: replace.h. */
enum process_role {
	ROLE_SLOT,    /* it is the one that its name means */
	ROLE_COMING,  /* it is being started to take another one's slot */
	ROLE_LEAVING, /* its slot is another one's; it is being stopped */
};

/* Most events that one event can bring: SPAWNED, UP and EXIT. */
#define PROCESS_PENDING 4

struct process {
	struct process_host *host;            /* borrowed */
	struct config *base;                  /* one reference: what the next two point into */
	const struct config_program *program; /* borrowed */
	const struct config_process *config;  /* borrowed */
	char *group;                          /* its name; owned */
	struct zygote_link *zygote;           /* borrowed; NULL: exec'd */
	struct event_listener *listener;      /* borrowed; NULL: it is no event listener */

	enum process_state state;
	enum process_event pending[PROCESS_PENDING]; /* see process_handle(); the next is first */
	unsigned npending;
	unsigned pending_at; /* where the next one goes in */
	bool handling;

	struct process_waiter *waiters; /* borrowed */
	enum process_fate fate;
	enum process_role role;
	struct replace *replace; /* borrowed; that it is a part of; NULL: none */
	unsigned serial;         /* how many have had the slot before it */
	unsigned generation;     /* of the code that it runs: FORKSERVER_GENERATION */
	bool revive;             /* it is started again as soon as it has stopped */

	pid_t pid; /* 0: none */
	struct reaper_watch watch;
	struct spawn_ticket ticket;
	ev_timer timer; /* startsecs or readysecs, back-off, or the stop deadline, as the state says
			 */
	struct vitals *vitals; /* owned; NULL: it is neither asked nor listened to */

	unsigned backoff;      /* spawns in a row that failed; supervisord's counter */
	unsigned blameless;    /* those of them that were not the process's fault */
	bool no_fault;         /* the failure that is being handled is such a one */
	struct budget budget;  /* of restarts, see process_actions.c */
	bool throttled;        /* that was said */
	bool restarts;         /* EXITED: it will be started again */
	bool condemned;        /* it will be stopped when its turn comes: order.h */
	bool held;             /* STARTING: it waits for what it depends on */
	struct hook hook;      /* prestart or poststop */
	bool hook_is_prestart; /* which of them */
	bool prepared;         /* prestart has succeeded for this start */
	char note[128];        /* "" or what it waits for, for people */
	bool measured;         /* its memory line was logged */
	uint64_t zygote_start; /* of its zygote, that it was forked by; 0: an earlier one */
	bool quiet;            /* nothing is started again: it is to go, or we are shutting down */

	int64_t started_us; /* CLOCK_MONOTONIC; 0: never */
	int64_t stopped_us;
	int status;         /* wait(2)'s, of the last exit */
	int exitstatus;     /* as supervisord shows it: of an end from RUNNING or STOPPING, -1: by a
			       signal; 0 again with the next start or an end that was too early */
	bool slain;         /* it was sent SIGKILL since it was started */
	char spawnerr[256]; /* "" or why the last start failed */

	struct process_counters counters;
	struct measured cost; /* as measured last */
	struct sample sample; /* the same */
	struct recycling recycling;
	struct drowse drowse;

	/* made once, so that a restart allocates nothing */
	struct user user;
	char **environment;       /* owned; environment_pack()'s */
	struct buf request;       /* packed spawn_request; with a zygote */
	struct log_pipe *logs[2]; /* stdout, stderr; owned; NULL: not logged */
	bool borrows_logs;        /* they are those of the one that it shares the slot with */
	bool awaits_logs;         /* STARTING: until the logger has them */
	struct fcgi *fcgi;        /* the socket that it holds; NULL: none */
	struct cgroup cgroup;     /* while it runs with memory_max */
	struct counter counter;   /* of its requests */
	unsigned listeners_at;    /* listeners.generation that its last start met */
	int stdin_fd;             /* write end of its stdin; owned; -1 */
	struct buf input;         /* what stdin has not taken yet, from input_sent on */
	size_t input_sent;
	ev_io input_watch; /* while there is such */
};

/* Where a process comes from; borrowed. */
struct process_source {
	struct config *base; /* what the next two point into; the process takes a reference */
	const char *group;   /* name; outlives the process */
	const struct config_program *program;
	const struct config_process *config;
	unsigned generation; /* without a zygote; 0: the first */
};

/* A new process in state STOPPED, or NULL with err. */
struct process *process_new(struct process_host *host, const struct process_source *source,
			    struct zygote_link *zygote, struct error *err);

/* The same as ROLE_COMING to the slot of `old`, and with its log pipes if both want the same. */
struct process *process_new_beside(struct process *old, const struct process_source *source,
				   struct zygote_link *zygote, struct error *err);
void process_free(struct process *process); /* stops the watchers; signals nothing; NULL is legal */

/* Everything that happens to a process comes in here.  What is done about an event may bring
 * further ones: they wait until the change of state has been told, so that everybody hears of the
 * changes in their order. */
void process_handle(struct process *process, enum process_event event);

/* Sends a signal to it alone, not with the intention to end it.  0, -ESRCH if it does not run, or
 * -errno. */
int process_signal(struct process *process, int signal);

/* process_stdin.c: hands bytes to its standard input, now or when it reads them.  0; -ESRCH: it
 * does not run, or is being stopped; -EPIPE: it reads no longer; -ENOBUFS: with these, more than
 * PROCESS_STDIN_MAX bytes would wait, and none of them was taken; or -errno. */
#define PROCESS_STDIN_MAX ((size_t)1 << 20)
int process_write_stdin(struct process *process, const void *data, size_t len);
void process_close_stdin(struct process *process);

void process_wait(struct process *process, struct process_waiter *waiter);
void process_unwait(struct process *process, struct process_waiter *waiter); /* off: legal */
void process_move_waiters(struct process *from, struct process *to);         /* they are told */

/* Whether its last exit status is one of exitcodes. */
bool process_exit_expected(const struct process *process);

/* Whether nothing runs and nothing is planned to. */
bool process_is_down(const struct process *process);

/* It may be down now, without a change of state: tells everybody who waits for that. */
void process_settled(struct process *process);

/* process_actions.c: carries out an action; may hand the process further events. */
void process_act(struct process *process, enum process_action action);
void process_established(struct process *process); /* a worker has begun */

/* process_spawn.c: what its workers have in common (struct spawn_request); malloc'ed, or NULL. */
char *process_kind(const struct process *process);

/* process_begin.c: starts it as soon as it may. */
void process_begin(struct process *process);
void process_recheck(struct process *process); /* it may be its turn, if it is held */
void process_forgo(struct process *process);   /* it is held no longer */

/* process_hooks.c.  prestart(): 0, then process_spawn_resume() or, if it was stopped meanwhile,
 * PROCESS_CANCELED follows; or -errno with err.  poststop(): process_settled() follows. */
void process_hooks_init(struct process *process);
int process_prestart(struct process *process, struct error *err);
void process_poststop(struct process *process);
bool process_is_preparing(const struct process *process); /* its prestart runs */

/* A command of the program's that is run beside it. */
struct process_command {
	struct hook *hook; /* borrowed */
	const char *text;  /* words_command() takes it; borrowed */
	unsigned seconds;  /* as hook_start() has them */
	unsigned grace;
	bool quiet; /* its stdout goes nowhere; else both go where the program's do */
};

/* Starts one as the program's user, in its place, with its limits.  0, or -errno with err. */
int process_command(struct process *process, const struct process_command *command,
		    struct error *err);

/* process_vitals.c, with its timers in vitals.h: whether it is ready, and whether it hangs.  new():
 * if its configuration wants that; 0, or -1 with err. */
int process_vitals_new(struct process *process, struct error *err);
void process_vitals_free(struct process *process);
void process_vitals_spawn(struct process *process);    /* why it was ended last is forgotten */
void process_vitals_begin(struct process *process);    /* it runs; UP follows when it is ready */
void process_vitals_late(struct process *process);     /* readysecs are over */
void process_vitals_up(struct process *process);       /* it is RUNNING: watch it from now on */
void process_vitals_stopping(struct process *process); /* from now on nothing is asked of it */
void process_vitals_gone(struct process *process);
void process_vitals_review(struct process *process);          /* its `health` may be another one */
bool process_is_unfit(const struct process *process);         /* and is being ended for that */
const char *process_why_unfit(const struct process *process); /* "" if it is not; borrowed */
const char *process_said(const struct process *process); /* its last STATUS=, or ""; borrowed */

/* For the two below: it is ready; it is alive; it is about to exit; it hangs, and why. */
void process_is_ready(struct process *process);
void process_vitals_alive(struct process *process);
void process_vitals_leaves(struct process *process);
void process_hangs(struct process *process, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* process_notify.c: what it says itself.  open(): 0 or -1.  address(): NULL if it has no socket. */
int process_notify_open(struct process *process, struct error *err);
const char *process_notify_address(const struct process *process); /* borrowed */
void process_notify_close(struct process *process);
void process_notify_begin(struct process *process); /* what comes from now on is of a new start */
void process_notify_read(struct process *process);  /* what has come already */
/* The deadline that begins now, of `seconds`, may be put off by EXTEND_TIMEOUT_USEC=. */
void process_notify_extensible(struct process *process, unsigned seconds);

/* process_probe.c: what others find out about it. */
void process_probe_init(struct process *process);
void process_probe_done(struct process *process);
void process_probe_plan(struct process *process, double seconds); /* until the next one */
void process_probe_cancel(struct process *process);

/* process_limits.c: opens its cgroup, if it has memory_max; puts a worker, which stands at its
 * gate, there and sets its limits.  0, or -errno with err. */
int process_limits_prepare(struct process *process, struct error *err);
int process_limits_worker(struct process *process, pid_t pid, struct error *err);

/* process_spawn.c: starts it, or asks for it; PROCESS_SPAWNED or PROCESS_FAILED follows. */
int process_prepare(struct process *process, struct error *err); /* 0 or -1 */
/* The same once more: its requests are to be counted from the next start on. */
int process_prepare_again(struct process *process, struct error *err);
void process_spawn(struct process *process);
void process_let_go(struct process *process);       /* opens the gate, if there is one */
void process_spawn_cancel(struct process *process); /* before it has a pid */
void process_spawn_resume(struct process *process, const char *why, bool blameless);

/* process_logs.c: what it writes.  prepare() is log_pipe_prepare()'s for both streams; then
 * process_spawn_resume() follows an answer of 1. */
int process_logs_new(struct process *process, struct error *err);      /* 0 or -1 */
void process_logs_share(struct process *process, struct process *old); /* in place of new() */
void process_logs_adopt(struct process *process, struct process *old); /* they are its own now */
void process_logs_drop(struct process *process);
bool process_logs_ready(const struct process *process); /* no answer is to be waited for */
int process_logs_prepare(struct process *process, struct error *err);
void process_logs_answered(struct process *process, const char *why, bool blameless);
int process_logs_open_plain(struct process *process, int fds[2], struct error *err); /* of a hook */
int process_logs_open(struct process *process, int fds[2], struct error *err); /* 0 or -errno */
void process_logs_born(struct process *process, pid_t pid);

#endif
