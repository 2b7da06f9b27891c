/* hangup.c - see hangup.h. */
#include "control/hangup.h"

#include "base/fd.h"
#include "base/util.h"
#include "control/server.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

/* One event each: what is done about it may end other clients, and events of theirs that were
 * fetched before would be stale. */
static void on_io(struct ev_loop *loop, ev_io *io, int events)
{
	struct hangup *hangup = container_of(io, struct hangup, io);
	struct epoll_event event;

	(void)loop;
	(void)events;
	if (epoll_wait(hangup->epoll, &event, 1, 0) == 1)
		client_hung_up(event.data.ptr, event.events & (EPOLLHUP | EPOLLERR));
}

int hangup_init(struct hangup *hangup, struct ev_loop *loop)
{
	hangup->loop = loop;
	hangup->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (hangup->epoll < 0)
		return -errno;
	ev_io_init(&hangup->io, on_io, hangup->epoll, EV_READ);
	ev_io_start(loop, &hangup->io);
	return 0;
}

void hangup_done(struct hangup *hangup)
{
	if (!hangup->loop)
		return;
	ev_io_stop(hangup->loop, &hangup->io);
	fd_close(&hangup->epoll);
}

void hangup_watch(struct hangup *hangup, struct client *client)
{
	struct epoll_event event = { .events = EPOLLRDHUP | EPOLLET, .data.ptr = client };

	if (epoll_ctl(hangup->epoll, EPOLL_CTL_ADD, client->fd, &event) < 0 && errno == EEXIST)
		(void)epoll_ctl(hangup->epoll, EPOLL_CTL_MOD, client->fd, &event);
}

void hangup_forget(struct hangup *hangup, const struct client *client)
{
	(void)epoll_ctl(hangup->epoll, EPOLL_CTL_DEL, client->fd, NULL);
}
