/* ansi.h - takes terminal escape sequences out of text that comes in pieces.
 * Runs in: logger.  Pure.
 *
 * ECMA-48 as terminals do it: CSI sequences (colours, cursor), OSC, DCS, SOS, PM and APC strings,
 * and the short ones.  The one-byte forms are left alone, as they are parts of UTF-8 sequences. */
#ifndef LOGGER_ANSI_H
#define LOGGER_ANSI_H

#include <stddef.h>

enum ansi_state { ANSI_TEXT, ANSI_ESCAPE, ANSI_SHORT, ANSI_CSI, ANSI_STRING, ANSI_STRING_ESCAPE };

/* Zero-initialised: between sequences. */
struct ansi {
	enum ansi_state state;
};

/* Strips in place; the new length.  A sequence may end in a later piece.  A control character, and
 * so every end of a line, ends what was never finished. */
size_t ansi_strip(struct ansi *ansi, char *data, size_t len);

#endif
