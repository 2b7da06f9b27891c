/* http.c - see http.h. */
#include "ctl/http.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/util.h"
#include "rpc/base64.h"

#include <errno.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- where ---- */

/* "host", "host:port", "[::1]:port" up to the first slash. */
static int split_authority(const char *text, char **ret_host, char **ret_port)
{
	size_t len = strcspn(text, "/");
	const char *host = text, *colon;
	size_t host_len = len;

	if (*text == '[') {
		const char *end = memchr(text, ']', len);

		if (!end)
			return -1;
		host = text + 1;
		host_len = (size_t)(end - host);
		colon = end + 1 < text + len && end[1] == ':' ? end + 1 : NULL;
	} else {
		colon = memchr(text, ':', len);
		if (colon)
			host_len = (size_t)(colon - text);
	}
	if (!host_len || (colon && colon + 1 == text + len))
		return -1;
	*ret_host = strndup(host, host_len);
	*ret_port = colon ? strndup(colon + 1, (size_t)(text + len - colon - 1)) : strdup("80");
	return 0;
}

int http_server_set(struct http_server *server, const char *url, struct error *err)
{
	struct http_server made = { .username = server->username, .password = server->password };

	if (strncmp(url, "unix://", 7) == 0 && url[7])
		made.path = strdup(url + 7);
	else if (strncmp(url, "http://", 7) != 0 ||
		 split_authority(url + 7, &made.host, &made.port) < 0)
		return error_set(err, "serverurl %s is neither unix:///PATH nor http://HOST:PORT",
				 url);
	made.url = strdup(url);
	free(server->url);
	free(server->path);
	free(server->host);
	free(server->port);
	*server = made;
	return 0;
}

void http_server_done(struct http_server *server)
{
	free(server->url);
	free(server->path);
	free(server->host);
	free(server->port);
	free(server->username);
	free(server->password);
	memset(server, 0, sizeof(*server));
}

/* ---- the answer ---- */

/* A size of nothing but digits.  strtoull(3) alone would take "-1", " 1" and "0x1" as well. */
static bool read_size(const char *text, size_t len, int base, size_t *ret)
{
	const char *digits = base == 16 ? "0123456789abcdefABCDEF" : "0123456789";

	if (len == 0 || strspn(text, digits) < len)
		return false;
	errno = 0;
	*ret = strtoull(text, NULL, base);
	return errno == 0;
}

static void read_header(struct http_reader *reader)
{
	char *colon = strchr(reader->line, ':');
	const char *value;

	if (!colon)
		return;
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	if (strcasecmp(reader->line, "Transfer-Encoding") == 0)
		reader->chunked = strcasecmp(value, "chunked") == 0;
	if (strcasecmp(reader->line, "Content-Length") == 0) {
		reader->has_length = true;
		if (!read_size(value, strcspn(value, " \t"), 10, &reader->left))
			reader->at = HTTP_BROKEN;
	}
}

static void end_headers(struct http_reader *reader)
{
	if (reader->status / 100 == 1) { /* 100 Continue: the real one follows */
		reader->at = HTTP_STATUS_LINE;
		reader->chunked = reader->has_length = false;
	} else if (reader->chunked) {
		reader->at = HTTP_CHUNK_SIZE;
	} else if (reader->has_length) {
		reader->at = reader->left ? HTTP_BODY : HTTP_COMPLETE;
	} else {
		reader->at = HTTP_ENDLESS;
	}
}

static void read_status_line(struct http_reader *reader)
{
	if (sscanf(reader->line, "HTTP/1.%*1[01] %3d", &reader->status) == 1 &&
	    reader->status >= 100)
		reader->at = HTTP_HEADER;
	else
		reader->at = HTTP_BROKEN;
}

static void read_chunk_size(struct http_reader *reader)
{
	if (!read_size(reader->line, strcspn(reader->line, "; \t"), 16, &reader->left))
		reader->at = HTTP_BROKEN;
	else
		reader->at = reader->left ? HTTP_CHUNK : HTTP_TRAILER;
}

static void read_line(struct http_reader *reader)
{
	switch (reader->at) {
	case HTTP_STATUS_LINE:
		read_status_line(reader);
		break;
	case HTTP_HEADER:
		if (reader->len)
			read_header(reader);
		else
			end_headers(reader);
		break;
	case HTTP_CHUNK_SIZE:
		read_chunk_size(reader);
		break;
	case HTTP_CHUNK_END:
		reader->at = reader->len ? HTTP_BROKEN : HTTP_CHUNK_SIZE;
		break;
	case HTTP_TRAILER:
		if (!reader->len)
			reader->at = HTTP_COMPLETE;
		break;
	default:
		break;
	}
}

static void feed_line(struct http_reader *reader, char c)
{
	if (c != '\n') {
		if (reader->len + 1 < sizeof(reader->line))
			reader->line[reader->len++] = c;
		return;
	}
	if (reader->len && reader->line[reader->len - 1] == '\r')
		reader->len--;
	reader->line[reader->len] = '\0';
	read_line(reader);
	reader->len = 0;
}

