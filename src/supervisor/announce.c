/* announce.c - see announce.h. */
#include "supervisor/announce.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "supervisor/progress.h"
#include "supervisor/replace.h"
#include "supervisor/systemd.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define SOON 0.2             /* seconds */
#define MORE_INTERVAL 10     /* seconds between requests for more time … */
#define MORE_USEC "30000000" /* … each of which is good for so long */

/* ---- the text ---- */

static const char *const intros[] = {
	[ANNOUNCE_STARTING] = "starting: ",
	[ANNOUNCE_READY] = "",
	[ANNOUNCE_RELOADING] = "reloading: ",
	[ANNOUNCE_STOPPING] = "stopping: ",
};

/* Names of programs and the words of errors may be anything; the value of STATUS may not. */
static void describe(const struct announce *announce, struct buf *text)
{
	struct buf raw = { 0 };

	buf_addstr(&raw, intros[announce->phase]);
	if (announce->phase == ANNOUNCE_STARTING && !announce->begun)
		buf_addstr(&raw, "importing and auditing");
	else
		progress_text(&raw, announce->groups);
	if (announce->trouble)
		buf_printf(&raw, "; the last reload failed: %s", announce->trouble);
	systemd_add_text(text, buf_str(&raw));
	buf_done(&raw);
}

/* ---- telling ---- */

static void start(struct announce *announce, ev_timer *timer, ev_tstamp after, ev_tstamp repeat)
{
	if (!systemd_listens(announce->systemd))
		return;
	ev_now_update(announce->loop);
	ev_timer_stop(announce->loop, timer);
	ev_timer_set(timer, after, repeat);
	ev_timer_start(announce->loop, timer);
}

/* Whether it need not be said again. */
static bool is_taken(int r)
{
	if (r == -EAGAIN || r == -ENOBUFS || r == -ENOMEM)
		return false;
	if (r < 0)
		log_debug("the service manager cannot be told: %s", strerror(-r));
	return true;
}

static bool is_settled(const struct announce *announce)
{
	struct progress progress = progress_count(announce->groups);

	return !announce->waiting && progress_is_settled(&progress, announce->out_of_patience);
}

static bool is_busy(const struct announce *announce)
{
	return announce->phase == ANNOUNCE_STARTING || announce->phase == ANNOUNCE_RELOADING;
}

/* MONOTONIC_USEC tells which of several reloads this is the begin of. */
static bool say_reloading(struct announce *announce)
{
	int r = systemd_send(announce->systemd, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_us());

	announce->owed = !is_taken(r);
	return !announce->owed;
}

/* Says all that has changed.  What the manager's full queue does not take is said later. */
static void tell(struct announce *announce)
{
	enum announce_phase before = announce->phase;
	struct buf text = { 0 };
	bool taken = true;

	if (announce->owed && !say_reloading(announce)) {
		start(announce, &announce->soon, SOON, 0.);
		return;
	}
	if (is_busy(announce) && is_settled(announce))
		announce->phase = ANNOUNCE_READY;
	describe(announce, &text);
	if (announce->phase != before)
		taken = is_taken(
			systemd_send(announce->systemd, "READY=1\nSTATUS=%s", buf_str(&text)));
	else if (!announce->said || strcmp(announce->said, buf_str(&text)) != 0)
		taken = is_taken(systemd_send(announce->systemd, "STATUS=%s", buf_str(&text)));
	if (!taken) {
		announce->phase = before;
		start(announce, &announce->soon, SOON, 0.);
	} else {
		free(announce->said);
		announce->said = buf_steal(&text);
	}
	if (announce->phase == ANNOUNCE_READY) { /* nobody is woken up for nothing */
		ev_timer_stop(announce->loop, &announce->more);
		ev_timer_stop(announce->loop, &announce->patience);
	}
	buf_done(&text);
}

static void on_soon(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	tell(container_of(timer, struct announce, soon));
}

static void on_patience(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct announce *announce = container_of(timer, struct announce, patience);

	(void)loop;
	(void)events;
	announce->out_of_patience = true;
	announce_changed(announce);
}

