/* pack.h - the encoding of message bodies: native integers and length-prefixed bytes, every length
 * checked. Runs in: every process that speaks over a channel. */
#ifndef IPC_PACK_H
#define IPC_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

void pack_u32(struct buf *buf, uint32_t value);
void pack_u64(struct buf *buf, uint64_t value);
void pack_str(struct buf *buf, const char *text); /* NULL is kept apart from "" */
void pack_strv(struct buf *buf, char *const *strv);
void pack_data(struct buf *buf, const void *data, size_t len); /* bytes, NULs among them */

/* A reader over borrowed bytes.  The first malformed field sets `bad`; from then on numbers read as
 * 0, strings as NULL and vectors as empty, so that a caller checks once at the end with
 * unpack_end(). */
struct unpack {
	const char *at;
	size_t left;
	bool bad;
};

void unpack_init(struct unpack *in, const void *data, size_t len);
uint32_t unpack_u32(struct unpack *in);
uint64_t unpack_u64(struct unpack *in);
char *unpack_str(struct unpack *in);   /* malloc'ed; NULL if NULL was packed or on error */
char **unpack_strv(struct unpack *in); /* strv_free() it; NULL on error */
char *unpack_data(struct unpack *in,
		  size_t *ret_len); /* malloc'ed, a NUL behind it; NULL on error */
void unpack_bytes(struct unpack *in, void *to, size_t len); /* exactly so many; zeros on error */

/* 0, or -EPROTO if anything was malformed or bytes are left over. */
int unpack_end(const struct unpack *in);

#endif
