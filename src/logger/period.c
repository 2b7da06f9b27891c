/* period.c - see period.h. */
#include "logger/period.h"

#include "ipc/log_messages.h"

#define HOUR 3600

/* Hours are counted off without mktime(3), to which an hour that comes twice in autumn is one. */
static time_t next_hour(time_t t, const struct tm *tm)
{
	return t - tm->tm_min * 60 - tm->tm_sec + HOUR;
}

time_t period_next(time_t t, uint32_t period)
{
	struct tm tm;
	time_t next;

	if (period == LOG_NEVER || !localtime_r(&t, &tm))
		return 0;
	if (period == LOG_HOURLY)
		return next_hour(t, &tm);
	if (period == LOG_MONTHLY) {
		tm.tm_mon++;
		tm.tm_mday = 1;
	} else if (period == LOG_WEEKLY) {
		tm.tm_mday += tm.tm_wday == 0 ? 1 : 8 - tm.tm_wday;
	} else {
		tm.tm_mday++;
	}
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	next = mktime(&tm); /* where midnight does not exist: an hour off at the most */
	return next > t ? next : t + 24 * HOUR;
}
