/* judgement.c - see judgement.h. */
#include "tracer/judgement.h"

#include "base/buf.h"
#include "base/strv.h"
#include "base/util.h"
#include "report/document.h"
#include "tracer/engine.h"
#include "tracer/stacks.h"
#include "tracer/survey.h"
#include "tracer/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* strdup() that keeps NULL. */
static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

/* The name that threading knows now, else the one it had when it started. */
static const char *thread_name(struct engine *engine, const struct import_result *result, pid_t tid)
{
	char id[16];

	snprintf(id, sizeof(id), "%d", tid);
	for (size_t i = 0; result && result->threads && result->threads[i]; i += 2)
		if (strcmp(result->threads[i], id) == 0 && tid != engine->root)
			return result->threads[i + 1];
	return engine_thread_name(engine, tid);
}

static int attribute(struct finding *finding, struct engine *engine,
		     const struct import_result *result, const struct record *record)
{
	const char *thread;

	if (!record)
		return 0;
	thread = thread_name(engine, result, record->tid);
	if (record->thread && strcmp(thread, "a thread of native code") == 0)
		thread = record->thread; /* it has ended since */
	finding->attributed = true;
	finding->syscall = copy(record->syscall);
	finding->thread = copy(thread);
	if (stacks_add(&finding->stack, engine, record->stack) < 0)
		return -ENOMEM;
	for (const struct record *r = record->parent; r; r = r->parent) {
		struct report_origin *origin = report_add_origin(finding, r->fd, r->syscall);

		if (!origin || stacks_add(&origin->stack, engine, r->stack) < 0)
			return -ENOMEM;
		origin->thread = copy(r->thread);
	}
	return 0;
}

/* ---- fds and locks ---- */

static bool same_file(const struct survey_fd *a, const struct survey_fd *b)
{
	return a && a->dev == b->dev && a->ino == b->ino && a->mode == b->mode;
}

/* Each worker gets fds 0 to 2 of its own.  Another file there would be lost, and is told; one of
 * the original three, or /dev/null, is not missed by anybody. */
static bool is_stdio(const struct survey *before, const struct survey_fd *fd)
{
	if (fd->fd > 2)
		return false;
	for (int i = 0; i <= 2; i++)
		if (same_file(survey_find_fd(before, i), fd))
			return true;
	return S_ISCHR(fd->mode) && strcmp(fd->target, "/dev/null") == 0;
}

static bool was_there(const struct survey *before, const struct survey_fd *fd)
{
	return same_file(survey_find_fd(before, fd->fd), fd) || is_stdio(before, fd);
}

static bool fits(const struct record *record, const struct survey_fd *fd)
{
	switch (record->class) {
	case RECORD_PATH:
		return !S_ISSOCK(fd->mode) && strncmp(fd->target, "anon_inode:", 11) != 0 &&
		       strncmp(fd->target, "pipe:", 5) != 0;
	case RECORD_SOCKET:
		return S_ISSOCK(fd->mode);
	case RECORD_PIPE:
		return S_ISFIFO(fd->mode);
	case RECORD_ANON:
		return strncmp(fd->target, "anon_inode:", 11) == 0;
	default:
		return true;
	}
}

static const struct record *child_origin(struct engine *engine, pid_t pid)
{
	for (struct tracee *t = engine_next(engine, NULL); t; t = engine_next(engine, t))
		if (!t->root && t->tgid == pid && t->origin)
			return t->origin;
	return NULL;
}

static const struct record *find_record(struct engine *engine, const struct survey_fd *fd)
{
	const struct record *record = ledger_fd(&engine->ledger, fd->fd);

	if (record && fits(record, fd))
		return record;
	/* clone(CLONE_PIDFD): the fd came with the process. */
	return fd->pid > 0 ? child_origin(engine, fd->pid) : NULL;
}

