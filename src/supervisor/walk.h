/* walk.h - goes through all processes and zygotes, one after the other, over many turns of the
 * loop.
 * Runs in: supervisor.
 *
 * A reload between two steps may move some of them, so that one is met twice or is left out: who
 * walks goes round again anyway, and compares pids. */
#ifndef SUPERVISOR_WALK_H
#define SUPERVISOR_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct groups;
struct measured;
struct sample;
struct zygotes;

/* Embedded; zeroed but for the first two it stands at the beginning. */
struct walk {
	const struct groups *groups;   /* borrowed */
	const struct zygotes *zygotes; /* borrowed */
	size_t group, process, zygote;
};

/* One that runs, and where what is found out about it is kept; valid until the loop turns. */
struct walk_item {
	pid_t pid;
	struct measured *measured;
	struct sample *sample;
};

void walk_begin(struct walk *walk);
void walk_step(struct walk *walk); /* past the one where it is */

/* The one where it is.  false: nobody is there, or it does not run. */
bool walk_at(const struct walk *walk, struct walk_item *ret);

/* Goes on to the first that runs, from where it is, which counts.  false: none is left. */
bool walk_find(struct walk *walk, struct walk_item *ret);

#endif
