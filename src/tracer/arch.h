/* arch.h - everything that differs between processor architectures.
 * Runs in: tracer. */
#ifndef TRACER_ARCH_H
#define TRACER_ARCH_H

#include <stdint.h>
#include <sys/types.h>

/* The thread pointer of a stopped tracee (x86-64: fs_base; aarch64: TPIDR_EL0).  0 or -errno. */
int arch_thread_pointer(pid_t tid, uintptr_t *ret);

/* The thread pointer of the calling thread. */
uintptr_t arch_own_thread_pointer(void);

#endif
