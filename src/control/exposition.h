/* exposition.h - Prometheus' text format, version 0.0.4, written into a buffer.
 * Runs in: control.  Pure.
 *
 * All samples of a family stand together, behind its HELP and TYPE; who writes sees to that, and to
 * names that the format allows. */
#ifndef CONTROL_EXPOSITION_H
#define CONTROL_EXPOSITION_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct histogram;

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct label {
	const char *name, *value;
};

void exposition_family(struct buf *to, const char *name, const char *type, const char *help);

/* One sample.  Values of labels are escaped; in them, what is no UTF-8 becomes U+FFFD. */
void exposition_count(struct buf *to, const char *name, const struct label *labels, size_t n,
		      uint64_t value);
void exposition_seconds(struct buf *to, const char *name, const struct label *labels, size_t n,
			uint64_t us);

/* All samples of one histogram of durations; at most EXPOSITION_LABELS_MAX labels. */
#define EXPOSITION_LABELS_MAX 4
void exposition_histogram(struct buf *to, const char *name, const struct label *labels, size_t n,
			  const struct histogram *histogram);

#endif
