/* form.h - application/x-www-form-urlencoded, read and written.
 * Runs in: control. */
#ifndef CONTROL_FORM_H
#define CONTROL_FORM_H

#include <stddef.h>

struct buf;

/* The first field of that name, decoded, malloc'ed; NULL if there is none, or if it holds a NUL. */
char *form_field(const char *form, size_t len, const char *name);

/* Appends the text as a part of a path or a query. */
void form_quote(struct buf *to, const char *text);

#endif
