/* reload.h - another configuration while everything runs: read, compare, take over.
 * Runs in: supervisor.
 *
 * The configuration read last is supervisor->latest; reading it changes nothing else.  Groups keep
 * the one that they were made from, until they are removed and added again (as supervisorctl does),
 * or are updated:
 *
 *   update ──► what is gone or must change is stopped ──all of that down──► what is new is started
 *                      └── each that must change is started anew as soon as it is down
 *
 * An update touches only the processes that differ. */
#ifndef SUPERVISOR_RELOAD_H
#define SUPERVISOR_RELOAD_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct config;
struct config_group;
struct error;
struct supervisor;

/* Names of groups; strv.h. */
struct reload_names {
	char **stopped; /* owned, as all of them: something of it was stopped */
	char **changed;
	char **added;
	char **removed;
};
void reload_names_done(struct reload_names *names);

/* Embedded in the supervisor. */
struct reload {
	struct config *target; /* one reference: of the update under way; NULL: none */
	bool all;              /* of all groups and sockets, not only of one group */
	const char *every;     /* every zygote is to be imported anew, because of this; NULL: no */
	char **rolls; /* owned; programs whose processes are replaced one by one, see rollout.h */
	bool again;   /* read and update once more when it has ended */
	struct reload_names names;
	char *failure; /* owned; what could not be added, and why; NULL: nothing */
};

/* Reads the file again as supervisor->latest.  0; or -1 with nothing changed and every reason in
 * messages, a line each (warnings are there on success, too). */
int reload_read(struct supervisor *supervisor, struct buf *messages);

/* How supervisor->latest differs from what runs.  0 or -ENOMEM. */
int reload_diff(const struct supervisor *supervisor, struct reload_names *ret);

/* Adds a group of supervisor->latest, with the zygotes and sockets that it needs, and starts it.
 * 0; -ENOENT: there is none; -EEXIST: it is there; -EIO with err. */
int reload_add(struct supervisor *supervisor, const char *name, struct error *err);

/* Removes a group that is down.  0, -ENOENT, or -EBUSY: it is not down. */
int reload_remove(struct supervisor *supervisor, const char *name);

/* Makes one group, or all (NULL), what supervisor->latest says.  0: begun, supervisor_step() goes
 * on with it and calls control_updated() at the end; -EBUSY: another update is under way; -ENOENT:
 * there is no such group; -ENOMEM. */
int reload_update(struct supervisor *supervisor, const char *name);

/* The same for all groups, and a new generation of every zygote, because of `cause` (a literal). */
int reload_everything(struct supervisor *supervisor, const char *cause);
/* The same with another configuration than `latest`, for one group; no update may be under way. */
void reload_to(struct supervisor *supervisor, const char *name, struct config *target);
void reload_step(struct supervisor *supervisor);
void reload_done(struct reload *reload);

/* SIGHUP: reads, and updates all; says in the log what is wrong, or what was done. */
void reload_all(struct supervisor *supervisor);

/* The service manager is told that a reload is under way; and, when neither an update nor a rollout
 * is left, that it is over, and what has failed. */
void reload_announce(struct supervisor *supervisor);
void reload_settled(struct supervisor *supervisor);
void reload_trouble(struct supervisor *supervisor, const char *why); /* remembered for that */

/* ---- reload_parts.c: for reload*.c and supervisor.c ---- */

/* Makes the group's zygotes and sockets be there.  0 or -1 with err. */
int reload_need(struct supervisor *supervisor, struct config *config,
		const struct config_group *group, struct error *err);

/* Makes a group, not started; with everything that it needs.  0 or -1 with err. */
int reload_add_group(struct supervisor *supervisor, struct config *config,
		     const struct config_group *group, struct error *err);

/* Lets go of zygotes and sockets that no process needs and `latest` does not name, and says which
 * ones have changed but are still in use. */
void reload_sweep(struct supervisor *supervisor);

/* reload_sockets.c: binds and changes what `latest` says of sockets, whether a program has them or
 * not; what fails is told to `failed`.  The sweep closes what no process needs; the last one, when
 * a process has ended, those that had retired and waited for it. */
void reload_sockets(struct supervisor *supervisor,
		    void (*failed)(struct reload *reload, const char *what, const char *name,
				   const char *why));
void reload_sweep_sockets(struct supervisor *supervisor);
void reload_sweep_retired(struct supervisor *supervisor);

/* What of [supervisord] and the HTTP servers can be taken over at once is; the rest is logged. */
void reload_daemon(struct supervisor *supervisor);

#endif
