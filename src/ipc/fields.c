/* fields.c - see fields.h. */
#include "ipc/fields.h"

#include "base/buf.h"
#include "ipc/pack.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The length that stands behind a FIELD_DATA. */
static size_t *length_of(char **data)
{
	return (size_t *)(void *)(data + 1);
}

void fields_pack(struct buf *buf, const struct fields *fields, const void *from)
{
	for (size_t i = 0; i < fields->n; i++) {
		const struct field *field = &fields->fields[i];
		const char *at = (const char *)from + field->offset;
		char *text;

		switch (field->kind) {
		case FIELD_U32:
			buf_add(buf, at, sizeof(uint32_t));
			break;
		case FIELD_U64:
			buf_add(buf, at, sizeof(uint64_t));
			break;
		case FIELD_STR:
			memcpy(&text, at, sizeof(text));
			pack_str(buf, text);
			break;
		case FIELD_DATA:
			memcpy(&text, at, sizeof(text));
			pack_data(buf, text, *length_of((char **)(void *)(uintptr_t)at));
			break;
		case FIELD_BITS:
			buf_add(buf, at, FIELD_BITS_SIZE);
			break;
		}
	}
}

static void unpack_field(const struct field *field, struct unpack *in, char *at)
{
	uint32_t u32;
	uint64_t u64;
	char *text;

	switch (field->kind) {
	case FIELD_U32:
		u32 = unpack_u32(in);
		memcpy(at, &u32, sizeof(u32));
		break;
	case FIELD_U64:
		u64 = unpack_u64(in);
		memcpy(at, &u64, sizeof(u64));
		break;
	case FIELD_STR:
		text = unpack_str(in);
		memcpy(at, &text, sizeof(text));
		break;
	case FIELD_DATA:
		*(char **)(void *)at = unpack_data(in, length_of((char **)(void *)at));
		break;
	case FIELD_BITS:
		unpack_bytes(in, at, FIELD_BITS_SIZE);
		break;
	}
}

void fields_unpack(const struct fields *fields, struct unpack *in, void *to)
{
	for (size_t i = 0; i < fields->n; i++)
		unpack_field(&fields->fields[i], in, (char *)to + fields->fields[i].offset);
}

int fields_unpack_all(const struct fields *fields, void *to, const void *data, size_t len)
{
	struct unpack in;
	int r;

	unpack_init(&in, data, len);
	fields_unpack(fields, &in, to);
	r = unpack_end(&in);
	if (r < 0)
		fields_done(fields, to);
	return r;
}

void fields_done(const struct fields *fields, void *at)
{
	static const size_t sizes[] = {
		[FIELD_U32] = sizeof(uint32_t), [FIELD_U64] = sizeof(uint64_t),
		[FIELD_STR] = sizeof(char *),   [FIELD_DATA] = sizeof(char *) + sizeof(size_t),
		[FIELD_BITS] = FIELD_BITS_SIZE,
	};

	for (size_t i = 0; i < fields->n; i++) {
		const struct field *field = &fields->fields[i];
		char *where = (char *)at + field->offset;

		if (field->kind == FIELD_STR || field->kind == FIELD_DATA)
			free(*(char **)(void *)where);
		memset(where, 0, sizes[field->kind]);
	}
}
