/* pagemap.h - which pages of the zygote's private mappings a process has, and what is behind them.
 * Runs in: zygote. */
#ifndef ZYGOTE_PAGEMAP_H
#define ZYGOTE_PAGEMAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* One that is present. */
struct page {
	uintptr_t start;
	bool writable; /* its mapping is, in the zygote */
	bool of_file;  /* it is as its file has it; or of shared memory */
	bool alone;    /* no other process has it */
};

/* Calls visit for each page that process `pid` has at the addresses of our own private mappings, in
 * their order.  0, or -errno if the kernel does not say. */
int pagemap_visit(pid_t pid, void (*visit)(void *arg, const struct page *page), void *arg);

/* Bytes. */
uintptr_t pagemap_page_size(void);

#endif
