/* pages.h - what the kernel is told about the memory of the zygote; workers inherit it.
 * Runs in: zygote. */
#ifndef ZYGOTE_PAGES_H
#define ZYGOTE_PAGES_H

#include <stddef.h>

struct error;
struct zygote_setup;

/* Before Python starts.  Whether the environment lets memory be shared at all.  0, or -1 with err.
 */
int pages_check(struct error *err);

/* The same.  Huge pages and merging as the set-up says.  What the kernel refuses is a warning on
 * standard error: all works without it. */
void pages_set(const struct zygote_setup *setup);

/* After the import.  Unmaps the pages of files that cannot be written to, program text above all:
 * the zygote runs next to nothing of it any more, a fork does not hand on what nobody has written
 * to, and the page cache keeps them, where workers map what they need.  How many bytes that were; 0
 * if the kernel does not say which they are. */
size_t pages_give_back(void);

#endif
