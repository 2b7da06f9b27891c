/* interpreter.h - from `python = …` to an interpreter's path and the zygote binary for its version.
 * Runs in: supervisor (the daemon and --audit-only). */
#ifndef SUPERVISOR_INTERPRETER_H
#define SUPERVISOR_INTERPRETER_H

struct error;
struct user;

/* All owned. */
struct interpreter {
	char *python;      /* sys.executable: absolute, a venv's symlink kept */
	char *version;     /* "3.11.2" */
	char *base_prefix; /* sys.base_prefix: of the installation, not of the venv */
	char *zygote;      /* absolute path of zygote-python3.X */
};

/* `python` is the path of an interpreter, of a venv or of an installation, a name to look for in
 * PATH, a version ("3.12"), or NULL: the first one that configure was given.  Runs the interpreter
 * and the zygote as `user` (NULL: as we are) and waits for them, for some seconds at most.  0, or
 * -1 with *ret empty and in err what is wrong and what to do. */
int interpreter_find(struct interpreter *ret, const char *python, const struct user *user,
		     struct error *err);
/* Whether this CPython can do what `immortalize = yes` asks for.  0, or -1 with err. */
int interpreter_check_immortalize(const struct interpreter *interpreter, struct error *err);
void interpreter_done(struct interpreter *interpreter);

#endif
