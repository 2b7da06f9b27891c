/* socket_options.h - the options of TCP that [socket:*] names, on a listening socket; the kernel
 * hands them on to what is accepted from it.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_SOCKET_OPTIONS_H
#define SUPERVISOR_SOCKET_OPTIONS_H

struct config_socket;
struct error;

/* Sets what differs from `was`; NULL: from what a new socket has.  0, or -1 with err naming the
 * key. */
int socket_options_apply(int fd, const struct config_socket *was, const struct config_socket *now,
			 struct error *err);

/* What a bound socket has, as the values of keys: to be the `was` of one whose configuration is not
 * known any more.  Options that it does not have are off. */
void socket_options_read(int fd, struct config_socket *ret);

#endif
