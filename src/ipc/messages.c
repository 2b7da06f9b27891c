/* messages.c - see messages.h.  Each pair of functions lists the fields in the same order. */
#include "ipc/messages.h"

#include "base/buf.h"
#include "base/strv.h"
#include "ipc/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void zygote_setup_pack(struct buf *buf, const struct zygote_setup *setup)
{
	pack_str(buf, setup->name);
	pack_str(buf, setup->python);
	pack_str(buf, setup->python_prefix);
	pack_strv(buf, setup->path);
	pack_strv(buf, setup->preload);
	pack_str(buf, setup->warmup);
	pack_strv(buf, setup->commands);
	pack_strv(buf, setup->allow);
	pack_str(buf, setup->baseline);
	pack_u32(buf, setup->policy);
	pack_u32(buf, setup->mode);
	pack_u32(buf, setup->preload_timeout);
	pack_u32(buf, setup->progress);
	pack_u32(buf, setup->thp);
	pack_u32(buf, setup->ksm);
	pack_u32(buf, setup->gc_freeze);
	pack_u32(buf, setup->immortalize);
	pack_u32(buf, setup->beside);
}

int zygote_setup_unpack(struct zygote_setup *setup, const void *data, size_t len)
{
	struct unpack in;
	int r;

	unpack_init(&in, data, len);
	setup->name = unpack_str(&in);
	setup->python = unpack_str(&in);
	setup->python_prefix = unpack_str(&in);
	setup->path = unpack_strv(&in);
	setup->preload = unpack_strv(&in);
	setup->warmup = unpack_str(&in);
	setup->commands = unpack_strv(&in);
	setup->allow = unpack_strv(&in);
	setup->baseline = unpack_str(&in);
	setup->policy = unpack_u32(&in);
	setup->mode = unpack_u32(&in);
	setup->preload_timeout = unpack_u32(&in);
	setup->progress = unpack_u32(&in);
	setup->thp = unpack_u32(&in);
	setup->ksm = unpack_u32(&in);
	setup->gc_freeze = unpack_u32(&in);
	setup->immortalize = unpack_u32(&in);
	setup->beside = unpack_u32(&in);
	r = unpack_end(&in);
	if (r < 0)
		zygote_setup_done(setup);
	return r;
}

void zygote_setup_done(struct zygote_setup *setup)
{
	free(setup->name);
	free(setup->python);
	free(setup->python_prefix);
	strv_free(setup->path);
	strv_free(setup->preload);
	free(setup->warmup);
	strv_free(setup->commands);
	strv_free(setup->allow);
	free(setup->baseline);
	memset(setup, 0, sizeof(*setup));
}

void zygote_ready_pack(struct buf *buf, const struct zygote_ready *ready)
{
	pack_u64(buf, ready->rss);
	pack_u64(buf, ready->pss);
	pack_u64(buf, ready->import_us);
	pack_u64(buf, ready->frozen);
	pack_u64(buf, ready->immortal);
	pack_u64(buf, ready->immortal_us);
}

int zygote_ready_unpack(struct zygote_ready *ready, const void *data, size_t len)
{
	struct unpack in;

	unpack_init(&in, data, len);
	ready->rss = unpack_u64(&in);
	ready->pss = unpack_u64(&in);
	ready->import_us = unpack_u64(&in);
	ready->frozen = unpack_u64(&in);
	ready->immortal = unpack_u64(&in);
	ready->immortal_us = unpack_u64(&in);
	return unpack_end(&in);
}

void spawn_request_pack(struct buf *buf, const struct spawn_request *request)
{
	pack_str(buf, request->name);
	pack_str(buf, request->kind);
	pack_strv(buf, request->argv);
	pack_strv(buf, request->environment);
	pack_str(buf, request->directory);
	pack_strv(buf, request->sockets);
	pack_data(buf, request->placed, request->nplaced * sizeof(*request->placed));
	pack_u32(buf, (uint32_t)request->umask);
	pack_u32(buf, request->setuid);
	pack_u32(buf, request->uid);
	pack_u32(buf, request->gid);
	pack_str(buf, request->user);
}

int spawn_request_unpack(struct spawn_request *request, const void *data, size_t size)
{
	struct unpack in;
	size_t len;
	int r;

	unpack_init(&in, data, size);
	request->name = unpack_str(&in);
	request->kind = unpack_str(&in);
	request->argv = unpack_strv(&in);
	request->environment = unpack_strv(&in);
	request->directory = unpack_str(&in);
	request->sockets = unpack_strv(&in);
	request->placed = (int *)(void *)unpack_data(&in, &len);
	request->nplaced = len / sizeof(*request->placed);
	request->umask = (int32_t)unpack_u32(&in);
	request->setuid = unpack_u32(&in);
	request->uid = unpack_u32(&in);
	request->gid = unpack_u32(&in);
	request->user = unpack_str(&in);
	r = len % sizeof(*request->placed) ? -EPROTO : unpack_end(&in);
	if (r < 0)
		spawn_request_done(request);
	return r;
}

void spawn_request_done(struct spawn_request *request)
{
	free(request->name);
	free(request->kind);
	strv_free(request->argv);
	strv_free(request->environment);
	free(request->directory);
	strv_free(request->sockets);
	free(request->placed);
	free(request->user);
	memset(request, 0, sizeof(*request));
}

void spawn_reply_pack(struct buf *buf, const struct spawn_reply *reply)
{
	pack_u32(buf, (uint32_t)reply->pid);
	pack_u32(buf, reply->again);
	pack_str(buf, reply->error);
}

int spawn_reply_unpack(struct spawn_reply *reply, const void *data, size_t len)
{
	struct unpack in;
	int r;

	unpack_init(&in, data, len);
	reply->pid = (int32_t)unpack_u32(&in);
	reply->again = unpack_u32(&in);
	reply->error = unpack_str(&in);
	r = unpack_end(&in);
	if (r < 0)
		spawn_reply_done(reply);
	return r;
}

void spawn_reply_done(struct spawn_reply *reply)
{
	free(reply->error);
	memset(reply, 0, sizeof(*reply));
}

void worker_model_pack(struct buf *buf, const struct worker_model *model)
{
	pack_str(buf, model->kind);
	pack_u32(buf, (uint32_t)model->pid);
}

int worker_model_unpack(struct worker_model *model, const void *data, size_t len)
{
	struct unpack in;
	int r;

	unpack_init(&in, data, len);
	model->kind = unpack_str(&in);
	model->pid = (int32_t)unpack_u32(&in);
	r = unpack_end(&in);
	if (r < 0)
		worker_model_done(model);
	return r;
}

void worker_model_done(struct worker_model *model)
{
	free(model->kind);
	memset(model, 0, sizeof(*model));
}
