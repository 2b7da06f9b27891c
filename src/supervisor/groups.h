/* groups.h - all groups in the order of starting, and processes found by their names.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_GROUPS_H
#define SUPERVISOR_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

struct group;
struct process;

/* Embedded; zeroed is empty. */
struct groups {
	struct group **all; /* owned; by (priority, name) */
	size_t n;
	size_t room;
};

void groups_done(struct groups *groups); /* frees all of them */

/* Takes the group over.  0 or -ENOMEM, then it is still the caller's.  Its name must be new. */
int groups_add(struct groups *groups, struct group *group);
void groups_remove(struct groups *groups, struct group *group); /* frees it */
void groups_sort(struct groups *groups); /* after a change of priorities; keeps what is equal */

struct group *groups_find(const struct groups *groups, const char *name);

/* What "process", "group:process", "group:" or "group:*" names, as supervisord reads it: a process
 * without a group is that of the group of the same name. */
struct namespec {
	struct group *group;     /* NULL: there is none of that name */
	struct process *process; /* NULL: the whole group, or there is none of that name */
	bool whole;              /* the whole group is meant */
};
struct namespec groups_lookup(const struct groups *groups, const char *name);

#endif
