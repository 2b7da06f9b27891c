/* follow.c - prints logs as they grow, and connects the terminal to a process.  See ctl.h. */
#include "ctl/follow.h"
#include "base/fd.h"
#include "base/util.h"
#include "ctl/ctl.h"
#include "ctl/interrupt.h"
#include "rpc/value.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print(void *arg, const char *data, size_t len)
{
	const struct http_reader *reader = arg;

	if (reader->status == 200) {
		fwrite(data, 1, len, stdout);
		(void)ctl_push(stdout);
	}
}

int follow_start(struct follow *follow, struct ctl *ctl, const char *path)
{
	follow->path = path;
	follow->reader = (struct http_reader){ .body = print, .arg = &follow->reader };
	follow->fd = http_request(&ctl->client.server, path, NULL, &ctl->client.err);
	if (follow->fd >= 0)
		return 0;
	fprintf(stderr, "%s%s Cannot connect, error: %s\n", ctl->client.server.url, path,
		ctl->client.err.text);
	ctl->status = CTL_GENERIC;
	return -1;
}

bool follow_step(struct follow *follow, struct ctl *ctl)
{
	char data[16384];
	ssize_t n = read(follow->fd, data, sizeof(data));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n > 0)
		http_reader_feed(&follow->reader, data, (size_t)n);
	if (follow->reader.status && follow->reader.status != 200) {
		fprintf(stderr, "%s%s Cannot read, status code %d\n", ctl->client.server.url,
			follow->path, follow->reader.status);
		ctl->status = CTL_GENERIC;
		return false;
	}
	return n > 0 && follow->reader.at != HTTP_COMPLETE && follow->reader.at != HTTP_BROKEN;
}

void ctl_follow(struct ctl *ctl, const char *path)
{
	struct follow follow;
	struct sigaction before;
	bool going;

	ctl_say(ctl, "==> Press Ctrl-C to exit <==");
	if (follow_start(&follow, ctl, path) < 0)
		return;
	interrupt_catch(&before);
	do {
		struct pollfd polled = { .fd = follow.fd, .events = POLLIN };

		going = poll(&polled, 1, -1) < 0 ? errno == EINTR : follow_step(&follow, ctl);
	} while (going && !interrupt_came());
	if (interrupt_came())
		printf("\n");
	interrupt_release(&before);
	fd_close(&follow.fd);
}

/* ---- fg ---- */

/* Whether the process runs; says if it does not any more. */
static bool still_runs(struct ctl *ctl, const char *name)
{
	struct rpc_value *info;
	enum client_outcome outcome = client_call(&ctl->client, &info, "supervisor.getProcessInfo",
						  rpc_new_string(name), NULL);
	bool runs = outcome == CLIENT_OK && rpc_member_int(info, "state", 0) == 20;

	rpc_free(info);
	return runs;
}

/* One line of the user's.  false: that was the last one. */
static bool pass_on(struct ctl *ctl, const char *name, char *line)
{
	struct rpc_value *result;
	enum client_outcome outcome =
		client_call(&ctl->client, &result, "supervisor.sendProcessStdin",
			    rpc_new_string(name), rpc_new_string(line), NULL);

	rpc_free(result);
	if (outcome == CLIENT_OK && still_runs(ctl, name))
		return true;
	if (outcome == CLIENT_OK || ctl->client.code == 70)
		ctl_say(ctl, "Process got killed");
	else
		ctl_say(ctl, "ERROR: %s", ctl->client.err.text);
	return false;
}

/* Reads what is there; whole lines are passed on.  false: the end. */
static bool read_lines(struct ctl *ctl, const char *name, struct foreground *foreground)
{
	char *newline;
	ssize_t n = read(0, foreground->line + foreground->len,
			 sizeof(foreground->line) - 1 - foreground->len);

	if (n <= 0)
		return n < 0 && errno == EINTR;
	foreground->len += (size_t)n;
	foreground->line[foreground->len] = '\0';
	while ((newline = memchr(foreground->line, '\n', foreground->len)) ||
	       foreground->len == sizeof(foreground->line) - 1) {
		size_t len = newline ? (size_t)(newline - foreground->line) + 1 : foreground->len;
		CLEANUP_FREE char *text = strndup(foreground->line, len);

		memmove(foreground->line, foreground->line + len, foreground->len - len);
		foreground->len -= len;
		if (!text || !pass_on(ctl, name, text))
			return false;
	}
	return true;
}

static void foreground_loop(struct ctl *ctl, const char *name, struct follow follows[2])
{
	struct foreground foreground = { .len = 0 };
	bool going = true;

	while (going && !interrupt_came()) {
		struct pollfd polled[3] = {
			{ .fd = 0, .events = POLLIN },
			{ .fd = follows[0].fd, .events = POLLIN },
			{ .fd = follows[1].fd, .events = POLLIN },
		};

		if (poll(polled, ARRAY_LEN(polled), -1) < 0)
			continue; /* EINTR */
		for (int i = 0; i < 2; i++)
			if (polled[i + 1].revents && !follow_step(&follows[i], ctl))
				fd_close(&follows[i].fd);
		if (polled[0].revents)
			going = read_lines(ctl, name, &foreground);
	}
}

void ctl_foreground(struct ctl *ctl, const char *name)
{
	static const char *const channels[] = { "stdout", "stderr" };
	struct follow follows[2] = { { .fd = -1 }, { .fd = -1 } };
	char *paths[2] = { NULL, NULL };
	struct sigaction before;

	ctl_say(ctl, "==> Press Ctrl-C to exit <==");
	interrupt_catch(&before);
	for (int i = 0; i < 2; i++)
		if (asprintf(&paths[i], "/logtail/%s/%s", name, channels[i]) >= 0)
			(void)follow_start(&follows[i], ctl, paths[i]);
	foreground_loop(ctl, name, follows);
	ctl_say(ctl, "Exiting foreground");
	for (int i = 0; i < 2; i++) {
		fd_close(&follows[i].fd);
		free(paths[i]);
	}
	interrupt_release(&before);
}
