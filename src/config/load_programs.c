/* load_programs.c - see load.h: programs of every kind with their processes, and groups.
 *
 * group_name may occur in a program's values, so a program that two groups name is built twice. */
#include "base/error.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/array.h"
#include "config/load.h"
#include "config/schema.h"
#include "config/suggest.h"
#include "config/words.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_MAX_DEFAULT 300 /* seconds; of backoff = exponential */

/* In the order in which programs that no group names are read. */
static const struct kind {
	const char *prefix;
	enum config_kind kind;
} kinds[] = {
	{ "program:", KIND_PROGRAM },
	{ "eventlistener:", KIND_LISTENER },
	{ "fcgi-program:", KIND_FCGI },
};

/* One [program:x] of one group, while it is built. */
struct draft {
	struct loader *loader;
	const struct dialect_section *section;
	struct config_program *program; /* in loader->config */
	struct schema_numbering numbering;
	struct expand_scope scope; /* with program_name and group_name */
};

static void split_command(struct draft *draft, struct config_process *process)
{
	struct place place = check_place(draft->loader, draft->section, "command");
	struct error err = { "" };

	if (!process->command) {
		/* A value that was refused has had its note. */
		if (!dialect_get(&draft->loader->dialect, draft->section, "command"))
			notes_error(&draft->loader->notes, &place,
				    "program section %s does not specify a command; write command "
				    "= PROGRAM ARGUMENTS",
				    draft->section->name);
		return;
	}
	if (words_command(process->command, &process->argv, &err) < 0)
		notes_error(&draft->loader->notes, &place, "can't parse command '%s': %s",
			    process->command, err.text);
}

static void set_name(struct draft *draft, const struct schema_reader *reader,
		     struct config_process *process)
{
	const struct dialect_option *option =
		dialect_get(reader->dialect, draft->section, "process_name");
	struct place place = check_place(draft->loader, draft->section, "process_name");

	if (!draft->numbering.process_name)
		return;
	process->name =
		schema_expand(reader, option, "process_name", draft->numbering.process_name, 0);
	if (process->name)
		check_name(draft->loader, &place, process->name);
}

static void settle_logs(struct draft *draft, struct config_process *process)
{
	struct place place = check_place(draft->loader, draft->section, "stderr_logfile");

	if (!draft->program->redirect_stderr)
		return;
	if (process->err.file)
		notes_warning(&draft->loader->notes, &place,
			      "redirect_stderr=true, the file is not used; remove one of the two "
			      "lines");
	free(process->err.file);
	process->err.file = NULL;
	process->err.automatic = false;
}

/* The process's own variables may be used in its other values. */
static void build_process(struct draft *draft, int num, struct config_process *process)
{
	struct expand_name numbers[] = {
		{ "process_num", NULL, num },
		{ "numprocs", NULL, (long)draft->numbering.numprocs },
	};
	struct expand_scope numbered = { numbers, ARRAY_LEN(numbers), NULL, &draft->scope };
	struct expand_scope own = { NULL, 0, NULL, &numbered };
	struct schema_reader reader = { &draft->loader->dialect, draft->section, &numbered,
					&draft->loader->notes };

	process->num = (unsigned)num;
	schema_fill(&reader, &schema_env_file, process);
	load_env_file(draft->loader, draft->section, process);
	reader.scope = &own;
	own.environment = process->environment;
	schema_fill(&reader, &schema_environment, process);
	own.environment = process->environment;
	schema_fill(&reader, &schema_process, process);
	set_name(draft, &reader, process);
	split_command(draft, process);
	settle_logs(draft, process);
}

static void build_processes(struct draft *draft)
{
	struct config_program *program = draft->program;
	const struct schema_numbering *n = &draft->numbering;
	unsigned before = draft->loader->notes.errors;

	for (uint32_t i = 0; i < n->numprocs; i++) {
		struct config_process *process = array_append(
			(void **)&program->processes, &program->nprocesses, sizeof(*process));
		struct place place = check_place(draft->loader, draft->section, "numprocs");

		if (!process) {
			notes_error(&draft->loader->notes, &place, "out of memory");
			return;
		}
		build_process(draft, n->numprocs_start + (int)i, process);
		if (draft->loader->notes.errors > before)
			return; /* the others would say the same */
	}
}

