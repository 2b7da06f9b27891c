/* process_notify.c - what a process says of itself by sd_notify(3).  See vitals.h and process.h.
 *
 * A message changes nothing but the state of the process whose socket it came to, and comes from
 * the process itself, or from one of its process group or session, which its pid shows.  Of a
 * sender that has exited already nothing is left but its user: it must be one who could send the
 * process a signal as well, that is root, ours or its own. */
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "ipc/notify_socket.h"
#include "supervisor/notify_message.h"
#include "supervisor/process.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TURN_MAX 32    /* messages that are read before others get their turn */
#define QUEUE_MAX 1024 /* more than the kernel keeps, net.unix.max_dgram_qlen */
#define BUDGET_MAX 200.
#define BUDGET_PER_SECOND 100.
#define EXTEND_FACTOR 10. /* a deadline of ours is put off at most to ten times what it was */

/* ---- who it is from ---- */

static bool is_its_user(const struct process *process, uid_t uid)
{
	const struct user *user = &process->user;

	if (!user->name && process->zygote)
		user = &process->zygote->user;
	return uid == 0 || uid == geteuid() || (user->name && uid == user->uid);
}

static bool is_from(const struct process *process, const struct notify_sender *sender)
{
	pid_t group;

	if (!process->pid || sender->pid <= 0)
		return false;
	if (sender->pid == process->pid)
		return true;
	group = getpgid(sender->pid);
	if (group < 0)
		return errno == ESRCH && is_its_user(process, sender->uid);
	return group == process->pid || getsid(sender->pid) == process->pid;
}

/* ---- what it means ---- */

/* Puts the deadline that it has off, to `seconds` from now. */
static void extend(struct process *process, double seconds)
{
	struct ev_loop *loop = process->host->loop;
	double most = process->vitals->extended_until - ev_now(loop);

	if (!ev_is_active(&process->timer) || process_is_unfit(process))
		return;
	if (process->state != PROCESS_STOPPING &&
	    (process->state != PROCESS_STARTING || !process->config->ready.kind))
		return;
	seconds = seconds < most ? seconds : most;
	if (seconds <= ev_timer_remaining(loop, &process->timer))
		return;
	log_debug("%s: has %.1f s from now, as it asked for", process->config->name, seconds);
	ev_timer_stop(loop, &process->timer);
	ev_timer_set(&process->timer, seconds, 0.);
	ev_timer_start(loop, &process->timer);
}

void process_notify_extensible(struct process *process, unsigned seconds)
{
	ev_now_update(process->host->loop);
	if (!process->vitals)
		return;
	process->vitals->extended_until = ev_now(process->host->loop) + EXTEND_FACTOR * seconds;
}

/* RELOADING=1 needs nothing of us: it counts as ready until it says otherwise. */
static void apply(struct process *process, const struct notify_message *message)
{
	if (message->has_status)
		memcpy(process->vitals->said, message->status, sizeof(message->status));
	if (message->extend_us)
		extend(process, (double)message->extend_us / 1e6);
	if (message->ready && process->config->ready.kind == PROBE_NOTIFY)
		process_is_ready(process);
	if (message->alive)
		process_vitals_alive(process);
	if (message->stopping)
		process_vitals_leaves(process);
	if (message->sick && process->program->watchdogsecs && process->state == PROCESS_RUNNING &&
	    !process_is_unfit(process))
		process_hangs(process, "unhealthy: it says so itself (WATCHDOG=trigger)");
}

static void ignore(struct process *process, const struct notify_sender *sender, const char *why)
{
	process->vitals->ignored++;
	log_debug("%s: a notification of pid %d, uid %u is ignored: %s (%lu so far)",
		  process->config->name, (int)sender->pid, (unsigned)sender->uid, why,
		  process->vitals->ignored);
}

static void take(struct process *process, const char *data, ssize_t len,
		 const struct notify_sender *sender)
{
	struct notify_message message;

	if (len == -EMSGSIZE)
		ignore(process, sender, "it is too long");
	else if (len < 0)
		ignore(process, sender, "its sender is not known");
	else if (!is_from(process, sender))
		ignore(process, sender, "it is not of this process or its group");
	else if (notify_message_parse(data, (size_t)len, &message) < 0)
		ignore(process, sender, "there is a NUL in it");
	else
		apply(process, &message);
}

/* ---- reading ---- */

/* The next one, if it is there. */
static bool read_one(struct process *process)
{
	struct notify_sender sender = { 0, (uid_t)-1 };
	char data[NOTIFY_DATAGRAM_MAX];
	ssize_t n = notify_socket_receive(process->vitals->socket, data, &sender);

	if (n < 0 && n != -EMSGSIZE && n != -ENODATA)
		return false;
	take(process, data, n, &sender);
	return true;
}

void process_notify_read(struct process *process)
{
	if (!process->vitals || process->vitals->socket < 0)
		return;
	for (int i = 0; i < QUEUE_MAX; i++)
		if (!read_one(process))
			return;
}

/* Whoever sends more than anybody needs waits, as its queue is full. */
static void on_heard(struct ev_loop *loop, ev_io *heard, int events)
{
	struct vitals *vitals = container_of(heard, struct vitals, heard);
	struct process *process = vitals->process;

	(void)events;
	ev_now_update(loop);
	for (int i = 0; i < TURN_MAX; i++) {
		double wait;

		if (!read_one(process))
			return;
		wait = budget_spend(&vitals->budget, BUDGET_MAX, BUDGET_PER_SECOND, ev_now(loop));
		if (wait <= 0.)
			continue;
		if (!vitals->slowed)
			log_warn("%s: sends too many notifications; %d a second are read",
				 process->config->name, (int)BUDGET_PER_SECOND);
		vitals->slowed = true;
		ev_io_stop(loop, heard);
		ev_timer_set(&vitals->rest, wait, 0.);
		ev_timer_start(loop, &vitals->rest);
		return;
	}
}

static void on_rest(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct vitals *vitals = container_of(timer, struct vitals, rest);

	(void)events;
	ev_io_start(loop, &vitals->heard);
}

/* ---- beginning and end ---- */

int process_notify_open(struct process *process, struct error *err)
{
	struct vitals *vitals = process->vitals;
	int fd;

	if (process->config->ready.kind != PROBE_NOTIFY && !process->program->watchdogsecs)
		return 0;
	fd = notify_socket_open(vitals->address);
	if (fd < 0)
		return error_set(err, "cannot make a socket for its notifications: %s",
				 strerror(-fd));
	vitals->socket = fd;
	ev_init(&vitals->rest, on_rest);
	ev_io_init(&vitals->heard, on_heard, fd, EV_READ);
	ev_io_start(process->host->loop, &vitals->heard);
	return 0;
}

const char *process_notify_address(const struct process *process)
{
	const struct vitals *vitals = process->vitals;

	return vitals && vitals->socket >= 0 ? vitals->address : NULL;
}

void process_notify_close(struct process *process)
{
	struct vitals *vitals = process->vitals;

	if (vitals->socket < 0)
		return;
	ev_io_stop(process->host->loop, &vitals->heard);
	ev_timer_stop(process->host->loop, &vitals->rest);
	fd_close(&vitals->socket);
}

void process_notify_begin(struct process *process)
{
	process_notify_read(process); /* nobody has a pid, so all of it is ignored */
	if (!process->vitals)
		return;
	process->vitals->said[0] = '\0';
	process->vitals->leaving = false;
}
