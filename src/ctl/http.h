/* http.h - a small HTTP/1.1 client: one request a connection, over a unix socket or TCP.
 * Runs in: forkserverctl. */
#ifndef CTL_HTTP_H
#define CTL_HTTP_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct error;

/* Where requests go. */
struct http_server {
	char *url;      /* owned; as it was named, for messages */
	char *path;     /* owned; of a unix socket, else NULL */
	char *host;     /* owned; of TCP, else NULL */
	char *port;     /* owned */
	char *username; /* owned; NULL: no authentication */
	char *password; /* owned; NULL counts as "" */
};

/* Reads "unix:///path" or "http://host[:port]"; an IPv6 address stands in brackets.  0, or -1 with
 * err and *server unchanged.  Keeps name and password. */
int http_server_set(struct http_server *server, const char *url, struct error *err);
void http_server_done(struct http_server *server);

/* Takes an answer apart as it arrives.  `body` gets the bytes of the body and is called from within
 * http_reader_feed(). */
struct http_reader {
	void (*body)(void *arg, const char *data, size_t len);
	void *arg;
	int status; /* 0 until the status line is there */
	enum {
		HTTP_STATUS_LINE,
		HTTP_HEADER,
		HTTP_BODY,    /* `left` bytes of it */
		HTTP_ENDLESS, /* until the connection ends */
		HTTP_CHUNK_SIZE,
		HTTP_CHUNK, /* `left` bytes of it */
		HTTP_CHUNK_END,
		HTTP_TRAILER,
		HTTP_COMPLETE,
		HTTP_BROKEN,
	} at;
	bool chunked;
	bool has_length;
	size_t left;
	char line[512]; /* of what is read line by line; the rest of a longer one is passed over */
	size_t len;
};

/* Everything after HTTP_COMPLETE and HTTP_BROKEN is ignored. */
void http_reader_feed(struct http_reader *reader, const char *data, size_t len);

/* Connects, and sends the request with its body (NULL: a GET).  The socket, which is blocking and
 * owned by the caller, or -errno with err (-ECONNREFUSED and -ENOENT are worth a word of their
 * own).
 */
int http_request(const struct http_server *server, const char *path, const struct buf *body,
		 struct error *err);

/* The whole exchange: the answer's status, its body appended to `answer`; or -errno with err. */
int http_post(const struct http_server *server, const char *path, const struct buf *body,
	      struct buf *answer, struct error *err);

#endif
