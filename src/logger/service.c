/* service.c - see service.h. */
#include "logger/service.h"

#include <ev.h>

struct stream *service_find(struct service *service, uint32_t id)
{
	struct stream *stream = service->streams;

	while (stream && stream->config.id != id)
		stream = stream->next;
	return stream;
}

void service_remove(struct service *service, struct stream *stream)
{
	struct stream **at = &service->streams;

	jobs_forget(&service->jobs, stream);
	while (*at != stream)
		at = &(*at)->next;
	*at = stream->next;
	stream_free(stream);
}

void service_look_for_end(struct service *service)
{
	if (!service->orphan)
		return;
	for (struct stream *stream = service->streams; stream; stream = stream->next)
		if (stream->pipe >= 0)
			return;
	ev_break(service->loop, EVBREAK_ALL);
}
