/* control_messages.h - every message between the supervisor and the control process, and what its
 * body holds.  Runs in: supervisor, control.
 *
 *   supervisor                                control
 *      CONTROL_SETUP ───────────────────────────►   once, with the listening sockets
 *      ◄────────────────────────── CONTROL_REQUEST
 *      CONTROL_REPLY ───────────────────────────►   same id; at once, or when what was asked for
 *                                                   has come about (`wait`)
 *
 * Requests name what supervisord's methods need and nothing more; names are resolved here, faults
 * are decided here.  Control turns them into XML-RPC, JSON and pages.  At most
 * CONTROL_REQUESTS_MAX are unanswered at any time: more is a protocol violation. */
#ifndef IPC_CONTROL_MESSAGES_H
#define IPC_CONTROL_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct unpack;

#define CONTROL_REQUESTS_MAX 4096

enum control_message {
	MESSAGE_CONTROL_SETUP = 64, /* struct control_setup; fds: one for each server, in order */
	MESSAGE_CONTROL_REQUEST,    /* struct control_request */
	MESSAGE_CONTROL_REPLY,      /* struct control_reply; fds: what the operation says */
};

/* supervisord's fault numbers; FAULT_NONE: no fault. */
enum fault {
	FAULT_NONE = 0,
	FAULT_UNKNOWN_METHOD = 1,
	FAULT_INCORRECT_PARAMETERS = 2,
	FAULT_BAD_ARGUMENTS = 3,
	FAULT_SIGNATURE_UNSUPPORTED = 4,
	FAULT_SHUTDOWN_STATE = 6,
	FAULT_BAD_NAME = 10,
	FAULT_BAD_SIGNAL = 11,
	FAULT_NO_FILE = 20,
	FAULT_NOT_EXECUTABLE = 21,
	FAULT_FAILED = 30,
	FAULT_ABNORMAL_TERMINATION = 40,
	FAULT_SPAWN_ERROR = 50,
	FAULT_ALREADY_STARTED = 60,
	FAULT_NOT_RUNNING = 70,
	FAULT_SUCCESS = 80,
	FAULT_ALREADY_ADDED = 90,
	FAULT_STILL_RUNNING = 91,
	FAULT_CANT_REREAD = 92,
};

/* One HTTP server.  An empty or NULL username: no authentication. */
struct control_server {
	uint32_t local; /* 1: a unix socket */
	char *address;  /* "unix:///run/x.sock" or "http://host:port", for messages */
	char *username;
	char *password; /* as configured: may be {SHA}… */
};

struct control_setup {
	char *identifier;
	char *version; /* supervisord's, as getSupervisorVersion answers: "4.2.5" */
	struct control_server *servers; /* owned */
	size_t nservers;
};

/* What the answer's body is stands beside each; without a word it is empty. */
enum control_operation {
	CONTROL_STATE = 1, /* struct control_state */
	CONTROL_INFO,      /* name NULL: all.  u32 n, n × struct process_info, in the order of
			      `number`: 0 by name, 1 by priority */
	CONTROL_CONFIG,    /* u32 n, n × struct process_config */
	CONTROL_START,     /* name: one process; `wait` */
	CONTROL_STOP,      /* the same.  number: 1 if others to be stopped together with it follow,
			      so that what depends on others goes first; 0: it is the last */
	CONTROL_SIGNAL,    /* name: one process; text: "HUP", "SIGHUP", "1" */
	CONTROL_STDIN,     /* name: one process; text: the bytes */
	CONTROL_REMOTE,    /* name: the event's type; text: its data */
	CONTROL_REREAD,    /* strv added, strv changed, strv removed */
	CONTROL_ADD,       /* name: a group of the configuration read last */
	CONTROL_REMOVE,    /* name: a group */
	CONTROL_SHUTDOWN,
	CONTROL_RESTART,
	CONTROL_LOG_OPEN,   /* name NULL: the main log; number: 1 stdout, 2 stderr.  fd: the file */
	CONTROL_LOG_CLEAR,  /* name NULL: the main log; else both logs of one process */
	CONTROL_LOG_ROTATE, /* name NULL: all, else those of one process or group */
	CONTROL_LOG_REOPEN, /* the same */
	CONTROL_UPDATE,     /* name: a group of which only what differs is stopped and started, or
			       NULL: all groups, removals and additions too; `wait`.
			       strv stopped, strv changed, strv added, strv removed (groups) */
	CONTROL_STACK,      /* name: a worker.  str: what each of its threads does, for people */
	CONTROL_SUPERVISOR, /* struct supervisor_status of metrics_messages.h, as all below */
	CONTROL_ZYGOTES,    /* u32 n, n × struct zygote_status */
	CONTROL_READY,      /* u32 how many should be ready, u32 n, n × struct unready */
	CONTROL_METRICS,    /* struct supervisor_status; FORK_NKINDS × histogram of forks, one of
			       respawns; zygotes as above; u32 n, n × struct process_metrics */
	CONTROL_RELOAD,     /* name: a zygote, a program, or "all"; the configuration is read first,
			       and FAULT_CANT_REREAD says what is wrong with it.
			       u32 n, n × u32: the ids of what was begun or queued */
	CONTROL_DEPLOY,   /* name: a zygote; text: "key=value" lines for its next generation, none:
			     what the file says.  Answered as CONTROL_RELOAD */
	CONTROL_ROLLOUTS, /* number: an id, or 0: all that are remembered, the oldest first.
			     u32 n, n × struct rollout_info of rollout_messages.h */
	CONTROL_USAGE,    /* usage_messages.h: struct usage_host; u32 n, n × struct usage_row */
	CONTROL_NOPERATIONS
};

