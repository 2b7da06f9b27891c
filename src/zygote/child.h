/* child.h - the worker's side of the fork: becomes the command that was asked for.
 * Runs in: worker. */
#ifndef ZYGOTE_CHILD_H
#define ZYGOTE_CHILD_H

struct forker;
struct message;
struct spawn_request;

/* Never returns.  Called in the new process with the thread that has forked as its only one. */
_Noreturn void child_run(struct forker *forker, const struct spawn_request *request,
			 struct message *msg);

#endif
