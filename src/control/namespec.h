/* namespec.h - "process", "group:process" and "group:*".
 * Runs in: control. */
#ifndef CONTROL_NAMESPEC_H
#define CONTROL_NAMESPEC_H

#include <stdbool.h>
#include <stddef.h>

/* Whether it names a whole group, "g:" or "g:*"; then *ret_len is the length of the group's name.
 */
bool namespec_is_group(const char *name, size_t *ret_len);

/* "name" if the group has the same name, else "group:name"; malloc'ed, NULL: out of memory. */
char *namespec_join(const char *group, const char *name);

#endif
