/* logger.c - the loop, and what ties its parts together.  See logger.h. */
#include "logger/logger.h"

#include "base/fd.h"
#include "base/util.h"
#include "ipc/channel.h"
#include "logger/jobs.h"
#include "logger/requests.h"
#include "logger/service.h"

#include <errno.h>
#include <ev.h>
#include <string.h>

#define FLUSH_MS 2000 /* for the last answers */

static void take_turn(struct turn *turn)
{
	struct stream *stream = container_of(turn, struct stream, turn);
	struct service *service = container_of(stream->host, struct service, host);
	enum stream_step step = stream_turn(stream);

	jobs_look(&service->jobs, stream, step);
	if (step == STREAM_ENDED && service->orphan)
		service_look_for_end(service);
}

static void resumed(struct sinks *sinks, struct sink *sink)
{
	struct service *service = container_of(sinks, struct service, sinks);

	for (struct stream *stream = service->streams; stream; stream = stream->next)
		if (stream->sink == sink)
			turns_wake(&service->turns, &stream->turn);
}

static void note(struct sinks *sinks, int level, const char *text)
{
	struct service *service = container_of(sinks, struct service, sinks);

	uplink_note(&service->uplink, (enum log_level)level, "%s", text);
}

static void drained(struct uplink *uplink)
{
	struct service *service = container_of(uplink, struct service, uplink);

	for (struct stream *stream = service->streams; stream; stream = stream->next)
		turns_wake(&service->turns, &stream->turn);
}

static void received(struct uplink *uplink, struct message *msg)
{
	struct service *service = container_of(uplink, struct service, uplink);

	turns_hurry(&service->turns);
	requests_take(service, msg);
}

/* The supervisor has died without a LOG_END: its programs may still write. */
static void orphaned(struct uplink *uplink)
{
	struct service *service = container_of(uplink, struct service, uplink);

	service->orphan = true;
	service_look_for_end(service);
	drained(uplink); /* events have nowhere to go any more */
}

static int start(struct service *service, int channel)
{
	int r;

	service->host = (struct stream_host){ service->loop, &service->turns, &service->uplink,
					      &service->peek, &service->sinks };
	service->sinks.resumed = resumed;
	service->sinks.note = note;
	sinks_init(&service->sinks, service->loop);
	jobs_init(&service->jobs, service);
	service->uplink.received = received;
	service->uplink.drained = drained;
	service->uplink.ended = orphaned;
	r = peek_init(&service->peek);
	if (r == 0)
		r = turns_init(&service->turns, service->loop, take_turn);
	if (r == 0)
		r = uplink_init(&service->uplink, service->loop, channel);
	return r;
}

int logger_run(int channel)
{
	struct service service = { .turns.epoll = -1 };
	int r;

	service.loop = ev_loop_new(EVFLAG_NOENV);
	if (!service.loop) {
		fd_close(&channel);
		return -ENOMEM;
	}
	r = start(&service, channel);
	if (r == 0)
		ev_run(service.loop, 0);
	uplink_flush(&service.uplink, FLUSH_MS);
	jobs_done(&service.jobs);
	while (service.streams)
		service_remove(&service, service.streams);
	sinks_done(&service.sinks);
	uplink_done(&service.uplink);
	turns_done(&service.turns);
	peek_done(&service.peek);
	ev_loop_destroy(service.loop);
	return r;
}
