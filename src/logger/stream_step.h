/* stream_step.h - within stream*.c: one piece of output.
 * Runs in: logger. */
#ifndef LOGGER_STREAM_STEP_H
#define LOGGER_STREAM_STEP_H

#include "logger/stream.h"

/* Moves one piece on. */
enum stream_step stream_step(struct stream *stream);

#endif
