/* daemon.h - what the supervisor does to its own process before it supervises anything.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_DAEMON_H
#define SUPERVISOR_DAEMON_H

struct config_daemon;
struct error;

/* Makes sure that fds 0, 1 and 2 are open, so that no other file ever gets these numbers. */
void daemon_open_stdio(void);

/* Goes into the background.  Returns in the new process with the fd that daemon_ready() takes; the
 * old process waits for it and exits with the status that is told there.  -1 with err. */
int daemon_detach(struct error *err);

/* Tells the waiting process how the start ended, and lets go of the terminal.  fd may be -1. */
void daemon_ready(int *fd, int status);

/* [supervisord] minfds, minprocs, directory, user and umask, in this order, and the settings that
 * supervision needs (child subreaper, SIGPIPE).  0, or -1 with err. */
int daemon_apply(const struct config_daemon *daemon, struct error *err);

#endif
