/* groups.c - see groups.h. */
#include "supervisor/groups.h"

#include "config/config.h"
#include "supervisor/group.h"
#include "supervisor/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void groups_done(struct groups *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		group_free(groups->all[i]);
	free(groups->all);
	memset(groups, 0, sizeof(*groups));
}

static int compare(const struct group *left, const struct group *right)
{
	if (left->config->priority != right->config->priority)
		return left->config->priority < right->config->priority ? -1 : 1;
	return strcmp(left->name, right->name);
}

/* An insertion sort: a list is short, sorted but for one, or both. */
void groups_sort(struct groups *groups)
{
	for (size_t i = 1; i < groups->n; i++) {
		struct group *group = groups->all[i];
		size_t at = i;

		for (; at > 0 && compare(groups->all[at - 1], group) > 0; at--)
			groups->all[at] = groups->all[at - 1];
		groups->all[at] = group;
	}
}

int groups_add(struct groups *groups, struct group *group)
{
	if (groups->n == groups->room) {
		size_t room = groups->room ? 2 * groups->room : 16;
		struct group **all = realloc(groups->all, room * sizeof(struct group *));

		if (!all)
			return -ENOMEM;
		groups->all = all;
		groups->room = room;
	}
	groups->all[groups->n++] = group;
	groups_sort(groups);
	return 0;
}

void groups_remove(struct groups *groups, struct group *group)
{
	size_t i = 0;

	while (i < groups->n && groups->all[i] != group)
		i++;
	if (i == groups->n)
		return;
	groups->n--;
	memmove(&groups->all[i], &groups->all[i + 1], (groups->n - i) * sizeof(struct group *));
	group_free(group);
}

struct group *groups_find(const struct groups *groups, const char *name)
{
	for (size_t i = 0; i < groups->n; i++)
		if (strcmp(groups->all[i]->name, name) == 0)
			return groups->all[i];
	return NULL;
}

struct namespec groups_lookup(const struct groups *groups, const char *name)
{
	const char *colon = strchr(name, ':');
	size_t len = colon ? (size_t)(colon - name) : strlen(name);
	const char *process = colon ? colon + 1 : name;
	struct namespec found = { .whole = colon && (!*process || strcmp(process, "*") == 0) };

	for (size_t i = 0; i < groups->n && !found.group; i++)
		if (strlen(groups->all[i]->name) == len &&
		    memcmp(groups->all[i]->name, name, len) == 0)
			found.group = groups->all[i];
	if (found.group && !found.whole)
		found.process = group_find(found.group, process);
	return found;
}
