/* fields.h - a message body as a table of a struct's fields: packs it, unpacks it, frees it.
 * Runs in: every process that speaks over a channel. */
#ifndef IPC_FIELDS_H
#define IPC_FIELDS_H

#include <stddef.h>

struct buf;
struct unpack;

enum field_kind {
	FIELD_U32,  /* uint32_t or int32_t */
	FIELD_U64,  /* uint64_t */
	FIELD_STR,  /* char *, owned; NULL is kept apart from "" */
	FIELD_DATA, /* char *, owned, and the size_t right behind it; NUL-terminated */
	FIELD_BITS, /* uint8_t[32] */
};

struct field {
	enum field_kind kind;
	size_t offset;
};

struct fields {
	const struct field *fields;
	size_t n;
};

#define FIELD_BITS_SIZE 32

void fields_pack(struct buf *buf, const struct fields *fields, const void *from);

/* Fills every field; what is malformed sets in->bad, and `to` can be freed all the same. */
void fields_unpack(const struct fields *fields, struct unpack *in, void *to);

/* The same for a body that holds nothing else: 0, or -EPROTO with *to empty. */
int fields_unpack_all(const struct fields *fields, void *to, const void *data, size_t len);

void fields_done(const struct fields *fields, void *at); /* frees the owned ones, zeroes all */

#endif
