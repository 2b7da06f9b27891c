/* image.c - see image.h. */
#include "tracer/image.h"

#include "base/error.h"
#include "tracer/python.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A file and where it begins; what the loader adds behind its pages (.bss) belongs to it as well.
 */
struct mapping {
	unsigned major, minor;
	unsigned long inode; /* 0: no file */
	uintptr_t begin;
};

/* One line of /proc/PID/maps, proc_pid_maps(5).  0: not such a line. */
static int parse(const char *line, struct mapping *ret, uintptr_t *ret_end)
{
	return sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*4s %*x %x:%x %lu", &ret->begin, ret_end,
		      &ret->major, &ret->minor, &ret->inode) == 5;
}

static FILE *open_maps(pid_t pid)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	return fopen(path, "re");
}

static int same_file(const struct mapping *a, const struct mapping *b)
{
	return a->inode == b->inode && a->major == b->major && a->minor == b->minor;
}

/* The file of ours that an address is in. */
static int find_own(uintptr_t address, struct mapping *ret)
{
	FILE *maps = open_maps(getpid());
	struct mapping file = { 0 }, line;
	char text[4096 + 128];
	uintptr_t end;
	int r = -ENOENT;

	if (!maps)
		return -errno;
	while (r == -ENOENT && fgets(text, sizeof(text), maps)) {
		if (!parse(text, &line, &end))
			continue;
		if (line.inode && !same_file(&line, &file))
			file = line;
		if (file.inode && address >= line.begin && address < end) {
			*ret = file;
			r = 0;
		}
	}
	(void)fclose(maps);
	return r;
}

/* Where the same file begins in another process. */
static int find_theirs(pid_t pid, const struct mapping *own, uintptr_t *ret)
{
	FILE *maps = open_maps(pid);
	char text[4096 + 128];
	struct mapping line;
	uintptr_t end;
	int r = -ENOEXEC;

	if (!maps)
		return -errno;
	while (r == -ENOEXEC && fgets(text, sizeof(text), maps)) {
		if (parse(text, &line, &end) && same_file(&line, own)) {
			*ret = line.begin;
			r = 0;
		}
	}
	(void)fclose(maps);
	return r;
}

static int find(pid_t pid, const void *own, uintptr_t *ret, struct error *err)
{
	uintptr_t address = (uintptr_t)own, begin = 0;
	struct mapping file;
	int r = find_own(address, &file);

	if (r == 0)
		r = find_theirs(pid, &file, &begin);
	if (r == -ENOEXEC)
		error_set(err,
			  "process %d is no worker of a zygote of this program and CPython %s, or "
			  "one of them was installed anew since it was started",
			  (int)pid, PY_VERSION);
	else if (r < 0)
		error_set(err, "cannot read /proc/%d/maps: %s", (int)pid, strerror(-r));
	else
		*ret = begin + (address - file.begin);
	return r;
}

void image_own(struct image *image)
{
	image->runtime = (uintptr_t)&_PyRuntime;
	image->code_type = (uintptr_t)&PyCode_Type;
}

int image_find(struct image *image, pid_t pid, struct error *err)
{
	int r = find(pid, &_PyRuntime, &image->runtime, err);

	return r < 0 ? r : find(pid, &PyCode_Type, &image->code_type, err);
}
