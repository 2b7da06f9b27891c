/* event_types.c - see event_types.h. */
#include "config/event_types.h"

#include "base/util.h"

#include <strings.h>

/* clang-format off */
static const struct {
	const char *name;
	enum event_type parent; /* of EVENT_ANY: itself */
} types[] = {
	[EVENT_ANY]                             = { "EVENT",                            EVENT_ANY },
	[EVENT_PROCESS_STATE]                   = { "PROCESS_STATE",                    EVENT_ANY },
	[EVENT_PROCESS_STATE_STOPPED]           = { "PROCESS_STATE_STOPPED",            EVENT_PROCESS_STATE },
	[EVENT_PROCESS_STATE_EXITED]            = { "PROCESS_STATE_EXITED",             EVENT_PROCESS_STATE },
	[EVENT_PROCESS_STATE_STARTING]          = { "PROCESS_STATE_STARTING",           EVENT_PROCESS_STATE },
	[EVENT_PROCESS_STATE_STOPPING]          = { "PROCESS_STATE_STOPPING",           EVENT_PROCESS_STATE },
	[EVENT_PROCESS_STATE_BACKOFF]           = { "PROCESS_STATE_BACKOFF",            EVENT_PROCESS_STATE },
	[EVENT_PROCESS_STATE_FATAL]             = { "PROCESS_STATE_FATAL",              EVENT_PROCESS_STATE },
	[EVENT_PROCESS_STATE_RUNNING]           = { "PROCESS_STATE_RUNNING",            EVENT_PROCESS_STATE },
	[EVENT_PROCESS_STATE_UNKNOWN]           = { "PROCESS_STATE_UNKNOWN",            EVENT_PROCESS_STATE },
	[EVENT_PROCESS_COMMUNICATION]           = { "PROCESS_COMMUNICATION",            EVENT_ANY },
	[EVENT_PROCESS_COMMUNICATION_STDOUT]    = { "PROCESS_COMMUNICATION_STDOUT",     EVENT_PROCESS_COMMUNICATION },
	[EVENT_PROCESS_COMMUNICATION_STDERR]    = { "PROCESS_COMMUNICATION_STDERR",     EVENT_PROCESS_COMMUNICATION },
	[EVENT_PROCESS_LOG]                     = { "PROCESS_LOG",                      EVENT_ANY },
	[EVENT_PROCESS_LOG_STDOUT]              = { "PROCESS_LOG_STDOUT",               EVENT_PROCESS_LOG },
	[EVENT_PROCESS_LOG_STDERR]              = { "PROCESS_LOG_STDERR",               EVENT_PROCESS_LOG },
	[EVENT_REMOTE_COMMUNICATION]            = { "REMOTE_COMMUNICATION",             EVENT_ANY },
	[EVENT_SUPERVISOR_STATE_CHANGE]         = { "SUPERVISOR_STATE_CHANGE",          EVENT_ANY },
	[EVENT_SUPERVISOR_STATE_CHANGE_RUNNING] = { "SUPERVISOR_STATE_CHANGE_RUNNING",  EVENT_SUPERVISOR_STATE_CHANGE },
	[EVENT_SUPERVISOR_STATE_CHANGE_STOPPING] = { "SUPERVISOR_STATE_CHANGE_STOPPING", EVENT_SUPERVISOR_STATE_CHANGE },
	[EVENT_TICK]                            = { "TICK",                             EVENT_ANY },
	[EVENT_TICK_5]                          = { "TICK_5",                           EVENT_TICK },
	[EVENT_TICK_60]                         = { "TICK_60",                          EVENT_TICK },
	[EVENT_TICK_3600]                       = { "TICK_3600",                        EVENT_TICK },
	[EVENT_PROCESS_GROUP]                   = { "PROCESS_GROUP",                    EVENT_ANY },
	[EVENT_PROCESS_GROUP_ADDED]             = { "PROCESS_GROUP_ADDED",              EVENT_PROCESS_GROUP },
	[EVENT_PROCESS_GROUP_REMOVED]           = { "PROCESS_GROUP_REMOVED",            EVENT_PROCESS_GROUP },
};
/* clang-format on */
_Static_assert(ARRAY_LEN(types) == EVENT_NTYPES, "a row for every type");
_Static_assert(EVENT_NTYPES <= 32, "a bit for every type");

int event_type_find(const char *name)
{
	for (int i = 0; i < EVENT_NTYPES; i++)
		if (strcasecmp(types[i].name, name) == 0)
			return i;
	return -1;
}

const char *event_type_name(enum event_type type)
{
	return types[type].name;
}

uint32_t event_type_mask(enum event_type type)
{
	uint32_t mask = UINT32_C(1) << type;

	/* parents come first, so one pass finds grandchildren as well */
	for (unsigned i = type + 1; i < EVENT_NTYPES; i++)
		if (mask >> types[i].parent & 1)
			mask |= UINT32_C(1) << i;
	return mask;
}
