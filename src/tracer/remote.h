/* remote.h - reading the memory of a traced process.
 * Runs in: tracer. */
#ifndef TRACER_REMOTE_H
#define TRACER_REMOTE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads len bytes at addr of process pid.  0, -EFAULT if any byte is unmapped, or -errno
 * (-EPERM: the process has made itself unreadable, prctl(2) PR_SET_DUMPABLE). */
int remote_read(pid_t pid, uintptr_t addr, void *to, size_t len);

/* Reads two ranges with one system call. */
int remote_read2(pid_t pid, uintptr_t addr1, void *to1, size_t len1, uintptr_t addr2, void *to2,
		 size_t len2);

/* Reads up to the NUL or max - 1 bytes; always terminates.  0 or -errno. */
int remote_string(pid_t pid, uintptr_t addr, char *to, size_t max);

int remote_write(pid_t pid, uintptr_t addr, const void *from, size_t len);

#endif
