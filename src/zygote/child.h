/* child.h - the worker's side of the fork: becomes the command that was asked for.
 * Runs in: worker. */
#ifndef ZYGOTE_CHILD_H
#define ZYGOTE_CHILD_H

struct forker;

/* Never returns.  Called in the new process, whose only thread is, or has become, the main one. */
_Noreturn void child_run(struct forker *forker);

#endif
