/* embed.h - the embedded interpreter: start it, import the application, describe how that went.
 * Runs in: zygote, in its main thread; workers. */
#ifndef ZYGOTE_EMBED_H
#define ZYGOTE_EMBED_H

#include "tracer/python.h"

struct error;
struct import_result;
struct zygote_setup;

struct embed {
	PyObject *helpers;     /* owned: the namespace of worker.py */
	PyThreadState *tstate; /* the main one; carried to the thread that forks */
};

/* Prints what --describe promises (ipc/messages.h). */
void embed_describe(void);

/* Starts the interpreter as setup->python would start, without importing anything of the
 * application. 0, or -1 with err. */
int embed_init(struct embed *embed, const struct zygote_setup *setup, struct error *err);

/* Imports and warms up.  Always fills *result; result->failed says whether an exception ended it.
 */
void embed_import(struct embed *embed, const struct zygote_setup *setup,
		  struct import_result *result);

/* Makes the calling thread the one that owns embed->tstate, which no thread may be using, and
 * Python's main thread.  Holds the GIL afterwards. */
void embed_adopt(struct embed *embed);

/* Once, before the first fork, with the GIL: hides all that exists from the collector and removes
 * the audit hook. */
void embed_freeze(struct embed *embed);

/* Calls a function of worker.py; a new reference, or NULL with an exception set. */
PyObject *embed_call(struct embed *embed, const char *function, const char *format, ...);

#endif
