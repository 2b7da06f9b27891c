/* holes.h - free memory between what the import has left, filled up before the first fork.
 * Runs in: zygote, in its main thread.
 *
 * An allocator gives out again what was freed, wherever that lies.  In workers such holes are on
 * pages that they share: a small object in one of them copies its page.  With the holes filled,
 * what a worker allocates lies close together on pages of its own. */
#ifndef ZYGOTE_HOLES_H
#define ZYGOTE_HOLES_H

#include <stddef.h>

/* Takes all free blocks of pymalloc's, on pages that hold objects, and of the C library's heap, for
 * ever. Costs no memory, as the pages are there.  With other allocators it does nothing.  The bytes
 * that were taken. */
size_t holes_fill(void);

#endif
