/* check_depends.c - see load.h: depends_on must lead somewhere, and to an end. */
#include "base/buf.h"
#include "base/util.h"
#include "config/load.h"
#include "config/suggest.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum mark { UNSEEN, ON_PATH, FINISHED };

/* A walk along depends_on, from every program. */
struct walk {
	struct loader *loader;
	const struct config *config;
	const struct config_group **groups; /* of each program; owned */
	unsigned char *marks;               /* enum mark of each program; owned */
	size_t *path;                       /* programs from the start to here; owned */
	size_t depth;
	bool found; /* a cycle */
};

static bool leads_to(const struct walk *walk, const char *name, size_t program)
{
	return config_is_named(name, walk->groups[program], &walk->config->programs[program]);
}

static void unknown_name(struct walk *walk, const struct place *place, const char *name)
{
	const struct config *config = walk->config;
	size_t n = 0;
	const char **names = calloc(config->nprograms + config->ngroups + 1, sizeof(*names));
	const char *near;

	for (size_t i = 0; names && i < config->nprograms; i++)
		names[n++] = config->programs[i].name;
	for (size_t i = 0; names && i < config->ngroups; i++)
		names[n++] = config->groups[i].name;
	near = suggest(name, names, n);
	notes_error(&walk->loader->notes, place, "there is no program and no group called %s%s%s%s",
		    name, near ? "; did you mean " : "; correct the name", near ? near : "",
		    near ? "?" : "");
	free(names);
}

static void add_name(struct buf *text, const struct walk *walk, size_t program)
{
	const char *name = walk->config->programs[program].name;

	if (strcmp(walk->groups[program]->name, name) != 0)
		buf_printf(text, "%s:", walk->groups[program]->name);
	buf_addstr(text, name);
}

/* From the program's first occurrence on the path, round to it again. */
static void tell_cycle(struct walk *walk, const struct place *place, size_t program)
{
	struct buf text = { 0 };
	size_t i = 0;

	while (walk->path[i] != program)
		i++;
	for (; i < walk->depth; i++) {
		add_name(&text, walk, walk->path[i]);
		buf_addstr(&text, " -> ");
	}
	add_name(&text, walk, program);
	notes_error(&walk->loader->notes, place,
		    "none of these could ever start, as each waits for the next: %s; remove one of "
		    "the dependencies",
		    buf_str(&text));
	buf_done(&text);
	walk->found = true;
}

static void visit(struct walk *walk, size_t program);

static void follow(struct walk *walk, const struct place *place, const char *name)
{
	bool known = false;

	for (size_t i = 0; i < walk->config->nprograms; i++) {
		if (!walk->groups[i] || !leads_to(walk, name, i))
			continue;
		known = true;
		if (walk->marks[i] == UNSEEN)
			visit(walk, i);
		else if (walk->marks[i] == ON_PATH && !walk->found)
			tell_cycle(walk, place, i);
	}
	if (!known)
		unknown_name(walk, place, name);
}

static void visit(struct walk *walk, size_t program)
{
	const struct config_program *p = &walk->config->programs[program];
	struct place place =
		check_place(walk->loader, check_section(walk->loader, &p->where), "depends_on");

	walk->marks[program] = ON_PATH;
	walk->path[walk->depth++] = program;
	for (size_t i = 0; p->depends_on && p->depends_on[i]; i++)
		follow(walk, &place, p->depends_on[i]);
	walk->depth--;
	walk->marks[program] = FINISHED;
}

void check_depends(struct loader *loader)
{
	const struct config *config = loader->config;
	size_t n = config->nprograms + 1;
	struct walk walk = { .loader = loader,
			     .config = config,
			     .groups = calloc(n, sizeof(*walk.groups)),
			     .marks = calloc(n, 1),
			     .path = calloc(n, sizeof(*walk.path)) };

	for (size_t g = 0; walk.groups && g < config->ngroups; g++)
		for (size_t i = 0; i < config->groups[g].nprograms; i++)
			walk.groups[config->groups[g].programs[i]] = &config->groups[g];
	for (size_t i = 0; walk.groups && walk.marks && walk.path && i < config->nprograms; i++)
		if (walk.groups[i] && walk.marks[i] == UNSEEN)
			visit(&walk, i);
	free(walk.groups);
	free(walk.marks);
	free(walk.path);
}
