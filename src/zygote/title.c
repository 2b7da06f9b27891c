/* title.c - see title.h.
 *
 * PR_SET_MM_MAP (prctl(2), needs CONFIG_CHECKPOINT_RESTORE but no privilege) points the kernel to a
 * new area, so that a command line of any length fits; the classic overwriting of argv would be cut
 * at the length of the zygote's own. */
#include "zygote/title.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/strv.h"

#include <errno.h>
#include <linux/prctl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Fields of /proc/self/stat, proc(5), counted from 3 (state), which follows the ")" of the name. */
static int read_map(struct prctl_mm_map *map)
{
	unsigned long f[53] = { 0 };
	struct buf stat = { 0 };
	char *at;
	int r = fd_read_path("/proc/self/stat", &stat, 65536);

	at = r == 0 && stat.data ? strrchr(stat.data, ')') : NULL;
	if (at)
		at += 3; /* ") S": the state is a letter */
	for (int i = 4; at && i < 53; i++)
		f[i] = strtoul(at + 1, &at, 10);
	buf_done(&stat);
	if (!at)
		return r < 0 ? r : -EPROTO;
	map->start_code = f[26];
	map->end_code = f[27];
	map->start_stack = f[28];
	map->start_data = f[45];
	map->end_data = f[46];
	map->start_brk = f[47];
	map->brk = (uintptr_t)sbrk(0);
	map->env_start = f[50];
	map->env_end = f[51];
	map->exe_fd = (uint32_t)-1;
	return 0;
}

/* Appends the strings with their NULs. */
static void add_strings(struct buf *area, char *const *strv)
{
	for (size_t i = 0; strv && strv[i]; i++)
		buf_add(area, strv[i], strlen(strv[i]) + 1);
}

/* environ = pointers to the strings that begin at `at`.  The old strings stay: others may point to
 * them. */
static int point_environ(char *at, size_t n)
{
	char **pointers = calloc(n + 1, sizeof(*pointers));

	if (!pointers)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		pointers[i] = at;
		at += strlen(at) + 1;
	}
	environ = pointers;
	return 0;
}

static int tell_kernel(char *area, size_t argv_len, size_t len, bool environment)
{
	struct prctl_mm_map map = { 0 };
	int r = read_map(&map);

	if (r < 0)
		return r;
	map.arg_start = (uintptr_t)area;
	map.arg_end = (uintptr_t)area + argv_len;
	if (environment) {
		map.env_start = map.arg_end;
		map.env_end = (uintptr_t)area + len;
	}
	return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) < 0 ? -errno : 0;
}

int title_set(char *const *argv, char *const *environment)
{
	struct buf strings = { 0 };
	size_t argv_len, len;
	char *area;
	int r = 0;

	add_strings(&strings, argv);
	argv_len = strings.len;
	add_strings(&strings, environment);
	len = strings.len;
	/* Never freed, and so not taken from the heap. */
	area = strings.failed || !len ? MAP_FAILED
				      : mmap(NULL, len, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area != MAP_FAILED)
		memcpy(area, strings.data, len);
	buf_done(&strings);
	if (area == MAP_FAILED)
		return -ENOMEM;
	if (environment)
		r = point_environ(area + argv_len, strv_len(environment));
	if (r < 0) {
		munmap(area, len);
		return r;
	}
	return tell_kernel(area, argv_len, len, environment != NULL);
}
