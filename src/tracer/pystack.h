/* pystack.h - the Python stack of a stopped thread, read from outside.
 * Runs in: tracer.  The tracer is a fork of the traced image, so addresses of variables and offsets
 * in CPython's structures are compile-time facts of this very program. */
#ifndef TRACER_PYSTACK_H
#define TRACER_PYSTACK_H

#include "tracer/image.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PYSTACK_DEPTH_MAX 2000 /* frames kept; of a deeper stack the newest */

/* A captured stack: addresses only, newest frame first.  They stay meaningful because the zygote
 * keeps every executed code object alive until it forks (zygote/embed.c); names and lines are
 * looked up later, for the few stacks that a report shows. */
struct pystack {
	unsigned refs;
	unsigned depth;
	struct pystack_frame {
		uintptr_t code;
		uintptr_t instr; /* address of the instruction, or 3.9/3.10: f_lasti as it is */
	} frames[];
};

struct pystack_reader {
	pid_t pid; /* of the zygote */
	struct image image;
	pid_t main_tid;
	uintptr_t main_tstate;  /* 0: not found yet */
	uintptr_t ident_offset; /* pthread_self() minus the thread pointer: a fact of the libc */
	char *chunk;            /* owned: copy of a data-stack chunk */
	size_t chunk_size;
	struct pystack_frame *scratch; /* owned; PYSTACK_DEPTH_MAX */
	struct pystack_known *known; /* owned: frames that were made readable already (pycode.c) */
};

int pystack_init(struct pystack_reader *reader, pid_t pid);
void pystack_done(struct pystack_reader *reader);

/* pthread_self() of a thread in a ptrace stop; 0 if it cannot be had. */
uintptr_t pystack_ident(struct pystack_reader *reader, pid_t tid);

/* Whether Python knows a thread by this identity. */
bool pystack_knows(struct pystack_reader *reader, uintptr_t ident);

/* The stack of a thread in a ptrace stop; NULL if it runs no Python or memory is short.
 * The caller owns one reference. */
struct pystack *pystack_capture(struct pystack_reader *reader, pid_t tid);
struct pystack *pystack_ref(struct pystack *stack);
void pystack_unref(struct pystack *stack); /* NULL is allowed */

/* A stack made readable, newest frame first, without what is not a line of Python (shims,
 * incomplete frames).  Strings are owned, the file name as bytes of the file system. */
struct pystack_lines {
	struct pystack_line {
		char *file;
		char *function;
		unsigned line; /* 0: the code has no line here */
	} * lines;
	size_t n;
};

/* Reads the code objects of the zygote, which must be alive.  stack may be NULL.  0 or -ENOMEM,
 * then *ret holds what was found so far. */
int pystack_resolve(struct pystack_reader *reader, const struct pystack *stack,
		    struct pystack_lines *ret);
void pystack_lines_done(struct pystack_lines *lines);

/* Forgets what pystack_resolve() has remembered; part of pystack_done(). */
void pystack_forget(struct pystack_reader *reader);

#endif
