/* embed.h - the embedded interpreter: start it, import the application, describe how that went.
 * Runs in: zygote, in its main thread; workers. */
#ifndef ZYGOTE_EMBED_H
#define ZYGOTE_EMBED_H

#include "tracer/python.h"

struct error;
struct heap_counts;
struct import_result;
struct zygote_setup;

struct embed {
	PyObject *helpers; /* owned: the namespace of worker.py */
	size_t threads;    /* a measure of how many there were before the import */
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

/* Once, in the main thread, when the import has succeeded: hides all that exists from the
 * collector, removes the hooks and prepares for forks.  From here on the thread holds the GIL for
 * good.  *counts is what has been done, for the log. */
void embed_prepare_fork(struct embed *embed, const struct zygote_setup *setup,
			struct heap_counts *counts);

/* A list of str, decoded as file names are (PEP 383); strv may be NULL.  A new reference, or NULL
 * with an exception set. */
PyObject *embed_list(char *const *strv);

/* Calls a function of worker.py; a new reference, or NULL with an exception set. */
PyObject *embed_call(struct embed *embed, const char *function, const char *format, ...);

#endif
