/* load_files.c - see load.h: the main file and [include]. */
#include "base/buf.h"
#include "base/fd.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/load.h"
#include "config/paths.h"
#include "config/words.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)16 << 20)

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* One that cannot be read is passed over, as supervisord does, but not in silence. */
static void include_file(struct loader *loader, const struct place *place, const char *file)
{
	struct buf text = { 0 };
	int r = fd_read_path(file, &text, FILE_MAX);

	if (r < 0)
		notes_warning(&loader->notes, place, "\"%s\" is not read: %s", file, strerror(-r));
	else
		dialect_read(&loader->dialect, file, buf_str(&text), text.len, &loader->notes);
	buf_done(&text);
}

static void include_pattern(struct loader *loader, const struct place *place, const char *pattern)
{
	glob_t found = { 0 };

	if (glob(pattern, GLOB_NOSORT | GLOB_NOESCAPE, NULL, &found) != 0 || !found.gl_pathc) {
		notes_warning(&loader->notes, place, "No file matches via include \"%s\"", pattern);
	} else {
		qsort(found.gl_pathv, found.gl_pathc, sizeof(*found.gl_pathv), compare_paths);
		for (size_t i = 0; i < found.gl_pathc; i++)
			include_file(loader, place, found.gl_pathv[i]);
	}
	globfree(&found);
}

static void include_patterns(struct loader *loader, const struct place *place, const char *value)
{
	CLEANUP_FREE char *directory = path_directory(loader->config->file);
	char **patterns = NULL;

	if (!directory || words_blanks(value, &patterns) < 0)
		notes_error(&loader->notes, place, "out of memory");
	for (size_t i = 0; patterns && patterns[i]; i++) {
		CLEANUP_FREE char *pattern = path_join(directory, patterns[i]);

		if (pattern)
			include_pattern(loader, place, pattern);
	}
	strv_free(patterns);
}

static void include(struct loader *loader)
{
	const struct dialect_section *section = dialect_find(&loader->dialect, "include");
	const struct dialect_option *option;
	struct schema_reader reader = { &loader->dialect, section, &loader->scope, &loader->notes };
	struct place place;
	CLEANUP_FREE char *value = NULL;

	if (!section)
		return;
	place = check_place(loader, section, "files");
	option = dialect_get(&loader->dialect, section, "files");
	if (!option) {
		notes_error(&loader->notes, &place,
			    "the section has no such line; write files = PATTERN...");
		return;
	}
	value = schema_expand(&reader, option, "files", buf_str(&option->value), 0);
	if (!value)
		return;
	include_patterns(loader, &place, value);

	/* Sections may have moved. */
	section = dialect_find(&loader->dialect, "include");
	option = dialect_get(&loader->dialect, section, "files");
	if (option->file != loader->dialect.files[0]) {
		place = check_place(loader, section, "files");
		notes_warning(&loader->notes, &place,
			      "is ignored: an included file cannot include others");
	}
}

int load_files(struct loader *loader, const char *file)
{
	struct place place = { .file = NULL };
	struct buf text = { 0 };
	int r = fd_read_path(file, &text, FILE_MAX);

	if (r == -ENOENT)
		notes_error(&loader->notes, &place, "could not find config file %s", file);
	else if (r < 0)
		notes_error(&loader->notes, &place, "could not read config file %s: %s", file,
			    strerror(-r));
	else if (dialect_read(&loader->dialect, file, buf_str(&text), text.len, &loader->notes) ==
		 0)
		include(loader);
	buf_done(&text);
	return loader->notes.errors ? -1 : 0;
}
