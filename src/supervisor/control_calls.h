/* control_calls.h - the requests of the control process: which function does what, and those that
 * are answered later.
 * Runs in: supervisor.
 *
 * A function answers once, now or later; what is answered later is in one of the lists here, so
 * that it can be forgotten when the asker has died. */
#ifndef SUPERVISOR_CONTROL_CALLS_H
#define SUPERVISOR_CONTROL_CALLS_H

#include "base/buf.h"
#include "ipc/control_messages.h"

#include <stdbool.h>
#include <stdint.h>

struct control_link;
struct control_log;
struct control_stack;
struct control_usage;
struct control_wait;
struct process;
struct supervisor;
struct zygote_link;

/* Embedded in the supervisor. */
struct control_calls {
	struct supervisor *supervisor; /* borrowed */
	struct control_link *link;     /* borrowed: where answers go */
	struct control_wait *waits; /* owned: for processes to start or stop; control_processes.c */
	struct control_log *logs;   /* owned: for the logger; control_logs.c */
	struct control_stack *stacks; /* owned: for stacks of workers; control_stack.c */
	unsigned nstacks;
	struct control_usage *usages; /* owned: for the sampler; control_usage.c */
	bool updating;                /* somebody waits for the end of an update: */
	uint32_t update_id;           /* with this id */
};

/* One request while its function runs. */
struct control_call {
	struct control_calls *calls;
	struct supervisor *supervisor;
	uint32_t id;
	const struct control_request *request;
};

void control_calls_init(struct control_calls *calls, struct supervisor *supervisor,
			struct control_link *link);
void control_calls_take(struct control_calls *calls, uint32_t id,
			const struct control_request *request);
void control_calls_forget(struct control_calls *calls); /* nobody waits for answers any more */

/* ---- for the functions: control_*.c ---- */

void control_fault(struct control_calls *calls, uint32_t id, enum fault fault, const char *text);
void control_done(struct control_calls *calls, uint32_t id); /* success, nothing to tell */

/* Begins the body of a success; what the operation tells is packed behind it. */
void control_begin(struct buf *body);
void control_send(struct control_calls *calls, uint32_t id, struct buf *body, int fd);

/* The one process that the request names, or NULL after a fault. */
struct process *control_process(const struct control_call *call);

/* control_info.c */
void control_state(const struct control_call *call);
void control_info(const struct control_call *call);
void control_config(const struct control_call *call);

/* control_metrics.c */
void control_supervisor(const struct control_call *call);
void control_zygotes(const struct control_call *call);
void control_ready(const struct control_call *call);
void control_metrics(const struct control_call *call);
uint32_t control_condition(const struct zygote_link *link); /* enum zygote_condition */

/* control_processes.c */
void control_start(const struct control_call *call);
void control_stop(const struct control_call *call);
void control_signal(const struct control_call *call);
void control_stdin(const struct control_call *call);
void control_waits_forget(struct control_calls *calls);

/* control_logs.c */
void control_log_open(const struct control_call *call);
void control_log_clear(const struct control_call *call);
void control_log_rotate(const struct control_call *call);
void control_log_reopen(const struct control_call *call);
void control_logs_forget(struct control_calls *calls);

/* control_stack.c */
void control_stack(const struct control_call *call);
void control_stacks_forget(struct control_calls *calls);

/* control_rollout.c */
void control_reload(const struct control_call *call);
void control_deploy(const struct control_call *call);
void control_rollouts(const struct control_call *call);

/* control_usage.c */
void control_usage(const struct control_call *call);
void control_usages_forget(struct control_calls *calls);

/* control_reload.c */
int control_read(const struct control_call *call); /* the configuration: 0, or -1 after a fault */
void control_reread(const struct control_call *call);
void control_add(const struct control_call *call);
void control_remove(const struct control_call *call);
void control_update(const struct control_call *call);
void control_shutdown(const struct control_call *call);
void control_restart(const struct control_call *call);
void control_updated(struct control_calls *calls); /* an update has ended */

#endif
