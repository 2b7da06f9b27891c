/* pages.h - what the kernel is told about the memory of the zygote; workers inherit it.
 * Runs in: zygote, before Python starts. */
#ifndef ZYGOTE_PAGES_H
#define ZYGOTE_PAGES_H

struct error;
struct zygote_setup;

/* Whether the environment lets memory be shared at all.  0, or -1 with err. */
int pages_check(struct error *err);

/* Huge pages and merging as the set-up says.  What the kernel refuses is a warning on standard
 * error: all works without it. */
void pages_set(const struct zygote_setup *setup);

#endif
