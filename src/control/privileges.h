/* privileges.h - what the process that parses strangers' bytes may not do.
 * Runs in: control. */
#ifndef CONTROL_PRIVILEGES_H
#define CONTROL_PRIVILEGES_H

struct error;

/* As root: becomes user "forkserver", or "nobody", for good.  For everybody: no new privileges, no
 * core, no processes, no tracing, no working directory.  0, or -1 with the failed
 * call in err: then nothing may be served. */
int privileges_drop(struct error *err);

#endif
