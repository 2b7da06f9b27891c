/* pagemap.c - see pagemap.h.  /proc/PID/pagemap: admin-guide/mm/pagemap.rst in the kernel's
 * documentation. */
#include "zygote/pagemap.h"

#include "base/buf.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENTRY_PRESENT ((uint64_t)1 << 63)
#define ENTRY_OF_FILE ((uint64_t)1 << 61)
#define ENTRY_EXCLUSIVE ((uint64_t)1 << 56)

#define MAPS_MAX ((size_t)16 << 20)
#define BATCH 1024 /* pages that are looked at with one read */
/* What reserves more is sparse (a sanitizer's shadow), and its entries are slow to
 * read. */
#define MAPPINGS_MAX ((uintptr_t)64 << 30)

struct walk {
	int pagemap;
	uintptr_t bytes;    /* that were looked at */
	struct pages pages; /* that are not told yet; start == end: none */
	void (*visit)(void *arg, const struct pages *pages);
	void *arg;
};

uintptr_t pagemap_page_size(void)
{
	return (uintptr_t)sysconf(_SC_PAGESIZE);
}

static void tell(struct walk *walk)
{
	if (walk->pages.end > walk->pages.start)
		walk->visit(walk->arg, &walk->pages);
	walk->pages = (struct pages){ 0 };
}

static void add_page(struct walk *walk, uintptr_t start, uint64_t entry, bool writable)
{
	struct pages *pages = &walk->pages;
	bool of_file = entry & ENTRY_OF_FILE, alone = !of_file && entry & ENTRY_EXCLUSIVE;

	if (pages->end != start || pages->of_file != of_file || pages->alone != alone)
		tell(walk);
	if (!(entry & ENTRY_PRESENT))
		return;
	if (pages->start == pages->end)
		*pages = (struct pages){ start, start, writable, of_file, alone };
	pages->end = start + pagemap_page_size();
}

static int walk_mapping(struct walk *walk, uintptr_t start, uintptr_t end, bool writable)
{
	uint64_t entries[BATCH];
	uintptr_t size = pagemap_page_size();

	if (end - start > MAPPINGS_MAX - walk->bytes)
		return 0;
	walk->bytes += end - start;
	while (start < end) {
		size_t n = (end - start) / size < BATCH ? (end - start) / size : BATCH;
		ssize_t got = pread(walk->pagemap, entries, n * sizeof(entries[0]),
				    (off_t)(start / size * sizeof(entries[0])));

		if (got < (ssize_t)sizeof(entries[0])) /* nothing: the process is at its end */
			return got < 0 ? -errno : -ESRCH;
		n = (size_t)got / sizeof(entries[0]);
		for (size_t i = 0; i < n; i++)
			add_page(walk, start + i * size, entries[i], writable);
		start += n * size;
	}
	tell(walk);
	return 0;
}

/* "55d0c0e00000-55d0c0e21000 rw-p …".  What may not be read has no pages to speak of, and may be
 * very large; [vsyscall] is such a one. */
static int walk_line(struct walk *walk, const char *line)
{
	char *at;
	uintptr_t start = strtoul(line, &at, 16), end = 0;

	if (*at == '-')
		end = strtoul(at + 1, &at, 16);
	if (end <= start || strnlen(at, 5) < 5 || at[1] != 'r' || at[4] != 'p')
		return 0;
	return walk_mapping(walk, start, end, at[2] == 'w');
}

static int walk_maps(struct walk *walk)
{
	struct buf maps = { 0 };
	int r = fd_read_path("/proc/self/maps", &maps, MAPS_MAX);

	for (const char *line = buf_str(&maps), *end; r == 0 && *line;
	     line = end + (*end != '\0')) {
		end = strchrnul(line, '\n');
		r = walk_line(walk, line);
	}
	buf_done(&maps);
	return r;
}

int pagemap_visit(pid_t pid, void (*visit)(void *arg, const struct pages *pages), void *arg)
{
	struct walk walk = { .visit = visit, .arg = arg };
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	walk.pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (walk.pagemap < 0)
		return -errno;
	r = walk_maps(&walk);
	fd_close(&walk.pagemap);
	return r;
}
