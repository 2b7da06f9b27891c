/* fuzz_control.c - any bytes as an HTTP request to each of three servers: on a unix socket, open,
 * and with a password.  All that control does with it is real, from the headers to the questions
 * that reach the supervisor and back to the answer; only libmicrohttpd and the supervisor are not.
 *
 * An input is written as HTTP.  The header Play is for the supervisor's part: one letter for each
 * answer, see play(). */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "control/control.h"
#include "control/describe.h"
#include "control/exchange.h"
#include "control/methods.h"
#include "control/routes.h"
#include "control/server.h"
#include "fake_http.h"
#include "ipc/channel.h"
#include "ipc/control_messages.h"
#include "ipc/pack.h"
#include "ipc/rollout_messages.h"
#include "rpc/read.h"
#include "rpc/text.h"
#include "rpc/value.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define USER "user"
#define PASSWORD "secret"
#define TOKEN "0123456789abcdef0123456789abcdef"
#define HOSTNAME "box.example.org"
#define IDLE_TURNS 10000 /* of the loop, without any progress: something is stuck */
#define HELD_MAX 64
#define ODD "a<b>\"'&\x1b[31m\xff\xfe"

enum { LOCAL, OPEN, GUARDED, NSERVERS };

static struct control control;
static int supervisor = -1; /* its end of the channel */
static int log_file = -1, no_file = -1;

/* What is known of the request under way. */
static struct {
	size_t server;
	struct fake_request http;
	struct rpc_call rpc; /* empty if it is none */
	const char *play;    /* what is left of it */
	unsigned asked;      /* questions so far */
	struct {
		struct buf body;
		uint32_t id;
		int fd; /* borrowed */
	} held[HELD_MAX];
	size_t nheld;
} now;

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* ---- the process ---- */

static void start_control(void)
{
	struct control_server servers[NSERVERS] = {
		[LOCAL] = { 1, (char *)"unix:///run/x.sock", NULL, NULL },
		[OPEN] = { 0, (char *)"http://web.example:9001", (char *)"", NULL },
		[GUARDED] = { 0, (char *)"http://*:9002", (char *)USER, (char *)PASSWORD },
	};
	struct control_setup setup = { (char *)"box " ODD, (char *)"4.2.5", servers, NSERVERS };
	struct message message = { .type = MESSAGE_CONTROL_SETUP, .nfds = NSERVERS };
	struct buf body = { 0 };
	int ends[2];

	log_open(-1, -1, LEVEL_CRITICAL);
	control_setup_pack(&body, &setup);
	message.len = body.len;
	message.body = buf_steal(&body);
	for (size_t i = 0; i < NSERVERS; i++) /* nobody connects */
		message.fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(channel_pair(ends) == 0 && control_init(&control, ends[1], &message) == 0);
	message_done(&message);
	supervisor = ends[0];
	must(fd_nonblock(supervisor, 1) == 0);
	strcpy(control.hostname, HOSTNAME);
	for (size_t i = 0; i < NSERVERS; i++)
		strcpy(control.servers[i].token, TOKEN);
	log_file = fd_memfd("log", ODD "\nline\n\0\n\xe2\x82", 22);
	no_file = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(log_file >= 0 && no_file >= 0);
}

/* ---- the input ---- */

static int hex(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* In place, as libmicrohttpd does it; a NUL ends the text. */
static char *unescape(char *text, bool plus)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		if (p[0] == '%' && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
			*to++ = (char)(hex(p[1]) << 4 | hex(p[2]));
			p += 2;
		} else {
			*to++ = plus && *p == '+' ? ' ' : *p;
		}
	}
	*to = '\0';
	return text;
}

static void add(struct fake_pairs *pairs, const char *name, const char *value)
{
	if (pairs->n < FAKE_PAIRS_MAX)
		pairs->all[pairs->n++] = (struct fake_pair){ name, value };
}

static void read_query(char *query)
{
	for (char *field; (field = strsep(&query, "&"));) {
		char *value = strchr(field, '=');

		if (value)
			*value++ = '\0';
		add(&now.http.query, unescape(field, true), value ? unescape(value, true) : NULL);
	}
}

/* "POST /path?query HTTP/1.1" */
static bool read_first_line(char *line)
{
	char *query;

	now.http.method = strsep(&line, " ");
	now.http.path = strsep(&line, " ");
	if (!now.http.path)
		return false;
	query = strchr(now.http.path, '?');
	if (query)
		*query++ = '\0';
	now.http.path = unescape((char *)now.http.path, false);
	read_query(query);
	return true;
}

