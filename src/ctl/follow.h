/* follow.h - a log that is read while it grows.
 * Runs in: forkserverctl. */
#ifndef CTL_FOLLOW_H
#define CTL_FOLLOW_H

#include "ctl/http.h"

#include <stdbool.h>

struct ctl;

struct follow {
	int fd;           /* owned; -1 */
	const char *path; /* borrowed; of the URL */
	struct http_reader reader;
};

/* 0, or -1 after a message. */
int follow_start(struct follow *follow, struct ctl *ctl, const char *path);

/* Reads and prints what is there.  false: that was all. */
bool follow_step(struct follow *follow, struct ctl *ctl);

/* What the user has typed and not ended. */
struct foreground {
	char line[4096];
	size_t len;
};

/* Prints what a process writes and passes lines of our stdin on to it. */
void ctl_foreground(struct ctl *ctl, const char *name);

#endif
