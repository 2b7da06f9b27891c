/* ledger.c - see ledger.h. */
#include "tracer/ledger.h"

#include "tracer/pystack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FD_MAX (1 << 20) /* the kernel's default fs.nr_open */

struct record *record_new(void)
{
	struct record *record = calloc(1, sizeof(*record));

	if (record) {
		record->refs = 1;
		record->fd = -1;
	}
	return record;
}

struct record *record_ref(struct record *record)
{
	if (record)
		record->refs++;
	return record;
}

void record_unref(struct record *record)
{
	while (record && --record->refs == 0) {
		struct record *parent = record->parent;

		pystack_unref(record->stack);
		free(record->thread);
		free(record);
		record = parent; /* a long chain of copies must not recurse */
	}
}

static void free_all(struct record **records, size_t n)
{
	for (size_t i = 0; i < n; i++)
		record_unref(records[i]);
	free(records);
}

void ledger_done(struct ledger *ledger)
{
	free_all(ledger->fds, ledger->nfds);
	free_all(ledger->maps, ledger->nmaps);
	free_all(ledger->locks, ledger->nlocks);
	memset(ledger, 0, sizeof(*ledger));
}

/* Puts record at its fd's place in *records, growing it. */
static int place(struct record ***records, size_t *n, struct record *record)
{
	size_t at = (size_t)record->fd;

	if (record->fd < 0 || record->fd >= FD_MAX) {
		record_unref(record);
		return -EBADF;
	}
	if (at >= *n) {
		size_t cap = *n ? *n : 64;
		struct record **grown;

		while (cap <= at)
			cap *= 2;
		grown = realloc(*records, cap * sizeof(*grown));
		if (!grown) {
			record_unref(record);
			return -ENOMEM;
		}
		memset(grown + *n, 0, (cap - *n) * sizeof(*grown));
		*records = grown;
		*n = cap;
	}
	record_unref((*records)[at]);
	(*records)[at] = record;
	return 0;
}

int ledger_add_fd(struct ledger *ledger, struct record *record)
{
	ledger->events++;
	return place(&ledger->fds, &ledger->nfds, record);
}

int ledger_add_lock(struct ledger *ledger, struct record *record)
{
	return place(&ledger->locks, &ledger->nlocks, record);
}

int ledger_add_map(struct ledger *ledger, struct record *record)
{
	/* A new mapping replaces what was recorded at its address. */
	for (size_t i = 0; i < ledger->nmaps; i++) {
		if (ledger->maps[i]->address == record->address) {
			record_unref(ledger->maps[i]);
			ledger->maps[i] = record;
			return 0;
		}
	}
	if (ledger->nmaps == ledger->maps_cap) {
		size_t cap = ledger->maps_cap ? 2 * ledger->maps_cap : 16;
		struct record **grown = realloc(ledger->maps, cap * sizeof(*grown));

		if (!grown) {
			record_unref(record);
			return -ENOMEM;
		}
		ledger->maps = grown;
		ledger->maps_cap = cap;
	}
	ledger->maps[ledger->nmaps++] = record;
	return 0;
}

struct record *ledger_fd(const struct ledger *ledger, int fd)
{
	return fd >= 0 && (size_t)fd < ledger->nfds ? ledger->fds[fd] : NULL;
}

struct record *ledger_lock(const struct ledger *ledger, int fd)
{
	return fd >= 0 && (size_t)fd < ledger->nlocks ? ledger->locks[fd] : NULL;
}

struct record *ledger_map(const struct ledger *ledger, uintptr_t start, uintptr_t end)
{
	for (size_t i = ledger->nmaps; i-- > 0;)
		if (ledger->maps[i]->address >= start && ledger->maps[i]->address < end)
			return ledger->maps[i];
	return NULL;
}
