/* usage_write.c - see usage.h: one list of members for two languages.  What is not known is null in
 * JSON, and left out in XML-RPC, which has no word for it. */
#include "base/buf.h"
#include "control/describe.h"
#include "control/json.h"
#include "control/usage.h"
#include "rpc/value.h"
#include "rpc/write.h"

#include <stdbool.h>
#include <string.h>

/* How a language writes; key NULL: not as a member. */
struct language {
	void (*object)(struct buf *to, const char *key, bool end);
	void (*array)(struct buf *to, const char *key, bool end);
	void (*text)(struct buf *to, const char *key, const char *text); /* NULL: not known */
	void (*number)(struct buf *to, const char *key, uint64_t number);
	void (*real)(struct buf *to, const char *key, double real, uint64_t us);
	void (*nothing)(struct buf *to, const char *key);
	bool full_names; /* "name" is "group:process", as in paths; else as supervisord has it */
};

/* ---- XML-RPC ---- */

static void rpc_begin(struct buf *to, const char *key)
{
	if (key)
		rpc_write_member_begin(to, key);
}

static void rpc_end(struct buf *to, const char *key)
{
	if (key)
		rpc_write_member_end(to);
}

static void rpc_object(struct buf *to, const char *key, bool end)
{
	if (end) {
		rpc_write_struct_end(to);
		rpc_end(to, key);
	} else {
		rpc_begin(to, key);
		rpc_write_struct_begin(to);
	}
}

static void rpc_array(struct buf *to, const char *key, bool end)
{
	if (end) {
		rpc_write_array_end(to);
		rpc_end(to, key);
	} else {
		rpc_begin(to, key);
		rpc_write_array_begin(to);
	}
}

static void rpc_text_of(struct buf *to, const char *key, const char *text)
{
	if (text)
		rpc_write_member_string(to, key, text);
}

static void rpc_number(struct buf *to, const char *key, uint64_t number)
{
	rpc_write_member_int(to, key, (int64_t)number);
}

static void rpc_real(struct buf *to, const char *key, double real, uint64_t us)
{
	struct rpc_value value = { .type = RPC_DOUBLE, .real = real };

	(void)us;
	rpc_begin(to, key);
	rpc_write_value(to, &value);
	rpc_end(to, key);
}

static void rpc_nothing(struct buf *to, const char *key)
{
	(void)to;
	(void)key;
}

static const struct language rpc = { rpc_object, rpc_array,   rpc_text_of, rpc_number,
				     rpc_real,   rpc_nothing, false };

/* ---- JSON ---- */

static void json_begin(struct buf *to, const char *key)
{
	if (key)
		json_key(to, key);
}

static void object(struct buf *to, const char *key, bool end)
{
	if (end) {
		json_object_end(to);
	} else {
		json_begin(to, key);
		json_object_begin(to);
	}
}

static void array(struct buf *to, const char *key, bool end)
{
	if (end) {
		json_array_end(to);
	} else {
		json_begin(to, key);
		json_array_begin(to);
	}
}

static void text(struct buf *to, const char *key, const char *value)
{
	json_begin(to, key);
	json_string(to, value);
}

static void number(struct buf *to, const char *key, uint64_t value)
{
	json_begin(to, key);
	json_int(to, (int64_t)value);
}

static void real(struct buf *to, const char *key, double value, uint64_t us)
{
	(void)value;
	json_begin(to, key);
	json_seconds(to, us);
}

static void nothing(struct buf *to, const char *key)
{
	json_begin(to, key);
	json_null(to);
}

static const struct language json = { object, array, text, number, real, nothing, true };

/* ---- the members ---- */

static void seconds(struct buf *to, const struct language *in, const char *key, uint64_t us)
{
	in->real(to, key, (double)us / 1e6, us);
}

static void maybe(struct buf *to, const struct language *in, const char *key, bool known,
		  uint64_t value)
{
	if (known)
		in->number(to, key, value);
	else
		in->nothing(to, key);
}

static void maybe_seconds(struct buf *to, const struct language *in, const char *key, bool known,
			  uint64_t us)
{
	if (known)
		seconds(to, in, key, us);
	else
		in->nothing(to, key);
}

