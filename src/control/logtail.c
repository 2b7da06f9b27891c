/* logtail.c - see logtail.h. */
#include "control/logtail.h"

#include "base/fd.h"
#include "base/util.h"
#include "control/control.h"
#include "control/exchange.h"
#include "control/link.h"
#include "control/namespec.h"
#include "control/routes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HEAD_BYTES 1024
#define LOOK_SECONDS .1
#define ASK_AGAIN 20 /* looks without news */
#define TRUNCATED "==> File truncated <==\n"

struct logtail {
	struct exchange *exchange;   /* borrowed */
	struct logtail *prev, *next; /* borrowed */
	char *name;                  /* owned; NULL: the main log */
	uint32_t channel;
	struct ask ask;
	bool asking;
	int fd;   /* owned; -1: not yet */
	int then; /* owned; another file that has taken its place; -1: none */
	off_t at;
	unsigned idle; /* looks without news */
};

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events);

void logtails_init(struct logtails *logtails, struct ev_loop *loop)
{
	logtails->loop = loop;
	ev_timer_init(&logtails->timer, on_timer, LOOK_SECONDS, LOOK_SECONDS);
}

void logtails_done(struct logtails *logtails)
{
	if (logtails->loop)
		ev_timer_stop(logtails->loop, &logtails->timer);
}

static void drop(struct exchange *exchange)
{
	struct logtail *tail = exchange->work;
	struct logtails *logtails = &exchange->control->logtails;

	link_cancel(&exchange->control->link, &tail->ask);
	if (tail->prev)
		tail->prev->next = tail->next;
	else
		logtails->first = tail->next;
	if (tail->next)
		tail->next->prev = tail->prev;
	if (--logtails->n == 0)
		ev_timer_stop(logtails->loop, &logtails->timer);
	fd_close(&tail->fd);
	fd_close(&tail->then);
	free(tail->name);
	free(tail);
	exchange->work = NULL;
	exchange->drop = NULL;
}

/* ---- the stream ---- */

static ssize_t read_stream(struct exchange *exchange, char *to, size_t max)
{
	struct logtail *tail = exchange->work;
	struct stat st;
	ssize_t n;

	if (!tail || fstat(tail->fd, &st) < 0)
		return -1;
	if (st.st_size < tail->at && max >= strlen(TRUNCATED)) {
		tail->at = 0;
		memcpy(to, TRUNCATED, strlen(TRUNCATED));
		return (ssize_t)strlen(TRUNCATED);
	}
	while ((n = pread(tail->fd, to, max, tail->at)) <= 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (tail->then < 0) {
			exchange_suspend(exchange);
			return 0;
		}
		fd_close(&tail->fd);
		tail->fd = tail->then;
		tail->then = -1;
		tail->at = 0;
	}
	tail->at += n;
	tail->idle = 0;
	return n;
}

static void begin_stream(struct logtail *tail, const struct stat *st)
{
	struct exchange *exchange = tail->exchange;
	char date[64];
	struct tm tm;

	tail->at = st->st_size > HEAD_BYTES ? st->st_size - HEAD_BYTES : 0;
	exchange_stream(exchange, "text/plain;charset=utf-8", read_stream);
	if (gmtime_r(&st->st_mtime, &tm) &&
	    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm))
		exchange_add(exchange, "Last-Modified", date);
	exchange_add(exchange, "X-Accel-Buffering", "no"); /* a proxy must not collect lines */
	exchange_add(exchange, "X-Content-Type-Options", "nosniff");
	exchange_send(exchange);
}

/* ---- the file ---- */

static void give_up(struct logtail *tail, const struct answer *answer)
{
	struct exchange *exchange = tail->exchange;
	bool absent = answer->fault == FAULT_BAD_NAME || answer->fault == FAULT_NO_FILE;

	drop(exchange);
	exchange_say(exchange, absent ? MHD_HTTP_NOT_FOUND : MHD_HTTP_SERVICE_UNAVAILABLE,
		     absent ? "there is no such log" : "the log cannot be opened now");
}

