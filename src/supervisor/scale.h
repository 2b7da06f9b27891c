/* scale.h - numbers of processes that were chosen while we run, in place of numprocs.
 * Runs in: supervisor.
 *
 * One lasts until the program's numprocs in the file is another one, or `forkserverctl reload`. */
#ifndef SUPERVISOR_SCALE_H
#define SUPERVISOR_SCALE_H

#include "config/config.h"

#include <stdint.h>

struct buf;
struct error;
struct group;
struct groups;
struct supervisor;

/* Most processes that can be asked for, unless numprocs is more: somebody's finger may slip. */
#define SCALE_MAX 1024

void scales_done(struct config_scales *scales); /* the supervisor's; zeroed is empty */

/* Replaces a configuration that was just read by one with these numbers, if there are any; those
 * that it overrules are forgotten.  0, or -1 with messages and *config untouched. */
int scales_apply(struct supervisor *supervisor, struct config **config, struct buf *messages);

/* A program, by "program" or "group:program". */
struct scale_target {
	struct group *group; /* NULL: none, or several */
	const struct config_program *program;
	const struct group *other; /* else NULL: the name may mean that of this group, too */
};
struct scale_target scale_find(const struct groups *groups, const char *name);

/* Begins to make it `number` processes; as reload_update() does, control_updated() follows.  0, or
 * -errno with err and nothing changed. */
int scale_begin(struct supervisor *supervisor, const struct scale_target *target, uint32_t number,
		struct error *err);

#endif
