/* schema_fill.c - see schema.h: what the tables are used for. */
#include "base/error.h"
#include "base/util.h"
#include "config/expand.h"
#include "config/notes.h"
#include "config/paths.h"
#include "config/schema.h"
#include "config/suggest.h"
#include "config/types.h"

#include <stdlib.h>
#include <string.h>

static struct place place_of(const struct schema_reader *reader,
			     const struct dialect_option *option, const char *key)
{
	const struct dialect_section *section = reader->section;

	return (struct place){ .file = option ? option->file : section->file,
			       .line = option ? option->line : section->line,
			       .section = section->name,
			       .key = key };
}

/* In an included file `here` is that file's directory, elsewhere the scope has it. */
static char *expand_here(const struct schema_reader *reader, const struct dialect_option *option,
			 const char *text, struct error *err)
{
	CLEANUP_FREE char *directory = option ? path_directory(option->file) : NULL;
	struct expand_name here = { "here", directory, 0 };
	struct expand_scope scope = { &here, directory != NULL, NULL, reader->scope };
	char *expanded = NULL;

	expand(text, &scope, &expanded, err);
	return expanded;
}

char *schema_expand(const struct schema_reader *reader, const struct dialect_option *option,
		    const char *key, const char *text, unsigned flags)
{
	struct place place = place_of(reader, option, key);
	struct error err = { "" };
	char *once, *twice;

	if (flags & SCHEMA_RAW)
		once = strdup(text);
	else
		once = expand_here(reader, option, text, &err);
	if (!once || !(flags & SCHEMA_TWICE)) {
		if (!once)
			notes_error(reader->notes, &place, "%s", err.text);
		return once;
	}
	twice = expand_here(reader, option, once, &err);
	if (!twice)
		notes_error(reader->notes, &place,
			    "%s (this value is expanded twice: write %%%%%%%% for a percent sign)",
			    err.text);
	free(once);
	return twice;
}

static void fill_key(const struct schema_reader *reader, const struct schema_key *key, void *object)
{
	const struct dialect_option *option =
		dialect_get(reader->dialect, reader->section, key->name);
	const char *text = option ? buf_str(&option->value) : key->fallback;
	void *field = (char *)object + key->offset;
	struct place place = place_of(reader, option, key->name);
	struct error err = { "" };
	CLEANUP_FREE char *value = NULL;

	if (!key->type || !text)
		return;
	value = schema_expand(reader, option, key->name, text, key->flags);
	if (!value)
		return;
	if ((key->flags & SCHEMA_ALIAS) && key->type->done)
		key->type->done(field);
	if (key->type->parse(field, value, key->aux, &err) < 0)
		notes_error(reader->notes, &place, "%s", err.text);
}

void schema_fill(const struct schema_reader *reader, const struct schema_table *table, void *object)
{
	for (size_t i = 0; i < table->nkeys; i++)
		fill_key(reader, &table->keys[i], object);
}

void schema_override(struct notes *notes, const struct schema_table *table,
		     const struct config_override *override, void *object)
{
	struct place place = { .key = override->option };
	struct error err = { "" };
	bool known = false;

	for (size_t i = 0; i < table->nkeys; i++) {
		const struct schema_key *key = &table->keys[i];
		void *field = (char *)object + key->offset;

		if (!key->type || strcmp(key->name, override->key) != 0)
			continue;
		known = true;
		if (key->type->done)
			key->type->done(field);
		if (key->type->parse(field, override->text, key->aux, &err) < 0)
			notes_error(notes, &place, "%s", err.text);
	}
	if (!known)
		notes_error(notes, &place, "there is no key of that name here");
}

void schema_done(const struct schema_table *table, void *object)
{
	for (size_t i = 0; i < table->nkeys; i++)
		if (table->keys[i].type && table->keys[i].type->done)
			table->keys[i].type->done((char *)object + table->keys[i].offset);
}

static const struct schema_key *find_key(const struct schema_section *section, const char *name)
{
	for (size_t t = 0; section->tables[t]; t++)
		for (size_t i = 0; i < section->tables[t]->nkeys; i++)
			if (strcmp(section->tables[t]->keys[i].name, name) == 0)
				return &section->tables[t]->keys[i];
	return NULL;
}

static const char *near_key(const struct schema_section *section, const char *name)
{
	const char *names[128];
	size_t n = 0;

	for (size_t t = 0; section->tables[t]; t++)
		for (size_t i = 0; i < section->tables[t]->nkeys && n < ARRAY_LEN(names); i++)
			names[n++] = section->tables[t]->keys[i].name;
	return suggest(name, names, n);
}

static void check_key(const struct schema_section *known, const struct dialect_section *section,
		      const struct dialect_option *option, struct notes *notes)
{
	struct place place = { option->file, option->line, section->name, option->name };
	const struct schema_key *key = find_key(known, option->name);
	const char *near;

	if (key) {
		if (key->flags & SCHEMA_LATER)
			notes_warning(notes, &place,
				      "this version does not act on it; the line is ignored");
		return;
	}
	near = near_key(known, option->name);
	if (known->ours)
		notes_error(notes, &place, "no such key%s%s%s",
			    near ? "; did you mean \"" : "; remove the line", near ? near : "",
			    near ? "\"?" : "");
	else
		notes_warning(notes, &place, "no such key, the line is ignored%s%s%s",
			      near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* The header with its kind corrected, if one is near. */
static void unknown_section(const struct dialect_section *section, struct notes *notes)
{
	struct place place = { section->file, section->line, section->name, NULL };
	size_t len = strcspn(section->name, ":"), n;
	CLEANUP_FREE char *kind = strndup(section->name, len);
	const struct schema_section *known = schema_sections(&n);
	const char *names[32], *near;

	for (size_t i = 0; i < n && i < ARRAY_LEN(names); i++)
		names[i] = known[i].name;
	near = kind ? suggest(kind, names, n) : NULL;
	if (near && strcmp(near, kind) == 0)
		notes_warning(notes, &place, "is ignored: %s; did you mean [%s%s]?",
			      section->name[len] ? "this section takes no name"
						 : "this section needs a name",
			      near, section->name[len] ? "" : ":NAME");
	else if (near)
		notes_warning(notes, &place, "no such section, it is ignored; did you mean [%s%s]?",
			      near, section->name + len);
	else
		notes_warning(notes, &place, "no such section, it is ignored");
}

void schema_check(const struct dialect *dialect, struct notes *notes)
{
	for (size_t i = 0; i < dialect->nsections; i++) {
		const struct dialect_section *section = &dialect->sections[i];
		const struct schema_section *known = schema_find(section->name);
		struct place place = { section->file, section->line, section->name, NULL };

		if (!known) {
			unknown_section(section, notes);
			continue;
		}
		if (known->notice)
			notes_warning(notes, &place, "this version does not act on it: %s",
				      known->notice);
		for (size_t k = 0; !known->any && k < section->noptions; k++)
			check_key(known, section, &section->options[k], notes);
	}
}
