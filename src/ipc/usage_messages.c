/* usage_messages.c - see usage_messages.h. */
#include "ipc/usage_messages.h"

#include "base/buf.h"
#include "base/util.h"
#include "ipc/fields.h"
#include "ipc/pack.h"

#include <stddef.h>

#define AT(member) offsetof(struct usage_host, member)
static const struct field host_fields[] = {
	{ FIELD_U32, AT(load[0]) },
	{ FIELD_U32, AT(load[1]) },
	{ FIELD_U32, AT(load[2]) },
	{ FIELD_U32, AT(cpus) },
};
#undef AT

#define AT(member) offsetof(struct usage_row, member)
static const struct field row_fields[] = {
	{ FIELD_U32, AT(kind) },          { FIELD_STR, AT(group) },
	{ FIELD_STR, AT(name) },          { FIELD_U32, AT(zygote) },
	{ FIELD_U32, AT(generation) },    { FIELD_U32, AT(state) },
	{ FIELD_U32, AT(pid) },           { FIELD_U64, AT(uptime_us) },
	{ FIELD_U64, AT(restarts) },      { FIELD_U64, AT(sampled_us) },
	{ FIELD_U64, AT(cpu_us) },        { FIELD_U64, AT(rss_bytes) },
	{ FIELD_U32, AT(threads) },       { FIELD_U32, AT(run_state) },
	{ FIELD_U64, AT(pss_bytes) },     { FIELD_U64, AT(private_bytes) },
	{ FIELD_U64, AT(shared_bytes) },  { FIELD_U64, AT(forked_bytes) },
	{ FIELD_U64, AT(memory_age_us) }, { FIELD_U32, AT(memory_error) },
};
#undef AT

static const struct fields hosts = { host_fields, ARRAY_LEN(host_fields) };
static const struct fields rows = { row_fields, ARRAY_LEN(row_fields) };

void usage_host_pack(struct buf *buf, const struct usage_host *host)
{
	fields_pack(buf, &hosts, host);
}

void usage_host_unpack(struct usage_host *host, struct unpack *in)
{
	fields_unpack(&hosts, in, host);
}

void usage_row_pack(struct buf *buf, const struct usage_row *row)
{
	fields_pack(buf, &rows, row);
}

void usage_row_unpack(struct usage_row *row, struct unpack *in)
{
	fields_unpack(&rows, in, row);
}

void usage_row_done(struct usage_row *row)
{
	fields_done(&rows, row);
}
