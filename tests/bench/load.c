/* load.c - an HTTP client that checks every answer and asks nothing twice, for bench_reload.py.
 * Runs in: a process of its own, until SIGTERM; then what it has asked is still waited for.
 *
 * load PORT CONNECTIONS RATE keep|once >RECORDS
 *
 * RATE 0 is a closed loop: each connection asks again as soon as it has been answered.  Otherwise
 * so many requests a second are due, whether or not the ones before have been answered: what waits
 * in here for a free connection waits too, and is not left out of the figures.
 *
 * keep: a connection is used until the server closes it, having said so or while it is silent.
 * once: a connection for each request.
 *
 * A record is a line: when the request was due, sent and over (CLOCK_MONOTONIC, ns), how it ended,
 * and by whom: "PID VERSION" of the answer, PID of the one before on this connection; 0 where there
 * was none.  The request is GET /NUMBER, and a good answer's body "version=V pid=P echo=NUMBER\n".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS ((int64_t)1000000000)
#define TIMEOUT (20 * NS)
#define REST (NS / 100) /* after a failure: a server that is down is not asked a million times */

enum ending { OK, WRONG, REFUSED, RESET, CLOSED, TIMED_OUT };
static const char *const endings[] = {
	[OK] = "ok",       [WRONG] = "wrong",   [REFUSED] = "refused",
	[RESET] = "reset", [CLOSED] = "closed", [TIMED_OUT] = "timeout",
};

struct connection {
	int fd;     /* owned; -1: not connected */
	bool asked; /* a request is in flight */
	bool sent;  /* all of it has been written */
	int64_t due, began, rests_until;
	uint64_t number;
	long pid, version, previous;
	size_t have;
	char data[4096];
};

static int epoll_fd, connections_count;
static struct sockaddr_in server;
static struct connection *connections;
static int64_t interval; /* between two requests; 0: closed loop */
static bool keep;
static uint64_t numbers;
static volatile sig_atomic_t ending;

static int64_t now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * NS + at.tv_nsec;
}

static void end(int number)
{
	(void)number;
	ending = 1;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void disconnect(struct connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->previous = 0;
}

/* The request is over, in one way or the other. */
static void over(struct connection *c, enum ending how)
{
	printf("%" PRId64 " %" PRId64 " %" PRId64 " %s %ld %ld %ld\n", c->due, c->began, now(),
	       endings[how], how == OK ? c->pid : 0, how == OK ? c->version : 0, c->previous);
	c->asked = false;
	if (how != OK) {
		disconnect(c);
		c->rests_until = now() + REST;
	}
}

static enum ending why(int error)
{
	return error == ECONNREFUSED ? REFUSED : RESET;
}

static void write_request(struct connection *c)
{
	char text[128];
	int length =
		snprintf(text, sizeof(text), "GET /%" PRIu64 " HTTP/1.1\r\nHost: bench\r\n%s\r\n",
			 c->number, keep ? "" : "Connection: close\r\n");
	ssize_t written = send(c->fd, text, (size_t)length, MSG_NOSIGNAL);

	if (written == length) {
		c->sent = true;
		return;
	}
	if (written < 0 && (errno == EAGAIN || errno == ENOTCONN))
		return; /* it is being connected */
	over(c, written < 0 ? why(errno) : RESET);
}

static void connect_it(struct connection *c)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		fail("socket");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event))
		fail("epoll_ctl");
	if (connect(c->fd, (struct sockaddr *)&server, sizeof(server)) && errno != EINPROGRESS)
		over(c, why(errno));
}

/* The server has closed or reset it while it was silent, and we have not been told yet. */
static bool is_stale(struct connection *c)
{
	ssize_t got;

	if (c->fd < 0)
		return false;
	got = recv(c->fd, &(char){ 0 }, 1, MSG_PEEK);
	return got == 0 || (got < 0 && errno != EAGAIN);
}

static void ask(struct connection *c, int64_t due)
{
	if (is_stale(c))
		disconnect(c);
	c->due = due;
	c->began = now();
	c->number = ++numbers;
	c->asked = true;
	c->sent = false;
	c->have = 0;
	if (c->fd < 0)
		connect_it(c);
	else
		write_request(c);
}