static void write_figures(struct buf *to, const struct language *in, const struct usage_row *row)
{
	bool runs = row->pid != 0, sampled = runs && row->sampled_us;
	bool measured = runs && row->memory_age_us != USAGE_UNMEASURED;
	char letter[2] = { (char)row->run_state, '\0' };

	if (in->full_names && !runs)
		in->nothing(to, "pid");
	else
		in->number(to, "pid", row->pid);
	maybe_seconds(to, in, "uptime_seconds", runs, row->uptime_us);
	in->number(to, "restarts", row->restarts);
	in->text(to, "run_state", sampled ? letter : NULL);
	maybe(to, in, "threads", sampled, row->threads);
	maybe_seconds(to, in, "cpu_seconds", sampled, row->cpu_us);
	maybe_seconds(to, in, "sampled_seconds", sampled, row->sampled_us);
	maybe(to, in, "rss_bytes", sampled, row->rss_bytes);
	maybe(to, in, "pss_bytes", measured, row->pss_bytes);
	maybe(to, in, "private_bytes", measured, row->private_bytes);
	maybe(to, in, "shared_bytes", measured, row->shared_bytes);
	maybe(to, in, "forked_bytes", measured, row->forked_bytes);
	maybe_seconds(to, in, "memory_age_seconds", measured, row->memory_age_us);
	in->text(to, "memory_error",
		 runs && row->memory_error ? strerror((int)row->memory_error) : NULL);
}

static void write_family(struct buf *to, const struct language *in,
			 const struct usage_family *family)
{
	bool known = family->measured > 0;

	in->object(to, "workers", false);
	in->number(to, "running", family->workers);
	in->number(to, "measured", family->measured);
	maybe(to, in, "private_bytes", known, family->private_bytes);
	maybe(to, in, "shared_bytes", known, family->shared_bytes);
	maybe(to, in, "total_bytes", known, family->total_bytes);
	maybe(to, in, "separate_bytes", known, family->separate_bytes);
	in->object(to, "workers", true);
}

static void write_zygote(struct buf *to, const struct language *in, const struct usage_row *row,
			 const struct usage_family *family)
{
	in->object(to, NULL, false);
	in->text(to, "name", row->name);
	in->number(to, "generation", row->generation);
	in->text(to, "state", describe_condition(row->state));
	write_figures(to, in, row);
	write_family(to, in, family);
	in->object(to, NULL, true);
}

static void write_process(struct buf *to, const struct language *in, const struct usage *usage,
			  const struct usage_row *row)
{
	const char *group = row->group ? row->group : "", *name = row->name ? row->name : "";
	bool forked = row->zygote && row->zygote <= usage->n;
	struct buf full = { 0 };

	buf_printf(&full, "%s:%s", group, name);
	in->object(to, NULL, false);
	in->text(to, "name", in->full_names ? buf_str(&full) : name);
	in->text(to, "group", group);
	if (in->full_names)
		in->text(to, "process", name);
	in->text(to, "zygote", forked ? usage->rows[row->zygote - 1].name : NULL);
	maybe(to, in, "generation", row->generation > 0, row->generation);
	in->text(to, "state", describe_state(row->state));
	write_figures(to, in, row);
	in->object(to, NULL, true);
	buf_done(&full);
}

static void write_list(struct buf *to, const struct language *in, const struct usage *usage,
		       enum usage_kind kind)
{
	const char *key = kind == USAGE_ZYGOTE ? "zygotes" : "processes";

	in->array(to, key, false);
	for (size_t i = 0; i < usage->n; i++) {
		const struct usage_row *row = &usage->rows[i];

		if (row->kind == kind && kind == USAGE_ZYGOTE)
			write_zygote(to, in, row, &usage->families[i]);
		else if (row->kind == kind)
			write_process(to, in, usage, row);
	}
	in->array(to, key, true);
}

static void write_usage(struct buf *to, const struct language *in, const struct usage *usage)
{
	in->object(to, NULL, false);
	in->array(to, "load", false);
	for (int i = 0; i < 3; i++)
		in->real(to, NULL, usage->host.load[i] / 100.,
			 usage->host.load[i] * UINT64_C(10000));
	in->array(to, "load", true);
	in->number(to, "cpus", usage->host.cpus);
	write_list(to, in, usage, USAGE_ZYGOTE);
	write_list(to, in, usage, USAGE_PROCESS);
	in->object(to, NULL, true);
}

void usage_write_rpc(struct buf *to, const struct usage *usage)
{
	write_usage(to, &rpc, usage);
}

void usage_write_json(struct buf *to, const struct usage *usage)
{
	write_usage(to, &json, usage);
}
