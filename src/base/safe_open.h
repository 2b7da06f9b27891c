/* safe_open.h - opens files for writing whose directories others may have their hands in.
 * Runs in: logger, supervisor.
 *
 * A path is walked component by component, so that what was checked is what is opened.  A symbolic
 * link is followed only if it and the directory that it stands in belong to root or to our
 * effective user, and nobody else may write into that directory.  The last component is never
 * followed. */
#ifndef BASE_SAFE_OPEN_H
#define BASE_SAFE_OPEN_H

#include <sys/types.h>

struct error;
struct stat;

enum safe_create {
	SAFE_CREATE, /* opens what is there, or makes a file */
	SAFE_NEW,    /* there must be nothing of that name */
};

/* Opens the directory that the last component of an absolute path is in.  An O_PATH fd, fit for
 * openat(2), renameat(2) and their kind; *ret_name points into path.  Or -errno with err, which
 * names the component and says what to do. */
int safe_open_dir(const char *path, const char **ret_name, struct error *err);

/* Opens that component for writing: a regular file, a FIFO or a character device.  CLOEXEC; a FIFO
 * or device is nonblocking, and no terminal becomes the controlling one.  `path` is for messages.
 * *ret_st is what was opened. */
int safe_open_at(int dir, const char *path, enum safe_create create, mode_t mode,
		 struct stat *ret_st, struct error *err);

#endif