static void read_header(char *line)
{
	char *value = strchr(line, ':');

	if (!value)
		return;
	*value++ = '\0';
	add(&now.http.headers, line, value + strspn(value, " \t"));
}

/* libmicrohttpd would see to it that the body is as long as it says; so it is made to be, or left
 * away if it is too long to be read. */
static void read_length(char *digits, size_t size)
{
	const char *said = fake_find(&now.http.headers, "Content-Length");

	if (!said || strtoull(said, NULL, 10) > EXCHANGE_BODY_MAX) {
		now.http.nbody = 0;
		return;
	}
	snprintf(digits, size, "%zu", now.http.nbody);
	for (size_t i = 0; i < now.http.headers.n; i++)
		if (strcasecmp(now.http.headers.all[i].name, "Content-Length") == 0)
			now.http.headers.all[i].value = digits;
}

static bool read_input(char *text, size_t len)
{
	static char digits[24];
	char *line = text, *end = text + len;

	memset(&now, 0, sizeof(now));
	for (bool first = true; line < end; first = false) {
		char *stop = memchr(line, '\n', (size_t)(end - line));

		if (!stop)
			stop = end; /* a NUL stands there */
		*stop = '\0';
		line[strcspn(line, "\r")] = '\0';
		if (first && !read_first_line(line))
			return false;
		if (!first && !*line) {
			now.http.body = stop < end ? stop + 1 : end;
			now.http.nbody = (size_t)(end - now.http.body);
			break;
		}
		if (!first)
			read_header(line);
		line = stop + 1;
	}
	read_length(digits, sizeof(digits));
	return now.http.path != NULL;
}

static const char *header(const char *name)
{
	return fake_find(&now.http.headers, name);
}

/* ---- what must be so: models that know only what is meant, not how it is done ---- */

/* Without what is not of the alphabet; what is behind the padding counts for nothing. */
static size_t decode_base64(const char *text, char *to, size_t size)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = 0, nbits = 0;
	size_t n = 0;

	for (; *text && *text != '=' && n < size; text++) {
		const char *at = strchr(alphabet, *text);

		if (!at)
			continue;
		bits = (bits << 6 | (unsigned)(at - alphabet)) & 0xffff;
		nbits += 6;
		if (nbits >= 8)
			to[n++] = (char)(bits >> (nbits -= 8));
	}
	return n;
}

static bool has_password(void)
{
	static const char right[] = USER ":" PASSWORD;
	const char *value = header("Authorization");
	char text[64];
	size_t n;

	if (!value || strncasecmp(value, "Basic ", 6) != 0)
		return false;
	n = decode_base64(value + 6, text, sizeof(text));
	return n == strlen(right) && memcmp(text, right, n) == 0;
}

/* As every client writes it. */
static bool is_right_password(void)
{
	const char *value = header("Authorization");

	return value && strcmp(value, "Basic dXNlcjpzZWNyZXQ=") == 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = end ? strlen(end) : 0;

	return end && n <= len && strcasecmp(text + len - n, end) == 0;
}

/* A browser says that another site's page wants this. */
static bool is_cross_site(void)
{
	const char *site = header("Sec-Fetch-Site"), *origin = header("Origin");

	if (site)
		return strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
	return origin && !ends_with(origin, header("Host")) &&
	       !ends_with(origin, header("X-Forwarded-Host"));
}

/* A name that is none of ours, asked for by a browser. */
static bool is_foreign_host(void)
{
	const char *host = header("Host"), *path = now.http.path;
	bool page = strcmp(path, "/") == 0 || strcmp(path, "/index.html") == 0 ||
		    strcmp(path, "/tail.html") == 0;

	return host && strncasecmp(host, "evil", 4) == 0 && (page || header("Origin"));
}

static bool changes(uint32_t operation)
{
	return operation != CONTROL_STATE && operation != CONTROL_INFO &&
	       operation != CONTROL_CONFIG && operation != CONTROL_LOG_OPEN &&
	       operation != CONTROL_REREAD && operation != CONTROL_ROLLOUTS &&
	       operation != CONTROL_ZYGOTES;
}

static bool calls(const struct rpc_value *name, uint32_t operation)
{
	const struct method *method =
		name && name->type == RPC_STRING ? method_find(rpc_text(name)) : NULL;

	return method && method->operation == operation;
}

