/* process_state.h - supervisord's life cycle of a process as one table, without any process.
 * Runs in: supervisor.  Pure. */
#ifndef SUPERVISOR_PROCESS_STATE_H
#define SUPERVISOR_PROCESS_STATE_H

enum process_state {
	PROCESS_STOPPED,
	PROCESS_STARTING,
	PROCESS_RUNNING,
	PROCESS_BACKOFF,
	PROCESS_STOPPING,
	PROCESS_EXITED,
	PROCESS_FATAL,
	PROCESS_UNKNOWN,
	PROCESS_NSTATES
};

enum process_event {
	PROCESS_START,    /* somebody wants it to run */
	PROCESS_SPAWNED,  /* it has a pid */
	PROCESS_FAILED,   /* it could not be spawned */
	PROCESS_UP,       /* it has stayed up for startsecs, or is ready */
	PROCESS_EXIT,     /* its status was reaped */
	PROCESS_RETRY,    /* the back-off is over */
	PROCESS_GIVE_UP,  /* too many retries */
	PROCESS_STOP,     /* somebody wants it to stop */
	PROCESS_CANCELED, /* a spawn that was asked for will not happen */
	PROCESS_DEADLINE, /* it did not stop in time, or somebody is in a hurry */
	PROCESS_UNKILLED, /* a signal could not be sent */
	PROCESS_UNFIT,    /* it is not ready in time, or hangs */
	PROCESS_NEVENTS
};

/* What is to be done on the way into the next state. */
enum process_action {
	ACTION_NONE,
	ACTION_SPAWN,    /* start it, or ask the zygote to */
	ACTION_LET_GO,   /* the pid is known: let it run, wait for startsecs or until it is ready */
	ACTION_UP,       /* it counts as running */
	ACTION_BACK_OFF, /* wait, then retry; or give up */
	ACTION_GIVE_UP,
	ACTION_EXITED,   /* look at the status, perhaps start it again */
	ACTION_SIGNAL,   /* send stopsignal, set the deadline */
	ACTION_END,      /* the same for what nobody has asked to stop: its end is a failure */
	ACTION_KILL,     /* SIGKILL, set the deadline again */
	ACTION_STOPPED,  /* it is gone as wished */
	ACTION_CANCELED, /* it never came to be, as wished */
	ACTION_DISARM,   /* forget a planned restart */
	ACTION_LOST,     /* it cannot be signalled */
	PROCESS_NACTIONS
};

struct process_rule {
	enum process_action action;
	enum process_state next;
};

/* The rule, or NULL if the event means nothing in this state and is to be ignored. */
const struct process_rule *process_rule(enum process_state state, enum process_event event);

const char *process_state_name(enum process_state state); /* "RUNNING" */
const char *process_event_name(enum process_event event); /* "exit" */
int process_state_code(enum process_state state);         /* supervisord's number */

#endif
