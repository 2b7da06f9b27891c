/* log_messages.c - see log_messages.h. */
#include "ipc/log_messages.h"

#include "base/util.h"
#include "ipc/fields.h"

#define AT(member) offsetof(struct log_stream, member)
static const struct field stream_fields[] = {
	{ FIELD_U32, AT(id) },       { FIELD_STR, AT(group) },
	{ FIELD_STR, AT(process) },  { FIELD_STR, AT(channel) },
	{ FIELD_STR, AT(path) },     { FIELD_U32, AT(own) },
	{ FIELD_U32, AT(create) },   { FIELD_U64, AT(maxbytes) },
	{ FIELD_U32, AT(backups) },  { FIELD_U32, AT(period) },
	{ FIELD_U32, AT(compress) }, { FIELD_U32, AT(format) },
	{ FIELD_U32, AT(stall) },    { FIELD_U32, AT(strip_ansi) },
	{ FIELD_U32, AT(syslog) },   { FIELD_U32, AT(journald) },
	{ FIELD_U32, AT(events) },   { FIELD_U64, AT(capture_maxbytes) },
	{ FIELD_U32, AT(pid) },
};
#undef AT

#define AT(member) offsetof(struct log_data, member)
static const struct field data_fields[] = {
	{ FIELD_U32, AT(stream) },
	{ FIELD_U32, AT(pid) },
	{ FIELD_U32, AT(captured) },
	{ FIELD_DATA, AT(data) },
};
#undef AT
_Static_assert(offsetof(struct log_data, len) == offsetof(struct log_data, data) + sizeof(char *),
	       "FIELD_DATA: the length stands behind the pointer");

static const struct fields streams = { stream_fields, ARRAY_LEN(stream_fields) };
static const struct fields datas = { data_fields, ARRAY_LEN(data_fields) };

void log_stream_pack(struct buf *buf, const struct log_stream *stream)
{
	fields_pack(buf, &streams, stream);
}

int log_stream_unpack(struct log_stream *stream, const void *data, size_t len)
{
	return fields_unpack_all(&streams, stream, data, len);
}

void log_stream_done(struct log_stream *stream)
{
	fields_done(&streams, stream);
}

void log_data_pack(struct buf *buf, const struct log_data *data)
{
	fields_pack(buf, &datas, data);
}

int log_data_unpack(struct log_data *data, const void *body, size_t len)
{
	return fields_unpack_all(&datas, data, body, len);
}

void log_data_done(struct log_data *data)
{
	fields_done(&datas, data);
}
