/* rollout_follow.c - see rollout_follow.h. */
#include "ctl/rollout_follow.h"

#include "base/buf.h"
#include "ctl/ctl.h"
#include "ctl/interrupt.h"
#include "ctl/rollout_view.h"
#include "rpc/value.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define POLL_MS 200
#define FAILURES_MAX 25 /* in a row: a control process that has died is back by then */
#define WIDTH 80        /* of a terminal that does not say */
#define ERASE "\r\033[K"

struct followed {
	int64_t id;
	struct rollout_view view;
	struct rpc_value *now; /* owned; as it was last told; NULL: not yet */
	bool ended;
};

struct follower {
	struct ctl *ctl;      /* borrowed */
	struct followed *all; /* owned */
	size_t n, left;       /* left: have not ended */
	bool live;            /* stdout is a terminal that can erase a line */
	bool shown;           /* there is a progress line */
	bool good;
	bool lost; /* the supervisor says nothing more */
	unsigned failures;
};

/* ---- output ---- */

static bool is_live(const struct ctl *ctl)
{
	const char *term = getenv("TERM");

	return !ctl->json && isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

static size_t width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return WIDTH;
	return size.ws_col;
}

static void erase(struct follower *follower)
{
	if (follower->shown)
		fputs(ERASE, stdout);
	follower->shown = false;
}

static void say(struct follower *follower, const struct buf *lines)
{
	FILE *to = follower->ctl->json ? stderr : stdout;

	erase(follower);
	fputs(buf_str(lines), to);
	(void)ctl_push(to);
}

/* Of several, the one that is under way and has begun first. */
static const struct rpc_value *current(const struct follower *follower)
{
	const struct rpc_value *found = NULL;

	for (size_t i = 0; i < follower->n; i++) {
		const struct followed *at = &follower->all[i];

		if (at->ended || !at->now)
			continue;
		if (strcmp(rpc_member_text(at->now, "phase", ""), "queued") != 0)
			return at->now;
		if (!found)
			found = at->now;
	}
	return found;
}

/* One column stays free: a full line could wrap, and then be more than one to erase. */
static void draw(struct follower *follower)
{
	const struct rpc_value *rollout = current(follower);
	struct buf line = { 0 }, cut = { 0 };

	if (!follower->live || !rollout)
		return;
	rollout_progress(&line, rollout);
	if (follower->left > 1)
		buf_printf(&line, "; %zu more", follower->left - 1);
	rollout_cut(&cut, buf_str(&line), width() - 1);
	printf(ERASE "%s", buf_str(&cut));
	(void)ctl_push(stdout);
	follower->shown = true;
	buf_done(&line);
	buf_done(&cut);
}

/* ---- asking ---- */

/* `reload web tasks`, two programs of one zygote: the second one is what became of the first. */
static bool goes_on(const struct follower *follower, const struct followed *followed)
{
	return rollout_is_superseded(followed->now) && followed != &follower->all[follower->n - 1];
}

static void settle(struct follower *follower, struct followed *followed, struct buf *lines)
{
	followed->ended = true;
	follower->left--;
	follower->good =
		follower->good && (rollout_is_done(followed->now) || goes_on(follower, followed));
	rollout_verdict(lines, followed->now);
	buf_addch(lines, '\n');
	ctl_collect(follower->ctl, followed->now, NULL, NULL);
}

static void take(struct follower *follower, struct followed *followed, struct rpc_value *rollout)
{
	struct buf lines = { 0 };

	rpc_free(followed->now);
	followed->now = rollout;
	follower->failures = 0;
	rollout_view_news(&followed->view, rollout, &lines);
	if (rollout_has_ended(rollout))
		settle(follower, followed, &lines);
	if (lines.len)
		say(follower, &lines);
	buf_done(&lines);
}

/* A fault is final; the rest may be a control process that is just being started again. */
static void ask(struct follower *follower, struct followed *followed)
{
	struct rpc_value *rollout;
	enum client_outcome outcome =
		client_call(&follower->ctl->client, &rollout, "forkserver.rollout",
			    rpc_new_int(followed->id), NULL);

	if (outcome == CLIENT_OK) {
		take(follower, followed, rollout);
		return;
	}
	if (outcome != CLIENT_FAULT && outcome != CLIENT_UNAUTHORIZED &&
	    ++follower->failures < FAILURES_MAX)
		return;
	erase(follower);
	ctl_failed(follower->ctl, outcome);
	follower->lost = true;
}

static void ask_all(struct follower *follower)
{
	for (size_t i = 0; i < follower->n && !follower->lost && !interrupt_came(); i++)
		if (!follower->all[i].ended)
			ask(follower, &follower->all[i]);
}

static void watch(struct follower *follower)
{
	struct sigaction before;

	interrupt_catch(&before);
	for (;;) {
		ask_all(follower);
		if (!follower->left || follower->lost || interrupt_came())
			break;
		draw(follower);
		(void)poll(NULL, 0, POLL_MS);
	}
	interrupt_release(&before);
	erase(follower);
	(void)ctl_push(stdout);
}

/* They were begun, and that nobody watches changes nothing. */
static void say_rest(struct follower *follower)
{
	for (size_t i = 0; i < follower->n; i++) {
		const struct followed *at = &follower->all[i];

		if (!at->ended)
			ctl_say(follower->ctl,
				"%sreload %" PRId64 " goes on: \"history %" PRId64
				"\" tells how it ends",
				interrupt_came() ? "stopped watching; " : "", at->id, at->id);
	}
}

bool rollout_follow(struct ctl *ctl, const int64_t *ids, size_t n)
{
	struct follower follower = { .ctl = ctl, .n = n, .left = n, .good = true };

	follower.live = is_live(ctl);
	follower.all = calloc(n + 1, sizeof(*follower.all));
	if (!follower.all) {
		ctl_say(ctl, "ERROR: out of memory");
		ctl->status = CTL_GENERIC;
		return false;
	}
	for (size_t i = 0; i < follower.n; i++)
		follower.all[i].id = ids[i];
	watch(&follower);
	say_rest(&follower);
	for (size_t i = 0; i < follower.n; i++) {
		rollout_view_done(&follower.all[i].view);
		rpc_free(follower.all[i].now);
	}
	free(follower.all);
	if (follower.good && !follower.left)
		return true;
	ctl->status = CTL_GENERIC;
	return false;
}
