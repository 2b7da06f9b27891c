/* types.h - the types that a key's value may have: from text to a field of struct config.
 * Runs in: supervisor.  Reads directories' and users' existence, nothing else. */
#ifndef CONFIG_TYPES_H
#define CONFIG_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;

struct config_type {
	const char *what; /* "a whole number": for manuals and messages */
	/* 0, or -1 with a reason and the field empty.  The field is empty (zero) before. */
	int (*parse)(void *field, const char *text, const void *aux, struct error *err);
	void (*done)(void *field); /* frees and empties the field; NULL: nothing to free */
	bool (*same)(const void *a, const void *b);
};

/* For type_choice: aux points to an array of these, ended by a NULL name. */
struct config_choice {
	const char *name;
	int32_t value;
};

/* For type_range. */
struct config_range {
	int32_t min, max;
};

/* For type_rlimit. */
struct config_resource {
	int resource; /* RLIMIT_X */
	bool sized;   /* counted in bytes */
};

/* Numbers and choices: types_number.c */
extern const struct config_type type_int;       /* int32_t */
extern const struct config_type type_count;     /* uint32_t; below zero is an error */
extern const struct config_type type_bytes;     /* uint64_t; KB, MB, GB */
extern const struct config_type type_octal;     /* int32_t; -1: not set */
extern const struct config_type type_bool;      /* bool */
extern const struct config_type type_signal;    /* int */
extern const struct config_type type_choice;    /* int32_t or an enum */
extern const struct config_type type_exitcodes; /* uint8_t[32] */

/* Texts and lists: types_text.c */
extern const struct config_type type_text;      /* char *, not empty */
extern const struct config_type type_anything;  /* char *, may be empty */
extern const struct config_type type_command;   /* char *, may be empty: checked when split */
extern const struct config_type type_user;      /* char *, exists */
extern const struct config_type type_owner;     /* char *, user[:group], both exist */
extern const struct config_type type_newfile;   /* char *, absolute, in an existing directory */
extern const struct config_type type_mainlog;   /* the same, or "syslog" */
extern const struct config_type type_directory; /* char *, absolute, exists */
extern const struct config_type type_callable;  /* char *, MODULE:CALLABLE */
extern const struct config_type type_log;       /* struct config_log: file, automatic, syslog */
extern const struct config_type type_names;     /* char **, separated by commas or blanks */
extern const struct config_type type_modules;   /* char **, dotted module names */
extern const struct config_type type_paths;     /* char **, separated by colons, commas or lines */
extern const struct config_type type_rules;     /* char **, one rule a line */
extern const struct config_type type_environment; /* char **, NAME=VALUE */

/* Sockets: types_socket.c */
extern const struct config_type type_listen;  /* char *, tcp://HOST:PORT or unix://PATH */
extern const struct config_type type_socket;  /* char *, as config_socket.listen */
extern const struct config_type type_sockets; /* struct config_program: sockets and the like */

/* Servers, events and plugins: types_server.c */
extern const struct config_type type_path;      /* char *, made absolute */
extern const struct config_type type_inet;      /* struct config_http: address and port */
extern const struct config_type type_password;  /* char *, may be empty or {SHA}HEX */
extern const struct config_type type_url;       /* char *, http://… or unix:///PATH */
extern const struct config_type type_serverurl; /* char *; AUTO: NULL */
extern const struct config_type type_events;    /* char **, names of events in upper case */
extern const struct config_type type_only;      /* char *, equal to the text in aux */

/* Limits: types_limit.c */
extern const struct config_type type_range;   /* int32_t, aux: struct config_range */
extern const struct config_type type_procs;   /* uint32_t, up to 65536, or auto: that of CPUs */
extern const struct config_type type_retries; /* uint32_t; infinite: UINT32_MAX */
extern const struct config_type type_rlimit;  /* struct config_program: rlimits; aux: struct
						 config_resource */
extern const struct config_type type_hook;    /* char *, a command that can be split */

/* Probes: types_probe.c */
extern const struct config_type type_ready;  /* struct config_probe */
extern const struct config_type type_health; /* struct config_health */

/* Comparisons for `same`. */
bool same_text(const void *a, const void *b);   /* char * */
bool same_list(const void *a, const void *b);   /* char **, the order matters */
bool same_number(const void *a, const void *b); /* any of 32 bits */

/* For `done` and `parse`. */
void text_done(void *field);
void list_done(void *field);
int give_text(void *field, char *text, struct error *err); /* takes it; NULL: out of memory */

/* A user's id by name or number.  0, or -1 if there is none. */
int config_user_id(const char *user, uid_t *ret);

/* int(text, base) of Python: white space around it, a sign, single underscores between digits. */
int config_integer(const char *text, int base, long long *ret);

#endif
