/* prefault.c - see prefault.h. */
#include "zygote/prefault.h"

#include "base/buf.h"
#include "config/array.h"
#include "zygote/pagemap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* linux/mman.h, Linux 5.14 */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

struct stretch {
	uintptr_t start; /* address */
	uintptr_t len;   /* bytes */
	int advice;      /* of madvise(2) */
};

struct prefault_set {
	char *kind;            /* owned */
	struct buf stretches;  /* struct stretch */
	size_t copied, mapped; /* bytes, of memory and of files */
};

static void set_done(struct prefault_set *set)
{
	free(set->kind);
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
static struct prefault_set *find(const struct prefault *prefault, const char *kind)
{
	for (size_t i = 0; i < prefault->nsets; i++)
		if (strcmp(prefault->sets[i].kind, kind) == 0)
			return &prefault->sets[i];
	return NULL;
}

/* ---- learning ---- */

static void add_stretch(struct prefault_set *set, const struct pages *pages, int advice)
{
	size_t *count = advice == MADV_POPULATE_WRITE ? &set->copied : &set->mapped;
	size_t room = *count < PREFAULT_BYTES_MAX ? PREFAULT_BYTES_MAX - *count : 0;
	struct stretch stretch = { pages->start, pages->end - pages->start, advice };

	*count += stretch.len;
	if (stretch.len > room)
		stretch.len = room;
	if (stretch.len)
		buf_add(&set->stretches, &stretch, sizeof(stretch));
}

/* All else comes with the fork. */
static void learn_pages(void *arg, const struct pages *pages)
{
	if (pages->of_file && !pages->writable)
		add_stretch(arg, pages, MADV_POPULATE_READ);
	else if (pages->alone && pages->writable)
		add_stretch(arg, pages, MADV_POPULATE_WRITE);
}

/* A page of ours that is written to anyway. */
static bool kernel_can(void)
{
	char here;
	uintptr_t size = pagemap_page_size(), page = (uintptr_t)&here & ~(size - 1);

	return madvise((void *)page, size, MADV_POPULATE_WRITE) == 0;
}

static int learn(struct prefault_set *set, pid_t pid)
{
	int r = kernel_can() ? pagemap_visit(pid, learn_pages, set) : -EOPNOTSUPP;

	if (r == 0 && set->copied > PREFAULT_BYTES_MAX)
		r = -EFBIG;
	else if (r == 0 && set->stretches.failed)
		r = -ENOMEM;
	else if (r == 0 && set->copied == 0)
		r = -ENODATA;
	return r;
}

static int add_set(struct prefault *prefault, const struct prefault_set *set)
{
	struct prefault_set *place;

	if (prefault->nsets >= PREFAULT_KINDS_MAX)
		return -ENOSPC;
	place = array_append((void **)&prefault->sets, &prefault->nsets, sizeof(*place));
	if (!place)
		return -ENOMEM;
	*place = *set;
	return 0;
}

/* It would be the same with the next one, who is not to be looked at for nothing. */
static bool is_final(int r)
{
	return r == -EFBIG || r == -EACCES || r == -EPERM;
}

ssize_t prefault_learn(struct prefault *prefault, const char *kind, pid_t pid)
{
	struct prefault_set set = { 0 };
	int r, kept;

	if (find(prefault, kind))
		return -EEXIST;
	set.kind = strdup(kind);
	r = set.kind ? learn(&set, pid) : -ENOMEM;
	if (r < 0)
		buf_done(&set.stretches);
	kept = r == 0 || is_final(r) ? add_set(prefault, &set) : r;
	if (kept < 0)
		set_done(&set);
	if (r == 0)
		r = kept;
	return r < 0 ? r : (ssize_t)(set.copied / pagemap_page_size());
}

/* ---- using it ---- */

void prefault_apply(const struct prefault *prefault, const char *kind)
{
	const struct prefault_set *set = find(prefault, kind);
	const struct stretch *all = set ? (const void *)set->stretches.data : NULL;
	size_t n = set ? set->stretches.len / sizeof(*all) : 0;

	for (size_t i = 0; i < n; i++)
		(void)madvise((void *)all[i].start, all[i].len, all[i].advice);
}
