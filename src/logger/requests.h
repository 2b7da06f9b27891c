/* requests.h - what the supervisor asks for.
 * Runs in: logger. */
#ifndef LOGGER_REQUESTS_H
#define LOGGER_REQUESTS_H

struct message;
struct service;

void requests_take(struct service *service, struct message *msg);

#endif