/* Whether another file has taken the place of the one that is open. */
static bool is_other(const struct logtail *tail, const struct stat *st)
{
	struct stat own;

	return fstat(tail->fd, &own) == 0 && (own.st_ino != st->st_ino || own.st_dev != st->st_dev);
}

static void on_open(struct ask *ask, struct answer *answer)
{
	struct logtail *tail = container_of(ask, struct logtail, ask);
	struct stat st;
	bool good = answer->fault == FAULT_NONE && answer->fd >= 0 && fstat(answer->fd, &st) == 0 &&
		    S_ISREG(st.st_mode);

	tail->asking = false;
	if (tail->fd < 0 && !good) {
		give_up(tail, answer);
	} else if (tail->fd < 0) {
		tail->fd = answer->fd;
		answer->fd = -1;
		begin_stream(tail, &st);
	} else if (good && is_other(tail, &st)) {
		fd_close(&tail->then);
		tail->then = answer->fd;
		answer->fd = -1;
		exchange_resume(tail->exchange);
	}
}

static int open_log(struct logtail *tail)
{
	struct control_request request = { .operation = CONTROL_LOG_OPEN,
					   .number = tail->channel,
					   .name = tail->name };

	tail->ask.done = on_open;
	tail->asking = true;
	return link_ask(&tail->exchange->control->link, &tail->ask, &request);
}

static void look(struct logtail *tail)
{
	struct stat st;

	if (tail->fd < 0 || !tail->exchange->suspended || fstat(tail->fd, &st) < 0)
		return;
	if (st.st_size != tail->at) {
		exchange_resume(tail->exchange);
		return;
	}
	if (!tail->asking && (++tail->idle % ASK_AGAIN == 0 || (!st.st_nlink && tail->idle == 1)))
		(void)open_log(tail);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct logtails *logtails = container_of(timer, struct logtails, timer);

	(void)loop;
	(void)events;
	for (struct logtail *tail = logtails->first; tail; tail = tail->next)
		look(tail);
}

/* ---- the routes ---- */

/* Takes name over. */
static void begin(struct exchange *exchange, char *name, uint32_t channel)
{
	struct logtails *logtails = &exchange->control->logtails;
	struct logtail *tail = logtails->n < LOGTAIL_MAX ? calloc(1, sizeof(*tail)) : NULL;

	if (!tail) {
		free(name);
		exchange_say(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "too many logs are followed");
		return;
	}
	*tail = (struct logtail){ .exchange = exchange, .name = name, .channel = channel };
	tail->fd = tail->then = -1;
	tail->next = logtails->first;
	if (tail->next)
		tail->next->prev = tail;
	logtails->first = tail;
	if (logtails->n++ == 0)
		ev_timer_again(logtails->loop, &logtails->timer);
	exchange->work = tail;
	exchange->drop = drop;
	if (open_log(tail) < 0) {
		drop(exchange);
		exchange_say(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
	}
}

void route_mainlogtail(struct exchange *exchange)
{
	begin(exchange, NULL, 0);
}

/* /logtail/NAME, /logtail/NAME/stdout, /logtail/NAME/stderr */
void route_logtail(struct exchange *exchange)
{
	const char *path = exchange->path + strlen("/logtail/");
	const char *slash = strchr(path, '/');
	const char *channel = slash ? slash + 1 : "stdout";
	bool is_out = strcmp(channel, "stdout") == 0, is_err = strcmp(channel, "stderr") == 0;
	char *name = strndup(path, slash ? (size_t)(slash - path) : strlen(path));
	size_t len;

	if (!name || namespec_is_group(name, &len) || !(is_out || is_err)) {
		free(name);
		exchange_say(exchange, MHD_HTTP_NOT_FOUND, "there is no such log");
		return;
	}
	begin(exchange, name, is_out ? 1 : 2);
}