static int add_flags(char ***strv, int flags)
{
	static const struct {
		int flag;
		const char *name;
	} names[] = {
		{ O_APPEND, "O_APPEND" },       { O_NONBLOCK, "O_NONBLOCK" },
		{ O_DSYNC, "O_DSYNC" },         { O_DIRECT, "O_DIRECT" },
		{ O_DIRECTORY, "O_DIRECTORY" }, { O_NOFOLLOW, "O_NOFOLLOW" },
		{ O_NOATIME, "O_NOATIME" },     { O_PATH, "O_PATH" },
		{ O_CLOEXEC, "O_CLOEXEC" },
	};
	int r = strv_add(strv, (flags & O_ACCMODE) == O_RDONLY   ? "O_RDONLY"
			       : (flags & O_ACCMODE) == O_WRONLY ? "O_WRONLY"
								 : "O_RDWR");

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(names); i++)
		if ((flags & names[i].flag) == names[i].flag)
			r = strv_add(strv, names[i].name);
	return r;
}

/* libffi with static trampolines (src/tramp.c) keeps the file of its own code open, to map it again
 * and again, so every import of ctypes does.  Mapping uses no offset, so that workers may share it;
 * a position other than 0 tells that somebody reads. */
static const char *excuse(const struct survey_fd *fd)
{
	return fd->code && (fd->flags & O_ACCMODE) == O_RDONLY && fd->pos == 0
		       ? "built in: a library's own file, mapped as its code"
		       : NULL;
}

static int add_fd(struct report *report, struct engine *engine, const struct import_result *result,
		  const struct survey_fd *fd)
{
	struct finding *finding =
		report_add_finding(report, strcmp(fd->type, "io_uring") == 0 ? "io_uring" : "fd");

	if (!finding)
		return -ENOMEM;
	finding->fd = fd->fd;
	finding->type = copy(fd->type);
	finding->target = copy(fd->target);
	finding->pid = fd->pid;
	finding->excuse = excuse(fd);
	if (add_flags(&finding->flags, fd->flags) < 0)
		return -ENOMEM;
	return attribute(finding, engine, result, find_record(engine, fd));
}

/* One lock shows on every copy of its fd; it is reported once. */
static bool lock_seen(const struct survey *now, const struct survey_fd *fd)
{
	for (const struct survey_fd *other = now->fds; other < fd; other++)
		if (other->lock && other->dev == fd->dev && other->ino == fd->ino &&
		    strcmp(other->lock, fd->lock) == 0)
			return true;
	return false;
}

static int add_lock(struct report *report, struct engine *engine,
		    const struct import_result *result, const struct survey *now,
		    const struct survey_fd *fd)
{
	const struct record *record = ledger_lock(&engine->ledger, fd->fd);
	struct finding *finding;

	if (lock_seen(now, fd))
		return 0;
	finding = report_add_finding(report, "lock");
	if (!finding)
		return -ENOMEM;
	finding->fd = fd->fd;
	finding->type = copy(fd->lock);
	finding->target = copy(fd->target);
	/* A POSIX lock may have been taken through an fd that is closed by now. */
	for (size_t i = 0; !record && i < now->nfds; i++)
		if (now->fds[i].ino == fd->ino && now->fds[i].dev == fd->dev)
			record = ledger_lock(&engine->ledger, now->fds[i].fd);
	return attribute(finding, engine, result, record);
}

static int add_fds(struct report *report, struct engine *engine, const struct survey *before,
		   const struct survey *now, const struct import_result *result)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < now->nfds; i++) {
		if (!was_there(before, &now->fds[i]))
			r = add_fd(report, engine, result, &now->fds[i]);
		if (r == 0 && now->fds[i].lock)
			r = add_lock(report, engine, result, now, &now->fds[i]);
	}
	return r;
}

/* ---- threads, processes, mappings ---- */

static int add_thread(struct report *report, struct engine *engine,
		      const struct import_result *result, pid_t tid)
{
	struct finding *finding = report_add_finding(report, "thread");
	const struct tracee *tracee = engine_find(engine, tid);
	CLEANUP_FREE char *comm = survey_thread_comm(engine->root, tid);
	const char *name = thread_name(engine, result, tid);

	if (!finding)
		return -ENOMEM;
	finding->pid = tid;
	if (strcmp(name, "a thread of native code") != 0)
		finding->target = strdup(name);
	else if (asprintf(&finding->target, "native thread \"%s\"", comm ? comm : "?") < 0)
		finding->target = NULL;
	return attribute(finding, engine, result, tracee ? tracee->origin : NULL);
}

static int add_threads(struct report *report, struct engine *engine, const struct survey *before,
		       const struct survey *now, const struct import_result *result)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < now->nthreads; i++) {
		bool old = false;

		for (size_t k = 0; k < before->nthreads; k++)
			old |= before->threads[k] == now->threads[i];
		if (!old)
			r = add_thread(report, engine, result, now->threads[i]);
	}
	return r;
}

