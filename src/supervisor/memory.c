/* memory.c - see memory.h. */
#include "supervisor/memory.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int memory_parse(const char *text, struct memory *ret)
{
	static const struct {
		const char *name;
		size_t offset;
	} rows[] = {
		{ "Pss:", offsetof(struct memory, pss_bytes) },
		{ "Shared_Clean:", offsetof(struct memory, shared_bytes) },
		{ "Shared_Dirty:", offsetof(struct memory, shared_bytes) },
		{ "Shared_Dirty:", offsetof(struct memory, forked_bytes) },
		{ "Private_Clean:", offsetof(struct memory, private_bytes) },
		{ "Private_Dirty:", offsetof(struct memory, private_bytes) },
	};
	struct memory sum = { 0 };
	unsigned found = 0;

	for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			unsigned long long kb;

			if (strncmp(at, rows[i].name, strlen(rows[i].name)) != 0 ||
			    sscanf(at + strlen(rows[i].name), "%llu kB", &kb) != 1)
				continue;
			*(uint64_t *)(void *)((char *)&sum + rows[i].offset) += kb * 1024;
			found |= 1u << i;
		}
	}
	if (found != (1u << ARRAY_LEN(rows)) - 1)
		return -EINVAL;
	*ret = sum;
	return 0;
}

int memory_read(pid_t pid, struct memory *ret)
{
	struct buf text = { 0 };
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	r = fd_read_path(path, &text, 65536);
	if (r == 0)
		r = memory_parse(buf_str(&text), ret);
	buf_done(&text);
	return r;
}
