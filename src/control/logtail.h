/* logtail.h - logs that clients follow (/logtail, /mainlogtail): the end of the file, and then what
 * is added, over truncation and rotation.  Runs in: control.
 *
 * A client that reads slowly holds nothing up: bytes wait in the file.  The file's name is the
 * supervisor's: whether another file has taken the old one's place is found out by asking for the
 * log again, at once if the old one was deleted, and now and then while nothing is added. */
#ifndef CONTROL_LOGTAIL_H
#define CONTROL_LOGTAIL_H

#include <ev.h>
#include <stddef.h>

#define LOGTAIL_MAX 256 /* at a time */

struct logtail;

struct logtails {
	struct ev_loop *loop;  /* borrowed */
	struct logtail *first; /* borrowed from their exchanges */
	size_t n;
	ev_timer timer; /* runs while there are any */
};

void logtails_init(struct logtails *logtails, struct ev_loop *loop);
void logtails_done(struct logtails *logtails);

#endif