/* Length of the whole answer; 0: its head is not all there; -1: none that we understand. */
static ssize_t answer_length(struct connection *c, char **body)
{
	char *head = strstr(c->data, "\r\n\r\n"), *field;

	if (!head)
		return c->have < sizeof(c->data) - 1 ? 0 : -1;
	field = strcasestr(c->data, "\r\ncontent-length:");
	if (!field || field > head)
		return -1;
	*body = head + 4;
	return *body - c->data + atol(field + strlen("\r\ncontent-length:"));
}

static void check(struct connection *c)
{
	char *body, *close_field;
	uint64_t echo;
	ssize_t length;

	c->data[c->have] = 0;
	length = answer_length(c, &body);
	if (!length || (length > 0 && c->have < (size_t)length))
		return;
	if (length < 0 || c->have > (size_t)length || strncmp(c->data, "HTTP/1.1 200 ", 13) ||
	    sscanf(body, "version=%ld pid=%ld echo=%" SCNu64 "\n", &c->version, &c->pid, &echo) !=
		    3 ||
	    echo != c->number) {
		over(c, WRONG);
		return;
	}
	over(c, OK);
	c->previous = c->pid;
	close_field = strcasestr(c->data, "\r\nconnection: close");
	if (!keep || (close_field && close_field < body))
		disconnect(c);
}

static void read_answer(struct connection *c)
{
	while (c->fd >= 0) {
		ssize_t got = recv(c->fd, c->data + c->have, sizeof(c->data) - 1 - c->have, 0);

		if (got < 0 && (errno == EAGAIN || errno == ENOTCONN))
			return;
		if (got <= 0 && !c->asked)
			disconnect(c); /* it was silent: the server may */
		else if (got <= 0)
			over(c, got ? why(errno) : CLOSED);
		else if (!c->asked)
			disconnect(
				c); /* what nobody has asked for; its number is missed by nobody */
		else {
			c->have += (size_t)got;
			check(c);
		}
	}
}

static void happened(struct connection *c)
{
	if (c->fd >= 0 && c->asked && !c->sent)
		write_request(c);
	read_answer(c);
}

static void time_out(int64_t at)
{
	for (int i = 0; i < connections_count; i++)
		if (connections[i].asked && at - connections[i].began > TIMEOUT)
			over(&connections[i], TIMED_OUT);
}

/* One that can be asked on, an open one if there is; NULL: none. */
static struct connection *silent(int64_t at)
{
	struct connection *found = NULL;

	for (struct connection *c = connections; c < connections + connections_count; c++) {
		if (c->asked || c->rests_until > at)
			continue;
		if (c->fd >= 0)
			return c;
		found = c;
	}
	return found;
}

/* Asks what is due.  Returns how many ms may be waited. */
static int ask_due(int64_t *due)
{
	struct connection *c;
	int64_t at = now();

	while (!ending && (!interval || *due <= at) && (c = silent(at))) {
		ask(c, interval ? *due : now());
		*due += interval;
	}
	return interval ? 1 : 10;
}

static bool is_busy(void)
{
	for (int i = 0; i < connections_count; i++)
		if (connections[i].asked)
			return true;
	return false;
}

static void run(void)
{
	struct epoll_event events[64];
	int64_t due = now();

	while (!ending || is_busy()) {
		int wait = ask_due(&due), count = epoll_wait(epoll_fd, events, 64, wait);

		for (int i = 0; i < count; i++)
			happened(events[i].data.ptr);
		time_out(now());
	}
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: load PORT CONNECTIONS RATE keep|once\n");
		return 2;
	}
	server.sin_family = AF_INET;
	server.sin_port = htons((uint16_t)atoi(argv[1]));
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	connections_count = atoi(argv[2]);
	interval = atoi(argv[3]) ? NS / atoi(argv[3]) : 0;
	keep = !strcmp(argv[4], "keep");
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	connections = calloc((size_t)connections_count, sizeof(*connections));
	if (epoll_fd < 0 || !connections)
		fail("load");
	for (int i = 0; i < connections_count; i++)
		connections[i].fd = -1;
	signal(SIGTERM, end);
	run();
	return fflush(stdout) ? 1 : 0;
}
