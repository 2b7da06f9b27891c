/* usage.c - see usage.h: reading and adding up. */
#include "control/usage.h"

#include "ipc/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int usage_read(struct usage *usage, struct unpack *in)
{
	uint32_t n;

	memset(usage, 0, sizeof(*usage));
	usage_host_unpack(&usage->host, in);
	n = unpack_u32(in);
	if (n > in->left) /* each takes more than one byte */
		in->bad = true;
	if (in->bad)
		return -EPROTO;
	usage->rows = calloc((size_t)n + 1, sizeof(*usage->rows));
	usage->families = calloc((size_t)n + 1, sizeof(*usage->families));
	if (!usage->rows || !usage->families)
		return -ENOMEM;
	for (; usage->n < n && !in->bad; usage->n++)
		usage_row_unpack(&usage->rows[usage->n], in);
	if (unpack_end(in) < 0)
		return -EPROTO;
	usage_add_up(usage);
	return 0;
}

void usage_done(struct usage *usage)
{
	for (size_t i = 0; i < usage->n; i++)
		usage_row_done(&usage->rows[i]);
	free(usage->rows);
	free(usage->families);
	memset(usage, 0, sizeof(*usage));
}

/* The zygote of a worker; NULL: it is none. */
static struct usage_family *family_of(struct usage *usage, const struct usage_row *row)
{
	size_t at = row->zygote;

	if (row->kind != USAGE_PROCESS || !at || at > usage->n ||
	    usage->rows[at - 1].kind != USAGE_ZYGOTE)
		return NULL;
	return &usage->families[at - 1];
}

static void add_worker(struct usage_family *family, const struct usage_row *row, uint64_t *files)
{
	uint64_t shared_files = row->shared_bytes - row->forked_bytes;

	family->workers += row->pid != 0;
	if (!row->pid || row->memory_age_us == USAGE_UNMEASURED)
		return;
	family->measured++;
	family->private_bytes += row->private_bytes;
	family->total_bytes += row->pss_bytes;
	family->separate_bytes += row->private_bytes + row->forked_bytes;
	if (shared_files > *files) {
		family->separate_bytes += shared_files - *files;
		*files = shared_files;
	}
}

static void add_zygote(struct usage_family *family, const struct usage_row *row)
{
	if (row->pid && row->memory_age_us != USAGE_UNMEASURED)
		family->total_bytes += row->pss_bytes;
	family->shared_bytes = family->total_bytes - family->private_bytes;
}

void usage_add_up(struct usage *usage)
{
	for (size_t z = 0; z < usage->n && usage->rows[z].kind == USAGE_ZYGOTE; z++) {
		struct usage_family *family = &usage->families[z];
		uint64_t files = 0;

		memset(family, 0, sizeof(*family));
		for (size_t i = 0; i < usage->n; i++)
			if (family_of(usage, &usage->rows[i]) == family)
				add_worker(family, &usage->rows[i], &files);
		add_zygote(family, &usage->rows[z]);
	}
}
