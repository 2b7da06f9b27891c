/* schema.h - every section and key that is known, with type and default, as tables.
 * Runs in: supervisor.  The tables drive the parser, --check-config and the manual's check. */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "config/config.h"
#include "config/dialect.h"
#include "config/types.h"

#include <stdbool.h>
#include <stddef.h>

struct expand_scope;
struct notes;

enum schema_flag {
	SCHEMA_RAW = 16,  /* not expanded when it is read */
	SCHEMA_TWICE = 1, /* the value is expanded twice, as supervisord does */
	SCHEMA_ALIAS = 2, /* another name of the row above */
	SCHEMA_LATER = 4, /* known, but this version does not act on it: a warning */
	SCHEMA_MUTE = 8,  /* the same without a warning, as it changes nothing here */

	/* What it takes to apply another value of a program's, a socket's or [supervisord]'s key,
	 * for config_compare.h: */
	SCHEMA_LIVE = 32,    /* the running process need not notice */
	SCHEMA_RESTART = 64, /* the process must be started anew */
};

struct schema_key {
	const char *name;
	const struct config_type *type; /* NULL: not acted on */
	size_t offset;                  /* into the table's struct */
	const char *fallback;           /* text; NULL: the field stays as it is */
	const void *aux;                /* for the type */
	unsigned flags;
};

struct schema_table {
	const struct schema_key *keys;
	size_t nkeys;
};

/* What a [program:x] says about the number and names of its processes. */
struct schema_numbering {
	uint32_t numprocs;
	int32_t numprocs_start;
	char *process_name; /* before expansion; owned */
};

/* What a [group:x] says. */
struct schema_group {
	char **programs; /* owned */
	int32_t priority;
};

extern const struct schema_table schema_daemon;      /* struct config_daemon */
extern const struct schema_table schema_zygote;      /* struct config_zygote */
extern const struct schema_table schema_socket;      /* struct config_socket */
extern const struct schema_table schema_program;     /* struct config_program */
extern const struct schema_table schema_numbering;   /* struct schema_numbering */
extern const struct schema_table schema_env_file;    /* struct config_process: env_file */
extern const struct schema_table schema_environment; /* struct config_process: environment */
extern const struct schema_table schema_process;     /* struct config_process: the rest */
extern const struct schema_table schema_listener;    /* struct config_listener */
extern const struct schema_table schema_fcgi;        /* struct config_fcgi */
extern const struct schema_table schema_group;       /* struct schema_group */
extern const struct schema_table schema_unix;        /* struct config_http */
extern const struct schema_table schema_inet;        /* struct config_http */
extern const struct schema_table schema_ctl;         /* struct config_ctl */
extern const struct schema_table schema_plugin;      /* char *: the factory */

extern const struct config_choice schema_periods[]; /* of logfile_rotate */

enum schema_naming { SCHEMA_PLAIN, SCHEMA_NAMED, SCHEMA_EITHER }; /* [x], [x:NAME], both */

struct schema_section {
	const char *name;
	enum schema_naming naming;
	bool ours;                            /* an unknown key is an error, not a warning */
	bool any;                             /* its keys are nobody's business here */
	const char *notice;                   /* a warning that it gets; NULL: none */
	const struct schema_table *tables[7]; /* ended by NULL */
};

/* All known sections; *n of them. */
const struct schema_section *schema_sections(size_t *n);

/* The entry for a header such as "program:web", or NULL. */
const struct schema_section *schema_find(const char *header);

/* "web" for "program:web"; borrowed from the header; NULL if it has no name. */
const char *schema_name(const char *header);

/* Warns of or complains about sections and keys that are not known or not acted on. */
void schema_check(const struct dialect *dialect, struct notes *notes);

/* One section being read. */
struct schema_reader {
	const struct dialect *dialect;
	const struct dialect_section *section;
	const struct expand_scope *scope; /* `here` is put in front of it */
	struct notes *notes;
};

/* Sets every field of the table in `object` from the section, [DEFAULT] or the fallback; what is
 * wrong goes to notes, and that field keeps its value. */
void schema_fill(const struct schema_reader *reader, const struct schema_table *table,
		 void *object);

/* Sets one field from the command line, as it is: nothing is expanded there. */
void schema_override(struct notes *notes, const struct schema_table *table,
		     const struct config_override *override, void *object);

/* One value, expanded; malloc'ed, or NULL after a note. */
char *schema_expand(const struct schema_reader *reader, const struct dialect_option *option,
		    const char *key, const char *text, unsigned flags);

/* Frees what schema_fill allocated. */
void schema_done(const struct schema_table *table, void *object);

#endif
