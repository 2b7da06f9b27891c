/* screen.h - a terminal that is drawn on again and again, and is as before afterwards.
 * Runs in: forkserverctl.
 *
 * All that is asked of a terminal is to clear, to go home, and to have an alternate screen, which
 * every one since the VT100 and xterm writes the same way: no terminfo, no curses.  Without a
 * terminal it is only a way to wait that ^C ends. */
#ifndef CTL_SCREEN_H
#define CTL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

enum screen_event {
	SCREEN_TIME,    /* the time is over */
	SCREEN_KEY,     /* the user has pressed `key` */
	SCREEN_RESIZED, /* draw again */
	SCREEN_END,     /* ^C, or another signal that ends us, or the terminal is gone */
};

/* One at a time.  `live`: stdin and stdout are a terminal, which is taken; otherwise nothing is
 * read and screen_draw() is not for you. */
void screen_open(bool live);

/* Gives the terminal and the signals back, and then takes a signal other than ^C that has come. */
void screen_close(void);

void screen_size(int *ret_width, int *ret_height);

/* Shows lines, the rest of the screen empty.  They must fit. */
void screen_draw(const char *text);

enum screen_event screen_wait(int timeout_ms, char *ret_key);

#endif
