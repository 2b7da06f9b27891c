/* pidfile.h - our pid in a file, and a lock on it that lasts as long as we do.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_PIDFILE_H
#define SUPERVISOR_PIDFILE_H

#include <sys/types.h>

struct error;

/* Zeroed with fd = -1 is none. */
struct pidfile {
	char *path; /* owned */
	int fd;     /* owned; locked (flock(2)) */
};

/* Writes it beside and renames it into place.  0; -EBUSY with err if a living forkserver has it;
 * other -errno with err. */
int pidfile_write(struct pidfile *pidfile, const char *path, struct error *err);

/* Removes the file if it is still ours. */
void pidfile_remove(struct pidfile *pidfile);

#endif
