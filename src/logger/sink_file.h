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

/* Is the file still the one that the path leads to? */
bool sink_file_in_place(const struct sink *sink);

/* Puts a new file into the sink; fd is taken over. */
void sink_file_use(struct sink *sink, int fd, const struct stat *st);

/* The last component of its path; borrowed. */
const char *sink_file_name(const struct sink *sink);

/* Rotates if it is time; `size` is that of the file.  Before a write, and after one. */
void sink_rotate_by_time(struct sink *sink, off_t size);
void sink_rotate_by_size(struct sink *sink, off_t size);
void sink_set_boundary(struct sink *sink, const struct stat *st); /* after opening */

/* Backups are compressed in a thread, one at a time. */
void sinks_compress_init(struct sinks *sinks);
void sinks_compress(struct sinks *sinks); /* begins with the next that needs it */
void sinks_stop_compressing(struct sinks *sinks);

ssize_t sink_file_write(struct sink *sink, const void *data, size_t len);

/* It cannot be written for this errno: -EBUSY. */
ssize_t sink_stall(struct sink *sink, int error);
void sink_works(struct sink *sink); /* it has been written to */

void sink_note(struct sink *sink, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
