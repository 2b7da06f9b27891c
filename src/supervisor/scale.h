/* scale.h - numbers of processes that were chosen while we run, in place of numprocs.
 * Runs in: supervisor.
 *
 * One lasts until the program's numprocs in the file is another one, or `forkserverctl reload`. */
#ifndef SUPERVISOR_SCALE_H
#define SUPERVISOR_SCALE_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

struct config;
struct config_program;
struct config_scale;
struct error;
struct group;
struct groups;
struct supervisor;

/* Most processes that can be asked for, unless numprocs is more: somebody's finger may slip. */
#define SCALE_MAX 1024

/* Embedded in the supervisor; zeroed is empty. */
struct scales {
	struct config_scale *all; /* owned */
	size_t n;
};

void scales_done(struct scales *scales);

/* Replaces a configuration that was just read by one with these numbers, if there are any; those
 * that it overrules are forgotten.  0, or -1 with messages and *config untouched. */
int scales_apply(struct scales *scales, struct config **config, struct buf *messages);

/* A program, by "program" or "group:program". */
struct scale_target {
	struct group *group; /* NULL: none, or `program` is in several groups */
	const struct config_program *program;
};
struct scale_target scale_find(const struct groups *groups, const char *name);

/* Begins to make it `number` processes; as reload_update() does, control_updated() follows.  0, or
 * -errno with err and nothing changed. */
int scale_begin(struct supervisor *supervisor, const struct scale_target *target, uint32_t number,
		struct error *err);

#endif
