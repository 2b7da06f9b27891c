/* load.h - the steps of config_load; for this folder only.
 * Runs in: supervisor. */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config/config.h"
#include "config/dialect.h"
#include "config/expand.h"
#include "config/notes.h"
#include "config/schema.h"

struct loader {
	struct config *config;                  /* being built; owned by config_load */
	const struct config_settings *settings; /* borrowed; NULL: none */
	struct dialect dialect;                 /* owned */
	struct notes notes;                     /* borrows config_load's messages */
	struct expand_scope scope;              /* here, host_node_name, the environment */
	struct expand_scope common;             /* scope with [supervisord]'s environment added */
	bool elsewhere; /* config_load_zygotes: a user that is not here is a warning */
	const struct config_scales *scales; /* borrowed; NULL: none */
};

/* load_files.c: the main file and what it includes.  0, or -1 after notes. */
int load_files(struct loader *loader, const char *file);

/* load_programs.c: programs and groups; notes tell what is wrong. */
void load_programs(struct loader *loader);

/* load_listeners.c: what an [eventlistener:x] and an [fcgi-program:x] have besides. */
void load_listener(struct loader *loader, const struct dialect_section *section,
		   const struct expand_scope *scope, struct config_program *program);
void load_fcgi(struct loader *loader, const struct dialect_section *section,
	       const struct expand_scope *scope, struct config_program *program);

/* load_env_file.c: process->env_file, as it is written, is made a path and read into
 * process->environment. */
void load_env_file(struct loader *loader, const struct dialect_section *section,
		   struct config_process *process);

/* load_servers.c: HTTP servers and plugins; [supervisorctl]. */
void load_servers(struct loader *loader);
void load_ctl(struct loader *loader, struct notes *notes);
void servers_done(struct config *config);

/* check.c: what concerns more than one key. */
void check_config(struct loader *loader);
void check_zygotes(struct loader *loader); /* a part of it */

/* check_sockets.c: keys of a socket against its address; numbers of a program's sockets. */
void check_sockets(struct loader *loader);

/* check_depends.c: depends_on. */
void check_depends(struct loader *loader);

/* check.c: the section that a struct of the configuration came from. */
const struct dialect_section *check_section(const struct loader *loader,
					    const struct config_where *where);

/* check.c: the name in a header with blanks around it gone; malloc'ed, or NULL after a note. */
char *check_header(struct loader *loader, const struct dialect_section *section);

/* check.c: whether it can be a process's or group's name; if not, with a note. */
bool check_name(struct loader *loader, const struct place *place, const char *name);

/* check.c: the section's option, or the section itself, as a place for a note. */
struct place check_place(const struct loader *loader, const struct dialect_section *section,
			 const char *key);

#endif
