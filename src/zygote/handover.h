/* handover.h - lets the worker go on as the thread that imported the application.
 * Runs in: zygote, workers.
 *
 * In filter mode the importing main thread can never lose its filter, so another thread forks
 * (zygote/main.c).  The new process has that thread's registers, but all of the main thread's
 * memory: its stack, its thread control block, its thread-local storage.  What makes a thread the
 * main one, in user space, is just two registers, and so the worker takes them over:
 *
 *   main thread   handover_park(): keeps its context ► parked for ever, with the GIL
 *   middle process, a vfork() child of the fork thread
 *                 handover_fork(): thread pointer = main's ► libc's fork() ► _exit()
 *   worker        ........................................ ► longjmp() to the kept context
 *
 * The thread pointer is changed before the fork, so that libc's fork() in the child treats the main
 * thread as the survivor: it sets its tid, keeps its place in the list of threads (dl_stack_user in
 * glibc's nptl) and registers its robust list.  pthread_self(), every thread-local variable of
 * every library, the Python thread state, the stack and its limit are then those that the import
 * had; libraries that remember the importing thread (gevent, Django's database connections) find it
 * again. */
#ifndef ZYGOTE_HANDOVER_H
#define ZYGOTE_HANDOVER_H

#include <setjmp.h>
#include <stdint.h>
#include <sys/types.h>

struct handover {
	jmp_buf context;          /* of the main thread, in handover_park() */
	uintptr_t thread_pointer; /* of the main thread; 0: the main thread itself forks */
};

/* In the main thread: keeps its context and calls parked(arg), which must never return.  In a
 * worker this call of the main thread returns. */
void handover_park(struct handover *handover, void (*parked)(void *), void *arg);

/* libc's fork(), to be called in a vfork() child of the forking thread; the parent gets the pid or
 * -errno.  The child continues in handover_park(), or here with 0 if the main thread itself forks.
 */
pid_t handover_fork(struct handover *handover);

#endif
