/* histogram.c - see histogram.h. */
#include "base/histogram.h"

/* A fork takes one or two milliseconds, a start behind a back-off or an import many seconds. */
const uint32_t histogram_bounds_us[HISTOGRAM_BOUNDS] = {
	500,    1000,   2500,    5000,    10000,   25000,    50000,    100000,
	250000, 500000, 1000000, 2500000, 5000000, 10000000, 60000000,
};

void histogram_add(struct histogram *histogram, int64_t us)
{
	uint64_t value = us > 0 ? (uint64_t)us : 0;
	unsigned i = 0;

	while (i < HISTOGRAM_BOUNDS && value > histogram_bounds_us[i])
		i++;
	histogram->counts[i]++;
	histogram->sum_us += value;
}
