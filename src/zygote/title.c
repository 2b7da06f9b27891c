/* title.c - see title.h.
 *
 * PR_SET_MM_MAP (prctl(2), needs CONFIG_CHECKPOINT_RESTORE but no privilege) points the kernel to a
 * new argument area, so that a command line of any length fits; the classic overwriting of argv
 * would be cut at the length of the zygote's own. */
#include "zygote/title.h"

#include "base/buf.h"
#include "base/fd.h"

#include <errno.h>
#include <linux/prctl.h>
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

int title_set_argv(char *const *argv)
{
	struct prctl_mm_map map = { 0 };
	struct buf line = { 0 };
	void *area;
	int r;

	for (size_t i = 0; argv[i]; i++)
		buf_add(&line, argv[i], strlen(argv[i]) + 1);
	r = line.failed ? -ENOMEM : read_map(&map);
	if (r < 0 || !line.len) {
		buf_done(&line);
		return r < 0 ? r : -EINVAL;
	}
	area = mmap(NULL, line.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED) {
		buf_done(&line);
		return -ENOMEM;
	}
	memcpy(area, line.data, line.len);
	map.arg_start = (uintptr_t)area;
	map.arg_end = (uintptr_t)area + line.len;
	buf_done(&line);
	if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) < 0) {
		r = -errno;
		munmap(area, map.arg_end - map.arg_start);
		return r;
	}
	return 0;
}
