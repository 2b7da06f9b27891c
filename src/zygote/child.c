/* child.c - see child.h.
 *
 * Order matters: fds first, so that nothing of the supervisor's is open when code of the
 * application (its at-fork hooks) runs for the first time; privileges last of what C does. */
#include "zygote/child.h"

#include "base/fd.h"
#include "base/strv.h"
#include "config/rule.h"
#include "ipc/channel.h"
#include "ipc/messages.h"
#include "zygote/embed.h"
#include "zygote/forker.h"
#include "zygote/title.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LISTEN_FDS_START 3 /* sd_listen_fds(3) */
#define EXIT_CANNOT_RUN                                                                            \
	127            /* as a shell, and supervisord, for a command that cannot be started        \
			*/
#define END_SECONDS 10 /* for buffers that are not written yet */
#define FIXED_FDS 4    /* of a spawn message: gate, stdin, stdout, stderr */

/* For stderr, which is the worker's log: what failed and what follows from it. */
static _Noreturn __attribute__((format(printf, 2, 3))) void
give_up(const struct spawn_request *request, const char *format, ...)
{
	va_list ap;

	dprintf(2, "forkserver: %s: ", request->name ? request->name : "worker");
	va_start(ap, format);
	vdprintf(2, format, ap);
	va_end(ap);
	dprintf(2, "\n");
	_exit(EXIT_CANNOT_RUN);
}

/* ---- fds ---- */

