/* tracee.c - see tracee.h, and the table's part of engine.h. */
#include "tracer/tracee.h"

#include "tracer/engine.h"

#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct tracee *engine_find(struct engine *engine, pid_t tid)
{
	struct tracee *tracee = engine->buckets[(unsigned)tid % ENGINE_BUCKETS];

	while (tracee && tracee->tid != tid)
		tracee = tracee->next;
	return tracee;
}

struct tracee *engine_next(struct engine *engine, const struct tracee *after)
{
	size_t bucket = after ? (unsigned)after->tid % ENGINE_BUCKETS + 1 : 0;

	if (after && after->next)
		return after->next;
	while (bucket < ENGINE_BUCKETS && !engine->buckets[bucket])
		bucket++;
	return bucket < ENGINE_BUCKETS ? engine->buckets[bucket] : NULL;
}

/* Tgid of a thread, from /proc; tid itself if that cannot be read. */
static pid_t thread_group(pid_t tid)
{
	char path[64], line[256];
	pid_t tgid = tid;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "re");
	if (!file)
		return tid;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Tgid: %d", &tgid) == 1)
			break;
	fclose(file);
	return tgid;
}

static bool same_fd_table(pid_t one, pid_t other)
{
	return syscall(SYS_kcmp, one, other, KCMP_FILES, 0, 0) == 0;
}

struct tracee *tracee_add(struct engine *engine, pid_t tid)
{
	struct tracee *tracee = calloc(1, sizeof(*tracee));

	if (!tracee)
		return NULL;
	tracee->tid = tid;
	tracee->tgid = tid == engine->root ? tid : thread_group(tid);
	tracee->root = tracee->tgid == engine->root;
	tracee->shares_fds = tracee->root || same_fd_table(tid, engine->root);
	tracee->next = engine->buckets[(unsigned)tid % ENGINE_BUCKETS];
	engine->buckets[(unsigned)tid % ENGINE_BUCKETS] = tracee;
	return tracee;
}

void tracee_forget(struct engine *engine, struct tracee *tracee)
{
	struct tracee **at = &engine->buckets[(unsigned)tracee->tid % ENGINE_BUCKETS];

	while (*at != tracee)
		at = &(*at)->next;
	*at = tracee->next;
	record_unref(tracee->origin);
	pystack_unref(tracee->stack);
	free(tracee->name);
	free(tracee);
}

const char *engine_thread_name(struct engine *engine, pid_t tid)
{
	struct tracee *tracee = engine_find(engine, tid);

	if (tid == engine->root)
		return "MainThread";
	return tracee && tracee->name ? tracee->name : "a thread of native code";
}
