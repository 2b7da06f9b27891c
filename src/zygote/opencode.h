/* opencode.h - reads module files past the audit, for the time of the import.
 * Runs in: zygote. */
#ifndef ZYGOTE_OPENCODE_H
#define ZYGOTE_OPENCODE_H

#include "tracer/python.h"

/* Before Py_Initialize.  0, or -1 if there is a hook already. */
int opencode_install(void);

/* With the GIL, when the import is done. */
void opencode_remove(void);

#endif
