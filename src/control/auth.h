/* auth.h - HTTP's Basic authentication against the configured user.
 * Runs in: control. */
#ifndef CONTROL_AUTH_H
#define CONTROL_AUTH_H

#include <stdbool.h>
#include <stddef.h>

struct control_server;

/* Whether the server wants to know who calls. */
bool auth_required(const struct control_server *server);

/* Whether the value of an Authorization header (NULL: none) names the user and knows the password,
 * which is compared in the same time whatever it is. */
bool auth_accepts(const struct control_server *server, const char *authorization);

/* Whether two texts are the same, in a time that tells at most their lengths. */
bool auth_equal(const char *one, size_t none, const char *two, size_t ntwo);

#endif