static int add_processes(struct report *report, struct engine *engine, const struct survey *now,
			 const struct import_result *result)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < now->nchildren; i++) {
		struct finding *finding = report_add_finding(report, "process");

		if (!finding)
			return -ENOMEM;
		finding->pid = now->children[i].pid;
		finding->type = copy(now->children[i].state == 'Z' ? "zombie" : "running");
		finding->target = copy(now->children[i].command);
		r = attribute(finding, engine, result, child_origin(engine, now->children[i].pid));
	}
	return r;
}

static const char *map_type(const char *path)
{
	if (!*path || strncmp(path, "/dev/zero", 9) == 0)
		return "anonymous";
	if (strncmp(path, "/SYSV", 5) == 0)
		return "sysv";
	if (strncmp(path, "/memfd:", 7) == 0)
		return "memfd";
	return "file";
}

static int add_map(struct report *report, struct engine *engine, const struct import_result *result,
		   const struct survey_map *map)
{
	struct finding *finding = report_add_finding(report, "mapping");
	const char *type = map_type(map->path);
	const char *what = strcmp(type, "anonymous") == 0 ? "anonymous memory"
			   : strcmp(type, "sysv") == 0    ? "System V shared memory"
							  : map->path;

	if (!finding)
		return -ENOMEM;
	finding->type = copy(type);
	if (asprintf(&finding->target, "%s, %zu KiB", what,
		     (size_t)(map->end - map->start) / 1024) < 0)
		finding->target = NULL;
	return attribute(finding, engine, result,
			 ledger_map(&engine->ledger, map->start, map->end));
}

static int add_maps(struct report *report, struct engine *engine, const struct survey *before,
		    const struct survey *now, const struct import_result *result)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < now->nmaps; i++) {
		const struct survey_map *map = &now->maps[i];
		bool old = strncmp(map->path, "anon_inode:", 11) == 0; /* told by its fd */

		for (size_t k = 0; k < before->nmaps; k++)
			old |= before->maps[k].start == map->start &&
			       before->maps[k].end == map->end;
		if (!old)
			r = add_map(report, engine, result, map);
	}
	return r;
}

int judgement_findings(struct report *report, struct engine *engine, const struct survey *before,
		       const struct survey *now, const struct import_result *result)
{
	int r = add_fds(report, engine, before, now, result);

	if (r == 0)
		r = add_threads(report, engine, before, now, result);
	if (r == 0)
		r = add_processes(report, engine, now, result);
	if (r == 0)
		r = add_maps(report, engine, before, now, result);
	return r;
}

static int add_actions(struct verdict *verdict, const struct report *report,
		       const struct survey *now)
{
	verdict->actions = calloc(report->nfindings + 1, sizeof(*verdict->actions));
	if (!verdict->actions)
		return -ENOMEM;
	for (size_t i = 0; i < report->nfindings; i++) {
		const struct finding *finding = &report->findings[i];
		const struct survey_fd *fd = survey_find_fd(now, finding->fd);
		struct fd_action *action = &verdict->actions[verdict->nactions];

		if (!fd || strcmp(finding->kind, "fd") != 0 || !finding->rule ||
		    finding->action == RULE_KEEP)
			continue;
		*action = (struct fd_action){ fd->fd, (int)finding->action, fd->flags, fd->pos,
					      NULL };
		action->path = strdup(fd->target);
		if (!action->path)
			return -ENOMEM;
		verdict->nactions++;
	}
	return 0;
}

int judgement_verdict(struct verdict *verdict, const struct report *report,
		      const struct engine *engine, const struct survey *now)
{
	verdict->no_new_privs = engine->no_new_privs;
	verdict->nthreads = now->nthreads;
	verdict->fds = calloc(now->nfds + 1, sizeof(*verdict->fds));
	if (!verdict->fds)
		return -ENOMEM;
	for (size_t i = 0; i < now->nfds; i++)
		verdict->fds[verdict->nfds++] =
			(struct audited_fd){ now->fds[i].fd, (uint64_t)now->fds[i].dev,
					     (uint64_t)now->fds[i].ino };
	return add_actions(verdict, report, now);
}
