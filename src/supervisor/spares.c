/* spares.c - see spares.h. */
#include "supervisor/spares.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "ipc/channel.h"
#include "ipc/messages.h"
#include "supervisor/zygote_link.h"
#include "supervisor/zygote_queue.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

/* So many that have died without being used, one after the other, are enough: until the next worker
 * has been forked, or the zygote starts anew. */
#define SPARES_WASTED_MAX 5

static void unlink_spare(struct spare *spare)
{
	struct spare **at = &spare->link->spares;

	while (*at != spare)
		at = &(*at)->next;
	*at = spare->next;
	fd_close(&spare->channel);
	free(spare);
}

/* It has not run a line of the application, so there is nothing that it would clean up. */
static void end_spare(struct spare *spare)
{
	fd_close(&spare->channel);
	if (spare->watch.pid)
		kill(spare->watch.pid, SIGKILL);
}

static void count_wasted(struct zygote_link *link)
{
	if (++link->wasted_spares == SPARES_WASTED_MAX)
		log_warn("zygote '%s': spare workers die one after the other, so there are none "
			 "for now",
			 link->config->name);
}

static void on_dead(struct reaper_watch *watch, int status)
{
	struct spare *spare = container_of(watch, struct spare, watch);
	struct zygote_link *link = spare->link;
	bool wanted = spare->channel >= 0;

	(void)status;
	unlink_spare(spare);
	if (wanted)
		count_wasted(link);
	if (link->leaving && !link->spares)
		link->host->stopped(link->host, link);
	else if (!link->leaving)
		zygote_queue_flush(link); /* another takes its place */
}

/* Those that are on their way, too. */
static unsigned count(const struct zygote_link *link)
{
	unsigned n = 0;

	for (const struct spare *at = link->spares; at; at = at->next)
		n += at->channel >= 0;
	return n;
}

static bool is_asked(const struct zygote_link *link)
{
	for (const struct spare *at = link->spares; at; at = at->next)
		if (at->id)
			return true;
	return false;
}

static struct spare *new_spare(struct zygote_link *link, int channel)
{
	struct spare *spare = calloc(1, sizeof(*spare));

	if (!spare)
		return NULL;
	spare->link = link;
	spare->watch.dead = on_dead;
	spare->id = ++link->last_id ? link->last_id : ++link->last_id;
	spare->channel = channel;
	spare->next = link->spares;
	link->spares = spare;
	return spare;
}

int spares_ask(struct zygote_link *link)
{
	struct spare *spare;
	int ends[2], r;

	if (count(link) >= link->spares_wanted || is_asked(link) ||
	    link->wasted_spares >= SPARES_WASTED_MAX)
		return 0;
	r = channel_pair(ends);
	if (r < 0)
		return 0; /* no fd: the next worker comes from the zygote, as others do */
	spare = new_spare(link, ends[0]);
	if (!spare) {
		fd_close(&ends[0]);
		fd_close(&ends[1]);
		return 0;
	}
	r = channel_send(link->channel, MESSAGE_SPARE, spare->id, "", 0, &ends[1], 1);
	fd_close(&ends[1]);
	if (r < 0)
		unlink_spare(spare);
	return r < 0 ? r : 1;
}

bool spares_answer(struct zygote_link *link, uint32_t id, const struct spawn_reply *reply)
{
	struct spare *spare = link->spares;
	int status;

	while (spare && spare->id != id)
		spare = spare->next;
	if (!spare || !id)
		return false;
	spare->id = 0;
	if (reply->pid <= 0 ||
	    reaper_watch(link->host->reaper, &spare->watch, reply->pid, &status) < 0) {
		count_wasted(link);
		unlink_spare(spare);
	}
	return true;
}

static struct spare *find_waiting(const struct zygote_link *link)
{
	struct spare *spare = link->spares;

	while (spare && (spare->id || spare->channel < 0))
		spare = spare->next;
	return spare;
}

unsigned spares_waiting(const struct zygote_link *link)
{
	unsigned n = 0;

	for (const struct spare *at = link->spares; at; at = at->next)
		n += !at->id && at->channel >= 0;
	return n;
}

pid_t spares_use(struct zygote_link *link, const struct buf *body, const int *fds, size_t nfds)
{
	struct spare *spare;

	while ((spare = find_waiting(link))) {
		pid_t pid = spare->watch.pid;
		int r = channel_send(spare->channel, MESSAGE_SPAWN, 1, body->data, body->len, fds,
				     nfds);

		if (r == 0) {
			reaper_unwatch(link->host->reaper, &spare->watch);
			unlink_spare(spare);
			link->wasted_spares = 0;
			return pid;
		}
		log_debug("zygote '%s': a spare worker (%d) cannot be used: %d", link->config->name,
			  (int)pid, -r);
		end_spare(spare);
	}
	return 0;
}

void spares_forget_asked(struct zygote_link *link)
{
	struct spare *next;

	for (struct spare *at = link->spares; at; at = next) {
		next = at->next;
		if (at->id)
			unlink_spare(at);
	}
}

void spares_want(struct zygote_link *link, unsigned n)
{
	struct spare *surplus;

	link->spares_wanted = n;
	while (count(link) > n && (surplus = find_waiting(link)))
		end_spare(surplus);
}

void spares_dismiss(struct zygote_link *link)
{
	for (struct spare *at = link->spares; at; at = at->next)
		end_spare(at);
	spares_forget_asked(link);
	link->wasted_spares = 0;
}

bool spares_are_down(const struct zygote_link *link)
{
	return !link->spares;
}

void spares_done(struct zygote_link *link)
{
	while (link->spares) {
		reaper_unwatch(link->host->reaper, &link->spares->watch);
		unlink_spare(link->spares);
	}
}
