/* decode.c - see decode.h. */
#include "tracer/decode.h"

#include "tracer/calls.h"
#include "tracer/engine.h"
#include "tracer/remote.h"

#include <errno.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONTROL_MAX 65536 /* bytes of control data looked at in one message */
#define MESSAGES_MAX 1024 /* UIO_MAXIOV: the kernel's own limit of recvmmsg(2) */
#define LINEAGE_MAX 16    /* copies of copies that a record remembers */

struct record *decode_here(struct engine *engine, struct tracee *tracee, const char *syscall)
{
	struct record *record = record_new();

	if (!record)
		return NULL;
	record->syscall = syscall;
	record->tid = tracee->tid;
	record->thread = strdup(engine_thread_name(engine, tracee->tid));
	if (tracee->root)
		record->stack = pystack_capture(&engine->reader, tracee->tid);
	return record;
}

static enum record_class class_of(const struct call *call)
{
	static const struct {
		const char *prefix;
		enum record_class class;
	} names[] = {
		{ "socket", RECORD_SOCKET },    { "accept", RECORD_SOCKET },
		{ "pipe", RECORD_PIPE },        { "epoll", RECORD_ANON },
		{ "eventfd", RECORD_ANON },     { "signalfd", RECORD_ANON },
		{ "timerfd", RECORD_ANON },     { "inotify", RECORD_ANON },
		{ "userfaultfd", RECORD_ANON },
	};

	if (call->kind == CALL_OPEN)
		return RECORD_PATH;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(call->name, names[i].prefix, strlen(names[i].prefix)) == 0)
			return names[i].class;
	return RECORD_ANY;
}

static void set_parent(struct record *record, struct record *parent)
{
	unsigned depth = 0;

	for (struct record *r = parent; r; r = r->parent)
		depth++;
	if (depth >= LINEAGE_MAX) /* copies of copies without end: forget the newest link */
		parent = parent->parent;
	record->parent = record_ref(parent);
	if (parent)
		record->class = parent->class;
}

/* One more fd out of the call that `here` describes.  Borrows here. */
static void add_fd(struct engine *engine, struct tracee *tracee, const struct record *here, int fd,
		   struct record *parent)
{
	struct record *record = record_new();

	if (!record)
		return;
	record->fd = fd;
	record->syscall = here->syscall;
	record->tid = here->tid;
	record->thread = here->thread ? strdup(here->thread) : NULL;
	record->stack = pystack_ref(here->stack);
	record->class = class_of(tracee->call);
	if (parent)
		set_parent(record, parent);
	ledger_add_fd(&engine->ledger, record);
}

static void add_pair(struct engine *engine, struct tracee *tracee, const struct record *here)
{
	int fds[2];

	if (remote_read(tracee->tgid, tracee->args[tracee->call->arg], fds, sizeof(fds)) < 0)
		return;
	add_fd(engine, tracee, here, fds[0], NULL);
	add_fd(engine, tracee, here, fds[1], NULL);
}

/* Every fd that came with one received message. */
static void add_message(struct engine *engine, struct tracee *tracee, const struct record *here,
			const struct msghdr *msg)
{
	union {
		struct cmsghdr align;
		char bytes[CONTROL_MAX];
	} * control;
	struct msghdr local = { .msg_controllen = msg->msg_controllen };

	if (!msg->msg_control || !msg->msg_controllen || msg->msg_controllen > CONTROL_MAX)
		return;
	control = malloc(sizeof(*control));
	if (!control)
		return;
	local.msg_control = control;
	if (remote_read(tracee->tgid, (uintptr_t)msg->msg_control, control, msg->msg_controllen) <
	    0)
		local.msg_controllen = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&local); c; c = CMSG_NXTHDR(&local, c)) {
		/* Another thread may have written over it since: its length is not to be believed.
		 */
		size_t room = (size_t)((char *)control + local.msg_controllen - (char *)c);
		size_t end = c->cmsg_len < room ? c->cmsg_len : room;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_len < CMSG_LEN(0))
			continue;
		if (c->cmsg_type != SCM_RIGHTS && c->cmsg_type != 0x04 /* SCM_PIDFD */)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= end; at += sizeof(int)) {
			int fd;

			memcpy(&fd, (char *)c + at, sizeof(fd));
			add_fd(engine, tracee, here, fd, NULL);
		}
	}
	free(control);
}

static void add_messages(struct engine *engine, struct tracee *tracee, const struct record *here,
			 int64_t count)
{
	for (int64_t i = 0; i < count && i < MESSAGES_MAX; i++) {
		uintptr_t at = (uintptr_t)tracee->args[1] + (size_t)i * sizeof(struct mmsghdr);
		struct mmsghdr msg;

		if (remote_read(tracee->tgid, at, &msg, sizeof(msg)) < 0)
			return;
		add_message(engine, tracee, here, &msg.msg_hdr);
	}
}

static void add_received(struct engine *engine, struct tracee *tracee, const struct record *here,
			 int64_t result)
{
	struct msghdr msg;

	if (tracee->call->kind == CALL_RECVMMSG)
		add_messages(engine, tracee, here, result);
	else if (remote_read(tracee->tgid, tracee->args[1], &msg, sizeof(msg)) == 0)
		add_message(engine, tracee, here, &msg);
}

static void add_sockopt(struct engine *engine, struct tracee *tracee, const struct record *here)
{
	int fd;

	if ((int)tracee->args[1] == SOL_SOCKET &&
	    remote_read(tracee->tgid, tracee->args[3], &fd, sizeof(fd)) == 0)
		add_fd(engine, tracee, here, fd, NULL);
}

