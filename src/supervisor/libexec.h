/* libexec.h - where the programs are that only the supervisor starts: zygotes, logger, control.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_LIBEXEC_H
#define SUPERVISOR_LIBEXEC_H

struct error;

/* The directories that may hold them, best first; i counts from 0.  malloc'ed; NULL at the end: the
 * one of this executable, so that a build tree works as it is, ../libexec/forkserver beside it, and
 * the one that configure chose. */
char *libexec_directory(unsigned i);

/* The path of a program there, malloc'ed; or NULL with err. */
char *libexec_find(const char *name, struct error *err);

#endif
