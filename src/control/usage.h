/* usage.h - the supervisor's answer to CONTROL_USAGE, what is shared added up, as XML-RPC or JSON.
 * Runs in: control.  Pure. */
#ifndef CONTROL_USAGE_H
#define CONTROL_USAGE_H

#include "ipc/usage_messages.h"

#include <stddef.h>
#include <stdint.h>

struct buf;
struct unpack;

/* A zygote and its workers, as far as they are measured.  Bytes. */
struct usage_family {
	uint32_t workers;        /* that run */
	uint32_t measured;       /* of them; 0: nothing below has a meaning */
	uint64_t private_bytes;  /* of the workers: what each has for itself */
	uint64_t shared_bytes;   /* the rest of the whole: what they share, and what the zygote has
				    for itself */
	uint64_t total_bytes;    /* both: the sum of PSS, the zygote's too */
	uint64_t separate_bytes; /* what so many separate starts would have cost, about */
};

struct usage {
	struct usage_host host;
	struct usage_row *rows;        /* owned, zygotes first */
	struct usage_family *families; /* owned; one for each row, used by those of zygotes */
	size_t n;
};

/* Reads a whole answer and adds it up.  0, -EPROTO or -ENOMEM; usage_done() is due anyway. */
int usage_read(struct usage *usage, struct unpack *in);
void usage_done(struct usage *usage);

/* Fills the families from the rows.
 *
 * Started separately, each worker would have its private memory and a copy of what it shares since
 * a fork.  Pages of files (the interpreter, libraries) would be there once, as they are now: the
 * largest share of them that one worker has is counted once. */
void usage_add_up(struct usage *usage);

/* One value.  man/forkserver-api.5 and man/forkserver.8 say what the members mean. */
void usage_write_rpc(struct buf *to, const struct usage *usage);
void usage_write_json(struct buf *to, const struct usage *usage);

#endif
