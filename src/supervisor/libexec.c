/* libexec.c - see libexec.h. */
#include "supervisor/libexec.h"

#include "base/error.h"
#include "base/util.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef PKGLIBEXECDIR
#define PKGLIBEXECDIR "/usr/local/libexec/forkserver"
#endif

char *libexec_directory(unsigned i)
{
	char self[PATH_MAX], *made = NULL;
	ssize_t n;

	if (i == 2)
		return strdup(PKGLIBEXECDIR);
	if (i > 2)
		return NULL;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return strdup(PKGLIBEXECDIR);
	self[n] = '\0';
	if (asprintf(&made, "%s%s", dirname(self), i ? "/../libexec/forkserver" : "") < 0)
		return NULL;
	return made;
}

char *libexec_find(const char *name, struct error *err)
{
	for (unsigned i = 0;; i++) {
		CLEANUP_FREE char *directory = libexec_directory(i);
		char *path;

		if (!directory) {
			error_set(err,
				  "%s is not installed: it is neither beside forkserver, nor in "
				  "../libexec/forkserver, nor in %s",
				  name, PKGLIBEXECDIR);
			return NULL;
		}
		if (asprintf(&path, "%s/%s", directory, name) < 0) {
			error_set(err, "out of memory");
			return NULL;
		}
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
}
