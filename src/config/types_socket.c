/* types_socket.c - see types.h: addresses to listen on, and sockets as a program names them. */
#include "base/error.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/array.h"
#include "config/config.h"
#include "config/paths.h"
#include "config/types.h"
#include "config/words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define PATH_MOST (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)
#define FDNAME_MOST 255 /* sd_listen_fds_with_names(3) */

/* ---- addresses ---- */

/* HOST:PORT or [HOST]:PORT behind a scheme such as "tcp://"; `any` stands for `*` and for none. */
static int parse_inet(void *field, const char *scheme, const char *any, const char *address,
		      struct error *err)
{
	const char *colon = strrchr(address, ':');
	size_t len = colon ? (size_t)(colon - address) : 0;
	char *normal;
	long long port;

	if (!colon || config_integer(colon + 1, 10, &port) < 0 || port < 1 || port > 65535)
		return error_set(err,
				 "not a valid port number in '%s%.200s'; write "
				 "%sHOST:PORT with a port from 1 to 65535",
				 scheme, address, scheme);
	if (memchr(address, ':', len) && (address[0] != '[' || address[len - 1] != ']'))
		return error_set(err, "an IPv6 address needs brackets: %s[%.*s]:%lld", scheme,
				 (int)len, address, port);
	if (len == 0 || (len == 1 && address[0] == '*')) {
		address = any;
		len = strlen(address);
	}
	if (strcspn(address, " \t\n/") < len)
		return error_set(err, "'%.200s' is not a host; write %sHOST:PORT", address, scheme);
	if (asprintf(&normal, "%s%.*s:%lld", scheme, (int)len, address, port) < 0)
		normal = NULL;
	for (char *p = normal; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return give_text(field, normal, err);
}

static int parse_unix(void *field, const char *written, struct error *err)
{
	CLEANUP_FREE char *path = NULL;
	char *normal;

	if (written[0] != '/')
		return error_set(err,
				 "Unix socket path %.200s is not an absolute path; write "
				 "unix:///run/NAME.sock",
				 written);
	path = path_absolute(written);
	if (path && strlen(path) > PATH_MOST)
		return error_set(err, "the path has %zu bytes; the kernel allows %zu for a socket",
				 strlen(path), PATH_MOST);
	if (!path || asprintf(&normal, "unix://%s", path) < 0)
		normal = NULL;
	return give_text(field, normal, err);
}

/* As supervisord has it: `*` is every address of IPv4. */
static int parse_listen(void *field, const char *text, const void *aux, struct error *err)
{
	(void)aux;
	if (strncmp(text, "tcp://", 6) == 0)
		return parse_inet(field, "tcp://", "0.0.0.0", text + 6, err);
	if (strncmp(text, "unix://", 7) == 0)
		return parse_unix(field, text + 7, err);
	return error_set(err, "Bad socket format %.200s; write tcp://HOST:PORT or unix:///PATH",
			 text);
}
const struct config_type type_listen = { "tcp://HOST:PORT or unix:///PATH", parse_listen, text_done,
					 same_text };

/* A name in no file system, which the kernel forgets with the socket. */
static int parse_abstract(void *field, const char *text, struct error *err)
{
	size_t len = strlen(text) - strlen("unix://@");

	if (len == 0)
		return error_set(err, "there is no name after unix://@; write unix://@NAME");
	if (len > PATH_MOST)
		return error_set(err, "the name has %zu bytes; the kernel allows %zu for a socket",
				 len, PATH_MOST);
	return give_text(field, strdup(text), err);
}

static int parse_systemd(void *field, const char *text, struct error *err)
{
	const char *name = text + strlen("systemd:");

	if (!*name || strlen(name) > FDNAME_MOST || strchr(name, ':'))
		return error_set(err,
				 "'%.200s' names no socket of systemd's; write systemd:NAME with "
				 "the FileDescriptorName= of the .socket unit",
				 text);
	return give_text(field, strdup(text), err);
}

static int parse_socket(void *field, const char *text, const void *aux, struct error *err)
{
	(void)aux;
	if (strncmp(text, "tcp://", 6) == 0)
		return parse_inet(field, "tcp://", "*", text + 6, err);
	if (strncmp(text, "udp://", 6) == 0)
		return parse_inet(field, "udp://", "*", text + 6, err);
	if (strncmp(text, "unix://@", 8) == 0)
		return parse_abstract(field, text, err);
	if (strncmp(text, "unix://", 7) == 0)
		return parse_unix(field, text + 7, err);
	if (strncmp(text, "systemd:", 8) == 0)
		return parse_systemd(field, text, err);
	return error_set(err,
			 "Bad socket format %.200s; write tcp://HOST:PORT, unix:///PATH, "
			 "unix://@NAME, udp://HOST:PORT or systemd:NAME",
			 text);
}
const struct config_type type_socket = { "tcp://HOST:PORT, unix:///PATH, unix://@NAME, "
					 "udp://HOST:PORT or systemd:NAME",
					 parse_socket, text_done, same_text };

/* ---- sockets of a program ---- */

/* NAME or NAME:NUMBER, which is cut off.  *ret_fd: -1: no number.  0, or -1 with err. */
static int take_number(char *word, int *ret_fd, struct error *err)
{
	char *colon = strchr(word, ':');
	long long fd;

	*ret_fd = -1;
	if (!colon)
		return 0;
	if (config_integer(colon + 1, 10, &fd) < 0 || fd < 0 || fd > CONFIG_SOCKET_FD_MAX)
		return error_set(err,
				 "'%.200s': after the colon stands the number of a file "
				 "descriptor, 0 or from 3 to %d",
				 word, CONFIG_SOCKET_FD_MAX);
	if (fd == 1 || fd == 2)
		return error_set(err,
				 "'%.200s': 1 and 2 are standard output and error; take 0 or a "
				 "number from 3 to %d",
				 word, CONFIG_SOCKET_FD_MAX);
	*colon = '\0';
	*ret_fd = (int)fd;
	return 0;
}

static int add_number(struct config_program *program, int fd, struct error *err)
{
	int *slot;

	for (size_t i = 0; i < program->nplaced; i++)
		if (program->socket_fds[i] == fd)
			return error_set(err, "two sockets are to be file descriptor %d", fd);
	slot = array_append((void **)&program->socket_fds, &program->nplaced, sizeof(*slot));
	if (!slot)
		return error_set(err, "out of memory");
	*slot = fd;
	return 0;
}

enum place { ANNOUNCED, PLACED, STDIN };

/* Adds those words that belong into a part of program->sockets. */
static int add_part(struct config_program *program, char *const *words, const int *numbers,
		    enum place part, struct error *err)
{
	size_t n = 0;

