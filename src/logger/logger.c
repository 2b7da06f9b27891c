/* logger.c - the loop, and what ties its parts together.  See logger.h. */
#include "logger/logger.h"

#include "base/fd.h"
#include "base/util.h"
#include "logger/batch.h"
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

static void wake_all(struct service *service)
{
	for (struct stream *stream = service->streams; stream; stream = stream->next)
		turns_wake(&service->turns, &stream->turn);
}

static void drained(struct uplink *uplink)
{
	wake_all(container_of(uplink, struct service, uplink));
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

static void syslog_resumed(struct datagrams *d)
{
	wake_all(container_of(d, struct service, syslog));
}

static void journal_resumed(struct datagrams *d)
{
	wake_all(container_of(d, struct service, journal));
}

static void syslog_note(struct datagrams *d, int level, const char *text)
{
	uplink_note(&container_of(d, struct service, syslog)->uplink, (enum log_level)level, "%s",
		    text);
}

static void journal_note(struct datagrams *d, int level, const char *text)
{
	uplink_note(&container_of(d, struct service, journal)->uplink, (enum log_level)level, "%s",
		    text);
}

static void init_datagrams(struct service *service, const struct logger_paths *paths)
{
	static const struct logger_paths defaults = { "/dev/log", "/run/systemd/journal/socket" };

	if (!paths)
		paths = &defaults;
	service->syslog.path = paths->syslog;
	service->syslog.resumed = syslog_resumed;
	service->syslog.note = syslog_note;
	datagrams_init(&service->syslog, service->loop);
	service->journal.path = paths->journal;
	service->journal.resumed = journal_resumed;
	service->journal.note = journal_note;
	datagrams_init(&service->journal, service->loop);
}

static int start(struct service *service, int channel)
{
	int r;

	service->host = (struct stream_host){
		.loop = service->loop,
		.turns = &service->turns,
		.uplink = &service->uplink,
		.peek = &service->peek,
		.sinks = &service->sinks,
		.syslog = &service->syslog,
		.journal = &service->journal,
		.spare = &service->spare,
	};
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

int logger_run(int channel, const struct logger_paths *paths)
{
	struct service service = { .turns.epoll = -1 };
	int r;

	service.loop = ev_loop_new(EVFLAG_NOENV);
	if (!service.loop) {
		fd_close(&channel);
		return -ENOMEM;
	}
	init_datagrams(&service, paths);
	r = start(&service, channel);
	if (r == 0)
		ev_run(service.loop, 0);
	uplink_flush(&service.uplink, FLUSH_MS);
	jobs_done(&service.jobs);
	while (service.streams)
		service_remove(&service, service.streams);
	batch_free(service.spare);
	sinks_done(&service.sinks);
	datagrams_done(&service.syslog);
	datagrams_done(&service.journal);
	uplink_done(&service.uplink);
	turns_done(&service.turns);
	peek_done(&service.peek);
	ev_loop_destroy(service.loop);
	return r;
}
