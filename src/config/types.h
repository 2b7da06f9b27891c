/* types.h - the types that a key's value may have: from text to a field of struct config.
 * Runs in: supervisor.  Reads directories' and users' existence, nothing else. */
#ifndef CONFIG_TYPES_H
#define CONFIG_TYPES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;

struct config_type {
	const char *what; /* "a whole number": for manuals and messages */
	/* 0, or -1 with a reason and the field empty.  The field is empty (zero) before. */
	int (*parse)(void *field, const char *text, const void *aux, struct error *err);
	void (*done)(void *field); /* frees and empties the field; NULL: nothing to free */
};

/* For type_choice: aux points to an array of these, ended by a NULL name. */
struct config_choice {
	const char *name;
	int32_t value;
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
extern const struct config_type type_command;   /* char *, may be empty: checked when split */
extern const struct config_type type_user;      /* char *, exists */
extern const struct config_type type_owner;     /* char *, user[:group], both exist */
extern const struct config_type type_newfile;   /* char *, absolute, in an existing directory */
extern const struct config_type type_mainlog;   /* the same, or "syslog" */
extern const struct config_type type_directory; /* char *, exists */
extern const struct config_type type_callable;  /* char *, MODULE:CALLABLE */
extern const struct config_type type_listen;    /* char *, tcp://HOST:PORT or unix://PATH */
extern const struct config_type type_log;       /* struct config_log: file, automatic, syslog */
extern const struct config_type type_names;     /* char **, separated by commas or blanks */
extern const struct config_type type_modules;   /* char **, dotted module names */
extern const struct config_type type_paths;     /* char **, separated by colons, commas or lines */
extern const struct config_type type_rules;     /* char **, one rule a line */
extern const struct config_type type_environment; /* char **, NAME=VALUE */

/* A user's id by name or number.  0, or -1 if there is none. */
int config_user_id(const char *user, uid_t *ret);

/* int(text, base) of Python: white space around it, a sign, single underscores between digits. */
int config_integer(const char *text, int base, long long *ret);

#endif
