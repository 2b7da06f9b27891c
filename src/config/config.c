/* config.c - see config.h. */
#include "config/config.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/array.h"
#include "config/load.h"
#include "config/paths.h"
#include "config/schema.h"
#include "config/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif

extern char **environ;

/* Without the section there is no log file, no pid file and no daemon: whoever writes only
 * [zygote:*] and [program:*] sees everything on the terminal or in the journal. */
static void load_daemon(struct loader *loader)
{
	struct config_daemon *daemon = &loader->config->daemon;
	struct dialect_section none = { .name = (char *)"supervisord",
					.file = loader->dialect.files[0] };
	const struct dialect_section *section = dialect_find(&loader->dialect, "supervisord");
	struct schema_reader reader = { &loader->dialect, section ? section : &none, &loader->scope,
					&loader->notes };
	const char *temporary = getenv("TMPDIR");

	schema_fill(&reader, &schema_daemon, daemon);
	if (!section) {
		free(daemon->logfile);
		free(daemon->pidfile);
		daemon->logfile = daemon->pidfile = NULL;
		daemon->nodaemon = true;
	}
	for (size_t i = 0; i < loader->config->noverrides; i++)
		schema_override(&loader->notes, &schema_daemon, &loader->config->overrides[i],
				daemon);
	if (!daemon->childlogdir)
		daemon->childlogdir = strdup(temporary && *temporary ? temporary : "/tmp");
}

/* Key by key, as a user is forgiven where nothing else is. */
static void fill_zygote(struct schema_reader *reader, struct config_zygote *zygote, bool elsewhere)
{
	struct notes lenient = { .text = reader->notes->text, .lenient = true };
	struct schema_reader forgiving = *reader;

	forgiving.notes = &lenient;
	for (size_t i = 0; i < schema_zygote.nkeys; i++) {
		const struct schema_table row = { &schema_zygote.keys[i], 1 };
		bool forgiven = elsewhere && strcmp(row.keys->name, "user") == 0;

		schema_fill(forgiven ? &forgiving : reader, &row, zygote);
	}
}

