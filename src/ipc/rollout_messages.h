/* rollout_messages.h - reloads: what is told of one that runs or has ended, as it goes to the
 * control process: the bodies of CONTROL_RELOAD, _DEPLOY and _ROLLOUTS (control_messages.h).
 * Runs in: supervisor, control. */
#ifndef IPC_ROLLOUT_MESSAGES_H
#define IPC_ROLLOUT_MESSAGES_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct unpack;

enum rollout_phase {
	ROLLOUT_QUEUED,
	ROLLOUT_IMPORTING, /* the new zygote, beside the old one; and its audit */
	ROLLOUT_ROLLING,   /* processes are replaced */
	ROLLOUT_WATCHING,  /* all are; but they might not stay */
	ROLLOUT_BACK,      /* something has failed: the old ones come again */
	ROLLOUT_ENDED,
	ROLLOUT_NPHASES
};

enum rollout_outcome {
	OUTCOME_NONE,        /* it has not ended */
	OUTCOME_DONE,        /* the new generation serves */
	OUTCOME_REFUSED,     /* import or audit have failed, nothing was touched */
	OUTCOME_ROLLED_BACK, /* new processes have failed, the old generation serves */
	OUTCOME_CANCELED,    /* the supervisor was stopped, or what it was for was removed */
	OUTCOME_SUPERSEDED,  /* a later one of the same name has taken its place */
	OUTCOME_FAILED,      /* new processes have failed, and going back has as well */
	ROLLOUT_NOUTCOMES
};

enum rollout_slot_state {
	SLOT_WAITS,    /* its turn has not come */
	SLOT_STARTING, /* the next process is being started */
	SLOT_READY,    /* it is ready, and waits for others of its batch */
	SLOT_REPLACED, /* it has the slot */
	SLOT_FAILED,   /* it could not be started, or has not stayed; `why` */
	SLOT_BACK,     /* a process of the old generation has the slot again */
	SLOT_DOWN,     /* nothing ran in it; what is started in it next is new */
	SLOT_SKIPPED,  /* it was stopped or removed meanwhile; `why` */
	ROLLOUT_NSLOT_STATES
};

struct rollout_slot_info {
	char *name;                /* "group:process" */
	uint32_t state;            /* enum rollout_slot_state */
	uint32_t from_pid, to_pid; /* 0: none, or not yet */
	uint64_t us; /* from the start of the next one until it was ready; 0: not yet */
	char *why;   /* "" or what has happened */
};

struct rollout_info {
	uint32_t id;         /* from 1; 0 is nobody's */
	uint32_t is_program; /* 1: of a program without a zygote; 0: of a zygote */
	char *name;          /* of the zygote or the program */
	char *cause;         /* "reload", "deploy", "SIGHUP", "update" */
	uint32_t phase, outcome;
	uint32_t generation, before;     /* what is begun, and what has served; 0: not yet */
	uint64_t start;                  /* seconds since the epoch; 0: it is queued */
	uint64_t us;                     /* from then until now, or its end */
	uint64_t import_us;              /* 0: none, or not yet */
	char *audit;                     /* "" or the result in words: "clean", "2 violations" */
	char *why;                       /* "" or what has failed, a sentence */
	struct rollout_slot_info *slots; /* owned */
	size_t nslots;
};

/* As in control_messages.h: `unpack` leaves the reader behind what it has read, and `done` is legal
 * whatever it has met. */
void rollout_info_pack(struct buf *buf, const struct rollout_info *info);
void rollout_info_unpack(struct rollout_info *info, struct unpack *in);
void rollout_info_done(struct rollout_info *info);

#endif
