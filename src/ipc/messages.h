/* messages.h - every message between the supervisor and a zygote, and what its body holds.
 * Runs in: supervisor, zygote, tracer.
 *
 *   supervisor                                zygote (import, audit)
 *      SETUP ───────────────────────────────────►
 *      ◄─────────────────────────────── PROGRESS   while importing, if asked for
 *      ◄───────────────────────────────── REPORT   by the tracer; the verdict is in it
 *      ◄────────────────────────────────── READY   if it may fork
 *      SPAWN ───────────────────────────────────►
 *      ◄──────────────────────────────── SPAWNED   same id
 *      MODEL ───────────────────────────────────►  a worker runs: the next ones are like it
 *      (close) ─────────────────────────────────►  the zygote exits
 */
#ifndef IPC_MESSAGES_H
#define IPC_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;

enum message_type {
	MESSAGE_SETUP = 1, /* struct zygote_setup; the first message, once */
	MESSAGE_PROGRESS,  /* u32 modules imported so far, str module in progress (NULL: none) */
	MESSAGE_REPORT,    /* the audit report, JSON text, not packed.  Sent once, for every outcome
			      but a crash of ours */
	MESSAGE_READY,     /* struct zygote_ready */
	MESSAGE_SPAWN,     /* struct spawn_request; fds in its order */
	MESSAGE_SPAWNED,   /* struct spawn_reply */
	MESSAGE_SPARE,     /* no body; fd: a channel.  Answered as SPAWN is: a worker that waits
			      there for its own MESSAGE_SPAWN */
	MESSAGE_MODEL,     /* struct worker_model */
};

enum audit_policy {
	AUDIT_ENFORCE,
	AUDIT_WARN,
	AUDIT_OFF
};                                            /* what a violation means; OFF: no tracer at all */
enum audit_mode { AUDIT_FILTER, AUDIT_FULL }; /* how it is traced: DESIGN.md §2 */

/* How a zygote is started: exec'd by the supervisor as `zygote-python3.X FD NAME`, where FD is its
 * end of the channel (the only fd besides 0, 1 and 2), with the environment, user, umask and
 * working directory already in place. `zygote-python3.X --describe` prints "version=3.11.2",
 * "prefix=/usr" and "abiflags=" as lines and exits. */

/* What to import and how to judge it.  All pointers are owned by the struct and may be NULL where a
 * default is named. */
struct zygote_setup {
	char *name;   /* of the zygote, for messages and ps */
	char *python; /* absolute path of the interpreter or the venv's python: sys.executable */
	char *python_prefix; /* the sys.base_prefix it must turn out to have; NULL: not checked */
	char **path;    /* put in front of sys.path, in this order; the working directory follows */
	char **preload; /* modules, in import order */
	char *warmup;   /* "module:callable" or NULL */
	char **commands; /* what its workers will run, each command once: how many words it has, in
			    decimal, and these words */
	char **allow;    /* rules as written: "PATTERN [at LOCATION] [keep|reopen|null|close]"
			    (config/rule.h) */
	char *baseline;  /* text of a baseline file (report/baseline.h) or NULL */
	uint32_t policy; /* enum audit_policy */
	uint32_t mode;   /* enum audit_mode */
	uint32_t preload_timeout; /* seconds; 0: none */
	uint32_t progress;        /* 1: send MESSAGE_PROGRESS */
	uint32_t thp;       /* 1: leave transparent huge pages as they are; 0: PR_SET_THP_DISABLE */
	uint32_t ksm;       /* 1: PR_SET_MEMORY_MERGE */
	uint32_t gc_freeze; /* 1: hide from the collector what exists at the first fork */
	uint32_t immortalize; /* 1: and stop counting references to it; 3.12 and newer */
	uint32_t beside;      /* 1: others serve meanwhile, so give way to them */
};

/* The zygote as it is now, before its first fork.  Bytes, from /proc/self/smaps_rollup; 0 where
 * unknown. */
struct zygote_ready {
	uint64_t rss;
	uint64_t pss;
	uint64_t import_us;   /* microseconds from the first import to the end of the warm-up */
	uint64_t frozen;      /* objects that the collector does not see */
	uint64_t immortal;    /* objects whose references are no longer counted */
	uint64_t immortal_us; /* microseconds that this took */
};

/* How a worker is to be started.  The fds of the message: gate, stdin, stdout, stderr, then
 * the listeners: those of `sockets` and those of `placed`.
 *
 * The gate is the read end of a pipe: the worker runs nothing of the application before one byte
 * arrives there, which the supervisor writes once it knows the pid; at end of file the worker
 * exits.  So no worker can run that nobody supervises. */
struct spawn_request {
	char *name;  /* "web:web_03", for messages */
	char *kind;  /* "web shop.wsgi:serve --fast": the program, and how its command begins;
			workers of one kind do the same things first */
	char **argv; /* the command, split: python -m M…, python script…, a console script,
			pkg.mod:callable… */
	char **environment; /* the complete environment, without LISTEN_* */
	char *directory;    /* NULL: as the zygote */
	char **sockets;     /* names of listeners, passed as fds 3… and LISTEN_FDNAMES */
	int *placed;        /* the numbers that further listeners become */
	size_t nplaced;
	int32_t umask;   /* -1: as the zygote */
	uint32_t setuid; /* 1: become uid, gid and groups */
	uint32_t uid;
	uint32_t gid;
	char *user; /* its name, for initgroups(3) */
};

/* pid > 0: forked, or error says why not and `again` whether trying again later may help (EAGAIN,
 * ENOMEM); if not, the zygote has refused because it is no longer what was audited. */
struct spawn_reply {
	int32_t pid;
	uint32_t again;
	char *error;
};

/* A worker of this zygote that has got as far as RUNNING (zygote/prefault.h). */
struct worker_model {
	char *kind;
	int32_t pid;
};

void zygote_setup_pack(struct buf *buf, const struct zygote_setup *setup);
int zygote_setup_unpack(struct zygote_setup *setup, const void *data,
			size_t len); /* 0 or -EPROTO, then *setup is empty */
void zygote_setup_done(struct zygote_setup *setup);

void zygote_ready_pack(struct buf *buf, const struct zygote_ready *ready);
int zygote_ready_unpack(struct zygote_ready *ready, const void *data, size_t len);

void spawn_request_pack(struct buf *buf, const struct spawn_request *request);
int spawn_request_unpack(struct spawn_request *request, const void *data, size_t size);
void spawn_request_done(struct spawn_request *request);

void spawn_reply_pack(struct buf *buf, const struct spawn_reply *reply);
int spawn_reply_unpack(struct spawn_reply *reply, const void *data, size_t len);
void spawn_reply_done(struct spawn_reply *reply);

void worker_model_pack(struct buf *buf, const struct worker_model *model);
int worker_model_unpack(struct worker_model *model, const void *data, size_t len);
void worker_model_done(struct worker_model *model);

#endif
