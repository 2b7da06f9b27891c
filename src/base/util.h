/* util.h - what C lacks.
 * Runs in: every process. */
#ifndef BASE_UTIL_H
#define BASE_UTIL_H

#include <stddef.h>
#include <stdlib.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* For `CLEANUP_FREE char *text = …;` */
static inline void free_cleanup(void *ptr)
{
	free(*(void **)ptr);
}
#define CLEANUP_FREE __attribute__((cleanup(free_cleanup)))

#endif
