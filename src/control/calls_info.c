/* calls_info.c - the state and the configuration of processes, as structs. */
#include "control/call.h"
#include "control/calls.h"
#include "control/describe.h"
#include "control/namespec.h"
#include "ipc/metrics_messages.h"
#include "rpc/write.h"

#include <stdlib.h>
#include <string.h>

#define MAXINT INT32_MAX /* XML-RPC's; supervisord caps times at it */

static int64_t capped(uint64_t number)
{
	return number > MAXINT ? MAXINT : (int64_t)number;
}

static const char *text(const char *maybe)
{
	return maybe ? maybe : "";
}

static void write_info(struct buf *to, const struct process_info *info)
{
	struct buf description = { 0 };

	describe_process(&description, info);
	rpc_write_struct_begin(to);
	rpc_write_member_string(to, "name", text(info->name));
	rpc_write_member_string(to, "group", text(info->group));
	rpc_write_member_int(to, "start", capped(info->start));
	rpc_write_member_int(to, "stop", capped(info->stop));
	rpc_write_member_int(to, "now", capped(info->now));
	rpc_write_member_int(to, "state", info->state);
	rpc_write_member_string(to, "statename", describe_state(info->state));
	rpc_write_member_string(to, "spawnerr", text(info->spawnerr));
	rpc_write_member_int(to, "exitstatus", info->exitstatus);
	rpc_write_member_string(to, "logfile", text(info->stdout_logfile));
	rpc_write_member_string(to, "stdout_logfile", text(info->stdout_logfile));
	rpc_write_member_string(to, "stderr_logfile", text(info->stderr_logfile));
	rpc_write_member_int(to, "pid", info->pid);
	rpc_write_member_string(to, "description", buf_str(&description));
	rpc_write_struct_end(to);
	buf_done(&description);
}

/* Writes the structs of a CONTROL_INFO's answer, one after the other; how many. */
static uint32_t write_infos(struct call *call, struct answer *answer)
{
	uint32_t n = unpack_u32(&answer->body);

	for (uint32_t i = 0; i < n && !answer->body.bad; i++) {
		struct process_info info;

		process_info_unpack(&info, &answer->body);
		write_info(&call->result, &info);
		process_info_done(&info);
	}
	return n;
}

static void reply_info(struct call *call, struct answer *answer)
{
	uint32_t n = write_infos(call, answer);

	if (!call_check(call, &answer->body))
		return;
	if (n == 1)
		call_return(call);
	else
		call_fail(call, FAULT_BAD_NAME, call->args[0].text);
}

void call_process_info(struct call *call)
{
	struct control_request request = { .operation = CONTROL_INFO,
					   .name = (char *)call->args[0].text };
	size_t len;

	if (namespec_is_group(call->args[0].text, &len))
		call_fail(call, FAULT_BAD_NAME, call->args[0].text);
	else
		call_ask(call, &request, reply_info);
}

static void reply_all(struct call *call, struct answer *answer)
{
	rpc_write_array_begin(&call->result);
	(void)write_infos(call, answer);
	rpc_write_array_end(&call->result);
	if (call_check(call, &answer->body))
		call_return(call);
}

void call_all_process_info(struct call *call)
{
	call_ask(call, &(struct control_request){ .operation = CONTROL_INFO }, reply_all);
}

/* ---- configuration ---- */

static void write_text(struct buf *to, const char *name, const char *value)
{
	rpc_write_member_string(to, name, value ? value : "none");
}

static void write_exitcodes(struct buf *to, const uint8_t *bits)
{
	rpc_write_member_begin(to, "exitcodes");
	rpc_write_array_begin(to);
	for (unsigned i = 0; i < 256; i++)
		if (bits[i / 8] >> (i % 8) & 1)
			rpc_write_int(to, i);
	rpc_write_array_end(to);
	rpc_write_member_end(to);
}

static void write_process(struct buf *to, const struct process_config *config)
{
	rpc_write_member_boolean(to, "autostart", config->autostart);
	if (config->autorestart == CONFIG_AUTO)
		rpc_write_member_string(to, "autorestart", "auto");
	else
		rpc_write_member_boolean(to, "autorestart", config->autorestart);
	write_text(to, "directory", config->directory);
	if (config->uid < 0)
		rpc_write_member_string(to, "uid", "none");
	else
		rpc_write_member_int(to, "uid", config->uid);
	rpc_write_member_string(to, "command", text(config->command));
	write_exitcodes(to, config->exitcodes);
	rpc_write_member_string(to, "group", text(config->group));
	rpc_write_member_int(to, "group_prio", config->group_prio);
	rpc_write_member_boolean(to, "inuse", config->inuse);
	rpc_write_member_boolean(to, "killasgroup", config->killasgroup);
	rpc_write_member_string(to, "name", text(config->name));
	rpc_write_member_int(to, "process_prio", config->process_prio);
	rpc_write_member_boolean(to, "redirect_stderr", config->redirect_stderr);
	rpc_write_member_int(to, "startretries", config->startretries);
	rpc_write_member_int(to, "startsecs", config->startsecs);
	rpc_write_member_int(to, "stopsignal", config->stopsignal);
	rpc_write_member_int(to, "stopwaitsecs", config->stopwaitsecs);
	write_text(to, "serverurl", config->serverurl);
}

