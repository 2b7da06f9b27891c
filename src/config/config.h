/* config.h - a configuration file, read, checked and typed.
 * Runs in: supervisor.  Pure: bytes in, struct config or errors out; it starts, opens and changes
 * nothing but the files it reads. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;
struct config_settings;
struct dialect;

/* Where a section begins: for messages. */
struct config_where {
	char *file;    /* owned */
	unsigned line; /* from 1 */
};

/* [supervisord].  If the file has no such section: no logfile, no pidfile, nodaemon; else
 * supervisord's defaults. */
struct config_daemon {
	char *logfile; /* path, "syslog", or NULL: none */
	char *pidfile;
	char *identifier;
	char *directory; /* NULL: stay */
	char *user;      /* NULL: stay */
	char *childlogdir;
	char **environment;        /* NAME=VALUE */
	uint64_t logfile_maxbytes; /* bytes; 0: no rotation */
	uint32_t logfile_backups;
	uint32_t logfile_period; /* enum log_rotate_period, ipc/log_messages.h */
	bool logfile_compress;
	int loglevel; /* enum log_level */
	uint32_t minfds;
	uint32_t minprocs;
	int32_t umask;
	bool nodaemon;
	bool silent;
	bool nocleanup;
	bool strip_ansi;
};

/* [zygote:NAME] */
struct config_zygote {
	struct config_where where;
	char *name;
	char *python; /* as written: an interpreter or a venv; NULL: the one that configure found
			 first */
	char **path;
	char **preload;
	char *warmup;
	char *user;
	char *directory;
	char **environment;
	char **allow;    /* checked rules, as written */
	char *baseline;  /* absolute path (as written it starts at its file's directory) or NULL */
	uint32_t policy; /* enum audit_policy, ipc/messages.h */
	uint32_t mode;   /* enum audit_mode */
	uint32_t preload_timeout; /* seconds */
	int32_t umask;            /* -1: inherit */
	bool thp;
	bool ksm;
	bool gc_freeze;
	bool immortalize;
	bool prefault;
};

/* [socket:NAME] */
struct config_socket {
	struct config_where where;
	char *name;
	char *listen; /* tcp://HOST:PORT or udp://HOST:PORT (an address of IPv6 in brackets, `*` for
			 all of both families), unix:///PATH, unix://@NAME or systemd:NAME; checked
		       */
	int32_t backlog; /* 0: not said */
	int32_t mode;    /* of a unix socket, octal; default 0700 */
	char *owner;     /* "user[:group]" or NULL */
	bool reuseport;
	bool v6only;          /* of an address in brackets */
	bool nodelay;         /* this and the rest: of TCP */
	int32_t keepalive;    /* seconds without traffic; 0: off, as those below */
	int32_t defer_accept; /* seconds */
	int32_t fastopen;     /* length of its queue */
};

/* [unix_http_server], [inet_http_server], with or without :NAME. */
struct config_http {
	struct config_where where;
	char *name; /* NULL: none */
	bool local; /* a unix socket */
	char *file; /* of a unix socket; absolute */
	int32_t mode;
	char *owner;   /* "user[:group]" or NULL */
	char *address; /* of an inet socket: host, an address of IPv6 without brackets; NULL: all */
	uint32_t port;
	char *username; /* NULL or "": no authentication */
	char *password; /* or "{SHA}" and 40 hexadecimal digits; NULL: see username */
};

/* [supervisorctl], which the supervisor checks and forkserverctl uses. */
struct config_ctl {
	char *serverurl; /* "http://…", or "unix:///path" */
	char *username;
	char *password;
	char *prompt;
	char *history_file;
};

#define CONFIG_NUMPROCS_MAX 65536 /* processes of a program */

#define CONFIG_SOCKET_FD_MAX 255 /* the highest number that a program's socket can be given */

enum autorestart { RESTART_NEVER, RESTART_UNEXPECTED, RESTART_ALWAYS };

enum config_kind { KIND_PROGRAM, KIND_LISTENER, KIND_FCGI };

/* What an [eventlistener:x] has beside a program's keys.  All its processes are one pool. */
struct config_listener {
	char **events; /* names as in supervisord: "PROCESS_STATE", "TICK_5"; known ones only */
	uint32_t buffer_size; /* events; at least 1 */
	char *result_handler; /* NULL: the default one, which is the only one */
};

/* What an [fcgi-program:x] has beside a program's keys.  All its processes share the socket, as fd
 * 0. */
struct config_fcgi {
	char *socket; /* "unix:///path" or "tcp://host:port"; checked */
	char *owner;  /* "user[:group]"; NULL: the program's user */
	int32_t mode;
	uint32_t backlog;
};

/* One rlimit_X of a program. */
struct config_rlimit {
	int resource;        /* RLIMIT_X */
	uint64_t soft, hard; /* UINT64_MAX: infinity */
};

enum scaling { SCALE_STATIC, SCALE_ONDEMAND }; /* started at once, or by a connection */

