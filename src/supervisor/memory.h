/* memory.h - what a process costs in memory, counted as sharing demands.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_MEMORY_H
#define SUPERVISOR_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

/* Bytes, from /proc/PID/smaps_rollup (proc(5), Linux 4.14). */
struct memory {
	uint64_t private_bytes; /* its own: USS */
	uint64_t shared_bytes;  /* mapped by others too, file pages and forked memory */
	uint64_t forked_bytes;  /* of these, what no file has: shared since a fork */
	uint64_t pss_bytes;     /* private plus its fair part of what is shared */
};

/* 0 or -errno (-EACCES without the right to look into that process). */
int memory_read(pid_t pid, struct memory *ret);

/* The same for a text of that format; 0 or -EINVAL. */
int memory_parse(const char *text, struct memory *ret);

#endif