static void wait_at_gate(int gate)
{
	char byte;
	ssize_t n;

	do
		n = read(gate, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(0); /* nobody supervises us */
}

/* What the i-th listener becomes. */
static int target_of(const struct spawn_request *request, size_t i)
{
	size_t counted = strv_len(request->sockets);

	return i < counted ? LISTEN_FDS_START + (int)i : request->placed[i - counted];
}

/* The first number that is neither where a listener must be nor among the placeholders. */
static int above_all(const struct forker *forker, const struct spawn_request *request, size_t n)
{
	int above = LISTEN_FDS_START + forker->reserved;

	for (size_t i = 0; i < n; i++)
		if (target_of(request, i) >= above)
			above = target_of(request, i) + 1;
	return above;
}

static void check_target(const struct forker *forker, const struct spawn_request *request, size_t i)
{
	size_t counted = strv_len(request->sockets);
	int target = target_of(request, i);

	if (target < LISTEN_FDS_START + forker->reserved || fcntl(target, F_GETFD) < 0)
		return;
	if (i >= counted)
		give_up(request,
			"a socket is to be fd %d, which an allow rule keeps for another file; give "
			"it another number, from %d to %d",
			target, LISTEN_FDS_START + (int)counted,
			LISTEN_FDS_START + forker->reserved - 1);
	give_up(request,
		"fd %d, which an allow rule keeps, is in the way of socket %s; at most %d sockets "
		"fit below it",
		target, request->sockets[i], forker->reserved);
}

static void move_up(const struct spawn_request *request, int *fd, int above)
{
	int moved;

	if (*fd >= above)
		return;
	moved = fcntl(*fd, F_DUPFD_CLOEXEC, above);
	if (moved < 0)
		give_up(request, "fcntl(F_DUPFD): %s", strerror(errno));
	fd_close(fd);
	*fd = moved;
}

/* stdin, stdout, stderr to 0-2; listeners to 3… and to the numbers that were asked for, first out
 * of the way of their own targets. */
static void place_fds(const struct forker *forker, const struct spawn_request *request,
		      struct message *msg)
{
	size_t nsockets = msg->nfds - FIXED_FDS;
	int above = above_all(forker, request, nsockets);

	for (int i = 0; i < 3; i++)
		if (dup2(msg->fds[1 + i], i) < 0)
			_exit(EXIT_CANNOT_RUN);
	for (int i = 0; i < FIXED_FDS; i++)
		fd_close(&msg->fds[i]); /* nothing of ours where a listener must be */
	for (size_t i = 0; i < nsockets; i++)
		move_up(request, &msg->fds[FIXED_FDS + i], above);
	for (int fd = LISTEN_FDS_START; fd < LISTEN_FDS_START + forker->reserved; fd++)
		close(fd);
	for (size_t i = 0; i < nsockets; i++) {
		check_target(forker, request, i);
		if (dup2(msg->fds[FIXED_FDS + i], target_of(request, i)) < 0)
			give_up(request, "dup2: %s", strerror(errno));
	}
}

static int action_open(const struct fd_action *action)
{
	int fd;

	if (action->action == RULE_NULL)
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	fd = open(action->path, action->flags & ~(O_CREAT | O_EXCL | O_TRUNC));
	if (fd >= 0 && action->pos > 0)
		(void)lseek(fd, action->pos, SEEK_SET);
	return fd;
}

/* Detaches what a rule allows from the zygote's file descriptions. */
static void apply_actions(const struct forker *forker, const struct spawn_request *request)
{
	for (size_t i = 0; i < forker->verdict.nactions; i++) {
		const struct fd_action *action = &forker->verdict.actions[i];
		int fd;

		if (action->action == RULE_CLOSE) {
			close(action->fd);
			continue;
		}
		fd = action_open(action);
		if (fd < 0)
			give_up(request, "cannot reopen fd %d (%s), as an allow rule says: %s",
				action->fd, action->path, strerror(errno));
		if (dup3(fd, action->fd, action->flags & O_CLOEXEC) < 0)
			give_up(request, "dup3: %s", strerror(errno));
		close(fd);
	}
}

/* ---- credentials and place ---- */

static void change_user(const struct spawn_request *request)
{
	if (!request->setuid)
		return;
	if (initgroups(request->user ? request->user : "", request->gid) < 0 ||
	    setresgid(request->gid, request->gid, request->gid) < 0 ||
	    setresuid(request->uid, request->uid, request->uid) < 0)
		give_up(request, "cannot become user %s: %s", request->user, strerror(errno));
	if (getuid() != request->uid || geteuid() != request->uid || getgid() != request->gid ||
	    getegid() != request->gid)
		give_up(request, "became another user than %s", request->user);
}

static void change_place(const struct spawn_request *request)
{
	if (request->umask >= 0)
		umask((mode_t)request->umask);
	if (request->directory && chdir(request->directory) < 0)
		give_up(request, "cannot change to directory %s: %s", request->directory,
			strerror(errno));
}

/* ---- the command ---- */

/* The pid that sd_watchdog_enabled(3) looks for, if the supervisor expects WATCHDOG=1. */
static int set_watchdog_pid(char ***environment)
{
	char number[16];

	if (!strv_getenv(*environment, "WATCHDOG_PID"))
		return 0;
	snprintf(number, sizeof(number), "%d", getpid());
	return strv_setenv(environment, "WATCHDOG_PID", number);
}

/* LISTEN_* as sd_listen_fds(3) wants them, in the request's own environment. */
static char **make_environment(const struct spawn_request *request)
{
	char **environment = strv_copy(request->environment);
	char number[16], *names = strdup("");
	int r = environment && names ? set_watchdog_pid(&environment) : -ENOMEM;

	if (r == 0 && !strv_len(request->sockets)) {
		free(names);
		return environment;
	}
	for (size_t i = 0; r == 0 && request->sockets[i]; i++) {
		char *joined;

		if (asprintf(&joined, "%s%s%s", names, i ? ":" : "", request->sockets[i]) < 0)
			r = -ENOMEM;
		else {
			free(names);
			names = joined;
		}
	}
	snprintf(number, sizeof(number), "%zu", strv_len(request->sockets));
	if (r == 0)
		r = strv_setenv(&environment, "LISTEN_FDS", number);
	snprintf(number, sizeof(number), "%d", getpid());
	if (r == 0)
		r = strv_setenv(&environment, "LISTEN_PID", number);
	if (r == 0)
		r = strv_setenv(&environment, "LISTEN_FDNAMES", names);
	free(names);
	if (r < 0) {
		strv_free(environment);
		return NULL;
	}
	return environment;
}

/* worker.py's become(): the five things that run the command. */
static PyObject *resolve(struct forker *forker, const struct spawn_request *request)
{
	PyObject *argv = embed_list(request->argv);
	PyObject *env = embed_list(environ);
	PyObject *parts = NULL;

	if (argv && env)
		parts = embed_call(forker->embed, "become", "(OO)", argv, env);
	else if (!PyErr_Occurred())
		PyErr_NoMemory();
	Py_XDECREF(argv);
	Py_XDECREF(env);
	return parts;
}

/* An exception of worker.py's own is a message, not a traceback. */
static void check_command(struct forker *forker, const struct spawn_request *request)
{
	PyObject *kind = PyDict_GetItemString(forker->embed->helpers, "CommandError");
	PyObject *type, *value, *trace, *text;

	if (!PyErr_Occurred() ||
	    (!PyErr_ExceptionMatches(kind) && !PyErr_ExceptionMatches(PyExc_OSError)))
		return;
	PyErr_Fetch(&type, &value, &trace);
	text = value ? PyObject_Str(value) : NULL;
	give_up(request, "%s", text && PyUnicode_AsUTF8(text) ? PyUnicode_AsUTF8(text) : "?");
}

/* A function of worker.py that returns an exit status. */
static int status_of(struct forker *forker, const char *function, PyObject *arg)
{
	PyObject *result = arg ? embed_call(forker->embed, function, "(O)", arg)
			       : embed_call(forker->embed, function, "()");
	long status = result ? PyLong_AsLong(result) : -1;

	if (PyErr_Occurred())
		PyErr_Print();
	Py_XDECREF(result);
	return status < 0 ? 1 : (int)status;
}

/* Takes the SystemExit that has been raised, and with it the frames that it holds. */
static int take_exit(struct forker *forker)
{
	PyObject *type, *value, *trace, *code = NULL;
	int status;

	PyErr_Fetch(&type, &value, &trace);
	PyErr_NormalizeException(&type, &value, &trace);
	code = value ? PyObject_GetAttrString(value, "code") : NULL;
	PyErr_Clear();
	status = code ? status_of(forker, "exit_status", code) : 1;
	Py_XDECREF(code);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(trace);
	return status;
}

static volatile sig_atomic_t end_status;

static void on_alarm(int sig)
{
	(void)sig;
	_exit(end_status);
}

/* A file that another thread is writing to is locked, and that thread may never come back. */
static void end_files(struct forker *forker, int status)
{
	struct sigaction alarmed = { .sa_handler = on_alarm };
	sigset_t set;

	end_status = status;
	sigaction(SIGALRM, &alarmed, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	alarm(END_SECONDS);
	(void)status_of(forker, "end_files", NULL);
	alarm(0);
}

/* What `python` does when its main code has ended: an exit status, or death by SIGINT.  The
 * interpreter is not taken apart: see "the end of a worker" in worker.py. */
static int finish(struct forker *forker, PyObject *result, bool is_status)
{
	int status = 0, lost;
	bool interrupted = false;

	if (result && is_status && result != Py_None) {
		PyErr_SetObject(PyExc_SystemExit, result);
		Py_CLEAR(result);
	}
	if (!result && PyErr_Occurred()) {
		interrupted = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
		if (PyErr_ExceptionMatches(PyExc_SystemExit)) {
			status = take_exit(forker);
		} else {
			PyErr_Print();
			status = 1;
		}
	}
	Py_XDECREF(result);
	lost = status_of(forker, "wind_up", NULL);
	end_files(forker, lost ? lost : status);
	if (interrupted) {
		signal(SIGINT, SIG_DFL);
		kill(getpid(), SIGINT);
		return 130;
	}
	return lost ? lost : status; /* as Py_RunMain() */
}

static _Noreturn void run_command(struct forker *forker, const struct spawn_request *request)
{
	PyObject *parts = resolve(forker, request);
	PyObject *result = NULL;
	bool is_status = false;

	check_command(forker, request);
	if (parts && PyTuple_Check(parts) && PyTuple_GET_SIZE(parts) == 5) {
		PyObject *function = PyTuple_GET_ITEM(parts, 0);
		PyObject *code = PyTuple_GET_ITEM(parts, 3);

		is_status = PyTuple_GET_ITEM(parts, 2) == Py_True;
		if (code != Py_None)
			result = PyEval_EvalCode(code, PyTuple_GET_ITEM(parts, 4),
						 PyTuple_GET_ITEM(parts, 4));
		else
			result = PyObject_CallObject(function, PyTuple_GET_ITEM(parts, 1));
	}
	Py_XDECREF(parts);
	exit(finish(forker, result, is_status));
}

/* Name, command line and environment; /proc shows the zygote's where the kernel cannot be told. */
static void set_identity(const struct spawn_request *request)
{
	const char *command = strrchr(request->argv[0], '/');
	char **environment = make_environment(request);

	(void)prctl(PR_SET_NAME, command ? command + 1 : request->argv[0]);
	if (!environment || title_set(request->argv, environment) == -ENOMEM)
		give_up(request, "out of memory");
	strv_free(environment);
}

/* A spare: who it is to be comes later, or never. */
static void await_request(struct forker *forker)
{
	struct message *msg = &forker->message;
	int channel;

	if (msg->nfds != 1)
		_exit(EXIT_CANNOT_RUN);
	(void)prctl(PR_SET_NAME, "spare worker");
	fd_close(&forker->channel);
	channel = msg->fds[0];
	msg->fds[0] = -1;
	message_done(msg);
	if (channel_recv(channel, msg) <= 0)
		_exit(0); /* nobody wants us any more */
	fd_close(&channel);
	if (msg->type != MESSAGE_SPAWN ||
	    spawn_request_unpack(&forker->request, msg->body, msg->len) < 0)
		_exit(EXIT_CANNOT_RUN);
}

_Noreturn void child_run(struct forker *forker)
{
	const struct spawn_request *request = &forker->request;
	struct message *msg = &forker->message;

	(void)setpgid(0, 0);
	if (msg->type == MESSAGE_SPARE)
		await_request(forker);
	if (msg->nfds < FIXED_FDS ||
	    msg->nfds - FIXED_FDS != strv_len(request->sockets) + request->nplaced ||
	    !strv_len(request->argv))
		_exit(EXIT_CANNOT_RUN);
	wait_at_gate(msg->fds[0]);
	if (request->kind) /* behind the gate: there it is in the cgroup that pays for it */
		prefault_apply(&forker->prefault, request->kind);
	place_fds(forker, request, msg);
	for (size_t i = 0; i < msg->nfds; i++)
		fd_close(&msg->fds[i]);
	fd_close(&forker->channel);
	apply_actions(forker, request);
	set_identity(request);
	PyOS_AfterFork_Child();
	sigaction(SIGTERM, &forker->sigterm, NULL);
	pthread_sigmask(SIG_SETMASK, &forker->traits.mask, NULL);
	change_place(request);
	change_user(request);
	run_command(forker, request);
}
