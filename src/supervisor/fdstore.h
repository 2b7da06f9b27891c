/* fdstore.h - listeners in the service manager's store of fds, where they and the connections in
 * their queues outlive a supervisor that dies: sd_notify(3), FDSTORE.
 * Runs in: supervisor.
 *
 * What comes back from the store was bound by an earlier supervisor, maybe for another
 * configuration; listeners.h decides whether it still is what is wanted.  The name that it has
 * there says what the fd itself does not:
 *
 *   forkserver-listener.SOCKET.DEV.FILE.NAME
 *
 * SOCKET is the socket's inode, which no other socket has as long as this one lives; DEV and FILE
 * are those of a unix socket's file, or 0; NAME, of the section, is for people. */
#ifndef SUPERVISOR_FDSTORE_H
#define SUPERVISOR_FDSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct activation;
struct listen_mark;
struct systemd;

struct fdstore_entry {
	char *name;  /* owned; in the store */
	ino_t inode; /* of the socket */
	dev_t dev;   /* this and file: of a unix socket's file; else 0 */
	ino_t file;
	int fd;      /* owned; -1: it is in use, or was */
	bool wanted; /* since fdstore_begin() */
};

/* Embedded; zeroed is empty.  It remembers what the manager has, as far as we know. */
struct fdstore {
	const struct systemd *systemd; /* borrowed; NULL: nobody keeps anything */
	struct fdstore_entry *all;     /* owned */
	size_t n;
};

/* Takes out of `activation` what a supervisor has stored.  Without memory it stays there. */
void fdstore_take(struct fdstore *store, struct activation *activation);
void fdstore_done(struct fdstore *store);

/* The fd of an entry, from now on the caller's and in use. */
int fdstore_use(struct fdstore_entry *entry);

/* Closes an entry that is not in use, here and in the store.  0; -EAGAIN: it is still in the
 * store, and in the table. */
int fdstore_drop(struct fdstore *store, size_t i);

/* Makes the store what is in use: begin, want each, sweep, add each.  Sweep and add return -EAGAIN
 * if the manager must be told later; then all of it is due once more. */
void fdstore_begin(struct fdstore *store);
void fdstore_want(struct fdstore *store, int fd);
int fdstore_sweep(struct fdstore *store);
int fdstore_add(struct fdstore *store, int fd, const char *name, const struct listen_mark *mark);

#endif
