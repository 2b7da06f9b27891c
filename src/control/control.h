/* control.h - the control process: HTTP servers on one side, the supervisor on the other.
 * Runs in: control. */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include "control/call.h"
#include "control/flash.h"
#include "control/hangup.h"
#include "control/link.h"
#include "control/logtail.h"
#include "control/metrics_text.h"
#include "ipc/control_messages.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

struct message;
struct server;

struct control {
	struct ev_loop *loop; /* owned */
	struct control_setup setup;
	struct link link;
	struct call_host host;
	struct server *servers; /* owned */
	size_t nservers;
	struct hangup hangup;
	struct logtails logtails;
	struct flash flash;
	struct metrics_http http;
	size_t nexchanges;  /* requests that are being read, worked on or answered */
	size_t body_bytes;  /* held of their bodies */
	char hostname[256]; /* "" if it is not known */
	bool ending;        /* the supervisor has gone */
	ev_timer last;      /* then: how long answers may take to leave */
	ev_prepare check;
	int status; /* of the process */
};

/* Takes the channel's end.  `setup` is the message MESSAGE_CONTROL_SETUP, whose fds it takes.  0 or
 * -errno; control_done() in any case. */
int control_init(struct control *control, int channel, struct message *setup);
int control_run(struct control *control); /* until the supervisor has gone; the exit status */
void control_done(struct control *control);

#endif
