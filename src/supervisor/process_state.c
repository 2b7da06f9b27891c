/* process_state.c - see process_state.h. */
#include "supervisor/process_state.h"

#include "base/util.h"

#include <stdbool.h>

struct cell {
	bool known;
	struct process_rule rule;
};

#define GOES(action, next)                                                                         \
	{                                                                                          \
		true,                                                                              \
		{                                                                                  \
			ACTION_##action, PROCESS_##next                                            \
		}                                                                                  \
	}

/* clang-format off */
static const struct cell cells[PROCESS_NSTATES][PROCESS_NEVENTS] = {
	[PROCESS_STOPPED][PROCESS_START]     = GOES(SPAWN,    STARTING),

	[PROCESS_STARTING][PROCESS_SPAWNED]  = GOES(LET_GO,   STARTING),
	[PROCESS_STARTING][PROCESS_FAILED]   = GOES(BACK_OFF, BACKOFF),
	[PROCESS_STARTING][PROCESS_UP]       = GOES(UP,       RUNNING),
	[PROCESS_STARTING][PROCESS_EXIT]     = GOES(BACK_OFF, BACKOFF),   /* too quickly */
	[PROCESS_STARTING][PROCESS_STOP]     = GOES(SIGNAL,   STOPPING),
	[PROCESS_STARTING][PROCESS_UNFIT]    = GOES(END,      STARTING),  /* then EXIT */
	[PROCESS_STARTING][PROCESS_DEADLINE] = GOES(KILL,     STARTING),
	[PROCESS_STARTING][PROCESS_UNKILLED] = GOES(LOST,     UNKNOWN),

	[PROCESS_RUNNING][PROCESS_EXIT]      = GOES(EXITED,   EXITED),
	[PROCESS_RUNNING][PROCESS_STOP]      = GOES(SIGNAL,   STOPPING),
	[PROCESS_RUNNING][PROCESS_UNFIT]     = GOES(END,      RUNNING),   /* then EXIT */
	[PROCESS_RUNNING][PROCESS_DEADLINE]  = GOES(KILL,     RUNNING),
	[PROCESS_RUNNING][PROCESS_UNKILLED]  = GOES(LOST,     UNKNOWN),

	[PROCESS_BACKOFF][PROCESS_RETRY]     = GOES(SPAWN,    STARTING),
	[PROCESS_BACKOFF][PROCESS_GIVE_UP]   = GOES(GIVE_UP,  FATAL),
	[PROCESS_BACKOFF][PROCESS_STOP]      = GOES(DISARM,   STOPPED),

	[PROCESS_STOPPING][PROCESS_CANCELED] = GOES(CANCELED, STOPPED),
	[PROCESS_STOPPING][PROCESS_EXIT]     = GOES(STOPPED,  STOPPED),
	[PROCESS_STOPPING][PROCESS_DEADLINE] = GOES(KILL,     STOPPING),
	[PROCESS_STOPPING][PROCESS_UNKILLED] = GOES(LOST,     UNKNOWN),

	[PROCESS_EXITED][PROCESS_START]      = GOES(SPAWN,    STARTING),
	[PROCESS_EXITED][PROCESS_RETRY]      = GOES(SPAWN,    STARTING),  /* a restart that was held back */
	[PROCESS_EXITED][PROCESS_STOP]       = GOES(DISARM,   EXITED),

	[PROCESS_FATAL][PROCESS_START]       = GOES(SPAWN,    STARTING),

	[PROCESS_UNKNOWN][PROCESS_EXIT]      = GOES(STOPPED,  STOPPED),
	[PROCESS_UNKNOWN][PROCESS_DEADLINE]  = GOES(KILL,     STOPPING),
};
/* clang-format on */

const struct process_rule *process_rule(enum process_state state, enum process_event event)
{
	const struct cell *cell = &cells[state][event];

	return cell->known ? &cell->rule : NULL;
}

static const struct {
	const char *name;
	int code;
} states[] = {
	[PROCESS_STOPPED] = { "STOPPED", 0 },    [PROCESS_STARTING] = { "STARTING", 10 },
	[PROCESS_RUNNING] = { "RUNNING", 20 },   [PROCESS_BACKOFF] = { "BACKOFF", 30 },
	[PROCESS_STOPPING] = { "STOPPING", 40 }, [PROCESS_EXITED] = { "EXITED", 100 },
	[PROCESS_FATAL] = { "FATAL", 200 },      [PROCESS_UNKNOWN] = { "UNKNOWN", 1000 },
};
_Static_assert(ARRAY_LEN(states) == PROCESS_NSTATES, "a name for every state");

static const char *const events[] = {
	[PROCESS_START] = "start",       [PROCESS_SPAWNED] = "spawned",
	[PROCESS_FAILED] = "failed",     [PROCESS_UP] = "up",
	[PROCESS_EXIT] = "exit",         [PROCESS_RETRY] = "retry",
	[PROCESS_GIVE_UP] = "give up",   [PROCESS_STOP] = "stop",
	[PROCESS_CANCELED] = "canceled", [PROCESS_DEADLINE] = "deadline",
	[PROCESS_UNKILLED] = "unkilled", [PROCESS_UNFIT] = "unfit",
};
_Static_assert(ARRAY_LEN(events) == PROCESS_NEVENTS, "a name for every event");

const char *process_state_name(enum process_state state)
{
	return states[state].name;
}

const char *process_event_name(enum process_event event)
{
	return events[event];
}

int process_state_code(enum process_state state)
{
	return states[state].code;
}
