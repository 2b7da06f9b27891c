/* listen_match.h - whether a socket that an earlier supervisor has bound is what a section says, as
 * far as a bound socket cannot be changed any more.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_LISTEN_MATCH_H
#define SUPERVISOR_LISTEN_MATCH_H

#include <stdbool.h>

struct config_socket;
struct fdstore_entry;

/* Family, type, protocol, address, reuseport and v6only are the same; it listens, if it is not of
 * datagrams; and the file of a unix socket is still the one that it was bound with. */
bool listen_match(const struct fdstore_entry *entry, const struct config_socket *config);

#endif
