/* event.c - see event.h. */
#include "supervisor/event.h"

#include "base/buf.h"
#include "supervisor/event_payload.h"

#include <stdlib.h>
#include <string.h>

struct event *event_new(enum event_type type, uint64_t serial, const struct buf *payload)
{
	struct event *event = payload->failed ? NULL : malloc(sizeof(*event) + payload->len);

	if (!event)
		return NULL;
	event->references = 1;
	event->type = type;
	event->serial = serial;
	event->len = payload->len;
	event->characters = payload_characters(buf_str(payload), payload->len);
	if (payload->len)
		memcpy(event->payload, payload->data, payload->len);
	return event;
}

struct event *event_ref(struct event *event)
{
	event->references++;
	return event;
}

void event_unref(struct event *event)
{
	if (event && --event->references == 0)
		free(event);
}