/* Whether the call, or one of those in it, is of a method that means the operation. */
static bool is_called_for(uint32_t operation)
{
	const struct rpc_value *list;
	const struct method *method = now.rpc.method ? method_find(now.rpc.method) : NULL;

	if (!method)
		return false;
	if (method->operation == operation)
		return true;
	list = strcmp(method->name, "system.multicall") == 0 ? rpc_item(now.rpc.params, 0) : NULL;
	for (const struct rpc_value *at = list ? list->first : NULL; at; at = at->next)
		if (calls(rpc_member(at, "methodName"), operation))
			return true;
	return false;
}

/* Anywhere in what the form's fields say. */
static bool has_token(void)
{
	CLEANUP_FREE char *text = malloc(now.http.nbody + 1);
	size_t n = 0;

	must(text != NULL);
	for (size_t i = 0; i < now.http.nbody; i++) {
		const char *at = now.http.body + i;

		if (*at == '%' && i + 2 < now.http.nbody && hex(at[1]) >= 0 && hex(at[2]) >= 0) {
			text[n++] = (char)(hex(at[1]) << 4 | hex(at[2]));
			i += 2;
		} else {
			text[n++] = *at;
		}
	}
	return memmem(text, n, TOKEN, strlen(TOKEN)) != NULL;
}

static void check_request(const struct control_request *request)
{
	must(request->operation > 0 && request->operation < CONTROL_NOPERATIONS);
	must(request->wait <= 1 && (now.server != GUARDED || has_password()));
	must(strlen(request->text) <= request->ntext);
	if (now.server == OPEN)
		must(!is_foreign_host());
	if (!changes(request->operation))
		return;
	must(strcmp(now.http.method, "POST") == 0 && !is_cross_site());
	if (strncmp(now.http.path, "/RPC2", 5) == 0)
		must(is_called_for(request->operation));
	else
		must(has_token() &&
		     (request->operation == CONTROL_START || request->operation == CONTROL_STOP ||
		      request->operation == CONTROL_LOG_CLEAR));
}

/* ---- the supervisor's part ---- */

static void pack_info(struct buf *to, const char *group, const char *name, uint32_t state)
{
	struct process_info info = {
		.group = (char *)group,
		.name = (char *)name,
		.start = 1600000000,
		.now = 1700000000,
		.uptime = UINT64_MAX / 2,
		.state = state,
		.spawnerr = (char *)(state == STATE_FATAL ? ODD : ""),
		.note = (char *)(state == STATE_STOPPING ? ODD : ""),
		.stdout_logfile = (char *)"/" ODD,
		.stderr_logfile = (char *)"",
		.exitstatus = -1,
		.pid = 12,
	};

	process_info_pack(to, &info);
}

static void pack_infos(struct buf *to, const struct control_request *request, bool none)
{
	if (none) {
		pack_u32(to, 0);
	} else if (request->name) {
		pack_u32(to, 1);
		pack_info(to, "group", request->name, STATE_RUNNING);
	} else {
		pack_u32(to, 4);
		pack_info(to, "web", "web_00", STATE_RUNNING);
		pack_info(to, "web", ODD, STATE_FATAL);
		pack_info(to, "same", "same", STATE_STOPPED);
		pack_info(to, ODD, "x", STATE_STOPPING);
	}
}

static void pack_configs(struct buf *to, bool none)
{
	struct process_config config = { .group = (char *)"g",
					 .name = (char *)ODD,
					 .command = (char *)ODD,
					 .uid = -1,
					 .autorestart = CONFIG_AUTO,
					 .stdout_logfile_maxbytes = UINT64_MAX };

	pack_u32(to, none ? 0 : 2);
	for (int i = 0; i < (none ? 0 : 2); i++) {
		process_config_pack(to, &config);
		config.name = (char *)"before";
		config.exitcodes[31] = 0xff;
	}
}

static void pack_rollouts(struct buf *to, bool none)
{
	struct rollout_slot_info slot = { .name = (char *)ODD, .state = 99, .why = (char *)ODD };
	struct rollout_info info = { .id = 7,
				     .name = (char *)ODD,
				     .phase = ROLLOUT_ROLLING,
				     .us = UINT64_MAX,
				     .why = (char *)ODD,
				     .slots = &slot,
				     .nslots = 1 };

	pack_u32(to, none ? 0 : 1);
	if (!none)
		rollout_info_pack(to, &info);
}

