/* rollout_follow.h - watches reloads until they have ended, and shows how they go.
 * Runs in: forkserverctl. */
#ifndef CTL_ROLLOUT_FOLLOW_H
#define CTL_ROLLOUT_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctl;

/* Prints a line for each thing that happens and one at the end of each; on a terminal also a last
 * line that tells how far it is and is written again and again.  With --json these go to stderr,
 * and each is collected at its end.  ^C ends the watching, not the reloads.  True: all have ended,
 * and well; else the status is set. */
bool rollout_follow(struct ctl *ctl, const int64_t *ids, size_t n);

#endif
