/* rotate.h - the names of a log file's backups: NAME.1 is the newest; compressed ones end in .gz.
 * Runs in: logger.  Works within one directory, and follows no link. */
#ifndef LOGGER_ROTATE_H
#define LOGGER_ROTATE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/* Room for "NAME.4294967295.gz" and a NUL. */
#define ROTATE_NAME_MAX (NAME_MAX + 16)

/* Makes NAME the newest backup, and every backup one older; the oldest of `backups` (> 0) is
 * removed.  Nothing that is younger is lost if it fails half-way: a number that is free stops the
 * shift.  0 or -errno. */
int rotate_shift(int dir, const char *name, unsigned backups);

/* Undoes the last step: NAME.1 is NAME again, if there is none. */
void rotate_undo(int dir, const char *name);

/* The newest backup that is to be compressed: not NAME.1, which a reader may still be at.  Opened
 * for reading; -1: none.  *ret_number is which. */
int rotate_find_plain(int dir, const char *name, unsigned backups, unsigned *ret_number);

/* The temporary file in which NAME's backups are compressed. */
void rotate_temporary(char to[ROTATE_NAME_MAX], const char *name);

/* Puts the temporary file in the place of the backup with this inode, whichever number that has by
 * now.  0; -ENOENT: it is gone. */
int rotate_replace(int dir, const char *name, unsigned backups, dev_t dev, ino_t ino);

#endif