static void pack_success(struct buf *to, const struct control_request *request, char play)
{
	char *names[] = { (char *)"one", (char *)ODD, NULL };
	struct control_state state = { play == 'd' ? -1 : 1, 1 };

	switch (request->operation) {
	case CONTROL_STATE:
		control_state_pack(to, &state);
		break;
	case CONTROL_INFO:
		pack_infos(to, request, play == 'e');
		break;
	case CONTROL_CONFIG:
		pack_configs(to, play == 'e');
		break;
	case CONTROL_RELOAD:
	case CONTROL_DEPLOY:
		pack_u32(to, 1);
		pack_u32(to, 7);
		break;
	case CONTROL_ROLLOUTS:
		pack_rollouts(to, play == 'e');
		break;
	case CONTROL_REREAD:
	case CONTROL_UPDATE:
		for (int i = 0; i < (request->operation == CONTROL_REREAD ? 3 : 4); i++)
			pack_strv(to, play == 'e' ? NULL : names);
		break;
	default:
		break;
	}
}

static void send_answer(uint32_t id, const struct buf *body, int fd)
{
	must(channel_send(supervisor, MESSAGE_CONTROL_REPLY, id, body->data, body->len, &fd,
			  fd >= 0) == 0);
}

/* b, n, w: faults; m: a body that is too long; e: an empty list; d: it shuts down; x: no file, p:
 * something that is no file; l: answers when nothing else is asked; h: the client goes first.
 * Anything else, and when all is played: success. */
static void play(uint32_t id, const struct control_request *request)
{
	char what = now.play && *now.play ? *now.play++ : '.';
	struct control_reply reply = { 0 };
	struct buf body = { 0 };
	int fd = -1;

	reply.fault = what == 'b'   ? FAULT_BAD_NAME
		      : what == 'n' ? FAULT_NO_FILE
		      : what == 'w' ? 4242
				    : 0;
	reply.text = what == 'b' ? request->name : what == 'w' ? (char *)ODD : NULL;
	control_reply_pack(&body, &reply);
	if (!reply.fault) {
		pack_success(&body, request, what);
		if (what == 'm')
			buf_addstr(&body, "xyz");
		if (request->operation == CONTROL_LOG_OPEN && what != 'x')
			fd = what == 'p' ? no_file : log_file;
	}
	must(!body.failed);
	if (what == 'h')
		fake_hang_up();
	if (what == 'l' && now.nheld < HELD_MAX) {
		now.held[now.nheld].body = body;
		now.held[now.nheld].fd = fd;
		now.held[now.nheld++].id = id;
		return;
	}
	send_answer(id, &body, fd);
	buf_done(&body);
}

/* Takes one question.  False: there is none. */
static bool serve(void)
{
	struct control_request request;
	struct message message;
	int r = channel_recv(supervisor, &message);

	if (r == -EAGAIN)
		return false;
	must(r == 1 && message.type == MESSAGE_CONTROL_REQUEST && !message.nfds);
	must(control_request_unpack(&request, message.body, message.len) == 0);
	check_request(&request);
	now.asked++;
	play(message.id, &request);
	control_request_done(&request);
	message_done(&message);
	return true;
}

/* The last one first. */
static bool send_held(void)
{
	if (!now.nheld)
		return false;
	now.nheld--;
	send_answer(now.held[now.nheld].id, &now.held[now.nheld].body, now.held[now.nheld].fd);
	buf_done(&now.held[now.nheld].body);
	return true;
}

/* ---- the answer ---- */

static void check_utf8(const char *text, size_t len)
{
	unsigned rune;
	size_t n;

	for (; len > 0; text += n, len -= n) {
		n = text_rune(text, len, &rune);
		must(n > 0 && rune != 0);
	}
}

/* Nothing that anybody has named may become a tag. */
static void check_page(const char *page, size_t len)
{
	static const char *const tags[] = {
		"!DOCTYPE html>",
		"html ",
		"head>",
		"meta ",
		"title>",
		"link ",
		"body>",
		"h1>",
		"p>",
		"p ",
		"div ",
		"div>",
		"a ",
		"a>",
		"table>",
		"tr>",
		"th>",
		"td>",
		"td ",
		"form ",
		"form>",
		"input ",
		"pre>",
		"code>",
		"button",
		"footer",
		"html>",
	};

	check_utf8(page, len);
	for (const char *at = page; (at = strchr(at, '<'));) {
		bool known = false;

		at += at[1] == '/' ? 2 : 1;
		for (size_t i = 0; i < ARRAY_LEN(tags) && !known; i++)
			known = strncmp(at, tags[i], strlen(tags[i])) == 0;
		must(known);
	}
	must(fake_answer_header("Content-Security-Policy") &&
	     fake_answer_header("X-Frame-Options"));
}

static void check_rpc(const char *text, size_t len)
{
	struct rpc_response response;
	struct error err = { { 0 } };

	check_utf8(text, len);
	must(rpc_read_response(&response, text, len, &err) == 0);
	must(now.rpc.method != NULL);
	if (!method_find(now.rpc.method))
		must(response.code == FAULT_UNKNOWN_METHOD && !now.asked);
	rpc_response_done(&response);
}