enum backoff { BACKOFF_LINEAR, BACKOFF_EXPONENTIAL };

/* Which of two processes runs when one replaces the other. */
enum replacement {
	REPLACEMENT_AUTO,      /* new first if it has a zygote or sockets, else old first */
	REPLACEMENT_NEW_FIRST, /* the next one is ready before the old one is stopped */
	REPLACEMENT_OLD_FIRST, /* never both */
};

/* One output stream of a program. */
struct config_log {
	char *file; /* path, "/dev/stdout" and the like; NULL: none.  AUTO: automatic is set */
	bool automatic;
	bool syslog;
	bool events_enabled;
	uint64_t maxbytes;
	uint64_t capture_maxbytes;
	uint32_t backups;
	bool journald;
};

/* How to find out whether a process answers. */
enum config_probe_kind { PROBE_NONE, PROBE_NOTIFY, PROBE_TCP, PROBE_HTTP, PROBE_EXEC };

struct config_probe {
	enum config_probe_kind kind;
	char *text;    /* "tcp://127.0.0.1:80"; NULL: PROBE_NONE */
	char *host;    /* of TCP and HTTP: an address of IPv4 or IPv6, never a name */
	uint16_t port; /* likewise */
	char *target;  /* of HTTP: "/path?query"; of EXEC: a command (words_command() takes it) */
};

struct config_health {
	struct config_probe probe; /* never PROBE_NOTIFY */
	uint32_t every;            /* seconds from one probe to the next */
	uint32_t timeout;          /* seconds that one may take; at most every */
	uint32_t fail;             /* how many in a row must fail */
};

/* One process: a [program:x] with numprocs = N gives N of these, every expansion done. */
struct config_process {
	char *name;    /* process_name */
	char *command; /* as expanded */
	char **argv;   /* command split as a POSIX shell splits words (no globbing, no variables) */
	char *env_file;     /* NULL: none; absolute; with a '-' before it that it may be missing */
	char **environment; /* the program's own, NAME=VALUE, env_file's among them; comes over
			       [supervisord]'s */
	char *directory;    /* NULL: inherit */
	struct config_log out, err;
	unsigned num;                /* process_num */
	struct config_probe ready;   /* when it counts as RUNNING; NONE: after startsecs */
	struct config_health health; /* how to find out that it hangs */
};

/* One [program:NAME], [eventlistener:NAME] or [fcgi-program:NAME]; there are two of a program that
 * two groups name. */
struct config_program {
	struct config_where where;
	char *name;
	struct config_process *processes; /* owned, nprocesses of them */
	size_t nprocesses;
	uint32_t numprocs; /* as the file has it; a scale may give another nprocesses */
	enum config_kind kind;
	struct config_listener listener; /* KIND_LISTENER */
	struct config_fcgi fcgi;         /* KIND_FCGI */
	char *zygote;                    /* NULL: exec'd */
	char **sockets; /* names of [socket:*]: nannounced that become fds 3… with LISTEN_FDS, then
			   nplaced with a number of their own, then perhaps one that is stdin */
	size_t nannounced, nplaced;
	int *socket_fds; /* owned; the numbers of the nplaced, from 3 to CONFIG_SOCKET_FD_MAX */
	char *user;
	int priority;
	uint32_t startsecs;    /* seconds */
	uint32_t startretries; /* UINT32_MAX: for ever */
	uint32_t stopwaitsecs; /* seconds */
	int stopsignal;
	uint8_t exitcodes[32]; /* bit set: status N is expected */
	enum autorestart autorestart;
	int32_t umask; /* -1: inherit */
	bool autostart;
	bool stopasgroup;
	bool killasgroup;
	bool redirect_stderr;
	char *serverurl; /* SUPERVISOR_SERVER_URL; NULL: that of our first server; "": none */

	/* of both streams, ipc/log_messages.h */
	uint32_t logfile_period; /* enum log_rotate_period */
	uint32_t logfile_format; /* enum log_format */
	uint32_t logfile_stall;  /* enum log_stall */
	bool logfile_compress;

	/* what supervisord lacks */
	char **depends_on;    /* programs or groups that must be RUNNING first */
	enum backoff backoff; /* how the delay grows with each failed start */
	uint32_t backoff_max; /* seconds; the longest delay; 0: no limit */
	bool retry_for_ever;  /* startretries = infinite */
	bool essential;       /* when it ends for good, so does the supervisor, with its status */
	bool has_nice, has_oom;
	int nice;                      /* -20 to 19 */
	int oom_score_adj;             /* -1000 to 1000 */
	uint64_t memory_max;           /* bytes, by cgroup; 0: none */
	struct config_rlimit *rlimits; /* owned */
	size_t nrlimits;
	char *prestart; /* command (words_command() takes it) run before each start; its failure is
			   a failed start */
	char *poststop; /* command run after each end */
	uint32_t hooksecs;     /* seconds that each of the two may take */
	uint32_t readysecs;    /* seconds until it must be ready; 0: any time */
	uint32_t watchdogsecs; /* seconds from one WATCHDOG=1 to the next; 0: none are expected */
	enum replacement replace;
	uint32_t spare;           /* workers that are forked before they are wanted */
	uint32_t reload_batch;    /* processes that are replaced together; 0: all */
	uint32_t reload_parallel; /* of them, that start at once; 0: all */
	uint32_t reload_watch;    /* seconds that the new ones are watched before it counts */

