/* api.c - /api/v1/: the state of everything as JSON, and what can be done to a process. */
#include "base/util.h"
#include "control/api_path.h"
#include "control/api_write.h"
#include "control/control.h"
#include "control/describe.h"
#include "control/exchange.h"
#include "control/form.h"
#include "control/json.h"
#include "control/link.h"
#include "control/question.h"
#include "control/routes.h"
#include "control/usage.h"
#include "ipc/metrics_messages.h"
#include "ipc/rollout_messages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- answers ---- */

static void send_json(struct exchange *exchange, unsigned status, struct buf *body)
{
	buf_addch(body, '\n');
	exchange_answer(exchange, status, "application/json", body);
	exchange_add(exchange, "X-Content-Type-Options", "nosniff");
	exchange_add(exchange, "Cache-Control", "no-store");
}

static void send_error(struct exchange *exchange, unsigned status, const char *fault,
		       const char *message)
{
	struct buf body = { 0 };

	api_write_error(&body, fault, message);
	send_json(exchange, status, &body);
	exchange_send(exchange);
}

static void not_found(struct exchange *exchange)
{
	send_error(exchange, MHD_HTTP_NOT_FOUND, "NOT_FOUND", "there is nothing of that name");
}

static unsigned status_of(uint32_t fault)
{
	switch (fault) {
	case FAULT_BAD_NAME:
		return MHD_HTTP_NOT_FOUND;
	case FAULT_BAD_SIGNAL:
	case FAULT_BAD_ARGUMENTS:
		return MHD_HTTP_BAD_REQUEST;
	case FAULT_ALREADY_STARTED:
	case FAULT_NOT_RUNNING:
	case FAULT_CANT_REREAD:
		return MHD_HTTP_CONFLICT;
	case FAULT_SHUTDOWN_STATE:
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	default:
		return MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
}

static void send_fault(struct exchange *exchange, const struct answer *answer)
{
	struct buf text = { 0 };

	describe_fault_text(&text, answer->fault, answer->text);
	send_error(exchange, status_of(answer->fault), describe_fault(answer->fault),
		   buf_str(&text));
	buf_done(&text);
}

/* Sends what was written if the answer was what it should be. */
static void finish(struct exchange *exchange, const struct answer *answer, struct buf *body)
{
	if (unpack_end(&answer->body) == 0 && !body->failed) {
		send_json(exchange, MHD_HTTP_OK, body);
		exchange_send(exchange);
		return;
	}
	buf_done(body);
	send_error(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR, "FAILED",
		   "the supervisor's answer is malformed, or there is no memory for it");
}

/* ---- GET ---- */

static void write_process(struct buf *to, struct unpack *in)
{
	struct process_info info = { 0 };

	process_info_unpack(&info, in);
	if (!in->bad)
		api_write_process(to, &info);
	process_info_done(&info);
}

static void write_zygote(struct buf *to, struct unpack *in)
{
	struct zygote_status status = { 0 };

	zygote_status_unpack(&status, in);
	if (!in->bad)
		api_write_zygote(to, &status);
	zygote_status_done(&status);
}

static void write_rollout(struct buf *to, struct unpack *in)
{
	struct rollout_info info = { 0 };

	rollout_info_unpack(&info, in);
	if (!in->bad)
		api_write_rollout(to, &info);
	rollout_info_done(&info);
}

static void write_number(struct buf *to, struct unpack *in)
{
	uint32_t number = unpack_u32(in);

	if (!in->bad)
		json_int(to, number);
}

/* {KEY: [all that are in the answer]} */
static void reply_list(struct exchange *exchange, struct answer *answer, const char *key,
		       void (*write)(struct buf *to, struct unpack *in))
{
	struct buf body = { 0 };
	uint32_t n;

	if (answer->fault != FAULT_NONE) {
		send_fault(exchange, answer);
		return;
	}
	n = unpack_u32(&answer->body);
	json_object_begin(&body);
	json_key(&body, key);
	json_array_begin(&body);
	for (uint32_t i = 0; i < n && !answer->body.bad; i++)
		write(&body, &answer->body);
	json_array_end(&body);
	json_object_end(&body);
	finish(exchange, answer, &body);
}

static void reply_processes(struct exchange *exchange, struct answer *answer)
{
	reply_list(exchange, answer, "processes", write_process);
}

static void reply_zygotes(struct exchange *exchange, struct answer *answer)
{
	reply_list(exchange, answer, "zygotes", write_zygote);
}

static void reply_rollouts(struct exchange *exchange, struct answer *answer)
{
	reply_list(exchange, answer, "rollouts", write_rollout);
}

static void reply_ids(struct exchange *exchange, struct answer *answer)
{
	reply_list(exchange, answer, "rollouts", write_number);
}

static void reply_one(struct exchange *exchange, struct answer *answer,
		      void (*write)(struct buf *to, struct unpack *in))
{
	struct buf body = { 0 };
	uint32_t n;

	if (answer->fault != FAULT_NONE) {
		send_fault(exchange, answer);
		return;
	}
	n = unpack_u32(&answer->body);
	if (n == 0 && unpack_end(&answer->body) == 0) {
		not_found(exchange);
		return;
	}
	if (n != 1)
		answer->body.bad = true;
	write(&body, &answer->body);
	finish(exchange, answer, &body);
}

static void reply_process(struct exchange *exchange, struct answer *answer)
{
	reply_one(exchange, answer, write_process);
}

static void reply_rollout(struct exchange *exchange, struct answer *answer)
{
	reply_one(exchange, answer, write_rollout);
}

static void reply_supervisor(struct exchange *exchange, struct answer *answer)
{
	struct supervisor_status status = { 0 };
	struct buf body = { 0 };

	if (answer->fault != FAULT_NONE) {
		send_fault(exchange, answer);
		return;
	}
	supervisor_status_unpack(&status, &answer->body);
	api_write_supervisor(&body, &status);
	supervisor_status_done(&status);
	finish(exchange, answer, &body);
}

static void reply_usage(struct exchange *exchange, struct answer *answer)
{
	struct usage usage;
	struct buf body = { 0 };

	if (answer->fault != FAULT_NONE) {
		send_fault(exchange, answer);
		return;
	}
	if (usage_read(&usage, &answer->body) == 0)
		usage_write_json(&body, &usage);
	else
		body.failed = true;
	usage_done(&usage);
	finish(exchange, answer, &body);
}

/* ---- POST: one step after the other, and last how the process is now ---- */

#define STEPS_MAX 2

struct action_work {
	struct exchange *exchange; /* borrowed; NULL: the client has gone */
	struct link *link;         /* borrowed */
	char *name, *signal;       /* owned */
	uint32_t steps[STEPS_MAX]; /* enum control_operation; 0: none */
	size_t next;
	bool restarts;
	struct ask ask;
};

static void free_action(struct action_work *work)
{
	link_cancel(work->link, &work->ask);
	free(work->name);
	free(work->signal);
	free(work);
}

static void drop_action(struct exchange *exchange)
{
	free_action(exchange->work);
	exchange->work = NULL;
	exchange->drop = NULL;
}

/* The client has gone.  What was stopped in order to be started again is started, whoever hears of
 * it. */
static void leave_action(struct exchange *exchange)
{
	struct action_work *work = exchange->work;

	if (!work->restarts || work->next != 1) {
		drop_action(exchange);
		return;
	}
	work->exchange = NULL;
	exchange->work = NULL;
	exchange->drop = NULL;
}

/* The next step of one whose client has gone, or its end. */
static void step_alone(struct action_work *work, bool good)
{
	struct control_request request = { .operation = CONTROL_START, .name = work->name };

	if (!good || work->next != 1 || link_ask(work->link, &work->ask, &request) < 0)
		free_action(work);
	else
		work->next++;
}

static void out_of_memory(struct exchange *exchange)
{
	send_error(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "FAILED", "out of memory");
}

static void step(struct action_work *work)
{
	struct exchange *exchange = work->exchange;
	struct control_request request = { .wait = 1, .name = work->name, .text = work->signal };

	if (work->next < STEPS_MAX && work->steps[work->next]) {
		request.operation = work->steps[work->next++];
		request.ntext = work->signal ? strlen(work->signal) : 0;
		request.wait = request.operation != CONTROL_SIGNAL;
		if (link_ask(&exchange->control->link, &work->ask, &request) == 0)
			return;
		drop_action(exchange);
		out_of_memory(exchange);
		return;
	}
	request = (struct control_request){ .operation = CONTROL_INFO, .name = work->name };
	work->name = NULL;
	drop_action(exchange);
	question_ask(exchange, &request, reply_process);
	free(request.name);
}

static void on_step(struct ask *ask, struct answer *answer)
{
	struct action_work *work = container_of(ask, struct action_work, ask);
	struct exchange *exchange = work->exchange;
	/* what does not run need not be stopped first */
	bool harmless = work->restarts && work->next == 1 && answer->fault == FAULT_NOT_RUNNING;

	if (!exchange) {
		step_alone(work, answer->fault == FAULT_NONE || harmless);
		return;
	}
	if (answer->fault == FAULT_NONE || harmless) {
		step(work);
		return;
	}
	drop_action(exchange);
	send_fault(exchange, answer);
}

/* The signal is in the query or in a form; NULL: it is not there. */
static char *read_signal(struct exchange *exchange)
{
	const char *query = exchange_query(exchange, "signal");

	return query ? strdup(query)
		     : form_field(buf_str(&exchange->body), exchange->body.len, "signal");
}

static void act(struct exchange *exchange, const struct api_path *path)
{
	static const uint32_t steps[][STEPS_MAX] = {
		[API_START] = { CONTROL_START },
		[API_STOP] = { CONTROL_STOP },
		[API_RESTART] = { CONTROL_STOP, CONTROL_START },
		[API_SIGNAL] = { CONTROL_SIGNAL },
	};
	char *signal = path->what == API_SIGNAL ? read_signal(exchange) : NULL;
	struct action_work *work;

	if (path->what == API_SIGNAL && !signal) {
		send_error(exchange, MHD_HTTP_BAD_REQUEST, "BAD_SIGNAL",
			   "which signal is missing: add signal=HUP to the form or the query");
		return;
	}
	work = calloc(1, sizeof(*work));
	if (!work || !(work->name = strndup(path->name, path->nname))) {
		free(signal);
		free(work);
		out_of_memory(exchange);
		return;
	}
	work->exchange = exchange;
	work->link = &exchange->control->link;
	work->signal = signal;
	work->restarts = path->what == API_RESTART;
	memcpy(work->steps, steps[path->what], sizeof(work->steps));
	work->ask.done = on_step;
	exchange->work = work;
	exchange->drop = leave_action;
	step(work);
}

/* Begins it, and answers with what to ask for from then on. */
static void reload(struct exchange *exchange, const struct api_path *path)
{
	struct control_request request = { .operation = CONTROL_RELOAD,
					   .name = strndup(path->name, path->nname) };

	if (request.name)
		question_ask(exchange, &request, reply_ids);
	else
		out_of_memory(exchange);
	free(request.name);
}

/* ---- the route ---- */

static void refuse_method(struct exchange *exchange, const char *allowed)
{
	struct buf body = { 0 };

	api_write_error(&body, "METHOD_NOT_ALLOWED", "not with this method");
	send_json(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, &body);
	exchange_add(exchange, "Allow", allowed);
	exchange_send(exchange);
}

/* 0: it is no number that could be one, 0 among them. */
static uint32_t read_id(const char *digits)
{
	unsigned long long id;
	char *end;

	if (*digits < '1' || *digits > '9')
		return 0;
	errno = 0;
	id = strtoull(digits, &end, 10);
	return *end || errno || id > UINT32_MAX ? 0 : (uint32_t)id;
}

static void look_up_rollout(struct exchange *exchange, const char *digits)
{
	struct control_request request = { .operation = CONTROL_ROLLOUTS,
					   .number = read_id(digits) };

	if (request.number)
		question_ask(exchange, &request, reply_rollout);
	else
		not_found(exchange);
}

static void look_up(struct exchange *exchange, const struct api_path *path)
{
	static const struct {
		uint32_t operation;
		void (*reply)(struct exchange *exchange, struct answer *answer);
	} questions[] = {
		[API_PROCESSES] = { CONTROL_INFO, reply_processes },
		[API_PROCESS] = { CONTROL_INFO, reply_process },
		[API_SUPERVISOR] = { CONTROL_SUPERVISOR, reply_supervisor },
		[API_ZYGOTES] = { CONTROL_ZYGOTES, reply_zygotes },
		[API_ROLLOUTS] = { CONTROL_ROLLOUTS, reply_rollouts },
		[API_USAGE] = { CONTROL_USAGE, reply_usage },
	};
	struct control_request request = {
		.operation = questions[path->what].operation,
		.name = (char *)path->name, /* it reaches to the end of the path */
	};

	question_ask(exchange, &request, questions[path->what].reply);
}

static bool is_action(enum api_what what)
{
	return what == API_START || what == API_STOP || what == API_RESTART || what == API_SIGNAL;
}

void route_api(struct exchange *exchange)
{
	struct api_path path = api_path_read(exchange->path, exchange->posts);

	if (path.what == API_NOTHING && exchange->posts &&
	    api_path_read(exchange->path, false).what != API_NOTHING)
		refuse_method(exchange, "GET, HEAD");
	else if (path.what == API_NOTHING)
		not_found(exchange);
	else if (path.what == API_RELOAD)
		reload(exchange, &path);
	else if (is_action(path.what))
		act(exchange, &path);
	else if (exchange->posts)
		refuse_method(exchange, "GET, HEAD");
	else if (path.what == API_ROLLOUT)
		look_up_rollout(exchange, path.name);
	else
		look_up(exchange, &path);
}