static void check_numbering(struct draft *draft)
{
	const struct schema_numbering *n = &draft->numbering;
	struct place place = check_place(draft->loader, draft->section, "process_name");

	if (n->numprocs > 1 && n->process_name && !strstr(n->process_name, "%(process_num)"))
		notes_error(
			&draft->loader->notes, &place,
			"%%(process_num) must be present within process_name when numprocs > 1; "
			"write process_name = %%(program_name)s_%%(process_num)02d");
	place.key = "numprocs_start";
	if (n->numprocs_start < 0 || (long long)n->numprocs_start + n->numprocs > INT_MAX)
		notes_error(&draft->loader->notes, &place,
			    "the numbers of processes are out of "
			    "range; the first is 0 or more");
}

static void check_kill(struct draft *draft)
{
	struct place place = check_place(draft->loader, draft->section, "killasgroup");
	struct config_program *program = draft->program;

	if (!dialect_get(&draft->loader->dialect, draft->section, "killasgroup"))
		program->killasgroup = program->stopasgroup;
	if (program->stopasgroup && !program->killasgroup)
		notes_error(&draft->loader->notes, &place,
			    "Cannot set stopasgroup=true and killasgroup=false; a process that "
			    "ignores the stop signal would leave its children behind");
}

/* What is not in one field alone. */
static void settle_program(struct draft *draft)
{
	const struct dialect *dialect = &draft->loader->dialect;
	struct config_program *program = draft->program;

	program->retry_for_ever = program->startretries == UINT32_MAX;
	program->has_nice = dialect_get(dialect, draft->section, "nice") != NULL;
	program->has_oom = dialect_get(dialect, draft->section, "oom_score_adj") != NULL;
	if (program->backoff == BACKOFF_EXPONENTIAL &&
	    !dialect_get(dialect, draft->section, "backoff_max"))
		program->backoff_max = BACKOFF_MAX_DEFAULT;
	if (program->kind == KIND_LISTENER)
		load_listener(draft->loader, draft->section, &draft->scope, program);
	if (program->kind == KIND_FCGI)
		load_fcgi(draft->loader, draft->section, &draft->scope, program);
}

static void scale(struct draft *draft, const char *group)
{
	const struct config_scales *scales = draft->loader->scales;

	for (size_t i = 0; scales && i < scales->n; i++) {
		const struct config_scale *scale = &scales->all[i];

		if (strcmp(scale->group, group) == 0 &&
		    strcmp(scale->program, draft->program->name) == 0 &&
		    scale->from == draft->program->numprocs)
			draft->numbering.numprocs = scale->to;
	}
}

/* The index of the new program in config->programs, or -1. */
static long build_program(struct loader *loader, const struct dialect_section *section,
			  enum config_kind kind, const char *group)
{
	struct config *config = loader->config;
	CLEANUP_FREE char *name = check_header(loader, section);
	struct expand_name names[] = {
		{ "program_name", name, 0 },
		{ "group_name", group ? group : name, 0 },
	};
	struct draft draft = { .loader = loader,
			       .section = section,
			       .scope = { names, ARRAY_LEN(names), NULL, &loader->common } };
	struct schema_reader reader = { &loader->dialect, section, &draft.scope, &loader->notes };

	if (!name)
		return -1;
	draft.program = array_append((void **)&config->programs, &config->nprograms,
				     sizeof(*draft.program));
	if (!draft.program)
		return -1;
	draft.program->kind = kind;
	draft.program->name = strdup(name);
	draft.program->where = (struct config_where){ strdup(section->file), section->line };
	schema_fill(&reader, &schema_program, draft.program);
	schema_fill(&reader, &schema_numbering, &draft.numbering);
	draft.program->numprocs = draft.numbering.numprocs;
	scale(&draft, group ? group : name);
	settle_program(&draft);
	check_kill(&draft);
	check_numbering(&draft);
	build_processes(&draft);
	schema_done(&schema_numbering, &draft.numbering);
	return (long)(config->nprograms - 1);
}

static struct config_group *add_group(struct loader *loader, const struct place *place,
				      const char *name, int priority)
{
	struct config *config = loader->config;
	struct config_group *group;

	for (size_t i = 0; i < config->ngroups; i++)
		if (strcmp(config->groups[i].name, name) == 0)
			notes_error(&loader->notes, place,
				    "there are two groups called %s (a program that no [group:*] "
				    "names makes one of its own); rename one of them",
				    name);
	group = array_append((void **)&config->groups, &config->ngroups, sizeof(*group));
	if (!group)
		return NULL;
	group->name = strdup(name);
	group->priority = priority;
	return group;
}

static void add_member(struct config_group *group, long program)
{
	size_t *slot;

	if (program < 0)
		return;
	slot = array_append((void **)&group->programs, &group->nprograms, sizeof(*slot));
	if (slot)
		*slot = (size_t)program;
}

