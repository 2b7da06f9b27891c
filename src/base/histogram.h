/* histogram.h - how often something took how long, in buckets that are the same for all.
 * Runs in: every process.  Pure; allocates nothing. */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BOUNDS 15

/* The upper bounds of the buckets, inclusive, in microseconds; one bucket more has none. */
extern const uint32_t histogram_bounds_us[HISTOGRAM_BOUNDS];

/* Embedded; zeroed is empty. */
struct histogram {
	uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* of one bucket alone */
	uint64_t sum_us;
};

void histogram_add(struct histogram *histogram, int64_t us); /* below 0 counts as 0 */

#endif