	for (size_t i = 0; words && words[i]; i++) {
		enum place its = numbers[i] < 0 ? ANNOUNCED : numbers[i] ? PLACED : STDIN;

		if (its != part)
			continue;
		if (part == STDIN && n)
			return error_set(err, "two sockets are to be file descriptor 0");
		if (part == PLACED && add_number(program, numbers[i], err) < 0)
			return -1;
		if (strv_add(&program->sockets, words[i]) < 0)
			return error_set(err, "out of memory");
		n++;
	}
	if (part == ANNOUNCED)
		program->nannounced = n;
	return 0;
}

static void sockets_done(void *field)
{
	struct config_program *program = field;

	list_done(&program->sockets);
	free(program->socket_fds);
	program->socket_fds = NULL;
	program->nannounced = program->nplaced = 0;
}

static int parse_sockets(void *field, const char *text, const void *aux, struct error *err)
{
	CLEANUP_FREE int *numbers = NULL;
	char **words;
	int r = 0;

	(void)aux;
	if (words_list(text, &words) < 0)
		return error_set(err, "out of memory");
	numbers = calloc(strv_len(words) + 1, sizeof(*numbers));
	if (!numbers)
		r = error_set(err, "out of memory");
	for (size_t i = 0; words && words[i] && r == 0; i++)
		r = take_number(words[i], &numbers[i], err);
	for (int part = ANNOUNCED; part <= STDIN && r == 0; part++)
		r = add_part(field, words, numbers, (enum place)part, err);
	strv_free(words);
	if (r < 0)
		sockets_done(field);
	return r;
}

static bool same_sockets(const void *a, const void *b)
{
	const struct config_program *one = a, *other = b;

	return same_list(&one->sockets, &other->sockets) && one->nannounced == other->nannounced &&
	       one->nplaced == other->nplaced &&
	       (!one->nplaced || memcmp(one->socket_fds, other->socket_fds,
					one->nplaced * sizeof(*one->socket_fds)) == 0);
}
const struct config_type type_sockets = { "names separated by commas, each with or without :FD",
					  parse_sockets, sockets_done, same_sockets };
