/* check.c - see load.h: names, and what concerns more than one key. */
#include "base/strv.h"
#include "base/util.h"
#include "config/array.h"
#include "config/load.h"
#include "config/suggest.h"
#include "config/types.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct place check_place(const struct loader *loader, const struct dialect_section *section,
			 const char *key)
{
	const struct dialect_option *option = dialect_get(&loader->dialect, section, key);

	return (struct place){ .file = option ? option->file : section->file,
			       .line = option ? option->line : section->line,
			       .section = section->name,
			       .key = key };
}

bool check_name(struct loader *loader, const struct place *place, const char *name)
{
	size_t bad = strcspn(name, " :/\t\r\n");

	if (!*name)
		notes_error(&loader->notes, place, "Invalid name: '' is empty");
	else if (name[bad])
		notes_error(&loader->notes, place,
			    "Invalid name: '%s' because of character: '%c'; use letters, digits, _ "
			    "and -",
			    name, name[bad]);
	return *name && !name[bad];
}

char *check_header(struct loader *loader, const struct dialect_section *section)
{
	struct place place = { section->file, section->line, section->name, NULL };
	const char *name = schema_name(section->name);
	size_t len;
	char *text;

	while (isspace((unsigned char)*name))
		name++;
	len = strlen(name);
	while (len && isspace((unsigned char)name[len - 1]))
		len--;
	text = strndup(name, len);
	if (!text) {
		notes_error(&loader->notes, &place, "out of memory");
	} else if (!check_name(loader, &place, text)) {
		free(text);
		text = NULL;
	}
	return text;
}

const struct dialect_section *check_section(const struct loader *loader,
					    const struct config_where *where)
{
	for (size_t i = 0; i < loader->dialect.nsections; i++) {
		const struct dialect_section *s = &loader->dialect.sections[i];

		if (s->line == where->line && strcmp(s->file, where->file) == 0)
			return s;
	}
	return NULL;
}

/* "; did you mean …?", "; there is …" or "; there is none", for a name that is not among `names`.
 */
static void not_found(struct loader *loader, const struct place *place, const char *kind,
		      const char *name, const char *const *names, size_t n)
{
	const char *near = suggest(name, names, n);

	if (near)
		notes_error(&loader->notes, place, "there is no [%s:%s]; did you mean %s?", kind,
			    name, near);
	else
		notes_error(&loader->notes, place,
			    "there is no [%s:%s]; add the section or correct the name", kind, name);
}

static void no_zygote(struct loader *loader, const struct place *place, const char *name)
{
	const struct config *config = loader->config;
	const char **names = calloc(config->nzygotes + 1, sizeof(*names));

	for (size_t i = 0; names && i < config->nzygotes; i++)
		names[i] = config->zygotes[i].name;
	not_found(loader, place, "zygote", name, names, names ? config->nzygotes : 0);
	free(names);
}

static void no_socket(struct loader *loader, const struct place *place, const char *name)
{
	const struct config *config = loader->config;
	const char **names = calloc(config->nsockets + 1, sizeof(*names));

	for (size_t i = 0; names && i < config->nsockets; i++)
		names[i] = config->sockets[i].name;
	not_found(loader, place, "socket", name, names, names ? config->nsockets : 0);
	free(names);
}

static void check_users(struct loader *loader, const struct place *place,
			const struct config_program *program, const struct config_zygote *zygote)
{
	uid_t mine, its;

	if (!program->user || !zygote->user || config_user_id(program->user, &mine) < 0 ||
	    config_user_id(zygote->user, &its) < 0 || mine == its)
		return;
	notes_error(&loader->notes, place,
		    "the program is to run as %s, but its zygote %s runs as %s, and what has given "
		    "up its privileges cannot take another user's; remove the line, or give the "
		    "program a zygote of its own with user = %s",
		    program->user, zygote->name, zygote->user, program->user);
}

/* A listener in the middle of an event has nobody to hand it to. */
static void check_not_replaced(struct loader *loader, const struct config_program *program)
{
	const struct dialect_section *section = check_section(loader, &program->where);
	const struct {
		const char *key;
		bool given;
	} keys[] = {
		{ "maxage", program->maxage },
		{ "maxuss", program->maxuss },
		{ "maxpss", program->maxpss },
		{ "maxrss", program->maxrss },
		{ "max_requests", program->max_requests },
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct place place = check_place(loader, section, keys[i].key);

		if (keys[i].given)
			notes_error(
				&loader->notes, &place,
				"an event listener is not replaced while it runs; remove the "
				"line, or let it exit after an event: autorestart brings it back");
	}
}

