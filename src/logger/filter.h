/* filter.h - what is done with output that is not simply copied: escape sequences, capture, lines.
 * Runs in: logger.  Pure, but for the time of day. */
#ifndef LOGGER_FILTER_H
#define LOGGER_FILTER_H

#include "logger/ansi.h"
#include "logger/capture.h"
#include "logger/lines.h"

struct batch;
struct log_stream;

/* Zero-initialised: at the beginning. */
struct filter {
	struct ansi ansi;
	struct capture capture;
	struct lines lines;
};

void filter_done(struct filter *filter);

/* Nothing to do for it: bytes go to the file as they are. */
bool filter_is_plain(const struct log_stream *stream);

/* Does the end of an unfinished line stay in the pipe? */
bool filter_leaves_partial(const struct log_stream *stream);

/* How much of a pipe to look at. */
size_t filter_chunk(const struct log_stream *stream);

/* Fills a batch from the bytes at the beginning of the pipe, which it may change; how many of them
 * it has dealt with.  0: it waits for more, unless `all`. */
size_t filter_fill(struct filter *filter, const struct log_stream *stream, struct batch *batch,
		   char *data, size_t len, bool all);

/* Another process writes from now on: what is unfinished is finished.  false: nothing was. */
bool filter_flush(struct filter *filter, const struct log_stream *stream, struct batch *batch);
void filter_reset(struct filter *filter); /* it begins outside of everything */

#endif
