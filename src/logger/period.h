/* period.h - when a log file that is rotated by time is due.
 * Runs in: logger.  Pure, but for the time zone. */
#ifndef LOGGER_PERIOD_H
#define LOGGER_PERIOD_H

#include <stdint.h>
#include <time.h>

/* The first boundary after `t`: the next full hour, midnight, midnight before Monday, or midnight
 * before the first of a month, in local time.  LOG_NEVER: 0. */
time_t period_next(time_t t, uint32_t period); /* enum log_rotate_period */

#endif
