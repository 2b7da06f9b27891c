/* user.h - a user of the system with all groups, looked up once, before any fork.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_USER_H
#define SUPERVISOR_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;

/* Zero-initialised is "no user": nothing is changed. */
struct user {
	char *name; /* owned; NULL: none */
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* supplementary groups, with gid; owned */
	size_t ngroups;
};

/* Looks up a name or a decimal uid.  0, or -1 with the reason in err and *user empty. */
int user_find(struct user *user, const char *name, struct error *err);
void user_done(struct user *user);

/* Looks up "USER[:GROUP]"; without a group it is the user's own.  0 or -1 with err. */
int user_find_owner(const char *owner, uid_t *ret_uid, gid_t *ret_gid, struct error *err);

/* Whether this process already is that user, so that there is nothing to change. */
bool user_is_self(const struct user *user);

/* Becomes the user for good: groups, gid, uid, in this order, read back.  No allocation, safe after
 * fork(2) and vfork(2); the caller has one thread.  0 or -errno (-EPERM if a call claimed success
 * that it did not have). */
int user_become(const struct user *user);

#endif
