/* api_write.h - the supervisor's answers as JSON objects.
 * Runs in: control.  Pure. */
#ifndef CONTROL_API_WRITE_H
#define CONTROL_API_WRITE_H

#include <stdint.h>

struct buf;
struct process_info;
struct rollout_info;
struct supervisor_status;
struct zygote_status;

void api_write_process(struct buf *to, const struct process_info *info);
void api_write_supervisor(struct buf *to, const struct supervisor_status *status);
void api_write_zygote(struct buf *to, const struct zygote_status *status);
void api_write_rollout(struct buf *to, const struct rollout_info *info);
void api_write_error(struct buf *to, const char *fault, const char *message);

#endif
