/* question.c - see question.h. */
#include "control/question.h"

#include "base/util.h"
#include "control/control.h"
#include "control/exchange.h"
#include "control/link.h"

#include <stdlib.h>

struct question {
	struct exchange *exchange; /* borrowed */
	void (*reply)(struct exchange *exchange, struct answer *answer);
	struct ask ask;
};

static void drop(struct exchange *exchange)
{
	struct question *question = exchange->work;

	link_cancel(&exchange->control->link, &question->ask);
	free(question);
	exchange->work = NULL;
	exchange->drop = NULL;
}

static void on_answer(struct ask *ask, struct answer *answer)
{
	struct question *question = container_of(ask, struct question, ask);
	struct exchange *exchange = question->exchange;
	void (*reply)(struct exchange *, struct answer *) = question->reply;

	drop(exchange);
	reply(exchange, answer);
}

void question_ask(struct exchange *exchange, const struct control_request *request,
		  void (*reply)(struct exchange *exchange, struct answer *answer))
{
	struct question *question = calloc(1, sizeof(*question));

	if (!question) {
		exchange_say(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
		return;
	}
	question->exchange = exchange;
	question->reply = reply;
	question->ask.done = on_answer;
	exchange->work = question;
	exchange->drop = drop;
	if (link_ask(&exchange->control->link, &question->ask, request) < 0) {
		drop(exchange);
		exchange_say(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
	}
}
