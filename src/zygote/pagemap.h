/* pagemap.h - which pages of the zygote's private mappings a process has, and what is behind them.
 * Runs in: zygote. */
#ifndef ZYGOTE_PAGEMAP_H
#define ZYGOTE_PAGEMAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Pages that are present, follow each other in one mapping, and are alike. */
struct pages {
	uintptr_t start, end; /* addresses */
	bool writable;        /* the mapping is, in the zygote */
	bool of_file;         /* they are as their file has them; or of shared memory */
	bool alone;           /* of no file, and no other process has them */
};

/* Calls visit for all pages that process `pid` has at the addresses of our own private mappings, in
 * their order.  0, or -errno if the kernel does not say. */
int pagemap_visit(pid_t pid, void (*visit)(void *arg, const struct pages *pages), void *arg);

/* Bytes. */
uintptr_t pagemap_page_size(void);

#endif
