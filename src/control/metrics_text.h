/* metrics_text.h - the supervisor's answer to CONTROL_METRICS, as text for Prometheus.
 * Runs in: control.  Pure. */
#ifndef CONTROL_METRICS_TEXT_H
#define CONTROL_METRICS_TEXT_H

#include <stdint.h>

struct buf;
struct unpack;

/* Answers by HTTP status. */
#define METRICS_STATUS_MIN 100
#define METRICS_STATUS_MAX 599
struct metrics_http {
	uint64_t answers[METRICS_STATUS_MAX - METRICS_STATUS_MIN + 1];
};

void metrics_http_count(struct metrics_http *http, unsigned status);

/* Appends everything.  0; -EPROTO if the answer is malformed, or -ENOMEM. */
int metrics_text(struct buf *to, struct unpack *answer, const struct metrics_http *http);

#endif
