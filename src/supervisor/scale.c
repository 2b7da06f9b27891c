/* scale.c - see scale.h. */
#include "supervisor/scale.h"

#include "base/error.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/supervisor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void scale_done(struct config_scale *scale)
{
	free(scale->group);
	free(scale->program);
}

void scales_done(struct config_scales *scales)
{
	for (size_t i = 0; i < scales->n; i++)
		scale_done(&scales->all[i]);
	free(scales->all);
	memset(scales, 0, sizeof(*scales));
}

static const struct config_program *find_program(const struct config *config,
						 const struct config_scale *scale)
{
	const struct config_group *group = config_find_group(config, scale->group);

	for (size_t i = 0; group && i < group->nprograms; i++)
		if (strcmp(config->programs[group->programs[i]].name, scale->program) == 0)
			return &config->programs[group->programs[i]];
	return NULL;
}

/* ---- after the file was read ---- */

static void forget_overruled(struct config_scales *scales, const struct config *config)
{
	size_t n = 0;

	for (size_t i = 0; i < scales->n; i++) {
		struct config_scale *scale = &scales->all[i];
		const struct config_program *program = find_program(config, scale);

		if (program && program->numprocs == scale->from) {
			scales->all[n++] = *scale;
			continue;
		}
		if (program)
			log_info("%s: numprocs is %u now, so it is not scaled to %u any more",
				 scale->program, (unsigned)program->numprocs, (unsigned)scale->to);
		scale_done(scale);
	}
	scales->n = n;
}

int scales_apply(struct supervisor *supervisor, struct config **config, struct buf *messages)
{
	struct config_scales *scales = &supervisor->scales;
	struct buf again = { 0 }; /* its warnings were given when it was read */
	struct config *scaled;
	int r;

	forget_overruled(scales, *config);
	if (!scales->n)
		return 0;
	r = config_scaled(*config, &supervisor->settings, scales, &scaled, &again);
	if (r < 0)
		buf_add(messages, again.data, again.len);
	buf_done(&again);
	if (r < 0)
		return -1;
	config_free(*config);
	*config = scaled;
	return 0;
}

/* ---- a new number ---- */

struct scale_target scale_find(const struct groups *groups, const char *name)
{
	const char *colon = strchr(name, ':');
	const char *program = colon ? colon + 1 : name;
	struct scale_target found = { NULL, NULL, NULL };

	for (size_t i = 0; i < groups->n; i++) {
		struct group *group = groups->all[i];
		struct config_scale wanted = { group->name, (char *)(uintptr_t)program, 0, 0 };
		const struct config_program *its;

		if (colon && (strlen(group->name) != (size_t)(colon - name) ||
			      memcmp(group->name, name, (size_t)(colon - name)) != 0))
			continue;
		its = find_program(group->base, &wanted);
		if (its && found.group)
			return (struct scale_target){ NULL, its, group };
		if (its)
			found = (struct scale_target){ group, its, NULL };
	}
	return found;
}

static int copy(struct config_scale *to, const char *group, const char *program)
{
	to->group = strdup(group);
	to->program = strdup(program);
	return to->group && to->program ? 0 : -ENOMEM;
}

/* The same with another number for one program; 0 or -ENOMEM. */
static int with(const struct config_scales *scales, const struct scale_target *target,
		uint32_t number, struct config_scales *ret)
{
	const char *group = target->group->name, *program = target->program->name;
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	ret->all = calloc(scales->n + 1, sizeof(struct config_scale));
	if (!ret->all)
		return -ENOMEM;
	for (size_t i = 0; i < scales->n && r == 0; i++) {
		const struct config_scale *scale = &scales->all[i];

		if (strcmp(scale->group, group) == 0 && strcmp(scale->program, program) == 0)
			continue;
		ret->all[ret->n] = (struct config_scale){ NULL, NULL, scale->from, scale->to };
		r = copy(&ret->all[ret->n++], scale->group, scale->program);
	}
	if (r == 0 && number != target->program->numprocs) {
		ret->all[ret->n] =
			(struct config_scale){ NULL, NULL, target->program->numprocs, number };
		r = copy(&ret->all[ret->n++], group, program);
	}
	if (r < 0)
		scales_done(ret);
	return r;
}

static int make(const struct supervisor *supervisor, struct config *config,
		const struct config_scales *scales, struct config **ret, struct error *err)
{
	struct buf messages = { 0 };
	int r = config_scaled(config, &supervisor->settings, scales, ret, &messages);
	const char *text = buf_str(&messages);

	if (r < 0) /* the first of them says enough */
		error_set(err, "%.*s", (int)strcspn(text, "\n"), text);
	buf_done(&messages);
	return r;
}

/* What was read last counts it as well, or the next `update` would take it back. */
static int make_latest(struct supervisor *supervisor, struct config *target,
		       const struct config *base, const struct config_scales *scales,
		       struct error *err)
{
	struct config *latest;

	if (base == supervisor->latest)
		latest = config_ref(target);
	else if (make(supervisor, supervisor->latest, scales, &latest, err) < 0)
		return -1;
	config_free(supervisor->latest);
	supervisor->latest = latest;
	return 0;
}

/* What its processes were made of last: a reload may have been later than the group. */
static struct config *base_of(const struct scale_target *target)
{
	const struct group *group = target->group;

	for (size_t i = 0; i < group->n; i++)
		if (strcmp(group->processes[i]->program->name, target->program->name) == 0)
			return group->processes[i]->base;
	return group->base;
}

int scale_begin(struct supervisor *supervisor, const struct scale_target *target, uint32_t number,
		struct error *err)
{
	const struct config_program *program = target->program;
	uint32_t max = program->numprocs > SCALE_MAX ? program->numprocs : SCALE_MAX;
	struct config *config = NULL;
	struct config_scales scales;
	int r = -EINVAL;

	if (program->kind != KIND_PROGRAM)
		return error_set(err,
				 "%s cannot be scaled, only a [program:*] can: change its numprocs "
				 "and update",
				 program->name);
	if (number > max)
		return error_set(err, "%u processes of %s are too many: 0 to %u", (unsigned)number,
				 program->name, (unsigned)max);
	if (supervisor->reload.target)
		return error_set(err, "an update is under way; ask again when it has ended");
	if (with(&supervisor->scales, target, number, &scales) < 0)
		return error_set(err, "out of memory");
	r = make(supervisor, base_of(target), &scales, &config, err);
	if (r == 0)
		r = make_latest(supervisor, config, base_of(target), &scales, err);
	if (r == 0) {
		log_info("%s: scaled from %zu to %u processes (numprocs = %u)", program->name,
			 program->nprocesses, (unsigned)number, (unsigned)program->numprocs);
		scales_done(&supervisor->scales);
		supervisor->scales = scales;
		reload_to(supervisor, target->group->name, config);
	} else {
		scales_done(&scales);
	}
	config_free(config);
	return r;
}
