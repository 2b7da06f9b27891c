/* flash.h - what an action on a page has led to, kept for the page that the browser is sent to
 * next.  A text in its address could be anybody's.  Runs in: control. */
#ifndef CONTROL_FLASH_H
#define CONTROL_FLASH_H

#include <stddef.h>

#define FLASH_MAX 64 /* the oldest is forgotten */
#define FLASH_KEY 17

struct flash {
	struct {
		char key[FLASH_KEY];
		char *text; /* owned; NULL: none */
	} notes[FLASH_MAX];
	size_t next;
};

/* Keeps a copy; its key, borrowed, or NULL if there is no memory. */
const char *flash_keep(struct flash *flash, const char *text);
const char *flash_find(const struct flash *flash, const char *key); /* NULL: none; borrowed */
void flash_done(struct flash *flash);

#endif
