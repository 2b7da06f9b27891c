/* output.c - see output.h. */
#include "supervisor/output.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define RANDOM_LEN 8

bool output_is_logged(const struct config_log *log)
{
	return log->automatic || log->file || log->syslog || log->journald || log->events_enabled ||
	       log->capture_maxbytes;
}

int output_own_fd(const char *path)
{
	static const char *const folders[] = { "/dev/fd/", "/proc/self/fd/" };
	int fd = -1, flags;

	if (strcmp(path, "/dev/stdout") == 0)
		return 1;
	if (strcmp(path, "/dev/stderr") == 0)
		return 2;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		const char *digits = path + strlen(folders[i]);

		if (strncmp(path, folders[i], strlen(folders[i])) == 0 && *digits &&
		    strlen(digits) < 6 && strspn(digits, "0123456789") == strlen(digits))
			fd = atoi(digits);
	}
	/* what we have opened ourselves is CLOEXEC, and nobody else's business */
	flags = fd > 2 ? fcntl(fd, F_GETFD) : 0;
	return flags < 0 || flags & FD_CLOEXEC ? -1 : fd;
}

char *output_automatic_path(const struct config_daemon *daemon, const char *name,
			    const char *channel)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	unsigned char random[RANDOM_LEN];
	char text[RANDOM_LEN + 1] = "", *path;

	/* one that is taken is noticed when it is created: then another one is made */
	if (getrandom(random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		for (size_t i = 0; i < RANDOM_LEN; i++)
			random[i] = (unsigned char)((uint64_t)clock_us() >> (5 * i));
	for (size_t i = 0; i < RANDOM_LEN; i++)
		text[i] = letters[random[i] % (sizeof(letters) - 1)];
	if (asprintf(&path, "%s/%s-%s---%s-%s.log", daemon->childlogdir, name, channel,
		     daemon->identifier, text) < 0)
		return NULL;
	return path;
}

char *output_absolute(const char *path)
{
	CLEANUP_FREE char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
	char *made;

	if (path[0] == '/')
		return strdup(path);
	return here && asprintf(&made, "%s/%s", here, path) >= 0 ? made : NULL;
}

/* "ANY-stdout---ID-XXXXXXXX.log"? */
static bool is_automatic(const char *name, const char *identifier)
{
	CLEANUP_FREE char *middle = NULL;
	const char *at;

	if (asprintf(&middle, "---%s-", identifier) < 0)
		return false;
	at = strstr(name, middle);
	if (!at || at - name < 7 ||
	    (strncmp(at - 7, "-stdout", 7) != 0 && strncmp(at - 7, "-stderr", 7) != 0))
		return false;
	at += strlen(middle);
	for (int i = 0; i < RANDOM_LEN; i++, at++)
		if (!isalnum((unsigned char)*at) && *at != '_')
			return false;
	/* ".log", or ".log.1" of a rotated one */
	return strncmp(at, ".log", 4) == 0 &&
	       (at[4] == '\0' || (at[4] == '.' && strspn(at + 5, "0123456789") == strlen(at + 5)));
}

void output_cleanup(const struct config_daemon *daemon)
{
	DIR *dir = daemon->childlogdir ? opendir(daemon->childlogdir) : NULL;
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		struct stat st;

		if (!is_automatic(entry->d_name, daemon->identifier) ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode) || st.st_uid != geteuid())
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) < 0)
			log_warn("could not remove the old log %s/%s: %s", daemon->childlogdir,
				 entry->d_name, strerror(errno));
	}
	closedir(dir);
}
