/* types_probe.c - see types.h: how to find out whether a process is ready, and whether it is well.
 *
 * Addresses are numbers: a name would have to be looked up, and the supervisor waits for nobody's
 * name server. */
#include "base/error.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/config.h"
#include "config/types.h"
#include "config/words.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"
#define TARGET_MAX 512 /* bytes; PROBE_REQUEST_MAX in supervisor/probe.h has room for it */
#define SECONDS_MAX 86400
#define FAIL_MAX 1000
#define EVERY_DEFAULT 10
#define TIMEOUT_DEFAULT 5
#define FAIL_DEFAULT 3
#define FORMS "tcp://HOST:PORT, http://HOST:PORT/PATH or exec COMMAND"

static void probe_done(void *field)
{
	struct config_probe *probe = field;

	free(probe->text);
	free(probe->host);
	free(probe->target);
	memset(probe, 0, sizeof(*probe));
}

static bool same_probe(const void *a, const void *b)
{
	const struct config_probe *one = a, *other = b;

	return same_text(&one->text, &other->text);
}

/* ---- one probe ---- */

static bool is_address(const char *host)
{
	unsigned char room[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, room) == 1 || inet_pton(AF_INET6, host, room) == 1;
}

/* HOST, an address of IPv6 in brackets, from the first len bytes. */
static int parse_host(struct config_probe *probe, const char *text, size_t len, struct error *err)
{
	bool brackets = len > 1 && text[0] == '[' && text[len - 1] == ']';

	if (len == strlen("localhost") && strncmp(text, "localhost", len) == 0)
		probe->host = strdup("127.0.0.1");
	else
		probe->host = strndup(text + brackets, len - 2 * brackets);
	if (!probe->host)
		return error_set(err, "out of memory");
	if (!is_address(probe->host) || brackets != (strchr(probe->host, ':') != NULL))
		return error_set(err,
				 "'%.*s' is no address; write one such as 127.0.0.1, [::1] or "
				 "localhost (names are not looked up)",
				 (int)len, text);
	return 0;
}

/* HOST:PORT from the first len bytes; without a port if there is a fallback. */
static int parse_place(struct config_probe *probe, const char *text, size_t len, uint16_t fallback,
		       struct error *err)
{
	const char *colon = memrchr(text, ':', len), *bracket = memrchr(text, ']', len);
	CLEANUP_FREE char *digits = NULL;
	long long port = fallback;
	size_t host = len;

	if (colon && (!bracket || bracket < colon)) {
		host = (size_t)(colon - text);
		digits = strndup(colon + 1, len - host - 1);
		port = 0;
	}
	if (digits && config_integer(digits, 10, &port) < 0)
		port = 0;
	if (port < 1 || port > 65535)
		return error_set(err,
				 "not a valid port number in '%.*s'; write HOST:PORT with a "
				 "port from 1 to 65535",
				 (int)len, text);
	probe->port = (uint16_t)port;
	return parse_host(probe, text, host, err);
}

static int parse_http(struct config_probe *probe, const char *text, struct error *err)
{
	size_t len = strcspn(text, "/?#");
	const char *target = text + len;

	for (const char *c = target; *c; c++)
		if (!isgraph((unsigned char)*c) || *c == '#')
			return error_set(err,
					 "'%.200s' is no path of HTTP; write /PATH?QUERY, with "
					 "other characters as %%%%XX",
					 target);
	if (strlen(target) > TARGET_MAX)
		return error_set(err, "the path is longer than %d bytes", TARGET_MAX);
	if (asprintf(&probe->target, "%s%s", *target == '/' ? "" : "/", target) < 0) {
		probe->target = NULL;
		return error_set(err, "out of memory");
	}
	probe->kind = PROBE_HTTP;
	return parse_place(probe, text, len, 80, err);
}

static int parse_tcp(struct config_probe *probe, const char *text, struct error *err)
{
	probe->kind = PROBE_TCP;
	return parse_place(probe, text, strlen(text), 0, err);
}

static int parse_exec(struct config_probe *probe, const char *text, struct error *err)
{
	char **argv;

	text += strspn(text, BLANKS);
	if (words_command(text, &argv, err) < 0)
		return error_prefix(err, "can't parse command '%.200s'", text);
	strv_free(argv);
	probe->kind = PROBE_EXEC;
	probe->target = strdup(text);
	return probe->target ? 0 : error_set(err, "out of memory");
}

/* A word alone could only mean one of the program's own [socket:*]s: there the kernel takes
 * connections before any process is ready, and any process of the program may be the one that
 * answers. */
static int no_address(const char *word, struct error *err)
{
	return error_set(err,
			 "%s needs %s; a socket that the supervisor has bound says nothing about "
			 "one process",
			 word,
			 strcmp(word, "exec") == 0  ? "a command: exec COMMAND"
			 : strcmp(word, "tcp") == 0 ? "an address: tcp://HOST:PORT"
						    : "an address: http://HOST:PORT/PATH");
}

static int parse_kind(struct config_probe *probe, const char *text, struct error *err)
{
	if (strcmp(text, "notify") == 0) {
		probe->kind = PROBE_NOTIFY;
		return 0;
	}
	if (strcmp(text, "tcp") == 0 || strcmp(text, "http") == 0 || strcmp(text, "exec") == 0)
		return no_address(text, err);
	if (strncmp(text, "tcp://", 6) == 0)
		return parse_tcp(probe, text + 6, err);
	if (strncmp(text, "http://", 7) == 0)
		return parse_http(probe, text + 7, err);
	if (strncmp(text, "exec", 4) == 0 && strchr(BLANKS, text[4]))
		return parse_exec(probe, text + 4, err);
	if (strncmp(text, "https://", 8) == 0)
		return error_set(err, "https is not spoken here; write http://…, or exec with a "
				      "command that speaks it");
	return error_set(err, "'%.200s' is not one of none, notify, %s", text, FORMS);
}

