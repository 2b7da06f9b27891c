/* pages.c - see pages.h. */
#include "zygote/pages.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "ipc/messages.h"
#include "zygote/pagemap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67 /* linux/prctl.h, Linux 6.4 */
#endif
#define HUGEPAGES "PYTHON_PYMALLOC_HUGEPAGES"
#define KSM_RUN "/sys/kernel/mm/ksm/run"

int pages_check(struct error *err)
{
	const char *value = getenv(HUGEPAGES);

	/* Python 3.15 takes its arenas from the pool of huge pages then.  When a worker has to copy
	 * one and the pool is empty, the kernel has nothing but SIGBUS (hugetlbpage.rst). */
	if (!value || !*value || strcmp(value, "0") == 0)
		return 0;
	return error_set(err,
			 HUGEPAGES
			 "=%s is in the environment: workers that share such pages die of "
			 "SIGBUS; take it away, or set " HUGEPAGES "=0 in environment =",
			 value);
}

static void warn(const struct zygote_setup *setup, const char *what, const char *why)
{
	fprintf(stderr, "forkserver: zygote '%s': %s: %s\n", setup->name ? setup->name : "", what,
		why);
}

/* The flag is kept whether or not anything merges. */
static void warn_if_idle(const struct zygote_setup *setup)
{
	struct buf text = { 0 };

	if (fd_read_path(KSM_RUN, &text, 64) == 0 && buf_str(&text)[0] != '1')
		warn(setup, "ksm = yes has no effect yet",
		     "the kernel merges nothing until root writes 1 into " KSM_RUN);
	buf_done(&text);
}

static void merge(const struct zygote_setup *setup)
{
	if (prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0) == 0) {
		warn_if_idle(setup);
		return;
	}
	warn(setup, "ksm = yes has no effect, pages are not merged",
	     errno == EINVAL ? "this kernel cannot (PR_SET_MEMORY_MERGE: Linux 6.4 with CONFIG_KSM)"
			     : strerror(errno));
}

void pages_set(const struct zygote_setup *setup)
{
	if (!setup->thp && prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) < 0)
		warn(setup, "huge pages stay as they are (PR_SET_THP_DISABLE)", strerror(errno));
	if (setup->ksm)
		merge(setup);
}

/* A page that is not as its file has it (relocated, for one) would be lost; one that can be written
 * to might be, this very moment. */
static void give_back(void *arg, const struct pages *pages)
{
	size_t *sum = arg, len = pages->end - pages->start;

	if (pages->of_file && !pages->writable &&
	    madvise((void *)pages->start, len, MADV_DONTNEED) == 0)
		*sum += len;
}

size_t pages_give_back(void)
{
	size_t sum = 0;

	(void)pagemap_visit(getpid(), give_back, &sum);
	return sum;
}
