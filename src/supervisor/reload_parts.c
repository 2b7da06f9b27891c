/* reload_parts.c - zygotes, groups and the supervisor's own settings under a new configuration.
 * See reload.h. */
#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "config/config_compare.h"
#include "supervisor/group.h"
#include "supervisor/main_log.h"
#include "supervisor/process.h"
#include "supervisor/reload.h"
#include "supervisor/supervisor.h"

#include <string.h>

/* ---- zygotes ---- */

static int need_zygote(struct supervisor *supervisor, struct config *config, const char *name,
		       struct error *err)
{
	struct zygote_link *link = zygotes_find(&supervisor->zygotes, name);
	const struct config_zygote *wanted = config_find_zygote(config, name);

	if (link && (link->users || config_zygote_same(link->config, wanted)))
		return 0;
	if (link)
		zygotes_dismiss(link);
	link = zygotes_add(&supervisor->zygotes, &supervisor->zygote_host, config, wanted);
	if (!link)
		return error_set(err, "out of memory");
	if (supervisor->phase != SUPERVISOR_RUNNING || zygote_link_start(link, err) == 0)
		return 0;
	zygotes_dismiss(link);
	return -1;
}

static void sweep_zygotes(struct supervisor *supervisor)
{
	const struct config *latest = supervisor->latest;

	for (size_t i = 0; i < supervisor->zygotes.n; i++) {
		struct zygote_link *link = supervisor->zygotes.all[i];
		const struct config_zygote *now =
			link->leaving ? NULL : config_find_zygote(latest, link->config->name);
		bool same = now && config_zygote_same(link->config, now);

		if (link->leaving || link->candidate || same || link->holds)
			continue;
		if (!link->users) {
			log_info("zygote '%s': no program needs it any more, so it is stopped",
				 link->config->name);
			zygotes_dismiss(link);
		} else if (now) {
			if (!rollouts_have(&supervisor->rollouts, now->name))
				log_warn("%s:%u: [zygote:%s] has changed, but programs run in "
					 "workers of the old one: it is taken over by "
					 "`forkserverctl reload %s`",
					 now->where.file, now->where.line, now->name, now->name);
		}
	}
}

void reload_sweep(struct supervisor *supervisor)
{
	sweep_zygotes(supervisor);
	reload_sweep_sockets(supervisor);
}

/* ---- groups ---- */

int reload_need(struct supervisor *supervisor, struct config *config,
		const struct config_group *group, struct error *err)
{
	for (size_t i = 0; i < group->nprograms; i++) {
		const struct config_program *program = &config->programs[group->programs[i]];

		if (program->zygote && need_zygote(supervisor, config, program->zygote, err) < 0)
			return -1;
		for (char **name = program->sockets; name && *name; name++)
			if (listeners_need(supervisor->listeners, config,
					   config_find_socket(config, *name), err) < 0)
				return -1;
	}
	return 0;
}

int reload_add_group(struct supervisor *supervisor, struct config *config,
		     const struct config_group *its, struct error *err)
{
	struct group *group;

	if (reload_need(supervisor, config, its, err) < 0)
		return -1;
	group = group_new(config, its, &supervisor->process_host, &supervisor->zygotes, err);
	if (!group)
		return -1;
	if (groups_add(&supervisor->groups, group) < 0) {
		group_free(group);
		return error_set(err, "out of memory");
	}
	events_group(&supervisor->events, group->name, true);
	return 0;
}

/* ---- the supervisor itself ---- */

static bool same_servers(const struct config *a, const struct config *b)
{
	if (a->nservers != b->nservers)
		return false;
	for (size_t i = 0; i < a->nservers; i++)
		if (!config_http_same(&a->servers[i], &b->servers[i]))
			return false;
	return true;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The main log borrows its settings from supervisor->applied. */
static void apply_daemon(struct supervisor *supervisor)
{
	struct main_log *main_log = supervisor->main_log;
	struct config *latest = supervisor->latest;

	bool echoes = log_wants(LEVEL_DEBUG);

	log_level((enum log_level)latest->daemon.loglevel);
	if (log_wants(LEVEL_DEBUG) != echoes)
		logs_change_level(&supervisor->logs);
	if (!main_log || !same_text(main_log->daemon->logfile, latest->daemon.logfile))
		return;
	main_log->daemon = &latest->daemon;
	config_free(supervisor->applied);
	supervisor->applied = config_ref(latest);
	logs_change_main(&supervisor->logs);
}

void reload_daemon(struct supervisor *supervisor)
{
	const struct config *latest = supervisor->latest, *first = supervisor->config;

	apply_daemon(supervisor);
	if (config_daemon_compare(&first->daemon, &latest->daemon) == CHANGE_RESTART)
		log_warn("%s: [supervisord] has changed: loglevel and the "
			 "rotation of the log are taken over, and environment "
			 "for what is started from now on; for the rest a restart is needed "
			 "(forkserverctl reload)",
			 latest->file);
	if (!same_servers(first, latest))
		log_warn("%s: [unix_http_server] or [inet_http_server] has changed: restart needed "
			 "(forkserverctl reload)",
			 latest->file);
}
