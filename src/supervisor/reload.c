/* reload.c - see reload.h: reading, comparing, adding and removing groups. */
#include "supervisor/reload.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/config.h"
#include "config/config_compare.h"
#include "supervisor/group.h"
#include "supervisor/process.h"
#include "supervisor/reload_diff.h"
#include "supervisor/supervisor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void reload_names_done(struct reload_names *names)
{
	strv_free(names->stopped);
	strv_free(names->changed);
	strv_free(names->added);
	strv_free(names->removed);
	memset(names, 0, sizeof(*names));
}

void reload_done(struct reload *reload)
{
	reload_names_done(&reload->names);
	strv_free(reload->rolls);
	config_free(reload->target);
	free(reload->failure);
	memset(reload, 0, sizeof(*reload));
}

int reload_read(struct supervisor *supervisor, struct buf *messages)
{
	const struct config_reader *reader = supervisor->reader;
	struct config *config;

	if (reader->read(reader, &supervisor->settings, &config, messages) < 0)
		return -1;
	if (scales_apply(supervisor, &config, messages) < 0) {
		config_free(config);
		return -1;
	}
	config_free(supervisor->latest);
	supervisor->latest = config;
	return 0;
}

int reload_diff(const struct supervisor *supervisor, struct reload_names *ret)
{
	const struct config *latest = supervisor->latest;
	const struct groups *groups = &supervisor->groups;
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < latest->ngroups && r == 0; i++) {
		const struct config_group *group = &latest->groups[i];
		const struct group *active = groups_find(groups, group->name);

		if (!active)
			r = strv_add(&ret->added, group->name);
		else if (reload_differs(active, latest, group))
			r = strv_add(&ret->changed, group->name);
	}
	for (size_t i = 0; i < groups->n && r == 0; i++)
		if (!config_find_group(latest, groups->all[i]->name))
			r = strv_add(&ret->removed, groups->all[i]->name);
	if (r < 0)
		reload_names_done(ret);
	return r;
}

int reload_add(struct supervisor *supervisor, const char *name, struct error *err)
{
	const struct config_group *group = config_find_group(supervisor->latest, name);

	if (!group)
		return -ENOENT;
	if (groups_find(&supervisor->groups, name))
		return -EEXIST;
	if (reload_add_group(supervisor, supervisor->latest, group, err) < 0) {
		reload_sweep(supervisor);
		return -EIO;
	}
	group_start(groups_find(&supervisor->groups, name));
	return 0;
}

int reload_remove(struct supervisor *supervisor, const char *name)
{
	struct group *group = groups_find(&supervisor->groups, name);

	if (!group)
		return -ENOENT;
	if (!group_is_down(group))
		return -EBUSY;
	events_group(&supervisor->events, name, false);
	groups_remove(&supervisor->groups, group);
	announce_changed(&supervisor->announce);
	reload_sweep(supervisor);
	return 0;
}

/* ---- what the service manager is told ---- */

void reload_announce(struct supervisor *supervisor)
{
	supervisor->reloading = true;
	announce_reloading(&supervisor->announce);
}

void reload_trouble(struct supervisor *supervisor, const char *why)
{
	if (why && !supervisor->rollouts.trouble)
		supervisor->rollouts.trouble = strdup(why);
}

void reload_settled(struct supervisor *supervisor)
{
	struct rollouts *rollouts = &supervisor->rollouts;

	if (!supervisor->reloading || supervisor->reload.target || supervisor->reload.again ||
	    !rollouts_are_idle(rollouts))
		return;
	supervisor->reloading = false;
	announce_reloaded(&supervisor->announce, rollouts->trouble);
	free(rollouts->trouble);
	rollouts->trouble = NULL;
}

/* ---- SIGHUP ---- */

static void log_lines(enum log_level level, const struct buf *messages)
{
	CLEANUP_FREE char *text = strdup(buf_str(messages));
	char *rest = text, *line;

	while (rest && (line = strsep(&rest, "\n")))
		if (*line)
			log_at(level, "%s", line);
}

void reload_all(struct supervisor *supervisor)
{
	struct buf messages = { 0 };
	int r;

	reload_announce(supervisor);
	if (supervisor->reload.target) {
		log_info("an update is under way; the configuration is read when it has ended");
		supervisor->reload.again = true;
		return;
	}
	if (http_sockets_renew(&supervisor->http))
		control_link_kill(&supervisor->control); /* the next one is given the new socket */
	r = reload_read(supervisor, &messages);
	log_lines(r < 0 ? LEVEL_ERROR : LEVEL_WARN, &messages);
	if (r < 0) {
		log_error("the configuration has errors, so nothing was changed");
		reload_trouble(supervisor, buf_str(&messages));
		reload_settled(supervisor);
	} else if (reload_everything(supervisor, "SIGHUP") < 0) {
		log_error("out of memory: nothing was changed");
		reload_trouble(supervisor, "out of memory");
		reload_settled(supervisor);
	}
	buf_done(&messages);
}