/* Bytes of the body: how many were taken. */
static size_t feed_body(struct http_reader *reader, const char *data, size_t len)
{
	if (reader->at != HTTP_ENDLESS && len > reader->left)
		len = reader->left;
	if (reader->body)
		reader->body(reader->arg, data, len);
	if (reader->at == HTTP_ENDLESS)
		return len;
	reader->left -= len;
	if (!reader->left)
		reader->at = reader->at == HTTP_CHUNK ? HTTP_CHUNK_END : HTTP_COMPLETE;
	return len;
}

void http_reader_feed(struct http_reader *reader, const char *data, size_t len)
{
	size_t at = 0;

	while (at < len && reader->at != HTTP_COMPLETE && reader->at != HTTP_BROKEN) {
		if (reader->at == HTTP_BODY || reader->at == HTTP_CHUNK ||
		    reader->at == HTTP_ENDLESS)
			at += feed_body(reader, data + at, len - at);
		else
			feed_line(reader, data[at++]);
	}
}

/* ---- the request ---- */

static int connect_unix(const struct http_server *server, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;

	if (strlen(server->path) >= sizeof(address.sun_path)) {
		error_set(err, "%s: the path of a socket has at most %zu bytes", server->url,
			  sizeof(address.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	memcpy(address.sun_path, server->path, strlen(server->path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	r = -errno;
	error_set(err, "%s: %s", server->url, strerror(-r));
	fd_close(&fd);
	return r;
}

static int connect_tcp(const struct http_server *server, struct error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	int r = getaddrinfo(server->host, server->port, &hints, &list);
	int fd = -1;

	if (r != 0) {
		error_set(err, "%s: %s", server->url, gai_strerror(r));
		return -EHOSTUNREACH;
	}
	r = -EHOSTUNREACH;
	for (struct addrinfo *at = list; at && fd < 0; at = at->ai_next) {
		fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
		if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) == 0)
			break;
		r = -errno;
		fd_close(&fd);
	}
	freeaddrinfo(list);
	if (fd < 0)
		error_set(err, "%s: %s", server->url, strerror(-r));
	return fd < 0 ? r : fd;
}

static void add_authorization(struct buf *head, const struct http_server *server)
{
	struct buf plain = { 0 };

	if (!server->username || !*server->username)
		return;
	buf_printf(&plain, "%s:%s", server->username, server->password ? server->password : "");
	buf_addstr(head, "Authorization: Basic ");
	base64_encode(head, plain.data, plain.len);
	buf_addstr(head, "\r\n");
	buf_done(&plain);
}

static void build(struct buf *text, const struct http_server *server, const char *path,
		  const struct buf *body)
{
	bool v6 = server->host && strchr(server->host, ':');

	buf_printf(text, "%s %s HTTP/1.1\r\nHost: ", body ? "POST" : "GET", path);
	if (server->path)
		buf_addstr(text, "localhost");
	else
		buf_printf(text, v6 ? "[%s]:%s" : "%s:%s", server->host, server->port);
	buf_addstr(text, "\r\nUser-Agent: forkserverctl/" PACKAGE_VERSION "\r\nAccept: */*\r\n");
	if (body) /* a supervisord that is to close does not answer GET /logtail at all */
		buf_addstr(text, "Connection: close\r\n");
	add_authorization(text, server);
	if (body)
		buf_printf(text, "Content-Type: text/xml\r\nContent-Length: %zu\r\n", body->len);
	buf_addstr(text, "\r\n");
	if (body)
		buf_add(text, body->data, body->len);
}

int http_request(const struct http_server *server, const char *path, const struct buf *body,
		 struct error *err)
{
	struct buf text = { 0 };
	int fd, r;

	build(&text, server, path, body);
	if (text.failed) {
		buf_done(&text);
		error_set(err, "out of memory");
		return -ENOMEM;
	}
	fd = server->path ? connect_unix(server, err) : connect_tcp(server, err);
	r = fd < 0 ? fd : fd_write_all(fd, text.data, text.len);
	buf_done(&text);
	/* EPIPE: it may have answered (401, 413) without reading all of it */
	if (fd >= 0 && r < 0 && r != -EPIPE) {
		error_set(err, "%s: %s", server->url, strerror(-r));
		fd_close(&fd);
	}
	return fd < 0 ? r : fd;
}

static void append(void *arg, const char *data, size_t len)
{
	buf_add(arg, data, len);
}

static int broken(const struct http_server *server, struct error *err)
{
	error_set(err, "%s: the answer is not HTTP, or ends in its midst", server->url);
	return -EPROTO;
}

int http_post(const struct http_server *server, const char *path, const struct buf *body,
	      struct buf *answer, struct error *err)
{
	struct http_reader reader = { .body = append, .arg = answer };
	CLEANUP_FD int fd = http_request(server, path, body, err);
	char data[65536];

	if (fd < 0)
		return fd;
	while (reader.at != HTTP_COMPLETE && reader.at != HTTP_BROKEN) {
		ssize_t n = read(fd, data, sizeof(data));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int r = -errno;

			error_set(err, "%s: %s", server->url, strerror(-r));
			return r;
		}
		if (n == 0)
			break;
		http_reader_feed(&reader, data, (size_t)n);
	}
	if (reader.at != HTTP_COMPLETE && reader.at != HTTP_ENDLESS)
		return broken(server, err);
	if (answer->failed)
		return broken(server, err);
	return reader.status;
}