static void write_logs(struct buf *to, const struct process_config *config)
{
	rpc_write_member_int(to, "stdout_capture_maxbytes",
			     (int64_t)config->stdout_capture_maxbytes);
	rpc_write_member_boolean(to, "stdout_events_enabled", config->stdout_events_enabled);
	write_text(to, "stdout_logfile", config->stdout_logfile);
	rpc_write_member_int(to, "stdout_logfile_backups", config->stdout_logfile_backups);
	rpc_write_member_int(to, "stdout_logfile_maxbytes",
			     (int64_t)config->stdout_logfile_maxbytes);
	rpc_write_member_boolean(to, "stdout_syslog", config->stdout_syslog);
	rpc_write_member_int(to, "stderr_capture_maxbytes",
			     (int64_t)config->stderr_capture_maxbytes);
	rpc_write_member_boolean(to, "stderr_events_enabled", config->stderr_events_enabled);
	write_text(to, "stderr_logfile", config->stderr_logfile);
	rpc_write_member_int(to, "stderr_logfile_backups", config->stderr_logfile_backups);
	rpc_write_member_int(to, "stderr_logfile_maxbytes",
			     (int64_t)config->stderr_logfile_maxbytes);
	rpc_write_member_boolean(to, "stderr_syslog", config->stderr_syslog);
}

struct row {
	struct process_config config;
	uint32_t index;
};

static int by_name(const void *one, const void *two)
{
	const struct row *a = one, *b = two;
	int r = strcmp(text(a->config.name), text(b->config.name));

	return r ? r : (a->index > b->index) - (a->index < b->index);
}

static void reply_config(struct call *call, struct answer *answer)
{
	uint32_t n = unpack_u32(&answer->body), got = 0;
	struct row *rows = NULL;

	if (n > answer->body.left) /* each takes more than one byte */
		answer->body.bad = true;
	else
		rows = calloc((size_t)n + 1, sizeof(*rows));
	for (; rows && got < n && !answer->body.bad; got++) {
		process_config_unpack(&rows[got].config, &answer->body);
		rows[got].index = got;
	}
	rpc_write_array_begin(&call->result);
	if (rows)
		qsort(rows, got, sizeof(*rows), by_name);
	for (uint32_t i = 0; i < got; i++) {
		rpc_write_struct_begin(&call->result);
		write_process(&call->result, &rows[i].config);
		write_logs(&call->result, &rows[i].config);
		rpc_write_struct_end(&call->result);
		process_config_done(&rows[i].config);
	}
	rpc_write_array_end(&call->result);
	free(rows);
	if (call_check(call, &answer->body))
		call_return(call);
}

void call_all_config_info(struct call *call)
{
	call_ask(call, &(struct control_request){ .operation = CONTROL_CONFIG }, reply_config);
}

static void reply_stack(struct call *call, struct answer *answer)
{
	char *dump = unpack_str(&answer->body);

	if (call_check(call, &answer->body)) {
		rpc_write_bytes(&call->result, text(dump), strlen(text(dump)));
		call_return(call);
	}
	free(dump);
}

void call_stack(struct call *call)
{
	struct control_request request = { .operation = CONTROL_STACK,
					   .name = (char *)call->args[0].text };

	call_ask(call, &request, reply_stack);
}

static void write_zygote(struct buf *to, const struct zygote_status *status)
{
	rpc_write_struct_begin(to);
	rpc_write_member_string(to, "name", text(status->name));
	rpc_write_member_string(to, "state", describe_condition(status->condition));
	rpc_write_member_int(to, "pid", status->pid);
	rpc_write_member_int(to, "generation", status->generation);
	rpc_write_member_int(to, "workers", status->workers);
	rpc_write_member_int(to, "spares", status->spares);
	rpc_write_member_string(to, "audit", text(describe_verdict(status->verdict)));
	rpc_write_struct_end(to);
}

static void reply_zygotes(struct call *call, struct answer *answer)
{
	uint32_t n = unpack_u32(&answer->body);

	rpc_write_array_begin(&call->result);
	for (uint32_t i = 0; i < n && !answer->body.bad; i++) {
		struct zygote_status status;

		zygote_status_unpack(&status, &answer->body);
		write_zygote(&call->result, &status);
		zygote_status_done(&status);
	}
	rpc_write_array_end(&call->result);
	if (call_check(call, &answer->body))
		call_return(call);
}

void call_zygotes(struct call *call)
{
	call_ask(call, &(struct control_request){ .operation = CONTROL_ZYGOTES }, reply_zygotes);
}
