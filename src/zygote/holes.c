/* holes.c - see holes.h. */
#include "zygote/holes.h"

#include "tracer/python.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- pymalloc: pools of blocks of one size, CPython's Objects/obmalloc.c ---- */

#define BLOCK_MAX 512 /* SMALL_REQUEST_THRESHOLD */
#define BLOCK_STEP 16 /* ALIGNMENT */
#if PY_VERSION_HEX >= 0x030a0000
#define POOL_BYTES ((uintptr_t)16384) /* POOL_SIZE with 64-bit pointers */
#else
#define POOL_BYTES ((uintptr_t)4096)
#endif

/* How struct pool_header begins. */
struct pool {
	union {
		void *padding;
		unsigned blocks; /* in use */
	} count;
	void *free_block;
	struct pool *next, *previous;
	unsigned arena;
	unsigned size_class;
};

static const struct pool *pool_of(const void *block)
{
	return (const struct pool *)((uintptr_t)block & ~(POOL_BYTES - 1));
}

/* Blocks come from pools that are partly in use as long as there are any; then the first of an
 * empty pool does.  What does not look like a pool ends it too, as it may be one of a CPython that
 * we do not know. */
static size_t fill_pools(size_t size)
{
	size_t filled = 0;
	void *block;

	while ((block = PyObject_Malloc(size))) {
		const struct pool *pool = pool_of(block);

		if (pool->size_class != size / BLOCK_STEP - 1 || pool->count.blocks == 1) {
			PyObject_Free(block);
			break;
		}
		filled += size;
	}
	return filled;
}

/* PYTHONMALLOC may have put another allocator, or a debugging one, in its place. */
static int is_pymalloc(void)
{
	const char *name = _PyMem_GetCurrentAllocatorName();

	return name && strcmp(name, "pymalloc") == 0;
}

/* ---- the C library's heap ---- */

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)

/* In bytes.  A chunk between SMALL and 32 MB might come from mmap(), and its free() would raise the
 * threshold for that, mallopt(3).  In a large hole, whose pages malloc_trim() has given back, large
 * chunks touch few of them. */
#define CHUNK_HUGE ((size_t)64 << 20)
#define CHUNK_SMALL ((size_t)64 << 10)
#define CHUNK_MIN ((size_t)16)

/* The smallest free chunk that is large enough is taken, what is left over is a smaller hole for a
 * later size, and the heap grows when there is none. */
static size_t fill_chunks(size_t size, uintptr_t end)
{
	size_t filled = 0;
	void *chunk;

	while ((chunk = malloc(size)) && (uintptr_t)chunk < end)
		filled += size;
	free(chunk);
	return filled;
}

static size_t fill_heap(void)
{
	uintptr_t end = (uintptr_t)sbrk(0);
	size_t filled = fill_chunks(CHUNK_HUGE, end);

	for (size_t size = CHUNK_SMALL; size >= CHUNK_MIN; size /= 2)
		filled += fill_chunks(size, end);
	return filled;
}

#else

static size_t fill_heap(void)
{
	return 0;
}

#endif

size_t holes_fill(void)
{
	size_t filled = 0;

	for (size_t size = BLOCK_STEP; is_pymalloc() && size <= BLOCK_MAX; size += BLOCK_STEP)
		filled += fill_pools(size);
	return filled + fill_heap();
}
