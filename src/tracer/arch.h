/* arch.h - everything that differs between processor architectures.
 * Runs in: tracer, zygote. */
#ifndef TRACER_ARCH_H
#define TRACER_ARCH_H

#include <stdint.h>
#include <sys/types.h>

/* The thread pointer of a stopped tracee (x86-64: fs_base; aarch64: TPIDR_EL0).  0 or -errno. */
int arch_thread_pointer(pid_t tid, uintptr_t *ret);

/* The thread pointer of the calling thread. */
uintptr_t arch_own_thread_pointer(void);

/* Makes the calling thread use another thread's control block, whose owner must not run. */
void arch_set_own_thread_pointer(uintptr_t value);

/* What a registration with rseq(2) must name on this architecture, linux/rseq.h. */
#if defined(__aarch64__)
#define ARCH_RSEQ_SIGNATURE 0xd428bc00u
#else
#define ARCH_RSEQ_SIGNATURE 0x53053053u
#endif

#endif
