/* question.h - for routes that ask the supervisor one question, and answer when it has.
 * Runs in: control. */
#ifndef CONTROL_QUESTION_H
#define CONTROL_QUESTION_H

struct answer;
struct control_request;
struct exchange;

/* `reply` answers the exchange; it is not called if the client has gone meanwhile.  Without memory
 * the exchange is answered at once. */
void question_ask(struct exchange *exchange, const struct control_request *request,
		  void (*reply)(struct exchange *exchange, struct answer *answer));

#endif
