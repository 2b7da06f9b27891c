/* fdstore.c - see fdstore.h. */
#include "supervisor/fdstore.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "supervisor/activation.h"
#include "supervisor/listen.h"
#include "supervisor/systemd.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PREFIX "forkserver-listener."
#define NAME_MAX_LEN 100 /* of a section; FDNAME may have 255 bytes */

/* ---- names ---- */

static ino_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : st.st_ino;
}

/* A number and the dot after it; NULL if that is not what is there. */
static const char *parse_part(const char *text, uintmax_t *ret)
{
	char *end;

	if (!text || !isdigit((unsigned char)*text))
		return NULL;
	errno = 0;
	*ret = strtoumax(text, &end, 10);
	return errno || *end != '.' ? NULL : end + 1;
}

static bool parse_name(const char *name, struct fdstore_entry *entry)
{
	uintmax_t socket, dev, file;
	const char *rest = name;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return false;
	rest = parse_part(rest + strlen(PREFIX), &socket);
	rest = parse_part(rest, &dev);
	rest = parse_part(rest, &file);
	if (!rest)
		return false;
	entry->inode = (ino_t)socket;
	entry->dev = (dev_t)dev;
	entry->file = (ino_t)file;
	return true;
}

/* LISTEN_FDNAMES has ':' between names, and the manager takes ASCII only. */
static char *make_name(const struct fdstore_entry *entry, const char *section)
{
	struct buf name = { 0 };

	buf_printf(&name, PREFIX "%ju.%ju.%ju.", (uintmax_t)entry->inode, (uintmax_t)entry->dev,
		   (uintmax_t)entry->file);
	for (size_t i = 0; section[i] && i < NAME_MAX_LEN; i++) {
		unsigned char c = (unsigned char)section[i];

		buf_add(&name, c > ' ' && c < 0x7f && c != ':' ? &section[i] : "_", 1);
	}
	return buf_steal(&name);
}

/* ---- the table ---- */

/* Room for one more; or NULL. */
static struct fdstore_entry *grow(struct fdstore *store)
{
	struct fdstore_entry *all = reallocarray(store->all, store->n + 1, sizeof(*all));

	if (!all)
		return NULL;
	store->all = all;
	memset(&all[store->n], 0, sizeof(all[store->n]));
	return &all[store->n];
}

static void forget(struct fdstore *store, size_t i)
{
	free(store->all[i].name);
	fd_close(&store->all[i].fd);
	store->all[i] = store->all[--store->n];
}

void fdstore_take(struct fdstore *store, struct activation *activation)
{
	for (size_t i = activation->n; i > 0; i--) {
		struct activated *given = &activation->all[i - 1];
		struct fdstore_entry *entry = grow(store);

		if (!entry)
			return;
		if (!parse_name(given->name, entry))
			continue;
		entry->name = given->name;
		entry->fd = given->fd;
		store->n++;
		*given = activation->all[--activation->n];
	}
}

void fdstore_done(struct fdstore *store)
{
	while (store->n)
		forget(store, store->n - 1);
	free(store->all);
	memset(store, 0, sizeof(*store));
}

int fdstore_use(struct fdstore_entry *entry)
{
	int fd = entry->fd;

	entry->fd = -1;
	return fd;
}

/* ---- telling the manager ---- */

static bool is_busy(int r)
{
	if (r == -EAGAIN || r == -ENOBUFS || r == -ENOMEM)
		return true;
	if (r < 0)
		log_debug("the service manager cannot be told of a listener: %s", strerror(-r));
	return false;
}

/* The manager keeps its copy until it is told; as long as that is open, connections go there. */
int fdstore_drop(struct fdstore *store, size_t i)
{
	if (store->systemd &&
	    is_busy(systemd_send(store->systemd, "FDSTOREREMOVE=1\nFDNAME=%s", store->all[i].name)))
		return -EAGAIN;
	forget(store, i);
	return 0;
}

static struct fdstore_entry *find_used(struct fdstore *store, ino_t inode)
{
	for (size_t i = 0; i < store->n; i++)
		if (store->all[i].fd < 0 && store->all[i].inode == inode)
			return &store->all[i];
	return NULL;
}

void fdstore_begin(struct fdstore *store)
{
	for (size_t i = 0; i < store->n; i++)
		store->all[i].wanted = store->all[i].fd >= 0;
}

void fdstore_want(struct fdstore *store, int fd)
{
	struct fdstore_entry *entry = find_used(store, inode_of(fd));

	if (entry)
		entry->wanted = true;
}

int fdstore_sweep(struct fdstore *store)
{
	for (size_t i = store->n; i > 0; i--)
		if (!store->all[i - 1].wanted && fdstore_drop(store, i - 1) < 0)
			return -EAGAIN;
	return 0;
}

/* FDPOLL=0: an error that waits on a socket of UDP is no reason to let go of it. */
int fdstore_add(struct fdstore *store, int fd, const char *name, const struct listen_mark *mark)
{
	struct fdstore_entry *entry;
	ino_t inode = inode_of(fd);

	if (!store->systemd || !systemd_listens(store->systemd) || !store->systemd->stores ||
	    !inode || find_used(store, inode))
		return 0;
	entry = grow(store);
	if (!entry)
		return -EAGAIN;
	entry->inode = inode;
	entry->dev = mark->path ? mark->dev : 0;
	entry->file = mark->path ? mark->ino : 0;
	entry->fd = -1;
	entry->name = make_name(entry, name);
	if (!entry->name)
		return -EAGAIN;
	if (is_busy(systemd_send_fd(store->systemd, fd, "FDSTORE=1\nFDPOLL=0\nFDNAME=%s",
				    entry->name))) {
		free(entry->name);
		return -EAGAIN;
	}
	store->n++;
	return 0;
}
