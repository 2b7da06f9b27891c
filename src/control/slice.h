/* slice.h - parts of log files, after the rules of supervisord's readFile() and tailFile().
 * Runs in: control. */
#ifndef CONTROL_SLICE_H
#define CONTROL_SLICE_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

/* No answer holds more of a file, whatever was asked for: the first bytes of a range, the last of a
 * tail. */
#define SLICE_MAX (INT64_C(8) << 20)

/* A negative offset counts from the end, and length must be 0; length 0 is the rest of the file.
 * Appends the bytes.  0; -EINVAL: bad arguments; other -errno: the file cannot be read. */
int slice_read(int fd, int64_t offset, int64_t length, struct buf *to);

struct slice_tail {
	int64_t size; /* of the file */
	bool overflow;
};

/* At most `length` bytes up to the end.  0, or -errno with offset as the size, as supervisord. */
int slice_tail(int fd, int64_t offset, int64_t length, struct buf *to, struct slice_tail *ret);

#endif
