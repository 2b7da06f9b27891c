/* walk.c - see walk.h. */
#include "supervisor/walk.h"

#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/process.h"
#include "supervisor/zygote_link.h"
#include "supervisor/zygotes.h"

void walk_begin(struct walk *walk)
{
	walk->group = walk->process = walk->zygote = 0;
}

void walk_step(struct walk *walk)
{
	if (walk->group < walk->groups->n)
		walk->process++;
	else
		walk->zygote++;
}

static bool at_zygote(const struct walk *walk, struct walk_item *ret)
{
	struct zygote_link *link;

	if (walk->zygote >= walk->zygotes->n)
		return false;
	link = walk->zygotes->all[walk->zygote];
	*ret = (struct walk_item){ link->pid, &link->cost, &link->sample };
	return link->pid != 0;
}

bool walk_at(const struct walk *walk, struct walk_item *ret)
{
	const struct group *group;
	struct process *process;

	if (walk->group >= walk->groups->n)
		return at_zygote(walk, ret);
	group = walk->groups->all[walk->group];
	if (walk->process >= group->n)
		return false;
	process = group->processes[walk->process];
	*ret = (struct walk_item){ process->pid, &process->cost, &process->sample };
	return process->pid != 0;
}

bool walk_find(struct walk *walk, struct walk_item *ret)
{
	for (; walk->group < walk->groups->n; walk->group++, walk->process = 0)
		for (; walk->process < walk->groups->all[walk->group]->n; walk->process++)
			if (walk_at(walk, ret))
				return true;
	for (; walk->zygote < walk->zygotes->n; walk->zygote++)
		if (walk_at(walk, ret))
			return true;
	return false;
}
