/* tracer.h - the audit as the zygote sees it: start it, import under it, hear its verdict.
 * Runs in: zygote (the functions), tracer (a fork of the zygote made before Py_Initialize).
 *
 *   zygote, main thread          tracer
 *   tracer_start ───────────────► PTRACE_SEIZE           (or: why it cannot)
 *   tracer_begin, filter on ────► notes what is open
 *   … import …                    records each creation
 *   tracer_end ─────────────────► looks at what is left, judges, sends MESSAGE_REPORT
 *   tracer_verdict ◄───────────── may it fork, and what becomes of each allowed fd
 *                                 detaches; stays while something under the filter lives
 */
#ifndef TRACER_TRACER_H
#define TRACER_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;
struct error;
struct zygote_setup;

/* What the main thread knows when the import has ended; all strings are owned. */
struct import_result {
	bool failed;
	char *type; /* of the exception */
	char *message;
	char *text;     /* Python's own traceback */
	char **frames;  /* strv: file, line, function of each frame, oldest first */
	char **threads; /* strv: native id, name of each thread that threading knows */
	char *python;   /* "3.11.2" */
	char *stdlib;
	char *cwd;
	uint64_t import_us;
};

void import_result_pack(struct buf *buf, const struct import_result *result);
int import_result_unpack(struct import_result *result, const void *data, size_t len);
void import_result_done(struct import_result *result);

/* What is to be done, in each worker, with an fd that a rule allows. */
struct fd_action {
	int fd;
	int action;  /* enum rule_action */
	int flags;   /* of open(2), for reopen */
	int64_t pos; /* bytes, for reopen */
	char *path;  /* owned, for reopen */
};

/* One fd as it was when the audit passed. */
struct audited_fd {
	int fd;
	uint64_t dev, ino;
};

struct verdict {
	bool may_fork;
	bool no_new_privs;         /* the application has set it: workers shall have it */
	struct fd_action *actions; /* owned */
	size_t nactions;
	struct audited_fd *fds; /* owned; sorted */
	size_t nfds;
	size_t nthreads;
};

void verdict_pack(struct buf *buf, const struct verdict *verdict);
int verdict_unpack(struct verdict *verdict, const void *data, size_t len);
void verdict_done(struct verdict *verdict);

/* How far the import is.  Written by the zygote (zygote/opencode.c), read by the tracer from
 * outside at any time, and so perhaps half-written: only for the progress line. */
struct import_progress {
	uint32_t modules; /* files read as modules */
	char path[512];   /* the newest of them */
};
extern struct import_progress import_progress;

/* The name of the Python thread that is about to start.  Written by the zygote (zygote/hooks.c)
 * with the GIL held, read and emptied by the tracer when it sees the clone, which comes before the
 * GIL is let go. */
#define THREAD_NAME_MAX 128
extern char pending_thread_name[THREAD_NAME_MAX];

struct tracer {
	int sock; /* owned: the zygote's end; -1: no tracer */
	bool full;
};

/* Forks the tracer (through a middle process, so that it is not our child: the application may wait
 * for any child) and waits until it has attached to the calling thread, which must be the main one.
 * channel is the supervisor's, borrowed: the tracer reports there.  0, or -1 with the reason and
 * what to change in err. */
int tracer_start(struct tracer *tracer, const struct zygote_setup *setup, int channel,
		 struct error *err);

/* From here on everything is recorded; in filter mode installs the filter.  0, or -1 with err. */
int tracer_begin(struct tracer *tracer, struct error *err);

/* The import has ended.  In filter mode the calling thread must make no system call afterwards that
 * the filter names. */
void tracer_end(struct tracer *tracer, const struct import_result *result);

/* Waits for the verdict; in filter mode called by the thread without the filter.  0, or -errno if
 * the tracer is gone: then nothing may be forked. */
int tracer_verdict(struct tracer *tracer, struct verdict *ret);

#endif
