/* prefault.h - the pages that a worker is going to write to, copied in one go.
 * Runs in: zygote, workers.
 *
 * A worker shares the zygote's memory and copies a page when it first writes to it, and with
 * reference counts nearly all that it looks at is written to: one to two thousand exceptions until
 * it serves, each of which costs more than the copy.  The workers of a kind do the same things
 * first, on the same addresses; so what the first one has copied when it runs, the next ones copy
 * before they begin, with a call for each stretch of pages (MADV_POPULATE_WRITE, Linux 5.14).
 *
 * It is a guess, and never more: pages are populated with what they hold.  Where the kernel or
 * /proc does not play along nothing is learned, and pages are copied when they are written to.
 * Pages of files, which a fork does not hand on, are mapped likewise. */
#ifndef ZYGOTE_PREFAULT_H
#define ZYGOTE_PREFAULT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PREFAULT_KINDS_MAX 64                 /* further ones are not remembered */
#define PREFAULT_BYTES_MAX ((size_t)64 << 20) /* of memory; of files the rest is left out */

struct prefault_set;

/* Embedded; zeroed knows nothing. */
struct prefault {
	struct prefault_set *sets; /* owned */
	size_t nsets;
};

void prefault_done(struct prefault *prefault);

/* In the zygote.  What its worker `pid` has for itself by now, of the memory that the zygote can
 * write to, is what the next workers of this kind are going to need.  How many pages they will
 * copy.  Or nothing is: -EEXIST, there is a model of the kind already, and those who
 * have followed it are none; -EOPNOTSUPP, the kernel cannot populate; -ENODATA, it has nothing of
 * its own; -EFBIG, more than PREFAULT_BYTES_MAX; -ENOSPC, too many kinds; or what /proc says.
 * -EFBIG and that it may not be seen are for good. */
ssize_t prefault_learn(struct prefault *prefault, const char *kind, pid_t pid);

/* In a worker of that kind. */
void prefault_apply(const struct prefault *prefault, const char *kind);

#endif
