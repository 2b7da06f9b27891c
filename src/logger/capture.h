/* capture.h - what a program writes between two tags, for PROCESS_COMMUNICATION events.
 * Runs in: logger.  Pure. */
#ifndef LOGGER_CAPTURE_H
#define LOGGER_CAPTURE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define CAPTURE_BEGIN "<!--XSUPERVISOR:BEGIN-->"
#define CAPTURE_END "<!--XSUPERVISOR:END-->"
#define CAPTURE_MAX ((size_t)16 << 20) /* bytes, whatever is configured */

/* Zero-initialised: outside. */
struct capture {
	bool on;         /* between the tags */
	struct buf text; /* what came since the first one: the last bytes of it */
};

/* Looks for the next tag.  *ret_text bytes of data are text (of inside, or outside, as `on` says
 * before the call); returns how many are dealt with.  Then *ret_tag: a tag is the last of these.
 * What may be the beginning of a tag is not dealt with, unless `all`. */
size_t capture_find(const struct capture *capture, const char *data, size_t len, bool all,
		    size_t *ret_text, bool *ret_tag);

/* Keeps text, the last `max` bytes of it. */
void capture_keep(struct capture *capture, const void *text, size_t len, size_t max);
void capture_trim(struct capture *capture, size_t max);

void capture_reset(struct capture *capture); /* outside, with nothing kept */

#endif
