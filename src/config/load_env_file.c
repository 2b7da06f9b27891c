/* load_env_file.c - see load.h. */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/util.h"
#include "config/env_file.h"
#include "config/load.h"
#include "config/paths.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENV_FILE_MAX ((size_t)1 << 20)

/* Relative to the directory of the file that names it. */
static char *locate(const struct place *place, const char *written)
{
	CLEANUP_FREE char *directory = path_directory(place->file);
	CLEANUP_FREE char *home = path_home(written);
	CLEANUP_FREE char *path = directory && home ? path_join(directory, home) : NULL;

	return path ? path_absolute(path) : NULL;
}

static void read_file(struct loader *loader, const struct place *place, const char *path,
		      bool optional, char ***environment)
{
	struct buf text = { 0 };
	struct error err = { "" };
	unsigned line = 0;
	int r = fd_read_path(path, &text, ENV_FILE_MAX);

	if (r < 0 && !(optional && r == -ENOENT))
		notes_error(&loader->notes, place, "cannot read %s: %s%s", path, strerror(-r),
			    r == -ENOENT ? "; create it, or write -FILE if it may be missing" : "");
	else if (r == 0 && env_file_read(buf_str(&text), text.len, environment, &line, &err) < 0)
		notes_error(&loader->notes, place, "%s:%u: %s", path, line, err.text);
	buf_done(&text);
}

void load_env_file(struct loader *loader, const struct dialect_section *section,
		   struct config_process *process)
{
	struct place place = check_place(loader, section, "env_file");
	bool optional = process->env_file && process->env_file[0] == '-';
	char *path, *kept = NULL;

	if (!process->env_file)
		return;
	path = locate(&place, process->env_file + optional);
	if (path && asprintf(&kept, "%s%s", optional ? "-" : "", path) < 0)
		kept = NULL;
	free(process->env_file);
	process->env_file = kept;
	if (kept)
		read_file(loader, &place, path, optional, &process->environment);
	else
		notes_error(&loader->notes, &place, "out of memory");
	free(path);
}