/* A name is as the user wrote it, "process", "group:process", "group:*"; the fault's text repeats
 * it. */
struct control_request {
	uint32_t operation;
	uint32_t number;
	uint32_t wait; /* 1: answer when it has happened */
	char *name;
	char *text; /* owned; ntext bytes, may hold NULs; NUL-terminated for convenience */
	size_t ntext;
};

/* `text` is the part after the colon of "BAD_NAME: extra"; NULL: none.  The operation's own fields
 * follow in the same body: control_reply_unpack() leaves the reader in front of them. */
struct control_reply {
	uint32_t fault; /* enum fault */
	char *text;
};

struct control_state {
	int32_t code; /* 1 RUNNING, 0 RESTARTING, -1 SHUTDOWN, 2 FATAL, as supervisord's */
	uint32_t pid;
};

/* Times are seconds since the epoch, 0: never. */
struct process_info {
	char *group, *name;
	uint64_t start, stop, now;
	uint64_t uptime; /* seconds since the start, on a clock that nobody sets */
	uint32_t state;  /* supervisord's number */
	char *spawnerr;  /* "" if none */
	char *note;      /* why it waits, "waiting for db", or what it says of itself; or "" */
	int32_t exitstatus;
	char *stdout_logfile, *stderr_logfile; /* "" if none */
	uint32_t pid;
};

enum { CONFIG_AUTO = -1 }; /* of autorestart: unexpected, which supervisord calls auto */

struct process_config {
	char *group, *name, *command;
	char *directory, *serverurl;           /* NULL: none */
	char *stdout_logfile, *stderr_logfile; /* NULL: none; "auto" is never sent but before its
						  first start */
	int32_t uid;                           /* -1: none */
	int32_t group_prio, process_prio;
	uint32_t inuse, autostart, killasgroup, redirect_stderr;
	int32_t autorestart;   /* 0 false, 1 true, CONFIG_AUTO */
	uint8_t exitcodes[32]; /* as struct config_program's */
	int32_t startretries;
	uint32_t startsecs, stopsignal, stopwaitsecs;
	uint64_t stdout_capture_maxbytes, stdout_logfile_maxbytes;
	uint64_t stderr_capture_maxbytes, stderr_logfile_maxbytes;
	uint32_t stdout_logfile_backups, stdout_events_enabled, stdout_syslog;
	uint32_t stderr_logfile_backups, stderr_events_enabled, stderr_syslog;
};

void control_setup_pack(struct buf *buf, const struct control_setup *setup);
int control_setup_unpack(struct control_setup *setup, const void *data, size_t len);
void control_setup_done(struct control_setup *setup);

void control_request_pack(struct buf *buf, const struct control_request *request);
int control_request_unpack(struct control_request *request, const void *data, size_t len);
void control_request_done(struct control_request *request);

/* These work on a reader and leave it behind what they have read; `in->bad` says whether it was
 * well formed (unpack_end() at the end of the body). */
void control_reply_pack(struct buf *buf, const struct control_reply *reply);
void control_reply_unpack(struct control_reply *reply, struct unpack *in);
void control_reply_done(struct control_reply *reply);

void control_state_pack(struct buf *buf, const struct control_state *state);
void control_state_unpack(struct control_state *state, struct unpack *in);

void process_info_pack(struct buf *buf, const struct process_info *info);
void process_info_unpack(struct process_info *info, struct unpack *in);
void process_info_done(struct process_info *info);

void process_config_pack(struct buf *buf, const struct process_config *config);
void process_config_unpack(struct process_config *config, struct unpack *in);
void process_config_done(struct process_config *config);

#endif
