/* rollout_messages.c - see rollout_messages.h. */
#include "ipc/rollout_messages.h"

#include "base/buf.h"
#include "base/util.h"
#include "ipc/fields.h"
#include "ipc/pack.h"

#include <stdlib.h>

#define AT(member) offsetof(struct rollout_slot_info, member)
static const struct field slot_fields[] = {
	{ FIELD_STR, AT(name) },   { FIELD_U32, AT(state) }, { FIELD_U32, AT(from_pid) },
	{ FIELD_U32, AT(to_pid) }, { FIELD_U64, AT(us) },    { FIELD_STR, AT(why) },
};
#undef AT

#define AT(member) offsetof(struct rollout_info, member)
static const struct field rollout_fields[] = {
	{ FIELD_U32, AT(id) },         { FIELD_U32, AT(is_program) }, { FIELD_STR, AT(name) },
	{ FIELD_STR, AT(cause) },      { FIELD_U32, AT(phase) },      { FIELD_U32, AT(outcome) },
	{ FIELD_U32, AT(generation) }, { FIELD_U32, AT(before) },     { FIELD_U64, AT(start) },
	{ FIELD_U64, AT(us) },         { FIELD_U64, AT(import_us) },  { FIELD_STR, AT(audit) },
	{ FIELD_STR, AT(why) },
};
#undef AT

static const struct fields slots = { slot_fields, ARRAY_LEN(slot_fields) };
static const struct fields rollouts = { rollout_fields, ARRAY_LEN(rollout_fields) };

void rollout_info_pack(struct buf *buf, const struct rollout_info *info)
{
	fields_pack(buf, &rollouts, info);
	pack_u32(buf, (uint32_t)info->nslots);
	for (size_t i = 0; i < info->nslots; i++)
		fields_pack(buf, &slots, &info->slots[i]);
}

void rollout_info_unpack(struct rollout_info *info, struct unpack *in)
{
	fields_unpack(&rollouts, in, info);
	info->nslots = unpack_u32(in);
	if (info->nslots > in->left) /* each has more than a byte */
		in->bad = true;
	info->slots = in->bad ? NULL : calloc(info->nslots + 1, sizeof(*info->slots));
	if (!info->slots) {
		info->nslots = 0;
		in->bad = true;
	}
	for (size_t i = 0; i < info->nslots; i++)
		fields_unpack(&slots, in, &info->slots[i]);
}

void rollout_info_done(struct rollout_info *info)
{
	for (size_t i = 0; i < info->nslots; i++)
		fields_done(&slots, &info->slots[i]);
	free(info->slots);
	info->slots = NULL;
	info->nslots = 0;
	fields_done(&rollouts, info);
}