static int parse_probe(struct config_probe *probe, const char *text, struct error *err)
{
	int r;

	if (strcmp(text, "none") == 0)
		return 0;
	probe->text = strdup(text);
	r = probe->text ? parse_kind(probe, text, err) : error_set(err, "out of memory");
	if (r < 0)
		probe_done(probe);
	return r;
}

static int parse_ready(void *field, const char *text, const void *aux, struct error *err)
{
	(void)aux;
	return parse_probe(field, text, err);
}
const struct config_type type_ready = { "none, notify, " FORMS, parse_ready, probe_done,
					same_probe };

/* ---- health: a probe, then "every 10s fail 3 timeout 5s" in any order ---- */

static int parse_seconds(uint32_t *ret, const char *word, struct error *err)
{
	size_t len = strspn(word, "0123456789");
	CLEANUP_FREE char *digits = strndup(word, len);
	const char *unit = word + len;
	long long value = 0;
	int factor = !*unit || strcmp(unit, "s") == 0 ? 1
		     : strcmp(unit, "m") == 0         ? 60
		     : strcmp(unit, "h") == 0         ? 3600
						      : 0;

	if (!digits || !factor || config_integer(digits, 10, &value) < 0 || value < 1 ||
	    value > SECONDS_MAX / factor)
		return error_set(err, "'%.100s' is no time; write seconds from 1 to %d, as in 10s",
				 word, SECONDS_MAX);
	*ret = (uint32_t)(value * factor);
	return 0;
}

static int parse_fail(uint32_t *ret, const char *word, struct error *err)
{
	long long value;

	if (config_integer(word, 10, &value) < 0 || value < 1 || value > FAIL_MAX)
		return error_set(err, "'%.100s' is no number from 1 to %d", word, FAIL_MAX);
	*ret = (uint32_t)value;
	return 0;
}

/* Cuts the last word off a text; NULL if it is the only one. */
static char *cut_word(char *text)
{
	size_t len = strlen(text), start;

	while (len && strchr(BLANKS, text[len - 1]))
		text[--len] = '\0';
	start = len;
	while (start && !strchr(BLANKS, text[start - 1]))
		start--;
	if (!start)
		return NULL;
	text[start - 1] = '\0';
	return text + start;
}

/* Takes one "WORD VALUE" off the end: 1, or 0 with the text as it was if there is none, or -1. */
static int take_option(char *text, struct config_health *health, struct error *err)
{
	CLEANUP_FREE char *copy = strdup(text);
	char *value = copy ? cut_word(copy) : NULL, *word = value ? cut_word(copy) : NULL;
	uint32_t *field;
	int r;

	if (!copy)
		return error_set(err, "out of memory");
	if (!word)
		return 0;
	if (strcmp(word, "fail") == 0)
		field = &health->fail;
	else if (strcmp(word, "every") == 0)
		field = &health->every;
	else if (strcmp(word, "timeout") == 0)
		field = &health->timeout;
	else
		return 0;
	if (*field)
		return error_set(err, "%s is there twice", word);
	r = field == &health->fail ? parse_fail(field, value, err)
				   : parse_seconds(field, value, err);
	if (r < 0)
		return error_prefix(err, "%s", word);
	text[word - copy] = '\0';
	return 1;
}

static int settle_times(struct config_health *health, struct error *err)
{
	if (!health->every)
		health->every = EVERY_DEFAULT;
	if (!health->fail)
		health->fail = FAIL_DEFAULT;
	if (!health->timeout)
		health->timeout = health->every < TIMEOUT_DEFAULT ? health->every : TIMEOUT_DEFAULT;
	if (health->timeout > health->every)
		return error_set(err,
				 "one probe may not take longer (timeout %us) than it is "
				 "until the next (every %us)",
				 health->timeout, health->every);
	return 0;
}

static int parse_parts(struct config_health *health, char *text, struct error *err)
{
	size_t len;
	int r;

	do
		r = take_option(text, health, err);
	while (r > 0);
	if (r < 0)
		return r;
	len = strlen(text);
	while (len && strchr(BLANKS, text[len - 1]))
		text[--len] = '\0';
	if (strcmp(text, "notify") == 0)
		return error_set(err, "a process that says itself that it is well has "
				      "watchdogsecs; write " FORMS);
	if (parse_probe(&health->probe, text, err) < 0)
		return error_prefix(err, "PROBE [every 10s] [fail 3] [timeout 5s] is expected");
	return settle_times(health, err);
}

static void health_done(void *field)
{
	struct config_health *health = field;

	probe_done(&health->probe);
	memset(health, 0, sizeof(*health));
}

static int parse_health(void *field, const char *text, const void *aux, struct error *err)
{
	CLEANUP_FREE char *copy = strdup(text);
	int r;

	(void)aux;
	r = copy ? parse_parts(field, copy, err) : error_set(err, "out of memory");
	if (r < 0)
		health_done(field);
	return r;
}

static bool same_health(const void *a, const void *b)
{
	const struct config_health *one = a, *other = b;

	return same_probe(&one->probe, &other->probe) &&
	       (!one->probe.kind || (one->every == other->every && one->fail == other->fail &&
				     one->timeout == other->timeout));
}
const struct config_type type_health = { FORMS " [every SECONDS] [fail N] [timeout SECONDS]",
					 parse_health, health_done, same_health };
