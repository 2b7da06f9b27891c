/* jobs.h - requests that wait until what is in a pipe has been written.
 * Runs in: logger. */
#ifndef LOGGER_JOBS_H
#define LOGGER_JOBS_H

#include "logger/stream.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

struct job;
struct service;

struct jobs {
	struct service *service; /* borrowed */
	struct job *first;       /* owned: a list, oldest first */
	size_t n;
	ev_timer deadline;
};

/* What is done in the end.  `late`: a sink took too long, and not all is written; stream NULL: it
 * has been removed. */
typedef void job_act(struct service *service, struct stream *stream, uint32_t id, uint32_t arg,
		     bool late);

void jobs_init(struct jobs *jobs, struct service *service);
void jobs_done(struct jobs *jobs); /* forgets them */

/* Does it when all that is in the stream's pipe now is written, mostly at once; after what was
 * asked for earlier; and in any case when JOBS_SECONDS have passed. */
void jobs_add(struct jobs *jobs, struct stream *stream, job_act *act, uint32_t id, uint32_t arg);
#define JOBS_SECONDS 5.0

/* The stream has come on, and stopped like this.  It may be gone afterwards. */
void jobs_look(struct jobs *jobs, struct stream *stream, enum stream_step step);

/* The stream is about to go. */
void jobs_forget(struct jobs *jobs, struct stream *stream);

#endif
