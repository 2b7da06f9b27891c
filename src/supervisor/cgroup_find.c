/* cgroup_find.c - see cgroup_find.h. */
#include "supervisor/cgroup_find.h"

#include "base/util.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether `word` is one of the comma-separated words of text, which ends at `end`. */
static bool has_word(const char *text, const char *end, const char *word)
{
	size_t len = strlen(word);

	while (text < end) {
		size_t n = strcspn(text, ",");

		if (n > (size_t)(end - text))
			n = (size_t)(end - text);
		if (n == len && memcmp(text, word, len) == 0)
			return true;
		text += n + 1;
	}
	return false;
}

/* The path in "ID:CONTROLLERS:PATH"; malloc'ed or NULL. */
static char *own_path(const char *self, enum cgroup_kind kind)
{
	for (const char *line = self; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *first = strchr(line, ':');
		const char *second = first ? strchr(first + 1, ':') : NULL;
		bool match;

		if (!second)
			return NULL;
		match = kind == CGROUP_V2 ? second == first + 1
					  : has_word(first + 1, second, "memory");
		if (match)
			return strndup(second + 1, strcspn(second + 1, "\n"));
	}
	return NULL;
}

/* Undoes mountinfo's \040 and the like, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from;) {
		unsigned value;

		if (from[0] == '\\' && sscanf(from + 1, "%3o", &value) == 1) {
			*to++ = (char)value;
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

struct mount {
	char root[PATH_MAX];
	char point[PATH_MAX];
};

/* One line of mountinfo; false: it is of another kind. */
static bool parse_mount(const char *line, enum cgroup_kind kind, struct mount *mount)
{
	CLEANUP_FREE char *copy = strndup(line, strcspn(line, "\n"));
	char type[64], options[1024];
	char *rest = copy ? strstr(copy, " - ") : NULL;

	_Static_assert(PATH_MAX == 4096, "the widths below");
	if (!rest || sscanf(rest, " - %63s %*s %1023s", type, options) != 2 ||
	    sscanf(copy, "%*s %*s %*s %4095s %4095s", mount->root, mount->point) != 2)
		return false;
	unescape(mount->root);
	unescape(mount->point);
	if (kind == CGROUP_V2)
		return strcmp(type, "cgroup2") == 0;
	return strcmp(type, "cgroup") == 0 &&
	       has_word(options, options + strlen(options), "memory");
}

static char *join(const struct mount *mount, const char *path)
{
	size_t root = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
	char *joined;

	if (strncmp(path, mount->root, root) != 0 || (root && path[root] && path[root] != '/'))
		return NULL; /* mounted from beside or below where we are */
	path += root;
	if (strncmp(path, "/..", 3) == 0)
		return NULL; /* outside of our cgroup namespace */
	if (strcmp(path, "/") == 0)
		path = "";
	return asprintf(&joined, "%s%s", mount->point, path) < 0 ? NULL : joined;
}

char *cgroup_find(const char *self, const char *mounts, enum cgroup_kind kind)
{
	CLEANUP_FREE char *path = own_path(self, kind);
	struct mount mount;
	char *found = NULL;

	for (const char *line = mounts; path && !found && *line;
	     line += strcspn(line, "\n"), line += *line == '\n')
		if (parse_mount(line, kind, &mount))
			found = join(&mount, path);
	return found;
}
