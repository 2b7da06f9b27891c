/* stack_dump.h - what every thread of a running worker is doing: its Python stack, and the system
 * call that it is in, read from outside. Runs in: a zygote's program, started with --stack by the
 * supervisor, as the worker's user.
 *
 * A worker is a fork of a zygote, so our own program has CPython's structures and variables where
 * the worker has them, but for where the kernel has put the image. */
#ifndef TRACER_STACK_DUMP_H
#define TRACER_STACK_DUMP_H

#include <stdio.h>
#include <sys/types.h>

struct error;

/* Stops each thread of pid for as long as its stack is read (milliseconds), and lets it go on; one
 * that does not stop within a second hangs in the kernel, and is shown without a stack.  Waits in
 * system calls are restarted by the kernel, as after SIGCONT (signal(7)).
 *
 * 0; or -errno with err: -ESRCH: there is no such process, -EPERM: it may not be traced, -ENOEXEC:
 * it is no fork of a zygote of this very program. */
int stack_dump(pid_t pid, FILE *to, struct error *err);

#endif
