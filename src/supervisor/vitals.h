/* vitals.h - what is known of whether a process is ready, and whether it is well.
 * Runs in: supervisor.
 *
 * It comes from two sides: what the process says itself (process_notify.c), in datagrams to a
 * socket of its own, and what probes find out (process_probe.c).  What follows from that is decided
 * in process_vitals.c.
 *
 * Each process that is to say something has a socket of its own, not one for all: whose message it
 * is follows from the socket that it came to, even when its sender has exited by the time that it
 * is read, as a command such as systemd-notify may have; and a process that sends without end fills
 * its own queue and delays nobody else's WATCHDOG=1.
 *
 * It is larger than all the rest of a process, and most use none of it: only those have it that
 * do.  So who is not in these files asks the functions of process.h, which take every process. */
#ifndef SUPERVISOR_VITALS_H
#define SUPERVISOR_VITALS_H

#include "ipc/notify_socket.h"
#include "supervisor/backoff.h"
#include "supervisor/hook.h"
#include "supervisor/notify_message.h"
#include "supervisor/probe.h"
#include "supervisor/stack.h"

#include <ev.h>
#include <stdbool.h>

struct process;

/* One for a process whose configuration has `ready`, `watchdogsecs` or `health`. */
struct vitals {
	struct process *process; /* borrowed: whose they are */

	/* what it says itself */
	int socket; /* owned; -1: it is not to say anything */
	char address[NOTIFY_SOCKET_NAME_MAX];
	ev_io heard;
	ev_timer rest;                /* it said too much: until more of it is read */
	struct budget budget;         /* of messages that are read */
	bool slowed;                  /* that was said */
	unsigned long ignored;        /* messages of others, or that cannot be understood */
	char said[NOTIFY_STATUS_MAX]; /* its last STATUS=, or "" */
	bool leaving;                 /* it said STOPPING=1 */
	double extended_until;        /* EXTEND_TIMEOUT_USEC= counts up to then; the loop's clock */

	/* what probes find out; never two at once */
	struct probe probe;
	struct hook command; /* of PROBE_EXEC */
	ev_timer next;
	double asked_at;                 /* when the last one began; the loop's clock */
	double pause;                    /* STARTING: until the next one, seconds */
	bool awaited;                    /* the answer of the one that is being made is wanted */
	bool unable;                     /* that one could not be made was said */
	unsigned failures;               /* in a row */
	char failure[PROBE_FAILURE_MAX]; /* of the last one, or "" */

	ev_timer watchdog;      /* its next WATCHDOG=1 is overdue; or, leaving, its end */
	char why[256];          /* "" or why it is being ended, or was, until the next start */
	struct stack_job stack; /* of a worker that hangs, before it is ended */
	pid_t examined;         /* whose stack that is */
};

#endif
