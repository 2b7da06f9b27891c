/* metrics_messages.c - see metrics_messages.h. */
#include "ipc/metrics_messages.h"

#include "base/buf.h"
#include "base/util.h"
#include "ipc/fields.h"
#include "ipc/pack.h"

#include <stddef.h>

#define AT(member) offsetof(struct supervisor_status, member)
static const struct field supervisor_fields[] = {
	{ FIELD_U32, AT(pid) },
	{ FIELD_U32, AT(ready) },
	{ FIELD_STR, AT(identifier) },
	{ FIELD_STR, AT(version) },
	{ FIELD_STR, AT(config_file) },
	{ FIELD_U64, AT(start) },
	{ FIELD_U64, AT(uptime_us) },
	{ FIELD_U64, AT(cpu_us) },
	{ FIELD_U64, AT(rss_bytes) },
	{ FIELD_U64, AT(rollouts[OUTCOME_DONE]) },
	{ FIELD_U64, AT(rollouts[OUTCOME_REFUSED]) },
	{ FIELD_U64, AT(rollouts[OUTCOME_ROLLED_BACK]) },
	{ FIELD_U64, AT(rollouts[OUTCOME_CANCELED]) },
	{ FIELD_U64, AT(rollouts[OUTCOME_SUPERSEDED]) },
	{ FIELD_U64, AT(rollouts[OUTCOME_FAILED]) },
};
_Static_assert(ROLLOUT_NOUTCOMES == 7, "the rows of `rollouts` name every outcome");
#undef AT

#define AT(member) offsetof(struct zygote_status, member)
static const struct field zygote_fields[] = {
	{ FIELD_STR, AT(name) },       { FIELD_STR, AT(python) },  { FIELD_STR, AT(version) },
	{ FIELD_U32, AT(condition) },  { FIELD_U32, AT(pid) },     { FIELD_U32, AT(verdict) },
	{ FIELD_U32, AT(violations) }, { FIELD_U64, AT(starts) },  { FIELD_U64, AT(audit_us) },
	{ FIELD_U64, AT(import_us) },  { FIELD_U32, AT(workers) }, { FIELD_U32, AT(spares) },
	{ FIELD_U32, AT(generation) },
};
#undef AT

#define AT(member) offsetof(struct process_metrics, member)
#define EACH(member)                                                                               \
	{ FIELD_U64, AT(member[END_EXPECTED]) }, { FIELD_U64, AT(member[END_UNEXPECTED]) },        \
		{ FIELD_U64, AT(member[END_SIGNAL]) },                                             \
		{ FIELD_U64, AT(member[END_FAILED_START]) },                                       \
	{                                                                                          \
		FIELD_U64, AT(member[END_STOPPED])                                                 \
	}
_Static_assert(END_NREASONS == 5, "EACH names every reason");
_Static_assert(RECYCLE_NREASONS == 5, "so do the rows of `recycled`");
static const struct field process_fields[] = {
	{ FIELD_STR, AT(group) },
	{ FIELD_STR, AT(name) },
	{ FIELD_U32, AT(state) },
	{ FIELD_U64, AT(uptime_us) },
	{ FIELD_U64, AT(starts) },
	EACH(ends),
	EACH(restarts),
	{ FIELD_U64, AT(recycled[RECYCLE_MAXAGE]) },
	{ FIELD_U64, AT(recycled[RECYCLE_MAXUSS]) },
	{ FIELD_U64, AT(recycled[RECYCLE_MAXPSS]) },
	{ FIELD_U64, AT(recycled[RECYCLE_MAXRSS]) },
	{ FIELD_U64, AT(recycled[RECYCLE_MAX_REQUESTS]) },
	{ FIELD_U64, AT(out_bytes) },
	{ FIELD_U64, AT(out_dropped) },
	{ FIELD_U64, AT(err_bytes) },
	{ FIELD_U64, AT(err_dropped) },
	{ FIELD_U64, AT(pss_bytes) },
	{ FIELD_U64, AT(uss_bytes) },
	{ FIELD_U64, AT(rss_bytes) },
	{ FIELD_U64, AT(memory_age_us) },
};
#undef EACH
#undef AT

#define AT(member) offsetof(struct unready, member)
static const struct field unready_fields[] = {
	{ FIELD_STR, AT(name) },
	{ FIELD_STR, AT(why) },
};
#undef AT

static const struct fields supervisors = { supervisor_fields, ARRAY_LEN(supervisor_fields) };
static const struct fields zygotes = { zygote_fields, ARRAY_LEN(zygote_fields) };
static const struct fields processes = { process_fields, ARRAY_LEN(process_fields) };
static const struct fields unreadies = { unready_fields, ARRAY_LEN(unready_fields) };

void supervisor_status_pack(struct buf *buf, const struct supervisor_status *status)
{
	fields_pack(buf, &supervisors, status);
}

void supervisor_status_unpack(struct supervisor_status *status, struct unpack *in)
{
	fields_unpack(&supervisors, in, status);
}

void supervisor_status_done(struct supervisor_status *status)
{
	fields_done(&supervisors, status);
}

void zygote_status_pack(struct buf *buf, const struct zygote_status *status)
{
	fields_pack(buf, &zygotes, status);
}

void zygote_status_unpack(struct zygote_status *status, struct unpack *in)
{
	fields_unpack(&zygotes, in, status);
}

void zygote_status_done(struct zygote_status *status)
{
	fields_done(&zygotes, status);
}

void process_metrics_pack(struct buf *buf, const struct process_metrics *metrics)
{
	fields_pack(buf, &processes, metrics);
}

void process_metrics_unpack(struct process_metrics *metrics, struct unpack *in)
{
	fields_unpack(&processes, in, metrics);
}

void process_metrics_done(struct process_metrics *metrics)
{
	fields_done(&processes, metrics);
}

void histogram_pack(struct buf *buf, const struct histogram *histogram)
{
	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++)
		pack_u64(buf, histogram->counts[i]);
	pack_u64(buf, histogram->sum_us);
}

void histogram_unpack(struct histogram *histogram, struct unpack *in)
{
	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++)
		histogram->counts[i] = unpack_u64(in);
	histogram->sum_us = unpack_u64(in);
}

void unready_pack(struct buf *buf, const struct unready *unready)
{
	fields_pack(buf, &unreadies, unready);
}

void unready_unpack(struct unready *unready, struct unpack *in)
{
	fields_unpack(&unreadies, in, unready);
}

void unready_done(struct unready *unready)
{
	fields_done(&unreadies, unready);
}
