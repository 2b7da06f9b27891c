/* package.c - see package.h. */
#include "zygote/package.h"

#include "base/util.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef PKGDATADIR
#define PKGDATADIR "/usr/local/share/forkserver"
#endif

static char *try(const char *directory, const char *below)
{
	CLEANUP_FREE char *probe = NULL;
	char *found;

	if (asprintf(&found, "%s%s/python", directory, below) < 0)
		return NULL;
	if (asprintf(&probe, "%s/forkserver/__init__.py", found) >= 0 && access(probe, R_OK) == 0)
		return found;
	free(found);
	return NULL;
}

char *package_directory(void)
{
	char self[PATH_MAX], *found = NULL;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n > 0) {
		const char *directory;

		self[n] = '\0';
		directory = dirname(self);
		found = try(directory, "");
		if (!found)
			found = try(directory, "/../../share/forkserver");
	}
	return found ? found : try(PKGDATADIR, "");
}
