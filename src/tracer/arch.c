/* arch.c - see arch.h.  System-call numbers and arguments need nothing here:
 * PTRACE_GET_SYSCALL_INFO (Linux 5.3) and libseccomp know them for every architecture. */
#include "tracer/arch.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <asm/prctl.h>
#endif

#if defined(__x86_64__)

int arch_thread_pointer(pid_t tid, uintptr_t *ret)
{
	long value;

	errno = 0;
	value = ptrace(PTRACE_PEEKUSER, tid, offsetof(struct user_regs_struct, fs_base), 0);
	if (errno)
		return -errno;
	*ret = (uintptr_t)value;
	return 0;
}

uintptr_t arch_own_thread_pointer(void)
{
	uintptr_t self;

	__asm__("mov %%fs:0, %0" : "=r"(self)); /* the TCB's first word points to itself (psABI) */
	return self;
}

void arch_set_own_thread_pointer(uintptr_t value)
{
	(void)syscall(SYS_arch_prctl, ARCH_SET_FS, value);
}

#elif defined(__aarch64__)

#ifndef NT_ARM_TLS
#define NT_ARM_TLS 0x401
#endif

int arch_thread_pointer(pid_t tid, uintptr_t *ret)
{
	uint64_t value[2] = { 0, 0 }; /* TPIDR_EL0 and, with SME, TPIDR2_EL0 */
	struct iovec iov = { value, sizeof(value) };

	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_ARM_TLS, &iov) < 0)
		return -errno;
	*ret = (uintptr_t)value[0];
	return 0;
}

uintptr_t arch_own_thread_pointer(void)
{
	uintptr_t self;

	__asm__("mrs %0, tpidr_el0" : "=r"(self));
	return self;
}

void arch_set_own_thread_pointer(uintptr_t value)
{
	__asm__ volatile("msr tpidr_el0, %0" : : "r"(value) : "memory");
}

#else
#error "forkserver's tracer knows x86-64 and aarch64; add your architecture to src/tracer/arch.c"
#endif
