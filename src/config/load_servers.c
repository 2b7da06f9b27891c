/* load_servers.c - see load.h: what concerns those who talk to the supervisor: servers,
 * [supervisorctl] and plugins. */
#include "base/util.h"
#include "config/array.h"
#include "config/load.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static void note_missing(struct loader *loader, const struct dialect_section *section,
			 const char *key, const char *write)
{
	struct place place = check_place(loader, section, key);

	/* A value that was refused has had its note. */
	if (!dialect_get(&loader->dialect, section, key))
		notes_error(&loader->notes, &place, "section [%s] has no %s value; write %s",
			    section->name, key, write);
}

static void check_login(struct loader *loader, const struct dialect_section *section,
			const struct config_http *http)
{
	struct place place = { section->file, section->line, section->name, NULL };

	if (!dialect_get(&loader->dialect, section, "username") !=
	    !dialect_get(&loader->dialect, section, "password"))
		notes_error(&loader->notes, &place,
			    "Section [%s] contains incomplete authentication: If a username or a "
			    "password is specified, both the username and password must be "
			    "specified",
			    section->name);
	if (!http->local && http->port && !(http->username && *http->username) &&
	    !(http->address &&
	      (strcmp(http->address, "localhost") == 0 || strcmp(http->address, "::1") == 0 ||
	       strncmp(http->address, "127.", 4) == 0)))
		notes_warning(&loader->notes, &place,
			      "whoever can reach this port can start programs as the supervisor's "
			      "user; give username and password, or write port = 127.0.0.1:%u",
			      http->port);
}

static void check_socket_file(struct loader *loader, const struct dialect_section *section,
			      const struct config_http *http)
{
	struct place place = check_place(loader, section, "file");
	size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;

	if (http->file && strlen(http->file) > most)
		notes_error(&loader->notes, &place,
			    "the path has %zu bytes; the kernel allows %zu for a socket",
			    strlen(http->file), most);
}

static void check_twice(struct loader *loader, const struct dialect_section *section,
			const struct config_http *http)
{
	struct place place = check_place(loader, section, http->local ? "file" : "port");

	for (const struct config_http *other = loader->config->servers; other < http; other++) {
		bool same = http->local == other->local && http->port == other->port &&
			    strcmp(http->local && http->file ? http->file : "",
				   other->local && other->file ? other->file : "") == 0 &&
			    strcmp(http->address ? http->address : "",
				   other->address ? other->address : "") == 0;

		if (same && (http->file || http->port))
			notes_error(&loader->notes, &place,
				    "two servers cannot listen there; the other is in %s:%u",
				    other->where.file, other->where.line);
	}
}

static void load_server(struct loader *loader, const struct dialect_section *section, bool local)
{
	struct config *config = loader->config;
	struct schema_reader reader = { &loader->dialect, section, &loader->common,
					&loader->notes };
	const char *name = schema_name(section->name);
	struct config_http *http =
		array_append((void **)&config->servers, &config->nservers, sizeof(*http));

	if (!http)
		return;
	http->local = local;
	http->name = name ? strdup(name) : NULL;
	http->where = (struct config_where){ strdup(section->file), section->line };
	schema_fill(&reader, local ? &schema_unix : &schema_inet, http);
	if (local)
		note_missing(loader, section, "file", "file = /run/NAME.sock");
	else
		note_missing(loader, section, "port", "port = 127.0.0.1:9001");
	check_login(loader, section, http);
	check_socket_file(loader, section, http);
	check_twice(loader, section, http);
}

static void load_plugin(struct loader *loader, const struct dialect_section *section)
{
	struct schema_reader reader = { &loader->dialect, section, &loader->common,
					&loader->notes };
	char *factory = NULL;

	schema_fill(&reader, &schema_plugin, &factory);
	note_missing(loader, section, "supervisor.rpcinterface_factory",
		     "supervisor.rpcinterface_factory = "
		     "supervisor.rpcinterface:make_main_rpcinterface, or remove the section");
	schema_done(&schema_plugin, &factory);
}

static bool is_kind(const struct dialect_section *section, const char *kind)
{
	size_t len = strlen(kind);

	return strncmp(section->name, kind, len) == 0 &&
	       (section->name[len] == ':' || section->name[len] == '\0');
}

void load_ctl(struct loader *loader, struct notes *notes)
{
	struct dialect_section none = { .name = (char *)"supervisorctl",
					.file = loader->dialect.files[0] };
	const struct dialect_section *section = dialect_find(&loader->dialect, "supervisorctl");
	struct schema_reader reader = { &loader->dialect, section ? section : &none, &loader->scope,
					notes };

	schema_fill(&reader, &schema_ctl, &loader->config->ctl);
}

void load_servers(struct loader *loader)
{
	for (size_t i = 0; i < loader->dialect.nsections; i++) {
		const struct dialect_section *section = &loader->dialect.sections[i];

		if (is_kind(section, "inet_http_server"))
			load_server(loader, section, false);
		else if (is_kind(section, "unix_http_server"))
			load_server(loader, section, true);
		else if (strncmp(section->name, "rpcinterface:", 13) == 0)
			load_plugin(loader, section);
	}
}

void servers_done(struct config *config)
{
	for (size_t i = 0; i < config->nservers; i++) {
		struct config_http *http = &config->servers[i];

		schema_done(http->local ? &schema_unix : &schema_inet, http);
		free(http->name);
		free(http->where.file);
	}
	free(config->servers);
	schema_done(&schema_ctl, &config->ctl);
}
