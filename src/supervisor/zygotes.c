/* zygotes.c - see zygotes.h. */
#include "supervisor/zygotes.h"

#include "config/config.h"
#include "supervisor/spares.h"
#include "supervisor/zygote_link.h"

#include <stdlib.h>
#include <string.h>

static void destroy(struct zygote_link *link)
{
	struct config *base = link->base;

	zygote_link_done(link);
	config_free(base);
	free(link);
}

void zygotes_done(struct zygotes *zygotes)
{
	for (size_t i = 0; i < zygotes->n; i++)
		destroy(zygotes->all[i]);
	free(zygotes->all);
	memset(zygotes, 0, sizeof(*zygotes));
}

struct zygote_link *zygotes_add(struct zygotes *zygotes, struct zygote_host *host,
				struct config *base, const struct config_zygote *config)
{
	struct zygote_link **all =
		realloc(zygotes->all, (zygotes->n + 1) * sizeof(struct zygote_link *));
	struct zygote_link *link, *serving;

	if (!all)
		return NULL;
	zygotes->all = all;
	serving = zygotes_find(zygotes, config->name);
	link = calloc(1, sizeof(*link));
	if (!link)
		return NULL;
	zygote_link_init(link, host, config);
	link->base = config_ref(base);
	link->candidate = serving != NULL;
	link->generation = serving ? ++serving->latest : 1;
	link->latest = link->generation;
	zygotes->all[zygotes->n++] = link;
	return link;
}

struct zygote_link *zygotes_find(const struct zygotes *zygotes, const char *name)
{
	for (size_t i = 0; i < zygotes->n; i++)
		if (!zygotes->all[i]->leaving && !zygotes->all[i]->candidate &&
		    strcmp(zygotes->all[i]->config->name, name) == 0)
			return zygotes->all[i];
	return NULL;
}

void zygotes_promote(struct zygotes *zygotes, struct zygote_link *candidate)
{
	struct zygote_link *serving = zygotes_find(zygotes, candidate->config->name);

	if (serving) {
		serving->candidate = true;
		candidate->latest = serving->latest;
	}
	candidate->candidate = false;
}

void zygotes_dismiss(struct zygote_link *link)
{
	if (link->leaving)
		return;
	link->leaving = true;
	zygote_link_stop(link);
}

void zygotes_bury(struct zygotes *zygotes)
{
	size_t kept = 0;

	for (size_t i = 0; i < zygotes->n; i++) {
		struct zygote_link *link = zygotes->all[i];

		/* a process that is down for good still points to its own */
		if (link->leaving && !link->pid && !link->users && !link->holds &&
		    spares_are_down(link))
			destroy(link);
		else
			zygotes->all[kept++] = link;
	}
	zygotes->n = kept;
}

bool zygotes_are_down(const struct zygotes *zygotes)
{
	for (size_t i = 0; i < zygotes->n; i++)
		if (zygotes->all[i]->pid || !spares_are_down(zygotes->all[i]))
			return false;
	return true;
}

void zygotes_want_spares(struct zygotes *zygotes, const struct config *config)
{
	for (size_t i = 0; i < zygotes->n; i++) {
		struct zygote_link *link = zygotes->all[i];
		unsigned n = 0;

		for (size_t j = 0; j < config->nprograms; j++) {
			const char *name = config->programs[j].zygote;

			if (name && strcmp(name, link->config->name) == 0)
				n += config->programs[j].spare;
		}
		if (!link->leaving)
			zygote_link_want_spares(link, n);
	}
}

void zygotes_stop(struct zygotes *zygotes, bool kill)
{
	for (size_t i = 0; i < zygotes->n; i++)
		zygotes_dismiss(zygotes->all[i]);
	if (kill)
		zygotes_kill(zygotes);
}

void zygotes_kill(struct zygotes *zygotes)
{
	for (size_t i = 0; i < zygotes->n; i++)
		zygote_link_kill(zygotes->all[i]);
}