static void unknown_program(struct loader *loader, const struct place *place, const char *name)
{
	const struct dialect *dialect = &loader->dialect;
	const char **names = calloc(dialect->nsections + 1, sizeof(*names));
	const char *near;
	size_t n = 0;

	for (size_t i = 0; names && i < dialect->nsections; i++)
		if (strncmp(dialect->sections[i].name, "program:", 8) == 0 ||
		    strncmp(dialect->sections[i].name, "fcgi-program:", 13) == 0)
			names[n++] = schema_name(dialect->sections[i].name);
	near = n ? suggest(name, names, n) : NULL;
	notes_error(&loader->notes, place, "names unknown program or fcgi-program %s%s%s%s", name,
		    near ? "; did you mean " : "; add a section [program:", near ? near : name,
		    near ? "?" : "]");
	free(names);
}

static const struct dialect_section *member(const struct loader *loader, const char *kind,
					    const char *name)
{
	CLEANUP_FREE char *header = NULL;

	if (asprintf(&header, "%s:%s", kind, name) < 0) {
		header = NULL;
		return NULL;
	}
	return dialect_find(&loader->dialect, header);
}

static void build_members(struct loader *loader, const struct dialect_section *section,
			  struct config_group *group, char *const *programs, bool *grouped)
{
	struct place place = check_place(loader, section, "programs");

	for (size_t i = 0; programs && programs[i]; i++) {
		const struct dialect_section *program = member(loader, "program", programs[i]);
		const struct dialect_section *fcgi = member(loader, "fcgi-program", programs[i]);
		const struct dialect_section *one = program ? program : fcgi;

		if (program && fcgi)
			notes_error(&loader->notes, &place,
				    "name %s is ambiguous (exists as program and fcgi-program); "
				    "rename one of them",
				    programs[i]);
		if (!one) {
			unknown_program(loader, &place, programs[i]);
			continue;
		}
		grouped[one - loader->dialect.sections] = true;
		add_member(group, build_program(loader, one, program ? KIND_PROGRAM : KIND_FCGI,
						group->name));
	}
}

static void build_group(struct loader *loader, const struct dialect_section *section, bool *grouped)
{
	struct place place = { section->file, section->line, section->name, NULL };
	CLEANUP_FREE char *name = check_header(loader, section);
	struct schema_reader reader = { &loader->dialect, section, &loader->common,
					&loader->notes };
	struct schema_group values = { NULL, 0 };
	struct config_group *group;

	if (!name)
		return;
	schema_fill(&reader, &schema_group, &values);
	group = add_group(loader, &place, name, values.priority);
	if (group && !values.programs)
		notes_warning(&loader->notes, &place, "the group has no programs");
	if (group)
		build_members(loader, section, group, values.programs, grouped);
	schema_done(&schema_group, &values);
}

/* A program that no group names is a group of its own, with its name and priority. */
static void build_alone(struct loader *loader, const struct dialect_section *section,
			enum config_kind kind)
{
	struct place place = { section->file, section->line, section->name, NULL };
	long program = build_program(loader, section, kind, NULL);
	const struct config_program *built;
	int priority;

	if (program < 0)
		return;
	built = &loader->config->programs[program];
	priority = built->priority;
	if (kind == KIND_LISTENER && !dialect_get(&loader->dialect, section, "priority"))
		priority = -1; /* listeners start first and stop last; their processes are as any */
	add_member(add_group(loader, &place, built->name, priority), program);
}

static int compare_groups(const void *a, const void *b)
{
	const struct config_group *one = a, *other = b;

	if (one->priority != other->priority)
		return one->priority < other->priority ? -1 : 1;
	return strcmp(one->name, other->name);
}

void load_programs(struct loader *loader)
{
	const struct dialect *dialect = &loader->dialect;
	bool *grouped = calloc(dialect->nsections + 1, sizeof(*grouped));

	if (!grouped)
		return;
	for (size_t i = 0; i < dialect->nsections; i++)
		if (strncmp(dialect->sections[i].name, "group:", 6) == 0)
			build_group(loader, &dialect->sections[i], grouped);
	for (const struct kind *kind = kinds; kind < kinds + ARRAY_LEN(kinds); kind++)
		for (size_t i = 0; i < dialect->nsections; i++)
			if (strncmp(dialect->sections[i].name, kind->prefix,
				    strlen(kind->prefix)) == 0 &&
			    !grouped[i])
				build_alone(loader, &dialect->sections[i], kind->kind);
	if (loader->config->ngroups)
		qsort(loader->config->groups, loader->config->ngroups,
		      sizeof(*loader->config->groups), compare_groups);
	free(grouped);
}
