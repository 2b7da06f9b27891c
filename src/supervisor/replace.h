/* replace.h - one process gives way to another one in the same slot.
 * Runs in: supervisor.
 *
 * A slot is a place in a group, with a name; usually the process in it is started again and again.
 * To replace it is to make another struct process of the same name, which may have another
 * configuration and another zygote:
 *
 *   new first:  STARTING ──next is RUNNING──► READY ──commit──► next has the slot, old is stopped
 *   old first:  STOPPING ──old is down──► STARTING ──next is RUNNING──► READY ──commit──► old is
 * freed
 *
 * New first is for those that share what they serve: both run for a while.  Then the next one's
 * changes of state are nobody's business until it has the slot, and those of the old one no longer
 * are: for listeners, clients and groups the slot has been RUNNING all the time.  If the next one
 * fails nothing has changed.  Old first is for those that must not run twice; the next one has the
 * slot as soon as the old one is down, and if it fails the old one is put back and started again.
 *
 * Everything is looked at in a turn of the loop of its own, never from within a change of a
 * process. */
#ifndef SUPERVISOR_REPLACE_H
#define SUPERVISOR_REPLACE_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

struct buf;
struct config_program;
struct error;
struct groups;
struct process;
struct process_host;
struct process_source;
struct replaces;
struct zygote_link;

enum replace_state { REPLACE_IDLE, REPLACE_STOPPING, REPLACE_STARTING, REPLACE_READY };

/* What has become of it. */
enum replace_end {
	REPLACE_FAILED, /* the next one could not be started, or did not stay; `why` says it */
	REPLACE_OFF,    /* somebody has stopped or removed the process in the slot meanwhile */
};

/* One attempt; embedded in whoever makes it, who sets the two functions.  Zeroed: IDLE. */
struct replace {
	/* It is READY: commit it, now or later, or cancel it. */
	void (*ready)(struct replace *replace);
	/* It has come to nothing, and is IDLE.  May also come after ready(). */
	void (*ended)(struct replace *replace, enum replace_end end, const char *why);

	/* ours */
	enum replace_state state;
	struct replaces *replaces; /* borrowed */
	struct replace *before, *after;
	struct process *old;  /* owned while it is parked, else its group's; NULL: it is no more */
	struct process *next; /* owned until it has the slot */
	bool old_first;
	bool unwanted;  /* old_first: somebody wants the old one stopped for good */
	bool took_slot; /* old_first: next is in the slot, old is parked */
	char note[352]; /* why it has ended */
};

/* All of them, and the processes that have no slot any more; embedded, zeroed is empty. */
struct replaces {
	struct ev_loop *loop; /* borrowed, as the next one */
	const struct groups *groups;
	void (*gone)(struct replaces *replaces); /* a process without a slot has been freed */
	struct replace *first;
	struct replace *next;     /* of on_look(): what it comes to after this one */
	struct process **leaving; /* owned: being stopped; nleaving of them */
	size_t nleaving;
	size_t room;
	ev_timer look;
};

void replaces_init(struct replaces *replaces, struct ev_loop *loop, const struct groups *groups,
		   void (*gone)(struct replaces *replaces));
void replaces_done(struct replaces *replaces); /* forgets and frees all; tells nobody */

/* Begins it: the process must have a slot, and not be replaced already.  With new first it should
 * be RUNNING; what is down has nothing to give way to, see replace_swap().  0; -EBUSY: it is being
 * replaced, removed or stopped; or -1 with err. */
int replace_begin(struct replaces *replaces, struct replace *replace, struct process *old,
		  const struct process_source *source, struct zygote_link *zygote,
		  struct error *err);

/* READY: the next one has the slot from now on, and is returned.  NULL: somebody has stopped or
 * removed the old one, or the next one has died, in this very moment; ended() follows. */
struct process *replace_commit(struct replace *replace);

/* Calls it off: the next one is stopped.  ended() is not called.  IDLE: legal. */
void replace_cancel(struct replace *replace);

/* Puts another one in the place of a process that is down, at once, and does not start it.  It, or
 * NULL with err and nothing changed. */
struct process *replace_swap(struct replaces *replaces, struct process *old,
			     const struct process_source *source, struct zygote_link *zygote,
			     struct error *err);

/* Whether it is being stopped only so that another one can take its slot; and that it is to stay
 * stopped. */
bool replace_is_between(const struct process *process);
void replace_give_up(struct process *process);

/* Which of the two is right for it: the program's `replace`. */
bool replace_is_old_first(const struct config_program *program);

/* ---- for supervisor.c and process.c ---- */

/* Whether one of the same name, which must not run twice, has not ended yet. */
bool replaces_precede(const struct replaces *replaces, const struct process *process);

/* Old first: it has the slot, but if it fails the old one comes back. */
bool replace_is_on_trial(const struct process *process);

void replaces_changed(struct replaces *replaces); /* a process that is part of one has changed */
void replaces_forget(struct process *process);    /* it is being freed */
void replaces_cancel(struct replaces *replaces);  /* all, with REPLACE_OFF: we are stopping */
/* How many that were replaced, of the process's group and program, have not ended yet. */
size_t replaces_leaving(const struct replaces *replaces, const struct process *process);

bool replaces_are_down(const struct replaces *replaces); /* nobody without a slot is left */
void replaces_kill(struct replaces *replaces);
void replaces_list_alive(const struct replaces *replaces, struct buf *names);

#endif
