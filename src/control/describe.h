/* describe.h - states, faults and times in supervisord's words.
 * Runs in: control. */
#ifndef CONTROL_DESCRIBE_H
#define CONTROL_DESCRIBE_H

#include <stdint.h>

struct buf;
struct process_info;

/* supervisord's numbers of states (states.py). */
enum describe_state {
	STATE_STOPPED = 0,
	STATE_STARTING = 10,
	STATE_RUNNING = 20,
	STATE_BACKOFF = 30,
	STATE_STOPPING = 40,
	STATE_EXITED = 100,
	STATE_FATAL = 200,
	STATE_UNKNOWN = 1000,
};

const char *describe_state(uint32_t state);          /* "RUNNING"; "UNKNOWN" for any other */
const char *describe_supervisor_state(int32_t code); /* "RUNNING", "RESTARTING", … */
const char *describe_fault(uint32_t fault);          /* "BAD_NAME"; "UNKNOWN" for any other */

/* Of a zygote (metrics_messages.h): "READY"; "clean", NULL for none. */
const char *describe_condition(uint32_t condition);
const char *describe_verdict(uint32_t verdict);

/* Of a reload (rollout_messages.h), in words for programs: "rolling", "rolled_back", "replaced". */
const char *describe_phase(uint32_t phase);
const char *describe_outcome(uint32_t outcome); /* "none" while it has not ended */
const char *describe_slot(uint32_t state);

/* "NAME: extra", or "NAME" if extra is NULL. */
void describe_fault_text(struct buf *to, uint32_t fault, const char *extra);

/* "pid 5, uptime 1 day, 0:00:01", "Jan 31 11:59 PM", "Not started", … */
void describe_process(struct buf *to, const struct process_info *info);

/* "0:00:05", "1 day, 0:00:00", "2 days, 3:04:05". */
void describe_duration(struct buf *to, uint64_t seconds);

#endif