/* Who may use the control socket must not become another user by it, nor switch the audit off. */
static bool is_for_the_file(const char *key)
{
	static const char *const keys[] = { "user", "baseline", "audit", "audit_mode", "allow" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* What somebody has given in place of what the file says. */
static void settle_zygote(struct loader *loader, struct config_zygote *zygote)
{
	const struct config_settings *settings = loader->settings;

	for (size_t i = 0; settings && i < settings->n; i++) {
		const struct config_setting *setting = &settings->all[i];
		struct config_override override = { .key = setting->key, .text = setting->text };
		struct place place = { 0 };

		if (strcmp(setting->zygote, zygote->name) != 0)
			continue;
		snprintf(override.option, sizeof(override.option), "--set %s", setting->key);
		place.key = override.option;
		if (is_for_the_file(setting->key)) {
			notes_error(&loader->notes, &place, "only the file can say that");
			continue;
		}
		schema_override(&loader->notes, &schema_zygote, &override, zygote);
		if (strcmp(setting->key, "preload") == 0 && !*setting->text)
			notes_error(&loader->notes, &place, "no module is named");
	}
}

static void load_zygote(struct loader *loader, const struct dialect_section *section)
{
	struct config *config = loader->config;
	struct schema_reader reader = { &loader->dialect, section, &loader->common,
					&loader->notes };
	struct config_zygote *zygote;
	char *name = check_header(loader, section);

	if (!name)
		return;
	zygote = array_append((void **)&config->zygotes, &config->nzygotes, sizeof(*zygote));
	if (!zygote) {
		free(name);
		return;
	}
	zygote->name = name;
	zygote->where = (struct config_where){ strdup(section->file), section->line };
	fill_zygote(&reader, zygote, loader->elsewhere);
	settle_zygote(loader, zygote);
	if (zygote->baseline) {
		struct place place = check_place(loader, section, "baseline");
		CLEANUP_FREE char *directory = path_directory(place.file);
		char *path = directory ? path_join(directory, zygote->baseline) : NULL;

		free(zygote->baseline);
		zygote->baseline = path;
	}
}

static void load_socket(struct loader *loader, const struct dialect_section *section)
{
	struct config *config = loader->config;
	struct schema_reader reader = { &loader->dialect, section, &loader->common,
					&loader->notes };
	struct config_socket *socket;
	char *name = check_header(loader, section);

	if (!name)
		return;
	socket = array_append((void **)&config->sockets, &config->nsockets, sizeof(*socket));
	if (!socket) {
		free(name);
		return;
	}
	socket->name = name;
	socket->where = (struct config_where){ strdup(section->file), section->line };
	schema_fill(&reader, &schema_socket, socket);
}

/* supervisord insists on its section; a program or a zygote is enough for us. */
static void check_presence(struct loader *loader)
{
	struct place place = { .file = loader->dialect.files[0] };
	const struct dialect *dialect = &loader->dialect;
	bool found = false;

	for (size_t i = 0; i < dialect->nsections; i++) {
		const char *name = dialect->sections[i].name;

		found = found || strcmp(name, "supervisord") == 0 ||
			strncmp(name, "program:", 8) == 0 || strncmp(name, "zygote:", 7) == 0 ||
			strncmp(name, "eventlistener:", 14) == 0 ||
			strncmp(name, "fcgi-program:", 13) == 0;
	}
	if (!found)
		notes_error(&loader->notes, &place,
			    ".ini file does not include supervisord section, nor a [program:NAME] "
			    "or [zygote:NAME]; there is nothing to do");
}

/* Everything after the bytes. */
static void load_sections(struct loader *loader)
{
	const struct dialect *dialect = &loader->dialect;
	/* [supervisorctl] concerns forkserverctl: what is wrong with it must not keep programs from
	 * starting. */
	struct notes lenient = { .text = loader->notes.text, .lenient = true };

	check_presence(loader);
	schema_check(dialect, &loader->notes);
	load_daemon(loader);
	loader->common = (struct expand_scope){
		.environment = loader->config->daemon.environment,
		.outer = &loader->scope,
	};
	for (size_t i = 0; i < dialect->nsections; i++) {
		if (strncmp(dialect->sections[i].name, "zygote:", 7) == 0)
			load_zygote(loader, &dialect->sections[i]);
		else if (strncmp(dialect->sections[i].name, "socket:", 7) == 0)
			load_socket(loader, &dialect->sections[i]);
	}
	load_programs(loader);
	load_servers(loader);
	load_ctl(loader, &lenient);
	check_config(loader);
}

/* [supervisord]'s environment, of which values may make use, and the zygotes'. */
static void load_zygotes(struct loader *loader)
{
	const struct dialect *dialect = &loader->dialect;
	const struct dialect_section *daemon = dialect_find(dialect, "supervisord");
	struct schema_reader reader = { dialect, daemon, &loader->scope, &loader->notes };

	check_presence(loader);
	schema_check(dialect, &loader->notes);
	for (size_t i = 0; daemon && i < schema_daemon.nkeys; i++) {
		const struct schema_table row = { &schema_daemon.keys[i], 1 };

		if (strcmp(row.keys->name, "environment") == 0)
			schema_fill(&reader, &row, &loader->config->daemon);
	}
	loader->common = (struct expand_scope){
		.environment = loader->config->daemon.environment,
		.outer = &loader->scope,
	};
	for (size_t i = 0; i < dialect->nsections; i++)
		if (strncmp(dialect->sections[i].name, "zygote:", 7) == 0)
			load_zygote(loader, &dialect->sections[i]);
	check_zygotes(loader);
}

/* Who reads a file, and what is known before. */
static void begin(struct loader *loader, struct expand_name names[2], const char *here,
		  struct utsname *host)
{
	names[0] = (struct expand_name){ "here", here ? here : "", 0 };
	names[1] =
		(struct expand_name){ "host_node_name", uname(host) == 0 ? host->nodename : "", 0 };
	loader->scope = (struct expand_scope){ names, 2, environ, NULL };
}

static struct config *new_config(const char *file)
{
	struct config *config = calloc(1, sizeof(*config));

	if (!config)
		return NULL;
	config_ref(config);
	config->file = path_absolute(file);
	config->cwd = getcwd(NULL, 0);
	if (!config->file) {
		config_free(config);
		return NULL;
	}
	return config;
}

/* The configuration keeps what was read; `origin`: one that has it already. */
static int keep_text(struct loader *loader, struct config *origin)
{
	if (origin) {
		loader->config->origin = config_ref(origin);
		return 0;
	}
	loader->config->text = malloc(sizeof(loader->dialect));
	if (!loader->config->text)
		return -ENOMEM;
	*loader->config->text = loader->dialect;
	memset(&loader->dialect, 0, sizeof(loader->dialect));
	return 0;
}

/* `loader` has all but the configuration; `origin`: its dialect is that one's. */
static int load(struct loader *loader, const char *file, struct config *origin,
		struct config **ret_config)
{
	CLEANUP_FREE char *here = path_directory(file);
	struct buf *messages = loader->notes.text;
	struct expand_name names[2];
	struct utsname host;

	begin(loader, names, here, &host);
	if (origin || load_files(loader, file) == 0)
		load_sections(loader);
	if (!loader->notes.errors && !messages->failed && keep_text(loader, origin) < 0)
		notes_error(&loader->notes, &(struct place){ .file = file }, "out of memory");
	if (!origin)
		dialect_done(&loader->dialect);
	if (loader->notes.errors || messages->failed) {
		config_free(loader->config);
		return -1;
	}
	*ret_config = loader->config;
	return 0;
}

static int load_file(struct loader *loader, const char *file,
		     const struct config_override *overrides, size_t n, struct config **ret_config)
{
	loader->config = new_config(file);
	if (!loader->config) {
		notes_error(&loader->notes, &(struct place){ .file = file }, "out of memory");
		return -1;
	}
	loader->config->overrides = overrides;
	loader->config->noverrides = n;
	return load(loader, file, NULL, ret_config);
}

int config_load_with(const char *file, const struct config_override *overrides, size_t n,
		     struct config **ret_config, struct buf *messages)
{
	struct loader loader = { .notes = { .text = messages } };

	return load_file(&loader, file, overrides, n, ret_config);
}

int config_load(const char *file, struct config **ret_config, struct buf *messages)
{
	return config_load_with(file, NULL, 0, ret_config, messages);
}

/* To the directory where `old` was read; -1, or what leave() needs to come back. */
static int enter(const struct config *old)
{
	int here = old->cwd ? open(".", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	if (here >= 0 && chdir(old->cwd) < 0)
		fd_close(&here);
	return here;
}

static int leave(int here, int r, struct config **ret_config, struct buf *messages)
{
	if (here >= 0 && fchdir(here) < 0) {
		buf_printf(messages, "Error: cannot return to the working directory: %s\n",
			   strerror(errno));
		if (r == 0)
			config_free(*ret_config);
		r = -1;
	}
	fd_close(&here);
	return r;
}

int config_reload(const struct config *old, const struct config_settings *settings,
		  struct config **ret_config, struct buf *messages)
{
	struct loader loader = { .notes = { .text = messages }, .settings = settings };
	int here = enter(old);
	int r = load_file(&loader, old->file, old->overrides, old->noverrides, ret_config);

	return leave(here, r, ret_config, messages);
}

int config_scaled(struct config *old, const struct config_settings *settings,
		  const struct config_scales *scales, struct config **ret_config,
		  struct buf *messages)
{
	struct config *origin = old->origin ? old->origin : old;
	struct loader loader = { .notes = { .text = messages },
				 .settings = settings,
				 .dialect = *origin->text, /* only read */
				 .scales = scales };
	int here = enter(origin), r = -1;

	loader.config = new_config(origin->file);
	if (loader.config) {
		loader.config->overrides = origin->overrides;
		loader.config->noverrides = origin->noverrides;
		r = load(&loader, origin->file, origin, ret_config);
	} else {
		notes_error(&loader.notes, &(struct place){ .file = origin->file },
			    "out of memory");
	}
	return leave(here, r, ret_config, messages);
}

int config_load_ctl(const char *file, struct config **ret_config, struct buf *messages)
{
	struct loader loader = { .notes = { .text = messages }, .config = new_config(file) };
	CLEANUP_FREE char *here = path_directory(file);
	struct expand_name names[2];
	struct utsname host;

	begin(&loader, names, here, &host);
	if (loader.config && load_files(&loader, file) == 0) {
		load_ctl(&loader, &loader.notes);
		if (!loader.notes.errors) {
			loader.notes.lenient = true;
			load_servers(&loader);
		}
	}
	dialect_done(&loader.dialect);
	if (!loader.config || loader.notes.errors || messages->failed) {
		config_free(loader.config);
		return -1;
	}
	*ret_config = loader.config;
	return 0;
}

int config_load_zygotes(const char *file, struct config **ret_config, struct buf *messages)
{
	struct loader loader = { .notes = { .text = messages },
				 .config = new_config(file),
				 .elsewhere = true };
	CLEANUP_FREE char *here = path_directory(file);
	struct expand_name names[2];
	struct utsname host;

	begin(&loader, names, here, &host);
	if (loader.config && load_files(&loader, file) == 0)
		load_zygotes(&loader);
	dialect_done(&loader.dialect);
	if (!loader.config || loader.notes.errors || messages->failed) {
		config_free(loader.config);
		return -1;
	}
	*ret_config = loader.config;
	return 0;
}

static void program_done(struct config_program *program)
{
	for (size_t i = 0; i < program->nprocesses; i++) {
		struct config_process *process = &program->processes[i];

		schema_done(&schema_env_file, process);
		schema_done(&schema_environment, process);
		schema_done(&schema_process, process);
		strv_free(process->argv);
		free(process->name);
	}
	free(program->processes);
	schema_done(&schema_program, program);
	schema_done(&schema_listener, &program->listener);
	schema_done(&schema_fcgi, &program->fcgi);
	free(program->name);
	free(program->where.file);
}

struct config *config_ref(struct config *config)
{
	config->references++;
	return config;
}

void config_free(struct config *config)
{
	if (!config || --config->references)
		return;
	schema_done(&schema_daemon, &config->daemon);
	for (size_t i = 0; i < config->nzygotes; i++) {
		schema_done(&schema_zygote, &config->zygotes[i]);
		free(config->zygotes[i].name);
		free(config->zygotes[i].where.file);
	}
	for (size_t i = 0; i < config->nsockets; i++) {
		schema_done(&schema_socket, &config->sockets[i]);
		free(config->sockets[i].name);
		free(config->sockets[i].where.file);
	}
	for (size_t i = 0; i < config->nprograms; i++)
		program_done(&config->programs[i]);
	for (size_t i = 0; i < config->ngroups; i++) {
		free(config->groups[i].name);
		free(config->groups[i].programs);
	}
	servers_done(config);
	if (config->text)
		dialect_done(config->text);
	free(config->text);
	config_free(config->origin);
	free(config->zygotes);
	free(config->sockets);
	free(config->programs);
	free(config->groups);
	free(config->file);
	free(config->cwd);
	free(config);
}

bool config_is_named(const char *name, const struct config_group *group,
		     const struct config_program *program)
{
	return strcmp(group->name, name) == 0 || strcmp(program->name, name) == 0;
}

const struct config_group *config_find_group(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->ngroups; i++)
		if (strcmp(config->groups[i].name, name) == 0)
			return &config->groups[i];
	return NULL;
}

const struct config_zygote *config_find_zygote(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->nzygotes; i++)
		if (strcmp(config->zygotes[i].name, name) == 0)
			return &config->zygotes[i];
	return NULL;
}

const struct config_socket *config_find_socket(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->nsockets; i++)
		if (strcmp(config->sockets[i].name, name) == 0)
			return &config->sockets[i];
	return NULL;
}

/* directory/name if it exists; a directory of "" is the working directory. */
static char *existing(const char *directory, const char *name)
{
	char *path = path_join(directory, name);

	if (path && access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static char *find_in(const char *directory)
{
	char *path = existing(directory, "forkserver.conf");

	return path ? path : existing(directory, "supervisord.conf");
}

char *config_find(const char *program_path)
{
	static const char own[] = SYSCONFDIR "/forkserver";
	static const char *const places[] = {
		"", "etc", own, "/etc/forkserver", "/etc", "/etc/supervisor",
	};
	CLEANUP_FREE char *up = strdup(program_path);
	CLEANUP_FREE char *etc = NULL;
	char *found = NULL;

	/* As dirname(dirname()) of Python: "" for a program found on the PATH. */
	for (int i = 0; up && i < 2; i++) {
		char *slash = strrchr(up, '/');

		if (slash)
			slash[slash == up] = '\0';
		else
			*up = '\0';
	}
	etc = up ? path_join(up, "etc") : NULL;
	if (etc)
		found = find_in(etc);
	if (etc && !found)
		found = find_in(up);
	for (size_t i = 0; i < ARRAY_LEN(places) && !found; i++)
		found = find_in(places[i]);
	return found;
}
