/* types_server.c - see types.h: what sections of servers, listeners and plugins hold. */
#include "base/error.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/config.h"
#include "config/event_types.h"
#include "config/paths.h"
#include "config/suggest.h"
#include "config/types.h"
#include "config/words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int parse_path(void *field, const char *text, const void *aux, struct error *err)
{
	CLEANUP_FREE char *path = path_home(text);

	(void)aux;
	if (!*text)
		return error_set(err, "the value is empty; give a path or remove the line");
	if (!path)
		return error_set(err, "out of memory");
	return give_text(field, path_absolute(path), err);
}
const struct config_type type_path = { "a path", parse_path, text_done, same_text };

/* 9001, *:9001, HOST:9001; the host in small letters, as supervisord has it. */
static int parse_inet(void *field, const char *text, const void *aux, struct error *err)
{
	struct config_http *http = field;
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	const char *host = text;
	long long port;

	(void)aux;
	if (config_integer(colon ? colon + 1 : text, 10, &port) < 0 || port < 1 || port > 65535)
		return error_set(err,
				 "not a valid port number: '%.200s'; write PORT, *:PORT or "
				 "HOST:PORT with a port from 1 to 65535",
				 text);
	if (len > 1 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	http->port = (uint32_t)port;
	if (len == 0 || (len == 1 && *host == '*'))
		return 0;
	if (strcspn(host, " \t\n/") < len)
		return error_set(err, "'%.200s' names no host; write HOST:PORT", text);
	if (give_text(&http->address, strndup(host, len), err) < 0)
		return -1;
	for (char *p = http->address; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return 0;
}

static void inet_done(void *field)
{
	struct config_http *http = field;

	text_done(&http->address);
}

static bool same_inet(const void *a, const void *b)
{
	const struct config_http *one = a, *other = b;

	return one->port == other->port && same_text(&one->address, &other->address);
}
const struct config_type type_inet = { "PORT, *:PORT or HOST:PORT", parse_inet, inet_done,
				       same_inet };

static int parse_password(void *field, const char *text, const void *aux, struct error *err)
{
	const char *digits = text + strlen("{SHA}");

	(void)aux;
	if (strncmp(text, "{SHA}", strlen("{SHA}")) == 0 &&
	    (strlen(digits) != 40 || strspn(digits, "0123456789abcdefABCDEF") != 40))
		return error_set(err, "after {SHA} must follow the 40 hexadecimal digits of the "
				      "password's SHA-1: printf %%s PASSWORD | sha1sum");
	return give_text(field, strdup(text), err);
}
const struct config_type type_password = { "a password, or {SHA} and its SHA-1", parse_password,
					   text_done, same_text };

static int parse_url(void *field, const char *text, const void *aux, struct error *err)
{
	CLEANUP_FREE char *home = NULL, *path = NULL;
	char *url;

	(void)aux;
	if (strncmp(text, "http://", 7) == 0 && text[7])
		return give_text(field, strdup(text), err);
	if (strncmp(text, "unix://", 7) != 0 || !text[7])
		return error_set(err, "'%.200s' is none; write http://HOST:PORT or unix:///PATH",
				 text);
	home = path_home(text + 7);
	path = home ? path_absolute(home) : NULL;
	if (!path || asprintf(&url, "unix://%s", path) < 0)
		url = NULL;
	return give_text(field, url, err);
}
const struct config_type type_url = { "http://HOST:PORT or unix:///PATH", parse_url, text_done,
				      same_text };

/* Given to programs as it is. */
static int parse_serverurl(void *field, const char *text, const void *aux, struct error *err)
{
	size_t len = strlen(text);

	(void)aux;
	while (len && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	if (len == 4 && strncasecmp(text, "auto", len) == 0)
		return 0;
	return give_text(field, strndup(text, len), err);
}
const struct config_type type_serverurl = { "a URL or AUTO", parse_serverurl, text_done,
					    same_text };

static int unknown_event(const char *name, struct error *err)
{
	const char *names[EVENT_NTYPES], *near;

	for (int i = 0; i < EVENT_NTYPES; i++)
		names[i] = event_type_name((enum event_type)i);
	near = suggest(name, names, EVENT_NTYPES);
	return error_set(err, "Unknown event type %.100s%s%s%s", name,
			 near ? "; did you mean " : "; the manual forkserver(8) lists them",
			 near ? near : "", near ? "?" : "");
}

static int parse_events(void *field, const char *text, const void *aux, struct error *err)
{
	char **names;

	(void)aux;
	if (words_list(text, &names) < 0)
		return error_set(err, "out of memory");
	for (size_t i = 0; names && names[i]; i++) {
		for (char *p = names[i]; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		if (event_type_find(names[i]) < 0) {
			unknown_event(names[i], err);
			strv_free(names);
			return -1;
		}
	}
	*(char ***)field = names;
	return 0;
}
const struct config_type type_events = { "names of events separated by commas", parse_events,
					 list_done, same_list };

static int parse_only(void *field, const char *text, const void *aux, struct error *err)
{
	if (strcmp(text, aux) != 0)
		return error_set(err,
				 "%.200s cannot be used: this supervisor is no Python program and "
				 "loads no plugins; the only value is %s",
				 text, (const char *)aux);
	return give_text(field, strdup(text), err);
}
const struct config_type type_only = { "the one value that there is", parse_only, text_done,
				       same_text };
