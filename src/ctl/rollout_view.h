/* rollout_view.h - a reload as text for people: what is new since it was last looked at, how far it
 * is, and how it has ended.
 * Runs in: forkserverctl.  Pure.
 *
 * `rollout` is always what forkserver.rollout returns; words that this version does not know are
 * shown as they are. */
#ifndef CTL_ROLLOUT_VIEW_H
#define CTL_ROLLOUT_VIEW_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct rpc_value;

/* What was told already.  Zeroed: nothing. */
struct rollout_view {
	char *phase;   /* owned; NULL: none */
	bool imported; /* the import's time and the audit's result */
	char **slots;  /* owned: strv of states, in the order of the slots */
};

void rollout_view_done(struct rollout_view *view);

/* Appends a line, with its end, for each thing that has happened since the last call. */
void rollout_view_news(struct rollout_view *view, const struct rpc_value *rollout, struct buf *to);

/* Appends one line without its end: how far it is; how it has ended. */
void rollout_progress(struct buf *to, const struct rpc_value *rollout);
void rollout_verdict(struct buf *to, const struct rpc_value *rollout);

bool rollout_has_ended(const struct rpc_value *rollout);
bool rollout_is_done(const struct rpc_value *rollout); /* ended, and the new generation serves */
bool rollout_is_superseded(const struct rpc_value *rollout); /* a later one has taken its place */

/* Of `history`: the heading and a row, without line ends; `width` is the longest name's. */
void rollout_heading(struct buf *to, size_t width);
void rollout_row(struct buf *to, const struct rpc_value *rollout, size_t width);

/* Everything about one, several lines. */
void rollout_details(struct buf *to, const struct rpc_value *rollout);

/* The first `width` characters of a line, "…" in place of the last if there are more. */
void rollout_cut(struct buf *to, const char *line, size_t width);

#endif
