/* hooks.h - what the zygote listens to inside the interpreter, for the time of the import.
 * Runs in: zygote. */
#ifndef ZYGOTE_HOOKS_H
#define ZYGOTE_HOOKS_H

/* Before Py_Initialize.  0, or -1 with an exception. */
int hooks_install(void);

/* After it, before anything imports threading. */
void hooks_wrap_threads(void);

/* With the GIL, when the import is done: workers run without any of it. */
void hooks_remove(void);

#endif
