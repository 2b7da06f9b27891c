/* api_write.c - see api_write.h.  man/forkserver-api.5 says what the members mean. */
#include "control/api_write.h"

#include "base/buf.h"
#include "base/util.h"
#include "control/describe.h"
#include "control/json.h"
#include "ipc/control_messages.h"
#include "ipc/metrics_messages.h"
#include "ipc/rollout_messages.h"

static void member_string(struct buf *to, const char *key, const char *text)
{
	json_key(to, key);
	json_string(to, text);
}

/* "" stands for nothing in messages. */
static void member_maybe(struct buf *to, const char *key, const char *text)
{
	member_string(to, key, text && *text ? text : NULL);
}

static void member_int(struct buf *to, const char *key, uint64_t number)
{
	json_key(to, key);
	json_int(to, (int64_t)number);
}

/* 0 stands for nothing. */
static void member_number(struct buf *to, const char *key, uint64_t number)
{
	json_key(to, key);
	if (number)
		json_int(to, (int64_t)number);
	else
		json_null(to);
}

static void member_seconds(struct buf *to, const char *key, uint64_t us)
{
	json_key(to, key);
	if (us)
		json_seconds(to, us);
	else
		json_null(to);
}

/* As it is written in a path: what the supervisor finds whatever its group is called. */
static void write_full_name(struct buf *to, const struct process_info *info)
{
	struct buf full = { 0 };

	buf_printf(&full, "%s:%s", info->group ? info->group : "", info->name ? info->name : "");
	member_string(to, "name", buf_str(&full));
	buf_done(&full);
}

void api_write_process(struct buf *to, const struct process_info *info)
{
	json_object_begin(to);
	write_full_name(to, info);
	member_string(to, "group", info->group);
	member_string(to, "process", info->name);
	member_string(to, "state", describe_state(info->state));
	member_number(to, "pid", info->pid);
	member_number(to, "start", info->start);
	member_number(to, "stop", info->stop);
	json_key(to, "uptime_seconds");
	if (info->pid)
		json_int(to, (int64_t)info->uptime);
	else
		json_null(to);
	json_key(to, "exit_status");
	if (info->stop && info->exitstatus >= 0)
		json_int(to, info->exitstatus);
	else
		json_null(to);
	member_maybe(to, "spawn_error", info->spawnerr);
	member_maybe(to, "note", info->note);
	member_maybe(to, "stdout_logfile", info->stdout_logfile);
	member_maybe(to, "stderr_logfile", info->stderr_logfile);
	json_object_end(to);
}

void api_write_supervisor(struct buf *to, const struct supervisor_status *status)
{
	json_object_begin(to);
	member_string(to, "state", status->ready ? "RUNNING" : "IMPORTING");
	member_int(to, "pid", status->pid);
	member_string(to, "identifier", status->identifier);
	member_string(to, "version", status->version);
	member_string(to, "config_file", status->config_file);
	member_int(to, "start", status->start);
	json_key(to, "uptime_seconds");
	json_seconds(to, status->uptime_us);
	json_object_end(to);
}

void api_write_zygote(struct buf *to, const struct zygote_status *status)
{
	json_object_begin(to);
	member_string(to, "name", status->name);
	member_string(to, "state", describe_condition(status->condition));
	member_number(to, "pid", status->pid);
	member_string(to, "python", status->python);
	member_string(to, "python_version", status->version);
	json_key(to, "audit");
	json_object_begin(to);
	member_string(to, "verdict", describe_verdict(status->verdict));
	member_int(to, "violations", status->violations);
	member_seconds(to, "seconds", status->audit_us);
	json_object_end(to);
	member_seconds(to, "import_seconds", status->import_us);
	member_int(to, "starts", status->starts);
	member_int(to, "workers", status->workers);
	member_int(to, "spares", status->spares);
	member_number(to, "generation", status->generation);
	json_object_end(to);
}

static void write_slot(struct buf *to, const struct rollout_slot_info *slot)
{
	json_object_begin(to);
	member_string(to, "name", slot->name);
	member_string(to, "state", describe_slot(slot->state));
	member_number(to, "from_pid", slot->from_pid);
	member_number(to, "to_pid", slot->to_pid);
	member_seconds(to, "seconds", slot->us);
	member_maybe(to, "why", slot->why);
	json_object_end(to);
}

void api_write_rollout(struct buf *to, const struct rollout_info *info)
{
	bool ended = info->outcome != OUTCOME_NONE;

	json_object_begin(to);
	member_int(to, "id", info->id);
	json_key(to, "is_program");
	json_bool(to, info->is_program);
	member_string(to, "name", info->name);
	member_string(to, "cause", info->cause);
	member_string(to, "phase", describe_phase(info->phase));
	member_string(to, "outcome", ended ? describe_outcome(info->outcome) : NULL);
	member_number(to, "generation", info->generation);
	member_number(to, "before", info->before);
	member_number(to, "start", info->start);
	member_seconds(to, "seconds", info->us);
	member_seconds(to, "import_seconds", info->import_us);
	member_maybe(to, "audit", info->audit);
	member_maybe(to, "why", info->why);
	json_key(to, "slots");
	json_array_begin(to);
	for (size_t i = 0; i < info->nslots; i++)
		write_slot(to, &info->slots[i]);
	json_array_end(to);
	json_object_end(to);
}

void api_write_error(struct buf *to, const char *fault, const char *message)
{
	json_object_begin(to);
	json_key(to, "error");
	json_object_begin(to);
	member_string(to, "fault", fault);
	member_string(to, "message", message);
	json_object_end(to);
	json_object_end(to);
}
