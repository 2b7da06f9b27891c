/* heap.h - the objects that the import has left: kept out of what makes workers copy their pages.
 * Runs in: zygote, in its main thread, before the first fork.
 *
 * A page that workers share is copied for each of them when it is written to.  The collector writes
 * into the header of every object that it looks at: gc.freeze(), in worker.py.  And every use of an
 * object writes its reference count: immortal objects (PEP 683) have none. */
#ifndef ZYGOTE_HEAP_H
#define ZYGOTE_HEAP_H

#include <stdint.h>

struct heap_counts {
	uint64_t frozen;      /* objects that the collector does not see */
	uint64_t immortal;    /* objects that were made immortal */
	uint64_t immortal_us; /* what that took, in microseconds */
};

/* Makes immortal what gc.freeze() has hidden, and all that can be reached from there: nothing of it
 * is ever freed.  The rest stays as it is, also where memory is short.  Adds to *counts. */
void heap_immortalize(struct heap_counts *counts);

#endif
