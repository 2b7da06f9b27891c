/* tracer.c - see tracer.h: the zygote's side of the handshake. */
#include "tracer/tracer.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "ipc/channel.h"
#include "ipc/messages.h"
#include "tracer/calls.h"
#include "tracer/session.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void notify(unsigned what, const void *data, size_t len)
{
	(void)syscall(SYS_prctl, (unsigned long)CALL_NOTIFY_OPTION, (unsigned long)what, data, len,
		      0);
}

static int wait_attached(int sock, struct error *err)
{
	struct message msg;
	int r = channel_recv(sock, &msg);

	if (r <= 0)
		return error_set(err, "the tracer has died before it attached");
	if (msg.type != TRACER_ATTACHED)
		error_set(err, "%s", msg.body);
	r = msg.type == TRACER_ATTACHED ? 0 : -1;
	message_done(&msg);
	return r;
}

/* Forks twice.  The middle process tells the tracer's pid, which Yama needs before the tracer may
 * attach. */
static pid_t fork_tracer(const struct zygote_setup *setup, int channel, const int ends[2],
			 const int gate[2])
{
	pid_t root = getpid(), middle, tracer;
	int told[2], status;
	char byte;

	if (pipe2(told, O_CLOEXEC) < 0)
		return -errno;
	middle = fork();
	if (middle == 0) {
		tracer = fork();
		if (tracer == 0) {
			close(gate[1]);
			if (read(gate[0], &byte, 1) != 1) /* until we are its declared tracer */
				_exit(1);
			session_run(setup, channel, ends[1], root);
		}
		if (tracer < 0)
			tracer = -errno;
		_exit(write(told[1], &tracer, sizeof(tracer)) == sizeof(tracer) ? 0 : 1);
	}
	close(told[1]);
	if (middle < 0 || read(told[0], &tracer, sizeof(tracer)) != sizeof(tracer))
		tracer = -EAGAIN;
	close(told[0]);
	if (middle > 0)
		while (waitpid(middle, &status, 0) < 0 && errno == EINTR)
			;
	return tracer;
}

int tracer_start(struct tracer *tracer, const struct zygote_setup *setup, int channel,
		 struct error *err)
{
	int ends[2] = { -1, -1 }, gate[2] = { -1, -1 };
	pid_t pid;
	int r;

	tracer->sock = -1;
	tracer->full = setup->mode == AUDIT_FULL;
	r = channel_pair(ends);
	if (r == 0 && pipe2(gate, O_CLOEXEC) < 0)
		r = -errno;
	pid = r == 0 ? fork_tracer(setup, channel, ends, gate) : r;
	fd_close(&ends[1]);
	fd_close(&gate[0]);
	if (pid < 0) {
		error_set(err, "cannot start the tracer: %s", strerror(-pid));
		r = -1;
	} else {
		(void)prctl(PR_SET_PTRACER, pid); /* EINVAL where there is no Yama */
		r = write(gate[1], "", 1) == 1 ? wait_attached(ends[0], err) : -1;
	}
	fd_close(&gate[1]);
	if (r == 0) {
		tracer->sock = ends[0];
		return 0;
	}
	fd_close(&ends[0]);
	return -1;
}

int tracer_begin(struct tracer *tracer, struct error *err)
{
	if (!tracer->full && call_filter_install(err) < 0)
		return -1;
	notify(NOTIFY_BEGIN, NULL, 0);
	return 0;
}

void tracer_end(struct tracer *tracer, const struct import_result *result)
{
	struct buf body = { 0 };

	(void)tracer;
	import_result_pack(&body, result);
	notify(NOTIFY_END, body.data, body.len);
	buf_done(&body);
}

int tracer_verdict(struct tracer *tracer, struct verdict *ret)
{
	struct message msg;
	int r = channel_recv(tracer->sock, &msg);

	if (r <= 0)
		return r < 0 ? r : -ESRCH;
	r = msg.type == TRACER_VERDICT ? verdict_unpack(ret, msg.body, msg.len) : -EPROTO;
	message_done(&msg);
	fd_close(&tracer->sock);
	return r;
}