static void check_program(struct loader *loader, const struct config_program *program)
{
	const struct dialect_section *section = check_section(loader, &program->where);
	const struct config_zygote *zygote = NULL;
	struct place place = check_place(loader, section, "zygote");

	if (program->zygote) {
		zygote = config_find_zygote(loader->config, program->zygote);
		if (!zygote)
			no_zygote(loader, &place, program->zygote);
	}
	place = check_place(loader, section, "spare");
	if (program->spare && !program->zygote)
		notes_error(
			&loader->notes, &place,
			"only workers of a zygote are forked before they are wanted; add zygote "
			"= NAME, or remove the line");
	if (program->kind == KIND_LISTENER)
		check_not_replaced(loader, program);
	place = check_place(loader, section, "user");
	if (zygote)
		check_users(loader, &place, program, zygote);
	place = check_place(loader, section, "sockets");
	for (size_t i = 0; program->sockets && program->sockets[i]; i++) {
		if (!config_find_socket(loader->config, program->sockets[i]))
			no_socket(loader, &place, program->sockets[i]);
		for (size_t k = 0; k < i; k++)
			if (strcmp(program->sockets[i], program->sockets[k]) == 0)
				notes_error(&loader->notes, &place,
					    "%s is named twice; a socket is passed once",
					    program->sockets[i]);
	}
}

/* Whether an empty field comes from a value that has had its note already. */
static bool value_refused(const struct loader *loader, const struct dialect_section *section,
			  const char *key)
{
	const struct dialect_option *option = dialect_get(&loader->dialect, section, key);

	return option && option->value.len;
}

/* What the collector may look at has to have true reference counts. */
static void check_immortalize(struct loader *loader, const struct config_zygote *zygote)
{
	const struct dialect_section *section = check_section(loader, &zygote->where);
	struct place place = check_place(loader, section, "immortalize");

	if (zygote->immortalize && !zygote->gc_freeze)
		notes_error(&loader->notes, &place,
			    "needs gc_freeze = yes, as the collector must not look at what is "
			    "immortal; take one of the two lines away");
}

static void check_zygote(struct loader *loader, const struct config_zygote *zygote)
{
	const struct dialect_section *section = check_section(loader, &zygote->where);
	struct place place = check_place(loader, section, "preload");
	bool used = false;

	check_immortalize(loader, zygote);
	for (size_t i = 0; i < loader->config->nprograms; i++) {
		const char *name = loader->config->programs[i].zygote;

		used = used || (name && strcmp(name, zygote->name) == 0);
	}
	if (strv_len(zygote->preload) || value_refused(loader, section, "preload"))
		return;
	if (used)
		notes_error(
			&loader->notes, &place,
			"no module is named; write preload = MODULE, such as shop.wsgi, so that "
			"there is something to share");
	else
		notes_warning(&loader->notes, &place,
			      "no module is named; the zygote imports nothing");
}

void check_zygotes(struct loader *loader)
{
	for (size_t i = 0; i < loader->config->nzygotes; i++)
		check_zygote(loader, &loader->config->zygotes[i]);
}

static void check_socket(struct loader *loader, const struct config_socket *socket)
{
	const struct dialect_section *section = check_section(loader, &socket->where);
	struct place place = check_place(loader, section, "listen");

	if (!socket->listen && !value_refused(loader, section, "listen"))
		notes_error(&loader->notes, &place,
			    "is missing; write listen = tcp://HOST:PORT, unix:///PATH, "
			    "udp://HOST:PORT or systemd:NAME");
	for (const struct config_socket *other = loader->config->sockets; other < socket; other++)
		if (socket->listen && other->listen && strcmp(socket->listen, other->listen) == 0)
			notes_error(&loader->notes, &place,
				    "%s is that of [socket:%s] already; use that one's name",
				    socket->listen, other->name);
}

struct named {
	const char *name;
	const struct config_program *program;
};

static int compare_named(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static void same_name(struct loader *loader, const struct config_group *group,
		      const struct named *one, const struct named *other)
{
	const struct dialect_section *section = check_section(loader, &other->program->where);
	struct place place = check_place(loader, section, "process_name");

	notes_error(
		&loader->notes, &place,
		"two processes of group %s are called %s (the other is of program %s); give one "
		"another process_name",
		group->name, one->name, one->program->name);
}

/* In a group every process has a name of its own. */
static void check_group(struct loader *loader, const struct config_group *group)
{
	struct named *all = NULL;
	size_t n = 0;

	for (size_t i = 0; i < group->nprograms; i++) {
		const struct config_program *p = &loader->config->programs[group->programs[i]];

		for (size_t k = 0; k < p->nprocesses; k++) {
			struct named *named;

			if (!p->processes[k].name)
				continue; /* refused, with a note */
			named = array_append((void **)&all, &n, sizeof(*named));
			if (named)
				*named = (struct named){ p->processes[k].name, p };
		}
	}
	if (n)
		qsort(all, n, sizeof(*all), compare_named);
	for (size_t i = 1; i < n; i++)
		if (compare_named(&all[i - 1], &all[i]) == 0)
			same_name(loader, group, &all[i - 1], &all[i]);
	free(all);
}

void check_config(struct loader *loader)
{
	const struct config *config = loader->config;

	for (size_t i = 0; i < config->nprograms; i++)
		check_program(loader, &config->programs[i]);
	check_zygotes(loader);
	for (size_t i = 0; i < config->nsockets; i++)
		check_socket(loader, &config->sockets[i]);
	check_sockets(loader);
	for (size_t i = 0; i < config->ngroups; i++)
		check_group(loader, &config->groups[i]);
	check_depends(loader);
}
