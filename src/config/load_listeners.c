/* load_listeners.c - see load.h: what an [eventlistener:x] and an [fcgi-program:x] have besides. */
#include "base/strv.h"
#include "config/load.h"

#include <string.h>

void load_listener(struct loader *loader, const struct dialect_section *section,
		   const struct expand_scope *scope, struct config_program *program)
{
	struct schema_reader reader = { &loader->dialect, section, scope, &loader->notes };
	const struct dialect_option *events = dialect_get(&loader->dialect, section, "events");
	struct place place = check_place(loader, section, "events");

	schema_fill(&reader, &schema_listener, &program->listener);
	/* Names that were refused have had their note. */
	if (!strv_len(program->listener.events) && (!events || !events->value.len))
		notes_error(&loader->notes, &place,
			    "[%s] section requires an \"events\" line; write events = "
			    "PROCESS_STATE, or EVENT for all",
			    section->name);
	place = check_place(loader, section, "redirect_stderr");
	if (program->redirect_stderr)
		notes_error(&loader->notes, &place,
			    "[%s] section sets redirect_stderr=true but this is not allowed "
			    "because it will interfere with the eventlistener protocol; remove the "
			    "line",
			    section->name);
}

void load_fcgi(struct loader *loader, const struct dialect_section *section,
	       const struct expand_scope *scope, struct config_program *program)
{
	static const char *const of_unix[] = { "socket_owner", "socket_mode" };
	struct schema_reader reader = { &loader->dialect, section, scope, &loader->notes };
	const char *socket;

	schema_fill(&reader, &schema_fcgi, &program->fcgi);
	socket = program->fcgi.socket;
	if (!dialect_get(&loader->dialect, section, "socket")) {
		struct place place = check_place(loader, section, "socket");

		notes_error(&loader->notes, &place,
			    "[%s] section requires a \"socket\" line; write socket = "
			    "unix:///PATH or tcp://HOST:PORT",
			    section->name);
	}
	for (size_t i = 0; i < 2; i++) {
		struct place place = check_place(loader, section, of_unix[i]);

		if (socket && strncmp(socket, "tcp://", 6) == 0 &&
		    dialect_get(&loader->dialect, section, of_unix[i]))
			notes_error(&loader->notes, &place,
				    "socket_owner and socket_mode params should only be used with "
				    "a Unix domain socket; remove the line");
	}
}
