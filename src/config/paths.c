/* paths.c - see paths.h. */
#include "config/paths.h"

#include "base/buf.h"
#include "base/util.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *path_home(const char *path)
{
	size_t len = strcspn(path, "/");
	const struct passwd *user = NULL;
	const char *home = NULL;
	struct buf out = { 0 };

	if (path[0] != '~')
		return strdup(path);
	if (len == 1) {
		home = getenv("HOME");
		if (!home)
			user = getpwuid(getuid());
	} else {
		CLEANUP_FREE char *name = strndup(path + 1, len - 1);

		user = name ? getpwnam(name) : NULL;
	}
	if (user)
		home = user->pw_dir;
	if (!home)
		return strdup(path);
	buf_addstr(&out, home);
	buf_addstr(&out, path + len);
	return buf_steal(&out);
}

/* Appends the parts of a path to out, which holds "" or "/a/b": the root is the empty text. */
static void add_parts(struct buf *out, const char *path)
{
	while (*path) {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 2 && path[0] == '.' && path[1] == '.') {
			while (out->len && out->data[--out->len] != '/')
				;
			if (out->data)
				out->data[out->len] = '\0';
		} else if (len && !(len == 1 && path[0] == '.')) {
			buf_addch(out, '/');
			buf_add(out, path, len);
		}
		path += len;
	}
}

char *path_absolute(const char *path)
{
	struct buf out = { 0 };

	if (path[0] != '/') {
		CLEANUP_FREE char *here = getcwd(NULL, 0);

		if (here)
			add_parts(&out, here);
	}
	add_parts(&out, path);
	if (!out.len)
		buf_addch(&out, '/');
	return buf_steal(&out);
}

char *path_directory(const char *path)
{
	char *absolute = path_absolute(path);
	char *slash = absolute ? strrchr(absolute, '/') : NULL;

	if (slash)
		slash[slash == absolute] = '\0';
	return absolute;
}

char *path_join(const char *directory, const char *path)
{
	struct buf out = { 0 };

	if (path[0] == '/')
		return strdup(path);
	buf_addstr(&out, directory);
	if (out.len && out.data[out.len - 1] != '/')
		buf_addch(&out, '/');
	buf_addstr(&out, path);
	return buf_steal(&out);
}
