/* output.c - see output.h. */
#include "supervisor/output.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RANDOM_LEN 8

/* Our own fd that a path stands for, or -1. */
static int own_stream(const char *path)
{
	static const struct {
		const char *path;
		int fd;
	} names[] = {
		{ "/dev/stdout", 1 }, { "/dev/stderr", 2 },     { "/dev/fd/1", 1 },
		{ "/dev/fd/2", 2 },   { "/proc/self/fd/1", 1 }, { "/proc/self/fd/2", 2 },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(path, names[i].path) == 0)
			return names[i].fd;
	return -1;
}

static int open_file(const char *path, struct error *err)
{
	/* O_NONBLOCK: a FIFO without a reader is an error (ENXIO), not a supervisor that hangs */
	int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(path, flags, 0644);

	if (fd < 0 && errno == ELOOP)
		return error_set(err, "%s is a symbolic link; name the file itself", path);
	if (fd < 0 && errno == ENXIO)
		return error_set(err, "%s is a FIFO that nobody reads", path);
	if (fd < 0)
		return error_set(err, "cannot open %s: %s", path, strerror(errno));
	(void)fd_nonblock(fd, 0);
	return fd;
}

static int open_automatic(const struct config_daemon *daemon, const char *name, const char *stream,
			  char **automatic, struct error *err)
{
	char *path;
	int fd;

	if (*automatic)
		return open_file(*automatic, err);
	if (asprintf(&path, "%s/%s-%s---%s-XXXXXXXX.log", daemon->childlogdir, name, stream,
		     daemon->identifier) < 0)
		return error_set(err, "out of memory");
	fd = mkostemps(path, strlen(".log"), O_APPEND | O_CLOEXEC);
	if (fd < 0) {
		error_set(err, "cannot create a log file in %s: %s", daemon->childlogdir,
			  strerror(errno));
		free(path);
		return -1;
	}
	*automatic = path;
	return fd;
}

int output_open(const struct config_log *log, const struct config_daemon *daemon, const char *name,
		const char *stream, char **automatic, struct error *err)
{
	int own, fd;

	if (log->automatic)
		return open_automatic(daemon, name, stream, automatic, err);
	if (!log->file)
		return open_file("/dev/null", err);
	own = own_stream(log->file);
	if (own < 0)
		return open_file(log->file, err);
	fd = fcntl(own, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		error_set(err, "cannot pass our own %s on: %s", log->file, strerror(errno));
	return fd;
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