static bool is_status(unsigned status)
{
	static const unsigned all[] = { 200, 303, 400, 401, 403, 404, 405, 411, 413, 503 };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i] == status)
			return true;
	return false;
}

static void check_answer(void)
{
	const char *type = fake_answer_header("Content-Type");
	const char *text = buf_str(&fake_connection.body);
	unsigned status = fake_connection.status;
	size_t len = fake_connection.body.len;

	must(is_status(status) && type);
	if (now.server == GUARDED && !has_password())
		must(status == 401 && !now.asked && fake_answer_header("WWW-Authenticate"));
	if (now.server != GUARDED || is_right_password())
		must(status != 401);
	if (now.server == OPEN && is_foreign_host())
		must(status != 200 && status != 303);
	if (strcmp(now.http.method, "POST") == 0 && is_cross_site())
		must(status != 200 && status != 303 && !now.asked);
	if (strcmp(type, "text/xml") == 0)
		check_rpc(text, len);
	else if (strncmp(type, "text/html", 9) == 0)
		check_page(text, len);
	else
		must(status == 303 || fake_answer_header("X-Content-Type-Options") ||
		     strcmp(now.http.path, "/ok.html") == 0);
}

/* ---- the whole ---- */

static bool is_over(void)
{
	return fake_connection.state == FAKE_ANSWERED || fake_connection.state == FAKE_BROKEN;
}

/* One turn of everybody.  False: nothing has moved. */
static bool turn(void)
{
	unsigned steps = fake_connection.steps;
	bool moved = false;

	ev_run(control.loop, EVRUN_NOWAIT);
	while (serve())
		moved = true;
	return moved || fake_connection.steps != steps;
}

/* To its end.  A stream has none: its client goes. */
static void finish(void)
{
	for (unsigned idle = 0; !is_over(); idle++) {
		if (turn() || send_held())
			idle = 0;
		if (fake_connection.state == FAKE_STREAMS && fake_connection.suspended)
			fake_hang_up();
		must(idle < IDLE_TURNS);
	}
	for (unsigned idle = 0; control.link.nfree < CONTROL_REQUESTS_MAX; idle++) {
		if (turn() || send_held()) /* answers that nobody waits for */
			idle = 0;
		must(idle < IDLE_TURNS);
	}
}

static void must_be_clean(void)
{
	must(control.nexchanges == 0 && control.body_bytes == 0 && control.logtails.n == 0);
	must(!control.link.unsent[0].first && !control.link.unsent[1].first);
	must(control.link.nwaiting == 0 && !control.ending);
	for (size_t i = 0; i < NSERVERS; i++)
		must(control.servers[i].nclients == 0);
}

static void ask_server(size_t server)
{
	now.server = server;
	now.asked = 0;
	now.play = header("Play");
	fake_begin(server, &now.http);
	finish();
	if (fake_connection.state == FAKE_ANSWERED || fake_connection.status)
		check_answer();
	else
		must(fake_connection.hung_up);
	must_be_clean();
}

/* Where a form has led to: the page that says what was done. */
static void follow(void)
{
	const char *to = fake_answer_header("Location");
	struct fake_request before = now.http;
	CLEANUP_FREE char *key = NULL;

	must(to && strncmp(to, "./?message=", 11) == 0 && strlen(to) == 11 + FLASH_KEY - 1);
	key = strdup(to + 11);
	now.http.method = "GET";
	now.http.path = "/";
	now.http.nbody = 0;
	now.http.query.n = 0;
	add(&now.http.query, "message", key);
	ask_server(now.server);
	must(fake_connection.hung_up || fake_connection.status != 200 ||
	     strstr(buf_str(&fake_connection.body), "<p class=\"message\">"));
	now.http = before;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct error err = { { 0 } };
	char *text = malloc(len + 1);

	if (supervisor < 0)
		start_control();
	must(text != NULL);
	memcpy(text, data, len);
	text[len] = '\0';
	if (read_input(text, len)) {
		if (rpc_read_call(&now.rpc, now.http.body ? now.http.body : "", now.http.nbody,
				  &err) < 0)
			memset(&now.rpc, 0, sizeof(now.rpc));
		for (size_t i = 0; i < NSERVERS; i++) {
			ask_server(i);
			if (fake_connection.status == 303)
				follow();
		}
		rpc_call_done(&now.rpc);
	}
	free(text);
	return 0;
}
