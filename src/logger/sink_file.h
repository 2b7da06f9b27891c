/* sink_file.h - within sink_*.c: a sink that has a path.
 * Runs in: logger. */
#ifndef LOGGER_SINK_FILE_H
#define LOGGER_SINK_FILE_H

#include "base/log.h"
#include "base/safe_open.h"
#include "logger/sink.h"

/* Opens its directory, which tells which sink it is; then the file.  0 or -errno with err. */
int sink_file_find(struct sink *sink, struct error *err);
int sink_file_open(struct sink *sink, enum safe_create create, struct error *err);

ssize_t sink_file_write(struct sink *sink, const void *data, size_t len);

/* It cannot be written for this errno: -EBUSY. */
ssize_t sink_stall(struct sink *sink, int error);
void sink_works(struct sink *sink); /* it has been written to */

void sink_note(struct sink *sink, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
