/* turns.c - see turns.h. */
#include "logger/turns.h"

#include "base/fd.h"
#include "base/util.h"

#include <errno.h>
#include <sys/epoll.h>

#define EVENTS_MAX 64
#define PAUSE_MIN 0.0001 /* seconds: shorter ones are not worth a timer */
#define PAUSE_MAX 0.002
#define LITTLE ((size_t)4 << 10) /* bytes: the pause could be longer */
#define MUCH ((size_t)16 << 10)  /* it must be shorter: a pipe holds 64 KiB */

static void set_pause(struct turns *turns, double seconds)
{
	if (seconds == turns->pause)
		return;
	turns->pause = seconds;
	ev_set_io_collect_interval(turns->loop, seconds);
}

/* libev waits only if the last round was less than the interval ago. */
static void adapt_pause(struct turns *turns)
{
	double pause = turns->pause;

	if (turns->most > MUCH)
		pause = pause / 2 < PAUSE_MIN ? 0 : pause / 2;
	else if (turns->most > 0 && turns->most < LITTLE)
		pause = pause < PAUSE_MIN ? PAUSE_MIN : pause * 2;
	set_pause(turns, pause > PAUSE_MAX ? PAUSE_MAX : pause);
	turns->most = 0;
}

void turns_found(struct turns *turns, size_t n)
{
	if (n > turns->most)
		turns->most = n;
}

void turns_hurry(struct turns *turns)
{
	set_pause(turns, 0);
}

static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
	struct turns *turns = container_of(io, struct turns, io);
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(turns->epoll, events, EVENTS_MAX, 0);

	(void)loop;
	(void)revents;
	for (int i = 0; i < n; i++)
		turns_wake(turns, events[i].data.ptr);
}

/* Runs once in each round of the loop while there is something to do; other events are seen in
 * between. */
static void on_more(struct ev_loop *loop, ev_idle *more, int revents)
{
	struct turns *turns = container_of(more, struct turns, more);
	size_t n = turns->n;

	(void)loop;
	(void)revents;
	for (; n > 0 && turns->first; n--) {
		struct turn *turn = turns->first;

		turns_remove(turns, turn, -1);
		turns->take(turn); /* it may be gone afterwards */
	}
	adapt_pause(turns);
	if (!turns->first)
		ev_idle_stop(turns->loop, &turns->more);
}

int turns_init(struct turns *turns, struct ev_loop *loop, void (*take)(struct turn *))
{
	turns->loop = loop;
	turns->take = take;
	turns->last = &turns->first;
	ev_idle_init(&turns->more, on_more);
	ev_set_priority(&turns->more, EV_MAXPRI);
	turns->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (turns->epoll < 0)
		return -errno;
	ev_io_init(&turns->io, on_io, turns->epoll, EV_READ);
	ev_io_start(loop, &turns->io);
	return 0;
}

void turns_done(struct turns *turns)
{
	ev_io_stop(turns->loop, &turns->io);
	ev_idle_stop(turns->loop, &turns->more);
	fd_close(&turns->epoll);
}

int turns_add(struct turns *turns, struct turn *turn, int pipe)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = turn };

	if (epoll_ctl(turns->epoll, EPOLL_CTL_ADD, pipe, &event) < 0)
		return -errno;
	turns_wake(turns, turn);
	return 0;
}

void turns_remove(struct turns *turns, struct turn *turn, int pipe)
{
	struct turn **at = &turns->first;

	/* The supervisor has the same file description: closing our fd would not be enough. */
	if (pipe >= 0)
		(void)epoll_ctl(turns->epoll, EPOLL_CTL_DEL, pipe, NULL);
	if (!turn->queued)
		return;
	while (*at != turn)
		at = &(*at)->next;
	*at = turn->next;
	if (!*at)
		turns->last = at;
	turn->queued = false;
	turns->n--;
}

void turns_wake(struct turns *turns, struct turn *turn)
{
	if (turn->queued)
		return;
	turn->queued = true;
	turn->next = NULL;
	*turns->last = turn;
	turns->last = &turn->next;
	turns->n++;
	ev_idle_start(turns->loop, &turns->more);
}
