/* usage_messages.h - what every process and zygote takes of CPU and memory: the body of
 * CONTROL_USAGE (control_messages.h).
 * Runs in: supervisor, control. */
#ifndef IPC_USAGE_MESSAGES_H
#define IPC_USAGE_MESSAGES_H

#include <stdint.h>

struct buf;
struct unpack;

/* Of the machine. */
struct usage_host {
	uint32_t load[3]; /* averages over 1, 5 and 15 minutes, in hundredths */
	uint32_t cpus;    /* that are online */
};

enum usage_kind { USAGE_ZYGOTE, USAGE_PROCESS };

/* Zygotes come before processes. */
struct usage_row {
	uint32_t kind;
	char *group; /* NULL: of a zygote */
	char *name;
	uint32_t zygote;     /* of a worker: which row its zygote is, from 1; 0: it is none */
	uint32_t generation; /* of a zygote, and of a worker that of its zygote; 0: of none */
	uint32_t state;      /* supervisord's number; of a zygote enum zygote_condition */
	uint32_t pid;        /* 0: it does not run, and nothing below has a meaning but restarts */
	uint64_t uptime_us;
	uint64_t restarts; /* by itself */

	uint64_t sampled_us; /* when the next four were read, on a clock of the supervisor's; 0:
				they were not */
	uint64_t cpu_us;     /* used since its start */
	uint64_t rss_bytes;
	uint32_t threads;
	uint32_t run_state; /* the kernel's letter, 'S' */

	uint64_t pss_bytes;     /* measured, as all below */
	uint64_t private_bytes; /* USS */
	uint64_t shared_bytes;  /* with anybody */
	uint64_t forked_bytes;  /* of these, what is no file's */
	uint64_t memory_age_us; /* since they were; USAGE_UNMEASURED: they were not */
	uint32_t memory_error;  /* errno: they could not be; 0: they were, or will be */
};

#define USAGE_UNMEASURED UINT64_MAX

/* As in control_messages.h: `unpack` leaves the reader behind what it has read, and `done` is legal
 * whatever it has met. */
void usage_host_pack(struct buf *buf, const struct usage_host *host);
void usage_host_unpack(struct usage_host *host, struct unpack *in);

void usage_row_pack(struct buf *buf, const struct usage_row *row);
void usage_row_unpack(struct usage_row *row, struct unpack *in);
void usage_row_done(struct usage_row *row);

#endif
