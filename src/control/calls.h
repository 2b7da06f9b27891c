/* calls.h - the handlers of the methods' table.
 * Runs in: control. */
#ifndef CONTROL_CALLS_H
#define CONTROL_CALLS_H

struct call;

/* calls_system.c: what needs no supervisor */
void call_list_methods(struct call *call);
void call_method_help(struct call *call);
void call_method_signature(struct call *call);

/* multicall.c */
void call_multicall(struct call *call);

/* calls_supervisor.c: the supervisor itself, its configuration and groups */
void call_api_version(struct call *call);
void call_supervisor_version(struct call *call);
void call_identification(struct call *call);
void call_state(struct call *call);
void call_pid(struct call *call);
void call_reread(struct call *call);
void call_update(struct call *call);

/* calls_process.c: one process or group by name; the method's operation */
void call_operation(struct call *call); /* name */
void call_process(struct call *call);   /* name, wait; or all of a group */
void call_signal(struct call *call);    /* name, signal; or all of a group */
void call_send(struct call *call);      /* name or type, bytes */

/* crowd.c: many processes, by the method's operation */
void call_group(struct call *call); /* name, wait or signal */
void call_all(struct call *call);   /* wait or signal or nothing */

/* calls_info.c */
void call_process_info(struct call *call);
void call_all_process_info(struct call *call);
void call_all_config_info(struct call *call);

void call_stack(struct call *call); /* name */
void call_zygotes(struct call *call);

/* calls_rollout.c: reloads */
void call_reload(struct call *call);  /* name */
void call_deploy(struct call *call);  /* name, settings */
void call_rollout(struct call *call); /* id */
void call_history(struct call *call);

/* calls_usage.c */
void call_usage(struct call *call);

/* calls_log.c: parts of logs; the method's number is the channel */
void call_read_log(struct call *call);      /* name, offset, length */
void call_tail_log(struct call *call);      /* name, offset, length */
void call_read_main_log(struct call *call); /* offset, length */

#endif
