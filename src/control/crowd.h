/* crowd.h - one operation on every process of a group, or on all: a question for each, the results
 * in the order in which they come.  Runs in: control. */
#ifndef CONTROL_CROWD_H
#define CONTROL_CROWD_H

#include <stdbool.h>
#include <stddef.h>

struct call;

/* The method's operation for each process of the group whose name is the first `len` bytes of
 * `group` (NULL: of all), in the order of priority, unless its state makes that pointless.
 * Finishes the call, later. */
void crowd_begin(struct call *call, const char *group, size_t len, bool wait, const char *signal);

#endif
