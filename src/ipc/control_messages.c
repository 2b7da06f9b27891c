/* control_messages.c - see control_messages.h. */
#include "ipc/control_messages.h"

#include "base/buf.h"
#include "base/util.h"
#include "ipc/fields.h"
#include "ipc/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct control_server, member)
static const struct field server_fields[] = {
	{ FIELD_U32, AT(local) },
	{ FIELD_STR, AT(address) },
	{ FIELD_STR, AT(username) },
	{ FIELD_STR, AT(password) },
};
#undef AT

#define AT(member) offsetof(struct control_request, member)
static const struct field request_fields[] = {
	{ FIELD_U32, AT(operation) }, { FIELD_U32, AT(number) }, { FIELD_U32, AT(wait) },
	{ FIELD_STR, AT(name) },      { FIELD_DATA, AT(text) },
};
#undef AT
_Static_assert(offsetof(struct control_request, ntext) ==
		       offsetof(struct control_request, text) + sizeof(char *),
	       "FIELD_DATA: the length stands behind the pointer");

#define AT(member) offsetof(struct control_reply, member)
static const struct field reply_fields[] = {
	{ FIELD_U32, AT(fault) },
	{ FIELD_STR, AT(text) },
};
#undef AT

#define AT(member) offsetof(struct control_state, member)
static const struct field state_fields[] = {
	{ FIELD_U32, AT(code) },
	{ FIELD_U32, AT(pid) },
};
#undef AT

#define AT(member) offsetof(struct process_info, member)
static const struct field info_fields[] = {
	{ FIELD_STR, AT(group) },
	{ FIELD_STR, AT(name) },
	{ FIELD_U64, AT(start) },
	{ FIELD_U64, AT(stop) },
	{ FIELD_U64, AT(now) },
	{ FIELD_U64, AT(uptime) },
	{ FIELD_U32, AT(state) },
	{ FIELD_STR, AT(spawnerr) },
	{ FIELD_STR, AT(note) },
	{ FIELD_U32, AT(exitstatus) },
	{ FIELD_STR, AT(stdout_logfile) },
	{ FIELD_STR, AT(stderr_logfile) },
	{ FIELD_U32, AT(pid) },
};
#undef AT

#define AT(member) offsetof(struct process_config, member)
static const struct field config_fields[] = {
	{ FIELD_STR, AT(group) },
	{ FIELD_STR, AT(name) },
	{ FIELD_STR, AT(command) },
	{ FIELD_STR, AT(directory) },
	{ FIELD_STR, AT(serverurl) },
	{ FIELD_STR, AT(stdout_logfile) },
	{ FIELD_STR, AT(stderr_logfile) },
	{ FIELD_U32, AT(uid) },
	{ FIELD_U32, AT(group_prio) },
	{ FIELD_U32, AT(process_prio) },
	{ FIELD_U32, AT(inuse) },
	{ FIELD_U32, AT(autostart) },
	{ FIELD_U32, AT(killasgroup) },
	{ FIELD_U32, AT(redirect_stderr) },
	{ FIELD_U32, AT(autorestart) },
	{ FIELD_BITS, AT(exitcodes) },
	{ FIELD_U32, AT(startretries) },
	{ FIELD_U32, AT(startsecs) },
	{ FIELD_U32, AT(stopsignal) },
	{ FIELD_U32, AT(stopwaitsecs) },
	{ FIELD_U64, AT(stdout_capture_maxbytes) },
	{ FIELD_U64, AT(stdout_logfile_maxbytes) },
	{ FIELD_U64, AT(stderr_capture_maxbytes) },
	{ FIELD_U64, AT(stderr_logfile_maxbytes) },
	{ FIELD_U32, AT(stdout_logfile_backups) },
	{ FIELD_U32, AT(stdout_events_enabled) },
	{ FIELD_U32, AT(stdout_syslog) },
	{ FIELD_U32, AT(stderr_logfile_backups) },
	{ FIELD_U32, AT(stderr_events_enabled) },
	{ FIELD_U32, AT(stderr_syslog) },
};
#undef AT
_Static_assert(sizeof(((struct process_config *)0)->exitcodes) == FIELD_BITS_SIZE,
	       "a bit for every exit status");

#define TABLE(array)                                                                               \
	{                                                                                          \
		array, ARRAY_LEN(array)                                                            \
	}
static const struct fields servers = TABLE(server_fields);
static const struct fields requests = TABLE(request_fields);
static const struct fields replies = TABLE(reply_fields);
static const struct fields states = TABLE(state_fields);
static const struct fields infos = TABLE(info_fields);
static const struct fields configs = TABLE(config_fields);

void control_setup_pack(struct buf *buf, const struct control_setup *setup)
{
	pack_str(buf, setup->identifier);
	pack_str(buf, setup->version);
	pack_u32(buf, (uint32_t)setup->nservers);
	for (size_t i = 0; i < setup->nservers; i++)
		fields_pack(buf, &servers, &setup->servers[i]);
}

int control_setup_unpack(struct control_setup *setup, const void *data, size_t len)
{
	struct unpack in;
	int r;

	memset(setup, 0, sizeof(*setup));
	unpack_init(&in, data, len);
	setup->identifier = unpack_str(&in);
	setup->version = unpack_str(&in);
	setup->nservers = unpack_u32(&in);
	if (setup->nservers > in.left)
		in.bad = true;
	if (!in.bad)
		setup->servers = calloc(setup->nservers + 1, sizeof(*setup->servers));
	if (!setup->servers) {
		setup->nservers = 0;
		in.bad = true;
	}
	for (size_t i = 0; i < setup->nservers; i++)
		fields_unpack(&servers, &in, &setup->servers[i]);
	r = unpack_end(&in);
	if (r < 0)
		control_setup_done(setup);
	return r;
}

void control_setup_done(struct control_setup *setup)
{
	for (size_t i = 0; i < setup->nservers; i++)
		fields_done(&servers, &setup->servers[i]);
	free(setup->servers);
	free(setup->identifier);
	free(setup->version);
	memset(setup, 0, sizeof(*setup));
}

void control_request_pack(struct buf *buf, const struct control_request *request)
{
	fields_pack(buf, &requests, request);
}

int control_request_unpack(struct control_request *request, const void *data, size_t len)
{
	return fields_unpack_all(&requests, request, data, len);
}

void control_request_done(struct control_request *request)
{
	fields_done(&requests, request);
}

void control_reply_pack(struct buf *buf, const struct control_reply *reply)
{
	fields_pack(buf, &replies, reply);
}

void control_reply_unpack(struct control_reply *reply, struct unpack *in)
{
	fields_unpack(&replies, in, reply);
}

void control_reply_done(struct control_reply *reply)
{
	fields_done(&replies, reply);
}

void control_state_pack(struct buf *buf, const struct control_state *state)
{
	fields_pack(buf, &states, state);
}

void control_state_unpack(struct control_state *state, struct unpack *in)
{
	fields_unpack(&states, in, state);
}

void process_info_pack(struct buf *buf, const struct process_info *info)
{
	fields_pack(buf, &infos, info);
}

void process_info_unpack(struct process_info *info, struct unpack *in)
{
	fields_unpack(&infos, in, info);
}

void process_info_done(struct process_info *info)
{
	fields_done(&infos, info);
}

void process_config_pack(struct buf *buf, const struct process_config *config)
{
	fields_pack(buf, &configs, config);
}

void process_config_unpack(struct process_config *config, struct unpack *in)
{
	fields_unpack(&configs, in, config);
}

void process_config_done(struct process_config *config)
{
	fields_done(&configs, config);
}
