/* hook.c - see hook.h. */
#include "supervisor/hook.h"

#include "base/util.h"
#include "supervisor/launch.h"
#include "supervisor/wait_status.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

static void set_timer(struct hook *hook, unsigned seconds)
{
	ev_timer_stop(hook->loop, &hook->timer);
	ev_now_update(hook->loop);
	ev_timer_set(&hook->timer, seconds, 0.);
	ev_timer_start(hook->loop, &hook->timer);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct hook *hook = container_of(timer, struct hook, timer);

	(void)loop;
	(void)events;
	if (hook->told) {
		hook_kill(hook);
		return;
	}
	hook->late = true;
	hook_end(hook);
}

static void on_death(struct reaper_watch *watch, int status)
{
	struct hook *hook = container_of(watch, struct hook, watch);
	bool late = hook->late;
	char text[64];

	ev_timer_stop(hook->loop, &hook->timer);
	if (hook->sweeps) /* it is not reaped yet, so the group is still its own */
		kill(-hook->pid, SIGKILL);
	hook->pid = 0;
	hook->told = hook->late = false;
	if (late)
		snprintf(text, sizeof(text), "took longer than %s allows",
			 hook->limit ? hook->limit : "hooksecs");
	else if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "was terminated by %s", signal_name(WTERMSIG(status)));
	else
		snprintf(text, sizeof(text), "exited with status %d", WEXITSTATUS(status));
	hook->done(hook, status || late ? text : NULL);
}

void hook_init(struct hook *hook, struct ev_loop *loop, struct reaper *reaper)
{
	hook->loop = loop;
	hook->reaper = reaper;
	hook->pid = 0;
	hook->told = hook->late = false;
	hook->limit = NULL;
	hook->sweeps = false;
	hook->watch = (struct reaper_watch){ .dead = on_death };
	ev_init(&hook->timer, on_timer);
}

void hook_done(struct hook *hook)
{
	if (!hook->loop)
		return;
	ev_timer_stop(hook->loop, &hook->timer);
	reaper_unwatch(hook->reaper, &hook->watch);
	hook->pid = 0;
}

int hook_start(struct hook *hook, const struct launch *what, unsigned seconds, unsigned grace,
	       struct error *err)
{
	int status;
	pid_t pid = launch(what, err);

	if (pid < 0)
		return (int)pid;
	/* nobody reaps between the two, so it cannot be unknown */
	(void)reaper_watch(hook->reaper, &hook->watch, pid, &status);
	hook->pid = pid;
	hook->told = hook->late = false;
	hook->grace = grace ? grace : 1;
	if (seconds)
		set_timer(hook, seconds);
	return 0;
}

bool hook_is_active(const struct hook *hook)
{
	return hook->pid != 0;
}

void hook_end(struct hook *hook)
{
	if (!hook->pid)
		return;
	kill(-hook->pid, SIGTERM);
	hook->told = true;
	set_timer(hook, hook->grace);
}

void hook_kill(struct hook *hook)
{
	if (!hook->pid)
		return;
	kill(-hook->pid, SIGKILL);
	set_timer(hook, hook->grace); /* should it be stuck, again */
}
