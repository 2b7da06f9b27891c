/* service.h - within the logger: everything that it has.
 * Runs in: logger. */
#ifndef LOGGER_SERVICE_H
#define LOGGER_SERVICE_H

#include "logger/datagrams.h"
#include "logger/jobs.h"
#include "logger/peek.h"
#include "logger/sink.h"
#include "logger/stream.h"
#include "logger/turns.h"
#include "logger/uplink.h"

struct service {
	struct ev_loop *loop; /* owned */
	struct uplink uplink;
	struct turns turns;
	struct peek peek;
	struct sinks sinks;
	struct datagrams syslog, journal;
	struct batch *spare; /* owned */
	struct stream_host host;
	struct stream *streams; /* owned: a list */
	struct jobs jobs;
	bool orphan;     /* the supervisor has gone */
	unsigned ending; /* streams that LOG_END waits for, and one */
};

struct stream *service_find(struct service *service, uint32_t id); /* NULL: none */
void service_remove(struct service *service, struct stream *stream);

/* Stops the loop if no supervisor and no pipe is left. */
void service_look_for_end(struct service *service);

#endif
