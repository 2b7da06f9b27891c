/* channel.h - messages between two processes of ours: a SOCK_SEQPACKET pair, one datagram a
 * message. Runs in: every process that speaks over a channel. */
#ifndef IPC_CHANNEL_H
#define IPC_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#define CHANNEL_FDS_MAX 64                  /* fds in one message */
#define CHANNEL_BODY_MAX ((size_t)64 << 20) /* bytes; a longer body is a protocol violation */

/* A received message.  The receiver owns body and fds; message_done() frees and closes what was not
 * taken (take an fd by setting it to -1). */
struct message {
	uint32_t type; /* enum message_type, messages.h */
	uint32_t id;   /* chosen by the asker; an answer carries the id of its question */
	char *body;    /* owned; never NULL, NUL-terminated for convenience */
	size_t len;
	int fds[CHANNEL_FDS_MAX]; /* owned; CLOEXEC */
	size_t nfds;
};

/* Two connected ends, CLOEXEC, blocking.  0 or -errno. */
int channel_pair(int ends[2]);

/* Sends one message; fds are borrowed.  Bodies that do not fit a datagram travel in a sealed memfd.
 * 0 or -errno (-EAGAIN only on a nonblocking end). */
int channel_send(int fd, uint32_t type, uint32_t id, const void *body, size_t len, const int *fds,
		 size_t nfds);

/* Receives one message into *msg.  1: got one; 0: the peer has closed; -EAGAIN: nothing yet; other
 * -errno
 * (-EPROTO: malformed, the peer is not to be trusted any more).  On <= 0 *msg holds nothing. */
int channel_recv(int fd, struct message *msg);

void message_done(struct message *msg);

#endif
