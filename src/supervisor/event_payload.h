/* event_payload.h - the text of each event, byte for byte supervisord's.
 * Runs in: supervisor.  Pure. */
#ifndef SUPERVISOR_EVENT_PAYLOAD_H
#define SUPERVISOR_EVENT_PAYLOAD_H

#include "supervisor/process_state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;

/* What a PROCESS_STATE_x says; only what its state has is used. */
struct state_payload {
	const char *process;
	const char *group;
	enum process_state from;
	enum process_state to;
	unsigned tries; /* STARTING, BACKOFF */
	bool expected;  /* EXITED */
	pid_t pid;      /* RUNNING, STOPPING, STOPPED, EXITED; 0: none */
};

/* Each appends to buf. */
void payload_state(struct buf *buf, const struct state_payload *what);
void payload_group(struct buf *buf, const char *group);
void payload_remote(struct buf *buf, const char *type, const char *data, size_t len);
void payload_tick(struct buf *buf, int64_t slice);

/* The first line of PROCESS_LOG, or without `channel` (NULL) of PROCESS_COMMUNICATION. */
void payload_output(struct buf *buf, const char *process, const char *group, pid_t pid,
		    const char *channel);

/* Output as it is if it is UTF-8; else "Undecodable: " and how Python writes such bytes. */
void payload_bytes(struct buf *buf, const char *data, size_t len);

/* b'\x00\xff' and the like: what Python's repr() of a bytes object gives. */
void payload_repr(struct buf *buf, const char *data, size_t len);

/* Whether all of it is UTF-8.  data[len] must be readable and no byte of a longer sequence. */
bool payload_is_utf8(const char *data, size_t len);

/* Characters of UTF-8 text: what "len:" counts.  A listener written in Python, as
 * supervisor.childutils is, reads its standard input as text, and read(len) takes characters; with
 * a count of bytes it would wait for ever after the first letter that is not ASCII. */
size_t payload_characters(const char *data, size_t len);

#endif
