/* zygotes.h - all zygotes, found by name; they come and go with the configuration.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_ZYGOTES_H
#define SUPERVISOR_ZYGOTES_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct config_zygote;
struct zygote_host;
struct zygote_link;

/* Embedded; zeroed is empty. */
struct zygotes {
	struct zygote_link **all; /* owned; those that are leaving, too */
	size_t n;
};

void zygotes_done(struct zygotes *zygotes); /* frees all of them */

/* A new one that is not started yet, or NULL: out of memory.  If there is one of that name it is
 * its next generation, and a candidate. */
struct zygote_link *zygotes_add(struct zygotes *zygotes, struct zygote_host *host,
				struct config *base, const struct config_zygote *config);

/* The one of that name from which processes are forked, or NULL: it is neither leaving nor a
 * candidate. */
struct zygote_link *zygotes_find(const struct zygotes *zygotes, const char *name);

/* The candidate is found from now on, and the one that was found before is a candidate instead,
 * until it is dismissed or promoted again. */
void zygotes_promote(struct zygotes *zygotes, struct zygote_link *candidate);

/* Stops it.  It is not found any more, and is freed by zygotes_bury() when it has stopped and no
 * process is forked from it any more. */
void zygotes_dismiss(struct zygote_link *link);

/* As many spare workers as the programs of `config` say. */
void zygotes_want_spares(struct zygotes *zygotes, const struct config *config);

bool zygotes_are_down(const struct zygotes *zygotes);
void zygotes_bury(struct zygotes *zygotes);

void zygotes_stop(struct zygotes *zygotes, bool kill); /* dismisses all */
void zygotes_kill(struct zygotes *zygotes);

#endif