/* The pidfd that came with a new process; most clone3() calls make threads and ask for none. */
static void add_pidfd(struct engine *engine, struct tracee *tracee, const struct record *here)
{
	uintptr_t at = (uintptr_t)tracee->args[2];
	struct clone_args args;
	int fd;

	if (tracee->call->kind == CALL_CLONE3) {
		if (remote_read(tracee->tgid, (uintptr_t)tracee->args[0], &args,
				CLONE_ARGS_SIZE_VER0) < 0 ||
		    !(args.flags & CLONE_PIDFD))
			return;
		at = (uintptr_t)args.pidfd;
	}
	if (remote_read(tracee->tgid, at, &fd, sizeof(fd)) == 0)
		add_fd(engine, tracee, here, fd, NULL);
}

static void add_lock(struct engine *engine, const struct tracee *tracee, struct record *here)
{
	here->fd = (int)tracee->args[0];
	ledger_add_lock(&engine->ledger, record_ref(here));
}

/* The main thread is pinned for speed; the application must not see that. */
static void show_own_affinity(struct engine *engine, const struct tracee *tracee, int64_t result)
{
	pid_t of = tracee->args[0] ? (pid_t)tracee->args[0] : tracee->tid;
	size_t len = (size_t)result;

	if (!engine->pinned || of != engine->root || !tracee->root)
		return;
	if (len > sizeof(engine->affinity))
		len = sizeof(engine->affinity);
	(void)remote_write(tracee->tgid, tracee->args[2], &engine->affinity, len);
}

static bool creates(const struct call *call)
{
	return call->kind <= CALL_LOCK;
}

static void record_creation(struct engine *engine, struct tracee *tracee, int64_t result)
{
	struct record *here = decode_here(engine, tracee, tracee->call->name);

	if (!here)
		return;
	switch (tracee->call->kind) {
	case CALL_OPEN:
	case CALL_NEW:
	case CALL_SECCOMP: /* SECCOMP_FILTER_FLAG_NEW_LISTENER */
		if (result >= 0 && result <= INT32_MAX)
			add_fd(engine, tracee, here, (int)result, NULL);
		break;
	case CALL_COPY:
		if (result != (int)tracee->args[0]) /* dup2(n, n) makes nothing */
			add_fd(engine, tracee, here, (int)result,
			       ledger_fd(&engine->ledger, (int)tracee->args[0]));
		break;
	case CALL_PAIR:
		add_pair(engine, tracee, here);
		break;
	case CALL_RECVMSG:
	case CALL_RECVMMSG:
		add_received(engine, tracee, here, result);
		break;
	case CALL_CLONE:
	case CALL_CLONE3:
		add_pidfd(engine, tracee, here);
		break;
	case CALL_SOCKOPT_FD:
		add_sockopt(engine, tracee, here);
		break;
	case CALL_LOCK:
		add_lock(engine, tracee, here);
		break;
	case CALL_MAP:
		here->address = (uintptr_t)result;
		ledger_add_map(&engine->ledger, record_ref(here));
		break;
	default:
		break;
	}
	record_unref(here);
}

static void note_program(struct engine *engine, const struct tracee *tracee)
{
	int arg = strcmp(tracee->call->name, "execveat") == 0;
	char path[4096];

	if (remote_string(tracee->tgid, tracee->args[arg], path, sizeof(path)) < 0)
		return;
	free(engine->text);
	engine->text = strdup(path);
}

void decode_entry(struct engine *engine, struct tracee *tracee)
{
	if (!tracee->root)
		return;
	switch (tracee->call->kind) {
	case CALL_NOTIFY:
		if (tracee->tid == engine->root)
			engine->outcome = ENGINE_NOTIFIED;
		break;
	case CALL_EXEC:
		note_program(engine, tracee);
		engine_set_cause(engine, tracee->tid, ENGINE_EXECED, 0);
		break;
	case CALL_EXIT:
		engine_set_cause(engine, tracee->tid, ENGINE_GONE, 0);
		break;
	case CALL_SECCOMP:
		engine_set_cause(engine, tracee->tid, ENGINE_CONFINED, 0);
		break;
	case CALL_DUMPABLE:
		engine_set_cause(engine, tracee->tid, ENGINE_UNREADABLE, 0);
		break;
	case CALL_NO_NEW_PRIVS:
		engine->no_new_privs |= engine->recording;
		break;
	default:
		break;
	}
}

void decode_exit(struct engine *engine, struct tracee *tracee, int64_t result)
{
	uintptr_t word;

	if (creates(tracee->call)) {
		if (engine->recording)
			record_creation(engine, tracee, result);
		return;
	}
	switch (tracee->call->kind) {
	case CALL_GETAFFINITY:
		show_own_affinity(engine, tracee, result);
		break;
	case CALL_SETAFFINITY:
		if (tracee->root &&
		    (tracee->args[0] ? (pid_t)tracee->args[0] : tracee->tid) == engine->root)
			engine->pinned = false; /* its own choice from now on */
		break;
	case CALL_SECCOMP:
		/* In full mode the main thread forks, and its filter goes with it. */
		if (tracee->root && engine->recording && !engine->full)
			engine->outcome = ENGINE_CONFINED;
		else if (engine->recording && result >= 0)
			record_creation(engine, tracee, result);
		break;
	case CALL_DUMPABLE:
		if (tracee->root && engine->recording &&
		    remote_read(tracee->tgid, (uintptr_t)&environ, &word, sizeof(word)) < 0)
			engine->outcome = ENGINE_UNREADABLE;
		break;
	default:
		break;
	}
}
