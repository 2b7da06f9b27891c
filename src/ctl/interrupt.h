/* interrupt.h - ^C ends what waits, not the program.
 * Runs in: forkserverctl. */
#ifndef CTL_INTERRUPT_H
#define CTL_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

/* From interrupt_catch() to interrupt_release() SIGINT only ends a poll(2) and is remembered.  Not
 * one within the other. */
void interrupt_catch(struct sigaction *ret_before);
void interrupt_release(const struct sigaction *before);
bool interrupt_came(void);

#endif
