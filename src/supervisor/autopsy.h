/* autopsy.h - what a process that hangs is doing, read from outside.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_AUTOPSY_H
#define SUPERVISOR_AUTOPSY_H

#include <stddef.h>
#include <sys/types.h>

struct buf;

/* Appends one line: "state S (sleeping), in system call futex, the kernel waits in
 * futex_wait_queue"; what may not be read or is not there is left out.  Waits for nobody. */
void autopsy(pid_t pid, struct buf *to);

/* The parts that are pure.  stat: the state's letter of /proc/PID/stat, 0 if it is not to be found.
 * syscall: appends what /proc/PID/syscall says, -1 and *ret_fd = -1 if there is no fd in it. */
char autopsy_state(const char *stat);
void autopsy_syscall(const char *text, struct buf *to, int *ret_fd);

#endif
