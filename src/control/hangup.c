/* hangup.c - see hangup.h. */
#include "control/hangup.h"

#include "base/fd.h"
#include "base/util.h"
#include "control/exchange.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

/* One event each: hanging up one exchange may free another's memory only through libmicrohttpd, and
 * that runs later; but then events that were fetched before would be stale. */
static void on_io(struct ev_loop *loop, ev_io *io, int events)
{
	struct hangup *hangup = container_of(io, struct hangup, io);
	struct epoll_event event;
	struct exchange *exchange;

	(void)loop;
	(void)events;
	if (epoll_wait(hangup->epoll, &event, 1, 0) != 1)
		return;
	exchange = event.data.ptr;
	/* A client may close its half of the connection and still read the answer, but not one that
	 * never ends.  A client that is not there at all resets the connection when we probe it. */
	if (event.events & (EPOLLHUP | EPOLLERR) || exchange->streams)
		exchange_hang_up(exchange);
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

void hangup_watch(struct hangup *hangup, struct exchange *exchange, int fd)
{
	struct epoll_event event = { .events = EPOLLRDHUP | EPOLLET, .data.ptr = exchange };

	if (epoll_ctl(hangup->epoll, EPOLL_CTL_ADD, fd, &event) < 0 && errno == EEXIST)
		(void)epoll_ctl(hangup->epoll, EPOLL_CTL_MOD, fd, &event);
}

void hangup_forget(struct hangup *hangup, int fd)
{
	(void)epoll_ctl(hangup->epoll, EPOLL_CTL_DEL, fd, NULL);
}