	/* when a process is replaced by a new one; each 0: never for that */
	uint32_t maxage;                 /* seconds */
	uint64_t maxuss, maxpss, maxrss; /* bytes */
	uint32_t max_requests;
	int32_t recycle_jitter;   /* percent by which maxage and max_requests differ, at most */
	int32_t recycle_parallel; /* replacements of a program at a time */

	enum scaling scale;
	uint32_t idlesecs; /* of ONDEMAND: without a request until it is stopped; 0: never */
};

/* [group:NAME], or the group of its own that a program has if no [group:*] names it. */
struct config_group {
	char *name;
	size_t *programs; /* indices into config.programs; owned */
	size_t nprograms;
	int priority;
};

/* A key of [supervisord] from the command line, which overrides the file. */
struct config_override {
	char option[24];  /* as it was written, for messages: "-l", "--logfile" */
	const char *key;  /* borrowed */
	const char *text; /* borrowed */
};

/* Another number of processes of a program than the file's. */
struct config_scale {
	char *group;   /* owned, as the other */
	char *program; /* of this group */
	uint32_t from; /* what the file must say for it to count */
	uint32_t to;
};

struct config_scales {
	struct config_scale *all; /* owned */
	size_t n;
};

/* Shared by all that live by it, so that a group whose configuration did not change keeps the one
 * it has while the supervisor has read a newer one. */
struct config {
	unsigned references;                     /* config_ref(), config_free() */
	char *file;                              /* the main file; absolute */
	const struct config_override *overrides; /* borrowed, noverrides of them */
	size_t noverrides;
	char *cwd; /* the working directory when it was first read; NULL: it is gone */
	struct config_daemon daemon;
	struct config_zygote *zygotes;
	size_t nzygotes;
	struct config_socket *sockets;
	size_t nsockets;
	struct config_http *servers;
	size_t nservers;
	struct config_ctl ctl;
	struct config_program *programs;
	size_t nprograms;
	struct config_group *groups; /* sorted by (priority, name) */
	size_t ngroups;

	struct dialect *text;  /* owned; what was read, for config_scaled(); NULL: origin has it */
	struct config *origin; /* one reference; what this one was scaled from, or NULL */
};

/* Reads `file` and everything it includes.  0 and a new *ret_config, or -1 with *ret_config
 * untouched.  `messages` receives one line for each error ("Error: FILE:LINE: [section] key: what;
 * what to do") and each warning ("Warning: …"); all errors of a file, not only the first.  It may
 * hold warnings on success. */
int config_load(const char *file, struct config **ret_config, struct buf *messages);

/* The same with values from the command line, which must outlive the configuration.  They are
 * checked as the file's are; an error names the option. */
int config_load_with(const char *file, const struct config_override *overrides, size_t n,
		     struct config **ret_config, struct buf *messages);

/* Reads the file that `old` came from once more, with the same overrides and with `settings` (which
 * may be NULL), and relative paths meaning what they meant then.  The working directory is another
 * one meanwhile: for a process with a single thread. */
int config_reload(const struct config *old, const struct config_settings *settings,
		  struct config **ret_config, struct buf *messages);

/* What `old` was read from, without looking at any file but those of env_file, with these numbers
 * of processes.  As config_reload(). */
int config_scaled(struct config *old, const struct config_settings *settings,
		  const struct config_scales *scales, struct config **ret_config,
		  struct buf *messages);

/* For a client: only `ctl` and `servers` are filled.  What else is in the file need not be right,
 * or there at all; what is wrong in [supervisorctl] is an error. */
int config_load_ctl(const char *file, struct config **ret_config, struct buf *messages);

/* For an audit, which may happen on another machine than the one that the file is for: only
 * `zygotes` and the daemon's `environment` are filled.  Logs, users and sockets of programs need
 * not be here; of a zygote's `user` it is a warning. */
int config_load_zygotes(const char *file, struct config **ret_config, struct buf *messages);

struct config *config_ref(struct config *config);
void config_free(struct config *config); /* gives one reference back; NULL is legal */

/* The file that is used without -c, as supervisord searches, forkserver.conf first in each place;
 * malloc'ed, or NULL if there is none. */
char *config_find(const char *program_path);

/* Whether a name in depends_on means this program in this group: it is the name of either. */
bool config_is_named(const char *name, const struct config_group *group,
		     const struct config_program *program);

const struct config_group *config_find_group(const struct config *config, const char *name);
const struct config_zygote *config_find_zygote(const struct config *config, const char *name);
const struct config_socket *config_find_socket(const struct config *config, const char *name);

#endif
