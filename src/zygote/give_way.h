/* give_way.h - what nobody waits for lets those go first who serve.
 * Runs in: zygote.
 *
 * A thread without privileges can lower its priority, but never raise it again: so this is for one
 * that only imports.  Not more than this, because what is starved on a busy machine misses its
 * deadline (preload_timeout). */
#ifndef ZYGOTE_GIVE_WAY_H
#define ZYGOTE_GIVE_WAY_H

#include <unistd.h>

#define GIVE_WAY 5 /* of nice(2): about a third of the CPU of one that competes */

/* The calling thread, and what it starts from now on. */
static inline void give_way(void)
{
	(void)!nice(GIVE_WAY);
}

#endif
