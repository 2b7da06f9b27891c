/* array.h - arrays of structs that grow.
 * Runs in: supervisor, zygote.  Pure. */
#ifndef CONFIG_ARRAY_H
#define CONFIG_ARRAY_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more element of `size` bytes at the end of *array, zeroed; NULL if there is no
 * memory.  Elements may move: pointers to them do not survive. */
static inline void *array_append(void **array, size_t *n, size_t size)
{
	char *grown = reallocarray(*array, *n + 1, size);

	if (!grown)
		return NULL;
	*array = grown;
	memset(grown + *n * size, 0, size);
	return grown + (*n)++ * size;
}

#endif
