/* notify_socket.h - a datagram socket for sd_notify(3), whose messages say who has sent them.
 * Runs in: supervisor.
 *
 * Its name is abstract (unix(7)) and made of random numbers: there is no file to own, to leave
 * behind or to put something else in the place of, and chroot(2) does not hide it.  Whoever is in
 * the same network namespace can send, so every message is judged by its sender, whom the kernel
 * names. */
#ifndef IPC_NOTIFY_SOCKET_H
#define IPC_NOTIFY_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

#define NOTIFY_SOCKET_NAME_MAX 48
#define NOTIFY_DATAGRAM_MAX 4096 /* bytes; a longer message is refused as a whole */

struct notify_sender {
	pid_t pid; /* in our namespace; 0: it is outside of it */
	uid_t uid;
};

/* A new socket, CLOEXEC and non-blocking, and its name as NOTIFY_SOCKET wants it ("@forkserver-…");
 * or -errno. */
int notify_socket_open(char name[NOTIFY_SOCKET_NAME_MAX]);

/* The next message, not ended by a NUL: its length.  -EAGAIN: there is none.  -EMSGSIZE: it was
 * longer than NOTIFY_DATAGRAM_MAX; -ENODATA: the kernel does not say who sent it; in both cases it
 * is gone.  fds that come with one are closed, which is what BARRIER=1 waits for. */
ssize_t notify_socket_receive(int fd, char data[NOTIFY_DATAGRAM_MAX], struct notify_sender *sender);

#endif