/* Whoever was sent SIGKILL and is still there has no deadline that we could promise. */
static void on_more(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct announce *announce = container_of(timer, struct announce, more);

	(void)loop;
	(void)events;
	if (announce->phase == ANNOUNCE_STOPPING && replaces_are_down(announce->replaces) &&
	    !progress_count(announce->groups).stoppable)
		return;
	(void)systemd_send(announce->systemd, "EXTEND_TIMEOUT_USEC=" MORE_USEC);
}

static void on_watchdog(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	(void)systemd_send(container_of(timer, struct announce, watchdog)->systemd, "WATCHDOG=1");
}

/* ---- what happens ---- */

void announce_init(struct announce *announce, struct ev_loop *loop, const struct groups *groups,
		   const struct replaces *replaces)
{
	memset(announce, 0, sizeof(*announce));
	announce->loop = loop;
	announce->groups = groups;
	announce->replaces = replaces;
	announce->waiting = true;
	ev_init(&announce->soon, on_soon);
	ev_init(&announce->patience, on_patience);
	ev_init(&announce->more, on_more);
	ev_init(&announce->watchdog, on_watchdog);
}

void announce_done(struct announce *announce)
{
	if (!announce->loop)
		return;
	ev_timer_stop(announce->loop, &announce->soon);
	ev_timer_stop(announce->loop, &announce->patience);
	ev_timer_stop(announce->loop, &announce->more);
	ev_timer_stop(announce->loop, &announce->watchdog);
	free(announce->trouble);
	free(announce->said);
	memset(announce, 0, sizeof(*announce));
}

void announce_to(struct announce *announce, const struct systemd *systemd)
{
	double interval;

	announce->systemd = systemd;
	if (!systemd_listens(systemd))
		return;
	/* A daemon is not the process that the manager has started, and that one ends before READY:
	 * by then the manager must know whom to watch. */
	if (systemd->started != getpid())
		(void)is_taken(systemd_send(systemd, "MAINPID=%d", (int)getpid()));
	start(announce, &announce->more, 0., MORE_INTERVAL);
	announce_changed(announce);
	if (!systemd->watchdog_us)
		return;
	interval = (double)systemd->watchdog_us / 1e6 / 2.;
	start(announce, &announce->watchdog, 0., interval);
}

void announce_changed(struct announce *announce)
{
	if (!ev_is_active(&announce->soon))
		start(announce, &announce->soon, SOON, 0.);
}

/* From now on processes alone are waited for. */
static void wait_for_processes(struct announce *announce)
{
	announce->waiting = false;
	announce->out_of_patience = false;
	start(announce, &announce->patience, ANNOUNCE_PATIENCE, 0.);
	announce_changed(announce);
}

void announce_started(struct announce *announce)
{
	announce->begun = true;
	wait_for_processes(announce);
}

void announce_reloading(struct announce *announce)
{
	announce->waiting = true;
	if (announce->phase == ANNOUNCE_STARTING || announce->phase == ANNOUNCE_STOPPING)
		return;
	announce->phase = ANNOUNCE_RELOADING;
	(void)say_reloading(announce);
	start(announce, &announce->more, 0., MORE_INTERVAL);
	announce_changed(announce);
}

void announce_reloaded(struct announce *announce, const char *failure)
{
	free(announce->trouble);
	announce->trouble = failure ? strndup(failure, strcspn(failure, "\n")) : NULL;
	wait_for_processes(announce);
}

void announce_restarting(struct announce *announce)
{
	announce_reloading(announce);
}

/* At once: the unit's time to stop runs from now on. */
void announce_stopping(struct announce *announce)
{
	if (announce->phase == ANNOUNCE_STOPPING)
		return;
	announce->phase = ANNOUNCE_STOPPING;
	(void)is_taken(systemd_send(announce->systemd, "STOPPING=1"));
	start(announce, &announce->more, 0., MORE_INTERVAL);
	announce_changed(announce);
}
