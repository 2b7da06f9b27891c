/* privileges.c - see privileges.h. */
#include "control/privileges.h"

#include "base/error.h"
#include "base/util.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static const char *const users[] = { "forkserver", "nobody" };

static int failed(struct error *err, const char *call)
{
	return error_set(err, "%s: %s", call, strerror(errno));
}

/* The answer of a call is not believed: a user namespace or a security module may make it a lie. */
static int is_user(uid_t uid, gid_t gid)
{
	uid_t uids[3];
	gid_t gids[3];

	if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 ||
	    getresgid(&gids[0], &gids[1], &gids[2]) < 0 || getgroups(0, NULL) != 0)
		return 0;
	for (int i = 0; i < 3; i++)
		if (uids[i] != uid || gids[i] != gid)
			return 0;
	return setuid(0) < 0;
}

static int become_user(struct error *err)
{
	struct passwd *user = NULL;

	for (size_t i = 0; i < ARRAY_LEN(users) && !user; i++)
		user = getpwnam(users[i]);
	if (!user || user->pw_uid == 0)
		return error_set(err, "there is neither a user \"forkserver\" nor a user "
				      "\"nobody\" to run as; make one of them");
	if (setgroups(0, NULL) < 0)
		return failed(err, "setgroups");
	if (setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0)
		return failed(err, "setresgid");
	if (setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
		return failed(err, "setresuid");
	if (!is_user(user->pw_uid, user->pw_gid))
		return error_set(err, "this process is not user \"%s\" after it was made that",
				 user->pw_name);
	return 0;
}

/* RLIMIT_NPROC: fork(2) alone is refused, whatever else runs as that user.  RLIMIT_FSIZE would be
 * in the way of messages that travel in a memfd. */
static const struct {
	int resource;
	const char *name;
} limits[] = {
	{ RLIMIT_CORE, "setrlimit(RLIMIT_CORE)" },
	{ RLIMIT_NPROC, "setrlimit(RLIMIT_NPROC)" },
};

int privileges_drop(struct error *err)
{
	const struct rlimit none = { 0, 0 };

	if (chdir("/") < 0)
		return failed(err, "chdir to /");
	if (geteuid() == 0 && become_user(err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (setrlimit((__rlimit_resource_t)limits[i].resource, &none) < 0)
			return failed(err, limits[i].name);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failed(err, "prctl(PR_SET_NO_NEW_PRIVS)");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return failed(err, "prctl(PR_SET_DUMPABLE)");
	return 0;
}
