/* user.c - see user.h. */
#include "supervisor/user.h"

#include "base/error.h"
#include "base/util.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool parse_id(const char *text, unsigned long *ret_id)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*ret_id = strtoul(text, &end, 10);
	return errno == 0 && *end == '\0' && *ret_id < (unsigned long)(uid_t)-1;
}

static struct passwd *find_passwd(const char *name)
{
	struct passwd *found = getpwnam(name);
	unsigned long id;

	if (!found && parse_id(name, &id))
		found = getpwuid((uid_t)id);
	return found;
}

static int find_groups(struct user *user, struct error *err)
{
	int n = 32;

	for (;;) {
		gid_t *grown = realloc(user->groups, (size_t)n * sizeof(*grown));
		int want = n;

		if (!grown)
			return error_set(err, "out of memory");
		user->groups = grown;
		if (getgrouplist(user->name, user->gid, user->groups, &want) >= 0) {
			user->ngroups = (size_t)want;
			return 0;
		}
		n = want > n ? want : n * 2;
		if (n > 65536)
			return error_set(err, "user \"%s\" is in too many groups", user->name);
	}
}

int user_find(struct user *user, const char *name, struct error *err)
{
	struct passwd *found = find_passwd(name);

	memset(user, 0, sizeof(*user));
	if (!found)
		return error_set(err, "Invalid user name %s", name);
	user->uid = found->pw_uid;
	user->gid = found->pw_gid;
	user->name = strdup(found->pw_name);
	if (!user->name || find_groups(user, err) < 0) {
		if (!user->name)
			error_set(err, "out of memory");
		user_done(user);
		return -1;
	}
	return 0;
}

void user_done(struct user *user)
{
	free(user->name);
	free(user->groups);
	memset(user, 0, sizeof(*user));
}

int user_find_owner(const char *owner, uid_t *ret_uid, gid_t *ret_gid, struct error *err)
{
	const char *colon = strchr(owner, ':');
	CLEANUP_FREE char *name = colon ? strndup(owner, (size_t)(colon - owner)) : strdup(owner);
	struct passwd *passwd;
	struct group *group;
	unsigned long id;

	if (!name)
		return error_set(err, "out of memory");
	passwd = find_passwd(name);
	if (!passwd)
		return error_set(err, "Invalid user name %s", name);
	*ret_uid = passwd->pw_uid;
	*ret_gid = passwd->pw_gid;
	if (!colon)
		return 0;
	group = getgrnam(colon + 1);
	if (group)
		*ret_gid = group->gr_gid;
	else if (parse_id(colon + 1, &id))
		*ret_gid = (gid_t)id;
	else
		return error_set(err, "Invalid group name %s", colon + 1);
	return 0;
}

bool user_is_self(const struct user *user)
{
	uid_t uids[3];
	gid_t gids[3];

	if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 ||
	    getresgid(&gids[0], &gids[1], &gids[2]) < 0)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (uids[i] != user->uid || gids[i] != user->gid)
			return false;
	return true;
}

/* The system calls themselves: the C library's functions tell every thread, which is not for a
 * child that shares our memory.  The caller has one thread. */
#ifdef SYS_setresuid32
#define DO_SETGROUPS SYS_setgroups32
#define DO_SETRESGID SYS_setresgid32
#define DO_SETRESUID SYS_setresuid32
#else
#define DO_SETGROUPS SYS_setgroups
#define DO_SETRESGID SYS_setresgid
#define DO_SETRESUID SYS_setresuid
#endif

int user_become(const struct user *user)
{
	if (geteuid() != 0)
		return user_is_self(user) ? 0 : -EPERM;
	if (syscall(DO_SETGROUPS, user->ngroups, user->groups) < 0)
		return -errno;
	if (syscall(DO_SETRESGID, user->gid, user->gid, user->gid) < 0)
		return -errno;
	if (syscall(DO_SETRESUID, user->uid, user->uid, user->uid) < 0)
		return -errno;
	if (!user_is_self(user))
		return -EPERM;
	/* setresuid(2) can be defeated by a user namespace or an LSM: try to come back */
	if (user->uid != 0 && syscall(DO_SETRESUID, 0, 0, 0) == 0)
		return -EPERM;
	return 0;
}
