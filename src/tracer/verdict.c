/* verdict.c - the import's result and the tracer's verdict as they cross between the two processes.
 * Runs in: zygote, tracer. */
#include "tracer/tracer.h"

#include "base/buf.h"
#include "base/strv.h"
#include "ipc/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void import_result_pack(struct buf *buf, const struct import_result *result)
{
	pack_u32(buf, result->failed);
	pack_str(buf, result->type);
	pack_str(buf, result->message);
	pack_str(buf, result->text);
	pack_strv(buf, result->frames);
	pack_strv(buf, result->threads);
	pack_str(buf, result->python);
	pack_str(buf, result->stdlib);
	pack_str(buf, result->cwd);
	pack_u64(buf, result->import_us);
}

int import_result_unpack(struct import_result *result, const void *data, size_t len)
{
	struct unpack in;
	int r;

	unpack_init(&in, data, len);
	result->failed = unpack_u32(&in) != 0;
	result->type = unpack_str(&in);
	result->message = unpack_str(&in);
	result->text = unpack_str(&in);
	result->frames = unpack_strv(&in);
	result->threads = unpack_strv(&in);
	result->python = unpack_str(&in);
	result->stdlib = unpack_str(&in);
	result->cwd = unpack_str(&in);
	result->import_us = unpack_u64(&in);
	r = unpack_end(&in);
	if (r == 0 && (strv_len(result->frames) % 3 || strv_len(result->threads) % 2))
		r = -EPROTO;
	if (r < 0)
		import_result_done(result);
	return r;
}

void import_result_done(struct import_result *result)
{
	free(result->type);
	free(result->message);
	free(result->text);
	strv_free(result->frames);
	strv_free(result->threads);
	free(result->python);
	free(result->stdlib);
	free(result->cwd);
	memset(result, 0, sizeof(*result));
}

void verdict_pack(struct buf *buf, const struct verdict *verdict)
{
	pack_u32(buf, verdict->may_fork);
	pack_u32(buf, verdict->no_new_privs);
	pack_u32(buf, (uint32_t)verdict->nthreads);
	pack_u32(buf, (uint32_t)verdict->nfds);
	for (size_t i = 0; i < verdict->nfds; i++) {
		pack_u32(buf, (uint32_t)verdict->fds[i].fd);
		pack_u64(buf, verdict->fds[i].dev);
		pack_u64(buf, verdict->fds[i].ino);
	}
	pack_u32(buf, (uint32_t)verdict->nactions);
	for (size_t i = 0; i < verdict->nactions; i++) {
		pack_u32(buf, (uint32_t)verdict->actions[i].fd);
		pack_u32(buf, (uint32_t)verdict->actions[i].action);
		pack_u32(buf, (uint32_t)verdict->actions[i].flags);
		pack_u64(buf, (uint64_t)verdict->actions[i].pos);
		pack_str(buf, verdict->actions[i].path);
	}
}

static void unpack_fds(struct verdict *verdict, struct unpack *in)
{
	uint32_t n = unpack_u32(in);

	verdict->fds = n <= in->left ? calloc((size_t)n + 1, sizeof(*verdict->fds)) : NULL;
	for (uint32_t i = 0; verdict->fds && i < n; i++) {
		struct audited_fd *fd = &verdict->fds[verdict->nfds++];

		fd->fd = (int)unpack_u32(in);
		fd->dev = unpack_u64(in);
		fd->ino = unpack_u64(in);
	}
}

static void unpack_actions(struct verdict *verdict, struct unpack *in)
{
	uint32_t n = unpack_u32(in);

	verdict->actions = n <= in->left ? calloc((size_t)n + 1, sizeof(*verdict->actions)) : NULL;
	for (uint32_t i = 0; verdict->actions && i < n; i++) {
		struct fd_action *action = &verdict->actions[verdict->nactions++];

		action->fd = (int)unpack_u32(in);
		action->action = (int)unpack_u32(in);
		action->flags = (int)unpack_u32(in);
		action->pos = (int64_t)unpack_u64(in);
		action->path = unpack_str(in);
	}
}

int verdict_unpack(struct verdict *verdict, const void *data, size_t len)
{
	struct unpack in;
	int r;

	memset(verdict, 0, sizeof(*verdict));
	unpack_init(&in, data, len);
	verdict->may_fork = unpack_u32(&in) != 0;
	verdict->no_new_privs = unpack_u32(&in) != 0;
	verdict->nthreads = unpack_u32(&in);
	unpack_fds(verdict, &in);
	unpack_actions(verdict, &in);
	r = verdict->fds && verdict->actions ? unpack_end(&in) : -EPROTO;
	if (r < 0)
		verdict_done(verdict);
	return r;
}

void verdict_done(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->nactions; i++)
		free(verdict->actions[i].path);
	free(verdict->actions);
	free(verdict->fds);
	memset(verdict, 0, sizeof(*verdict));
}
