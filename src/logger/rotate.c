/* rotate.c - see rotate.h. */
#include "logger/rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const endings[] = { "", ".gz" };

static void backup(char to[ROTATE_NAME_MAX], const char *name, unsigned number, const char *ending)
{
	if (number == 0)
		snprintf(to, ROTATE_NAME_MAX, "%s", name);
	else
		snprintf(to, ROTATE_NAME_MAX, "%s.%u%s", name, number, ending);
}

static bool exists(int dir, const char *name, unsigned number)
{
	char path[ROTATE_NAME_MAX];
	struct stat st;

	for (int i = 0; i < 2; i++) {
		backup(path, name, number, endings[i]);
		if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	}
	return false;
}

/* Removes both forms of a backup. */
static int drop(int dir, const char *name, unsigned number)
{
	char path[ROTATE_NAME_MAX];

	for (int i = 0; i < 2; i++) {
		backup(path, name, number, endings[i]);
		if (unlinkat(dir, path, 0) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* Renames both forms of a backup to the next number. */
static int move_up(int dir, const char *name, unsigned number)
{
	char from[ROTATE_NAME_MAX], to[ROTATE_NAME_MAX];

	for (int i = 0; i < (number == 0 ? 1 : 2); i++) {
		backup(from, name, number, endings[i]);
		backup(to, name, number + 1, endings[i]);
		if (renameat(dir, from, dir, to) < 0 && (errno != ENOENT || number == 0))
			return -errno;
	}
	return 0;
}

int rotate_shift(int dir, const char *name, unsigned backups)
{
	unsigned n = 1;
	int r = 0;

	while (n < backups && exists(dir, name, n))
		n++;
	if (n == backups)
		r = drop(dir, name, n);
	while (r == 0 && n-- > 0)
		r = move_up(dir, name, n);
	return r;
}

void rotate_undo(int dir, const char *name)
{
	char first[ROTATE_NAME_MAX];

	backup(first, name, 1, "");
	/* Not rename(2), which would replace what somebody else has put there. */
	if (linkat(dir, first, dir, name, 0) == 0)
		(void)unlinkat(dir, first, 0);
}

int rotate_find_plain(int dir, const char *name, unsigned backups, unsigned *ret_number)
{
	char path[ROTATE_NAME_MAX];

	for (unsigned n = 2; n <= backups && exists(dir, name, n); n++) {
		struct stat st;
		int fd;

		backup(path, name, n, "");
		fd = openat(dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
			*ret_number = n;
			return fd;
		}
		close(fd);
	}
	return -1;
}

void rotate_temporary(char to[ROTATE_NAME_MAX], const char *name)
{
	snprintf(to, ROTATE_NAME_MAX, "%s.gz.tmp", name);
}

int rotate_replace(int dir, const char *name, unsigned backups, dev_t dev, ino_t ino)
{
	char plain[ROTATE_NAME_MAX], packed[ROTATE_NAME_MAX], temporary[ROTATE_NAME_MAX];
	struct stat st;

	rotate_temporary(temporary, name);
	for (unsigned n = 1; n <= backups; n++) {
		backup(plain, name, n, "");
		if (fstatat(dir, plain, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != dev ||
		    st.st_ino != ino)
			continue;
		backup(packed, name, n, ".gz");
		if (renameat(dir, temporary, dir, packed) < 0)
			return -errno;
		return unlinkat(dir, plain, 0) < 0 ? -errno : 0;
	}
	return -ENOENT;
}
