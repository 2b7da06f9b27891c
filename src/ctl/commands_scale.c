/* commands_scale.c - scale: how many processes a program has.  See ctl.h. */
#include "base/util.h"
#include "ctl/ctl.h"
#include "ipc/control_messages.h"
#include "rpc/value.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

/* Digits only: -1 would ask. */
static int parse_number(const char *text, int *ret)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || value > INT_MAX)
		return -EINVAL;
	*ret = (int)value;
	return 0;
}

static void say(struct ctl *ctl, const struct rpc_value *result)
{
	const char *name = rpc_member_text(result, "program", "");
	int64_t before = rpc_member_int(result, "before", 0),
		now = rpc_member_int(result, "now", 0);
	int64_t numprocs = rpc_member_int(result, "numprocs", 0);

	ctl_collect(ctl, result, NULL, NULL);
	if (ctl->json)
		return;
	if (before != now)
		ctl_say(ctl,
			"%s: %" PRId64 " processes, before %" PRId64 " (numprocs = %" PRId64 ")",
			name, now, before, numprocs);
	else
		ctl_say(ctl, "%s: %" PRId64 " processes (numprocs = %" PRId64 ")", name, now,
			numprocs);
}

void command_scale(struct ctl *ctl, char **args, const char *line)
{
	struct rpc_value *result;
	enum client_outcome outcome;
	int number = -1;

	(void)line;
	if (!args[0] || (args[1] && (args[2] || parse_number(args[1], &number) < 0))) {
		ctl_usage(ctl, CTL_INVALID_ARGS, "scale",
			  args[0] ? "Error: scale requires a program and a number"
				  : "Error: scale requires a program name");
		return;
	}
	if (!ctl_upcheck(ctl))
		return;
	outcome = client_call(&ctl->client, &result, "forkserver.scale", rpc_new_string(args[0]),
			      rpc_new_int(number), NULL);
	if (outcome == CLIENT_OK) {
		say(ctl, result);
	} else if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_BAD_NAME) {
		ctl_say(ctl, "ERROR: no such program: %s", args[0]);
		ctl->status = CTL_GENERIC;
	} else if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_FAILED) {
		ctl_say(ctl, "ERROR: %s", ctl->client.err.text);
		ctl->status = CTL_GENERIC;
	} else {
		ctl_failed(ctl, outcome);
	}
	rpc_free(result);
}
