/* prefault.c - see prefault.h.  /proc/PID/pagemap: admin-guide/mm/pagemap.rst in the kernel's
 * documentation. */
#include "zygote/prefault.h"

#include "base/buf.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_READ 22 /* linux/mman.h, Linux 5.14 */
#define MADV_POPULATE_WRITE 23
#endif

#define PAGE_PRESENT ((uint64_t)1 << 63)
#define PAGE_OF_FILE ((uint64_t)1 << 61) /* or of shared memory: not copied */
#define PAGE_EXCLUSIVE ((uint64_t)1 << 56)

#define MAPS_MAX ((size_t)16 << 20)
#define BATCH 1024 /* pages that are looked at with one read */
/* What reserves more is sparse (a sanitizer's shadow, a heap of a JIT), and its entries are slow to
 * read. */
#define MAPPINGS_MAX ((uintptr_t)64 << 30)

struct stretch {
	uintptr_t start; /* address */
	size_t len;      /* bytes */
	int advice;      /* of madvise(2) */
};

struct prefault_set {
	char *program;         /* owned */
	struct buf stretches;  /* struct stretch */
	size_t copied, mapped; /* pages, of memory and of files */
	uintptr_t looked_at;   /* bytes, while it is made */
};

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static void set_done(struct prefault_set *set)
{
	free(set->program);
	buf_done(&set->stretches);
}

void prefault_done(struct prefault *prefault)
{
	for (size_t i = 0; i < prefault->nsets; i++)
		set_done(&prefault->sets[i]);
	free(prefault->sets);
	memset(prefault, 0, sizeof(*prefault));
}

/* NULL: there is none. */
static struct prefault_set *find(const struct prefault *prefault, const char *program)
{
	for (size_t i = 0; i < prefault->nsets; i++)
		if (strcmp(prefault->sets[i].program, program) == 0)
			return &prefault->sets[i];
	return NULL;
}

/* ---- learning ---- */

static struct stretch *stretches_of(const struct prefault_set *set, size_t *ret_n)
{
	*ret_n = set->stretches.len / sizeof(struct stretch);
	return (struct stretch *)(void *)set->stretches.data;
}

static void add_page(struct prefault_set *set, uintptr_t page, int advice)
{
	size_t *count = advice == MADV_POPULATE_WRITE ? &set->copied : &set->mapped, n;
	struct stretch *all = stretches_of(set, &n), fresh = { page, page_size(), advice };

	if (*count >= PREFAULT_BYTES_MAX / page_size())
		return;
	++*count;
	if (n && all[n - 1].start + all[n - 1].len == page && all[n - 1].advice == advice)
		all[n - 1].len += page_size();
	else
		buf_add(&set->stretches, &fresh, sizeof(fresh));
}

/* What it takes to have the page as the model has it; 0: nothing, it comes with the fork. */
static int advice_for(uint64_t entry, bool writable)
{
	if (!(entry & PAGE_PRESENT))
		return 0;
	if (entry & PAGE_OF_FILE)
		return writable ? 0 : MADV_POPULATE_READ;
	return writable && entry & PAGE_EXCLUSIVE ? MADV_POPULATE_WRITE : 0;
}

/* The pages of one mapping. */
static int learn_mapping(struct prefault_set *set, int pagemap, uintptr_t start, uintptr_t end,
			 bool writable)
{
	uint64_t entries[BATCH];
	size_t size = page_size();

	if (end - start > MAPPINGS_MAX - set->looked_at)
		return 0;
	set->looked_at += end - start;
	while (start < end) {
		size_t n = (end - start) / size < BATCH ? (end - start) / size : BATCH;
		ssize_t got = pread(pagemap, entries, n * sizeof(entries[0]),
				    (off_t)(start / size * sizeof(entries[0])));

		if (got < (ssize_t)sizeof(entries[0]))
			return got < 0 ? -errno : 0;
		n = (size_t)got / sizeof(entries[0]);
		for (size_t i = 0; i < n; i++) {
			int advice = advice_for(entries[i], writable);

			if (advice)
				add_page(set, start + i * size, advice);
		}
		start += n * size;
	}
	return 0;
}

/* "55d0c0e00000-55d0c0e21000 rw-p …" */
static int learn_line(struct prefault_set *set, const char *line, int pagemap)
{
	char *at;
	uintptr_t start = strtoul(line, &at, 16), end = 0;

	if (*at == '-')
		end = strtoul(at + 1, &at, 16);
	if (end <= start || strnlen(at, 5) < 5 || at[4] != 'p')
		return 0;
	return learn_mapping(set, pagemap, start, end, at[2] == 'w');
}

/* The mappings are ours, not the worker's: what it has mapped since, the next one maps for itself.
 */
static int learn_mappings(struct prefault_set *set, const char *maps, int pagemap)
{
	int r = 0;

	for (const char *line = maps, *end; r == 0 && *line; line = end + (*end != '\0')) {
		end = strchrnul(line, '\n');
		r = learn_line(set, line, pagemap);
	}
	return r < 0 || !set->stretches.failed ? r : -ENOMEM;
}

/* A page of ours that is written to anyway. */
static bool kernel_can(void)
{
	char here;
	uintptr_t page = (uintptr_t)&here & ~(page_size() - 1);

	return madvise((void *)page, page_size(), MADV_POPULATE_WRITE) == 0;
}

static int learn(struct prefault_set *set, pid_t pid)
{
	struct buf maps = { 0 };
	char path[64];
	int pagemap, r;

	if (!kernel_can())
		return -EOPNOTSUPP;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (pagemap < 0)
		return -errno;
	r = fd_read_path("/proc/self/maps", &maps, MAPS_MAX);
	if (r == 0)
		r = learn_mappings(set, buf_str(&maps), pagemap);
	buf_done(&maps);
	fd_close(&pagemap);
	return r;
}

static int add_set(struct prefault *prefault, const struct prefault_set *set)
{
	struct prefault_set *grown;

	if (prefault->nsets >= PREFAULT_PROGRAMS_MAX)
		return -ENOSPC;
	grown = reallocarray(prefault->sets, prefault->nsets + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	prefault->sets = grown;
	prefault->sets[prefault->nsets++] = *set;
	return 0;
}

ssize_t prefault_learn(struct prefault *prefault, const char *program, pid_t pid)
{
	struct prefault_set set = { .program = strdup(program) };
	struct prefault_set *old = find(prefault, program);
	int r = set.program ? learn(&set, pid) : -ENOMEM;

	if (r == 0 && old) {
		set_done(old);
		*old = set;
	} else if (r == 0) {
		r = add_set(prefault, &set);
	}
	if (r < 0)
		set_done(&set);
	return r < 0 ? r : (ssize_t)set.copied;
}

/* ---- using it ---- */

void prefault_apply(const struct prefault *prefault, const char *program)
{
	const struct prefault_set *set = find(prefault, program);
	size_t n = 0;
	const struct stretch *all = set ? stretches_of(set, &n) : NULL;

	for (size_t i = 0; i < n; i++)
		(void)madvise((void *)all[i].start, all[i].len, all[i].advice);
}
