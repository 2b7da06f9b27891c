/* top_frame.h - what `top` shows at one time, as text.
 * Runs in: forkserverctl.  Pure. */
#ifndef CTL_TOP_FRAME_H
#define CTL_TOP_FRAME_H

#include <stdbool.h>

struct buf;
struct usage;

struct top_view {
	int width, height; /* of the screen; 0: everything is shown */
	const char *clock; /* "12:34:56" */
	bool bold;         /* the heading stands out, on a terminal */
};

/* Lines, the last one without its end.  `usage` is sorted. */
void top_frame(struct buf *to, const struct usage *usage, const struct top_view *view);

/* "0:07", "59:59", "1:00:00", "3d04h"; "-" if it is negative. */
void top_add_duration(struct buf *to, int width, double seconds);

#endif
