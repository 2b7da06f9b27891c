/* prefault.c - see prefault.h. */
#include "zygote/prefault.h"

#include "base/buf.h"
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
	size_t copied, mapped; /* pages, of memory and of files */
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

static struct stretch *stretches_of(const struct prefault_set *set, size_t *ret_n)
{
	*ret_n = set->stretches.len / sizeof(struct stretch);
	return (struct stretch *)(void *)set->stretches.data;
}

/* ---- learning ---- */

static void add_page(struct prefault_set *set, uintptr_t page, int advice)
{
	struct stretch fresh = { page, pagemap_page_size(), advice };
	size_t n, most = PREFAULT_BYTES_MAX / fresh.len;
	struct stretch *all = stretches_of(set, &n);

	if (advice == MADV_POPULATE_WRITE ? set->copied++ >= most : set->mapped++ >= most)
		return;
	if (n && all[n - 1].start + all[n - 1].len == page && all[n - 1].advice == advice)
		all[n - 1].len += fresh.len;
	else
		buf_add(&set->stretches, &fresh, sizeof(fresh));
}

/* All else comes with the fork. */
static void learn_page(void *arg, const struct page *page)
{
	if (page->of_file && !page->writable)
		add_page(arg, page->start, MADV_POPULATE_READ);
	else if (!page->of_file && page->writable && page->alone)
		add_page(arg, page->start, MADV_POPULATE_WRITE);
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
	int r = kernel_can() ? pagemap_visit(pid, learn_page, set) : -EOPNOTSUPP;

	if (r == 0 && set->copied > PREFAULT_BYTES_MAX / pagemap_page_size())
		r = -EFBIG;
	else if (r == 0 && set->stretches.failed)
		r = -ENOMEM;
	else if (r == 0 && set->copied == 0)
		r = -ENODATA;
	return r;
}

static int add_set(struct prefault *prefault, const struct prefault_set *set)
{
	struct prefault_set *grown;

	if (prefault->nsets >= PREFAULT_KINDS_MAX)
		return -ENOSPC;
	grown = reallocarray(prefault->sets, prefault->nsets + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	prefault->sets = grown;
	prefault->sets[prefault->nsets++] = *set;
	return 0;
}

/* It would be the same with the next one, who is not to be looked at for nothing. */
static bool is_final(int r)
{
	return r == -EFBIG || r == -EACCES || r == -EPERM;
}

ssize_t prefault_learn(struct prefault *prefault, const char *kind, pid_t pid)
{
	struct prefault_set set = { .kind = strdup(kind) };
	int r = set.kind ? 0 : -ENOMEM;

	if (find(prefault, kind))
		r = -EEXIST;
	if (r == 0)
		r = learn(&set, pid);
	if (is_final(r)) {
		buf_done(&set.stretches);
		if (add_set(prefault, &set) < 0)
			set_done(&set);
		return r;
	}
	if (r == 0)
		r = add_set(prefault, &set);
	if (r < 0)
		set_done(&set);
	return r < 0 ? r : (ssize_t)set.copied;
}

/* ---- using it ---- */

void prefault_apply(const struct prefault *prefault, const char *kind)
{
	const struct prefault_set *set = find(prefault, kind);
	size_t n = 0;
	const struct stretch *all = set ? stretches_of(set, &n) : NULL;

	for (size_t i = 0; i < n; i++)
		(void)madvise((void *)all[i].start, all[i].len, all[i].advice);
}
