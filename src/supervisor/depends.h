/* depends.h - which process must wait for which: depends_on, against what runs now.
 * Runs in: supervisor.  Pure: asks only. */
#ifndef SUPERVISOR_DEPENDS_H
#define SUPERVISOR_DEPENDS_H

#include <stdbool.h>
#include <stddef.h>

struct groups;
struct process;

/* Whether everything that it depends on is RUNNING: every process of a named program or group.  If
 * not, `note` says what it waits for: "waiting for db", or "waiting for db, which is FATAL" if that
 * will not come by itself. */
bool depends_met(const struct groups *groups, const struct process *process, char *note,
		 size_t size);

/* Who is meant by depends_needed(). */
enum depends_who {
	DEPENDS_ALL,      /* everybody who is not down */
	DEPENDS_CONDEMNED /* those of them that are to be stopped, too */
};

/* Whether a process that depends on it is not down yet: then its own turn to stop has not come. */
bool depends_needed(const struct groups *groups, const struct process *process,
		    enum depends_who who);

#endif
