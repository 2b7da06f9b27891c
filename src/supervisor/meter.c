/* meter.c - see meter.h. */
#include "supervisor/meter.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "supervisor/launch_child.h"
#include "supervisor/logs.h"
#include "supervisor/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUND_MS 5000  /* between the beginnings of two rounds, at least */
#define LOGS_MS 1000   /* between two questions to the logger */
#define STUCK_MS 10000 /* without an answer */
#define LOOK_SECONDS 1.
#define PAUSE_SECONDS .005 /* between two processes, at least; */
#define PAUSE_FACTOR 9.    /* and for each second that the last one took: a tenth of a CPU */
#define RESTART_SECONDS 5.

/* The child's answer to a pid. */
struct answer {
	pid_t pid;
	int error; /* 0 or -errno */
	struct memory memory;
};

/* ---- the child ---- */

/* Has all its signals blocked: it ends with us.  It holds none of our fds but this one, so that no
 * pipe or socket is open for longer than we want it to. */
static void __attribute__((noreturn)) measure_for_ever(int channel)
{
	struct answer answer;
	pid_t pid;

	(void)prctl(PR_SET_NAME, "forkserver-meter");
	if (dup2(channel, 0) < 0 || launch_close_from(1) < 0)
		_exit(1);
	while (recv(0, &pid, sizeof(pid), 0) == sizeof(pid)) {
		memset(&answer, 0, sizeof(answer)); /* holes too: they are sent */
		answer.pid = pid;
		answer.error = memory_read(pid, &answer.memory);
		if (send(0, &answer, sizeof(answer), MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(0);
}

/* 0 or -errno. */
static int start(struct meter *meter)
{
	sigset_t all, before;
	int ends[2], status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		measure_for_ever(ends[1]);
	sigprocmask(SIG_SETMASK, &before, NULL);
	fd_close(&ends[1]);
	if (pid < 0) {
		int r = -errno;

		fd_close(&ends[0]);
		return r;
	}
	(void)fd_nonblock(ends[0], 1);
	meter->pid = pid;
	meter->channel = ends[0];
	ev_io_set(&meter->input, ends[0], EV_READ);
	ev_io_start(meter->loop, &meter->input);
	/* it is our child and was not reaped since: this cannot fail */
	(void)reaper_watch(meter->reaper, &meter->watch, pid, &status);
	log_debug("meter: started with pid %d", (int)pid);
	return 0;
}

/* ---- whose turn it is ---- */

static void schedule(struct meter *meter, double seconds)
{
	ev_timer_stop(meter->loop, &meter->timer);
	ev_now_update(meter->loop);
	ev_timer_set(&meter->timer, seconds, 0.);
	ev_timer_start(meter->loop, &meter->timer);
}

/* That is how it is told to end. */
static void close_channel(struct meter *meter)
{
	ev_io_stop(meter->loop, &meter->input);
	fd_close(&meter->channel);
	meter->asked = 0;
}

static void ask_next(struct meter *meter, int64_t now_ms)
{
	struct walk_item item;

	if (!walk_find(&meter->walk, &item)) { /* the round is over */
		if (now_ms - meter->round_ms >= ROUND_MS) {
			walk_begin(&meter->walk);
			meter->round_ms = now_ms;
		}
		schedule(meter, LOOK_SECONDS);
		return;
	}
	/* one question at a time: there is room for it.  A dead child is met by its status. */
	if (send(meter->channel, &item.pid, sizeof(pid_t), MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
		meter->asked = item.pid;
		meter->asked_ms = now_ms;
	}
	schedule(meter, LOOK_SECONDS);
}

/* What cannot be looked at is passed over; a child that cannot even be killed is waited for. */
static void await(struct meter *meter, int64_t now_ms)
{
	if (now_ms - meter->asked_ms > STUCK_MS && !meter->stuck) {
		meter->stuck = true;
		log_warn("meter: the memory of pid %d cannot be read within %d s, it seems to hang "
			 "in the kernel; its memory is not measured",
			 (int)meter->asked, STUCK_MS / 1000);
		(void)kill(meter->pid, SIGKILL);
	}
	schedule(meter, LOOK_SECONDS);
}

static void step(struct meter *meter)
{
	int64_t now_ms = clock_ms();
	int r;

	if (now_ms - meter->wanted_ms > METER_IDLE_SECONDS * 1000) {
		close_channel(meter);
		return;
	}
	if (now_ms - meter->logs_ms >= LOGS_MS) {
		meter->logs_ms = now_ms;
		logs_count(meter->logs);
	}
	if (meter->asked) {
		await(meter, now_ms);
	} else if (meter->channel >= 0) {
		ask_next(meter, now_ms);
	} else if (meter->pid) { /* it is about to end */
		schedule(meter, LOOK_SECONDS);
	} else {
		r = start(meter);
		if (r < 0)
			log_warn("meter: cannot be started, memory is not measured: %s",
				 strerror(-r));
		schedule(meter, r < 0 ? RESTART_SECONDS : 0.);
	}
}

/* ---- callbacks ---- */

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	step(container_of(timer, struct meter, timer));
}

static void take(struct meter *meter, const struct answer *answer)
{
	struct walk_item item;

	meter->stuck = false;
	if (walk_at(&meter->walk, &item) &&
	    item.pid == answer->pid) /* else a reload has moved it, or it is gone */
		*item.measured =
			(struct measured){ answer->memory, answer->error, clock_us(), answer->pid };
	walk_step(&meter->walk);
}

static void on_input(struct ev_loop *loop, ev_io *io, int events)
{
	struct meter *meter = container_of(io, struct meter, input);
	struct answer answer;
	ssize_t n = recv(meter->channel, &answer, sizeof(answer), 0);

	(void)loop;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != sizeof(answer) || answer.pid != meter->asked) {
		close_channel(meter); /* its status is on the way */
		return;
	}
	take(meter, &answer);
	meter->asked = 0;
	schedule(meter,
		 PAUSE_SECONDS + PAUSE_FACTOR * (double)(clock_ms() - meter->asked_ms) / 1e3);
}

static void died(struct reaper_watch *watch, int status)
{
	struct meter *meter = container_of(watch, struct meter, watch);
	bool wanted = ev_is_active(&meter->timer);

	(void)status;
	if (meter->asked)
		walk_step(&meter->walk); /* what it has died of, perhaps */
	close_channel(meter);
	meter->pid = 0;
	meter->stuck = false;
	if (wanted)
		schedule(meter, RESTART_SECONDS);
}

/* ---- for others ---- */

void meter_init(struct meter *meter, struct ev_loop *loop, struct reaper *reaper,
		const struct walk *all, struct logs *logs)
{
	memset(meter, 0, sizeof(*meter));
	meter->loop = loop;
	meter->reaper = reaper;
	meter->walk = *all;
	meter->logs = logs;
	meter->channel = -1;
	meter->watch.dead = died;
	ev_init(&meter->input, on_input);
	ev_init(&meter->timer, on_timer);
}

void meter_done(struct meter *meter)
{
	if (!meter->loop)
		return;
	ev_timer_stop(meter->loop, &meter->timer);
	close_channel(meter);
	reaper_unwatch(meter->reaper, &meter->watch);
}

void meter_want(struct meter *meter)
{
	meter->wanted_ms = clock_ms();
	if (!ev_is_active(&meter->timer))
		schedule(meter, 0.);
}

const struct measured *meter_of(const struct process *process)
{
	const struct measured *measured = &process->cost;

	return process->pid && measured->pid == process->pid && !measured->error ? measured : NULL;
}
