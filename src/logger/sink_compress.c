/* sink_compress.c - backups are compressed one after the other.  See sink.h.
 *
 * Names are dealt with in the loop only, so that a rotation and the end of a compression cannot
 * come between each other; what is compressed is known by its inode.  A logger that is killed
 * leaves a temporary file, which the next one replaces, or both forms of a backup: it is done
 * again. */
#include "base/fd.h"
#include "base/util.h"
#include "logger/rotate.h"
#include "logger/sink_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETRY_SECONDS 60

/* What is being compressed; its sink may go away meanwhile. */
struct packing {
	int dir;    /* owned */
	char *path; /* owned */
	unsigned backups;
	dev_t dev;
	ino_t ino;
};

static void packing_free(struct packing *packing)
{
	if (!packing)
		return;
	fd_close(&packing->dir);
	free(packing->path);
	free(packing);
}

static struct packing *packing_new(const struct sink *sink, int from)
{
	struct packing *packing = calloc(1, sizeof(*packing));
	struct stat st;

	if (!packing)
		return NULL;
	packing->dir = fcntl(sink->dir, F_DUPFD_CLOEXEC, 3);
	packing->path = strdup(sink->path);
	packing->backups = sink->backups;
	if (packing->path && packing->dir >= 0 && fstat(from, &st) == 0) {
		packing->dev = st.st_dev;
		packing->ino = st.st_ino;
		return packing;
	}
	packing_free(packing);
	return NULL;
}

static const char *name_of(const struct packing *packing)
{
	return strrchr(packing->path, '/') + 1;
}

static void remove_temporary(const struct packing *packing)
{
	char name[ROTATE_NAME_MAX];

	rotate_temporary(name, name_of(packing));
	(void)unlinkat(packing->dir, name, 0);
}

/* Takes `from` over.  0 or -errno. */
static int begin(struct sink *sink, int from)
{
	struct packing *packing = packing_new(sink, from);
	char name[ROTATE_NAME_MAX];
	int to, r;

	if (!packing) {
		close(from);
		return -ENOMEM;
	}
	remove_temporary(packing);
	rotate_temporary(name, name_of(packing));
	to = openat(packing->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0) {
		r = -errno;
		close(from);
	} else {
		r = compressor_start(&sink->sinks->compressor, from, to);
	}
	if (r == 0)
		sink->sinks->packing = packing;
	else
		packing_free(packing);
	return r;
}

static bool wants(struct sink *sink, time_t now)
{
	if (!sink->unpacked || !sink->compress || sink->kind != SINK_FILE)
		return false;
	return now >= sink->compress_after || sink->compress_after > now + RETRY_SECONDS;
}

void sinks_compress(struct sinks *sinks)
{
	time_t now = time(NULL);

	for (struct sink *sink = sinks->first; sink && !sinks->compressor.busy; sink = sink->next) {
		unsigned number;
		int from = -1, r;

		if (wants(sink, now))
			from = rotate_find_plain(sink->dir, sink_file_name(sink), sink->backups,
						 &number);
		if (from < 0) {
			sink->unpacked = sink->unpacked && !wants(sink, now);
			continue;
		}
		r = begin(sink, from);
		if (r == 0)
			return;
		sink->compress_after = now + RETRY_SECONDS;
		sink_note(sink, LEVEL_WARN, "cannot compress the backup %s.%u: %s", sink->path,
			  number, strerror(-r));
	}
}

/* Leaves the sink whose backup it was alone for a while. */
static void complain(struct sinks *sinks, const struct packing *packing, int error)
{
	for (struct sink *sink = sinks->first; sink; sink = sink->next) {
		if (strcmp(sink->path, packing->path) != 0)
			continue;
		sink->compress_after = time(NULL) + RETRY_SECONDS;
		sink_note(sink, LEVEL_WARN,
			  "cannot compress a backup of %s: %s; it stays as it is "
			  "until the next rotation",
			  sink->path, strerror(error));
	}
}

static void done(struct compressor *compressor, int result)
{
	struct sinks *sinks = container_of(compressor, struct sinks, compressor);
	struct packing *packing = sinks->packing;

	sinks->packing = NULL;
	if (result == 0)
		result = rotate_replace(packing->dir, name_of(packing), packing->backups,
					packing->dev, packing->ino);
	if (result < 0)
		remove_temporary(packing);
	if (result < 0 && result != -ENOENT) /* -ENOENT: rotated out meanwhile */
		complain(sinks, packing, -result);
	packing_free(packing);
	sinks_compress(sinks);
}

void sinks_compress_init(struct sinks *sinks)
{
	compressor_init(&sinks->compressor, sinks->loop, done);
	sinks->packing = NULL;
}

void sinks_stop_compressing(struct sinks *sinks)
{
	compressor_done(&sinks->compressor);
	if (sinks->packing)
		remove_temporary(sinks->packing);
	packing_free(sinks->packing);
	sinks->packing = NULL;
}
