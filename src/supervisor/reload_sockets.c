/* reload_sockets.c - sockets under a new configuration.  See reload.h and listeners.h. */
#include "base/error.h"
#include "base/log.h"
#include "base/strv.h"
#include "config/config.h"
#include "config/config_compare.h"
#include "supervisor/group.h"
#include "supervisor/listeners.h"
#include "supervisor/process.h"
#include "supervisor/reload.h"
#include "supervisor/supervisor.h"

/* Whether it runs with this very socket, or is just being started with it. */
static bool has(const struct process *process, const struct listener *listener)
{
	return (process->pid || process->state == PROCESS_STARTING) &&
	       strv_contains(process->program->sockets, listener->config->name) &&
	       listener_was_given(listener, process->listeners_at);
}

/* The first process for which a socket must stay: one that has it, and, if it is the current one of
 * its name, one that will be given it at its next start.  NULL: there is none. */
static const struct process *find_user(const struct groups *groups, const struct listener *listener)
{
	const struct process *found = NULL;

	for (size_t i = 0; i < groups->n; i++) {
		const struct group *group = groups->all[i];

		for (size_t j = 0; j < group->n; j++) {
			const struct process *process = group->processes[j];

			if (has(process, listener))
				return process;
			if (!found && !listener->retired &&
			    strv_contains(process->program->sockets, listener->config->name))
				found = process;
		}
	}
	return found;
}

/* ---- closing ---- */

static void close_unused(struct listeners *listeners, size_t i)
{
	const struct config_socket *config = listeners->all[i].config;

	log_info("socket '%s': no program needs it any more, so %s is closed", config->name,
		 config->listen);
	listeners_remove(listeners, i);
}

static void say_kept(const struct listener *listener, const struct config_socket *now,
		     const struct process *user)
{
	const struct config_socket *bound = listener->config;

	if (listener->retired)
		log_info("socket '%s': %s stays open until %s:%s (pid %d), which has it, has ended",
			 bound->name, bound->listen, user->group, user->config->name,
			 (int)user->pid);
	else if (now)
		log_warn("%s:%u: [socket:%s] has changed, but %s:%s has the old one: restart "
			 "needed (forkserverctl reload, or stop, remove and add all groups that "
			 "use it)",
			 now->where.file, now->where.line, now->name, user->group,
			 user->config->name);
	else
		log_warn("[socket:%s] is gone from the configuration, but %s stays open, because "
			 "%s:%s is to have it: update that group as well",
			 bound->name, bound->listen, user->group, user->config->name);
}

void reload_sweep_sockets(struct supervisor *supervisor)
{
	struct listeners *listeners = supervisor->listeners;

	for (size_t i = listeners->n; i > 0; i--) {
		const struct listener *listener = &listeners->all[i - 1];
		const struct config_socket *now =
			config_find_socket(supervisor->latest, listener->config->name);
		const struct process *user;

		if (!listener->retired && now &&
		    config_socket_compare(listener->config, now) != CHANGE_RESTART)
			continue;
		user = find_user(&supervisor->groups, listener);
		if (user)
			say_kept(listener, now, user);
		else
			close_unused(listeners, i - 1);
	}
}

void reload_sweep_retired(struct supervisor *supervisor)
{
	struct listeners *listeners = supervisor->listeners;

	for (size_t i = listeners->n; i > 0; i--)
		if (listeners->all[i - 1].retired &&
		    !find_user(&supervisor->groups, &listeners->all[i - 1]))
			close_unused(listeners, i - 1);
}

/* ---- binding and changing ---- */

void reload_sockets(struct supervisor *supervisor,
		    void (*failed)(struct reload *reload, const char *what, const char *name,
				   const char *why))
{
	struct config *latest = supervisor->latest;

	for (size_t i = 0; i < latest->nsockets; i++) {
		const struct config_socket *config = &latest->sockets[i];
		struct error err = { { 0 } };
		bool changed = false;

		if (listeners_need(supervisor->listeners, latest, config, &err) < 0)
			failed(&supervisor->reload, "cannot open socket", config->name, err.text);
		else if (listeners_change(supervisor->listeners, latest, config, &changed, &err) <
			 0)
			failed(&supervisor->reload, "cannot change socket", config->name, err.text);
		else if (changed)
			log_info("socket '%s': %s has its new settings; it stays open",
				 config->name, config->listen);
	}
}
