/* check_sockets.c - see load.h: what a kind of socket cannot have, and numbers that collide. */
#include "base/strv.h"
#include "base/util.h"
#include "config/load.h"

#include <string.h>

enum kind {
	TCP = 1,
	TCP6 = 2, /* with an address in brackets */
	UDP = 4,
	UDP6 = 8,
	FILE_SYSTEM = 16,
	ABSTRACT = 32,
	SYSTEMD = 64
};

static const struct {
	const char *key;
	unsigned kinds; /* that may have it */
	const char *why;
} rows[] = {
	{ "backlog", TCP | TCP6 | FILE_SYSTEM | ABSTRACT | SYSTEMD,
	  "nothing waits to be accepted on a socket of UDP" },
	{ "mode", FILE_SYSTEM, "only a unix socket in the file system has one" },
	{ "owner", FILE_SYSTEM, "only a unix socket in the file system has one" },
	{ "reuseport", TCP | TCP6 | UDP | UDP6, "it is for ports of TCP and UDP" },
	{ "v6only", TCP6 | UDP6, "it is for an address of IPv6, such as tcp://[::]:PORT" },
	{ "nodelay", TCP | TCP6 | SYSTEMD, "it is for TCP" },
	{ "keepalive", TCP | TCP6 | SYSTEMD, "it is for TCP" },
	{ "defer_accept", TCP | TCP6 | SYSTEMD, "it is for TCP" },
	{ "fastopen", TCP | TCP6 | SYSTEMD, "it is for TCP" },
};

static enum kind kind_of(const char *listen)
{
	if (strncmp(listen, "tcp://", 6) == 0)
		return listen[6] == '[' ? TCP6 : TCP;
	if (strncmp(listen, "udp://", 6) == 0)
		return listen[6] == '[' ? UDP6 : UDP;
	if (strncmp(listen, "unix://", 7) == 0)
		return listen[7] == '@' ? ABSTRACT : FILE_SYSTEM;
	return SYSTEMD;
}

static void check_keys(struct loader *loader, const struct config_socket *socket)
{
	const struct dialect_section *section = check_section(loader, &socket->where);
	enum kind kind;

	if (!socket->listen)
		return;
	kind = kind_of(socket->listen);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct place place = check_place(loader, section, rows[i].key);

		if (rows[i].kinds & kind || !dialect_get(&loader->dialect, section, rows[i].key))
			continue;
		notes_error(&loader->notes, &place, "%s; remove the line",
			    kind == SYSTEMD ? "the .socket unit says that of a socket of systemd's"
					    : rows[i].why);
	}
}

/* A program's sockets with a number: below 3 + nannounced stand those without one. */
static void check_numbers(struct loader *loader, const struct config_program *program)
{
	const struct dialect_section *section = check_section(loader, &program->where);
	struct place place = check_place(loader, section, "sockets");

	for (size_t i = 0; i < program->nplaced; i++)
		if (program->socket_fds[i] < 3 + (int)program->nannounced)
			notes_error(&loader->notes, &place,
				    "%s:%d: the %zu without a number become 3 and up; take a "
				    "number from %zu on",
				    program->sockets[program->nannounced + i],
				    program->socket_fds[i], program->nannounced,
				    3 + program->nannounced);
	if (program->kind != KIND_PROGRAM &&
	    strv_len(program->sockets) > program->nannounced + program->nplaced)
		notes_error(&loader->notes, &place,
			    "%s:0: the standard input of %s is taken; give it another number",
			    program->sockets[program->nannounced + program->nplaced],
			    program->kind == KIND_FCGI ? "a FastCGI program" : "an event listener");
}

static void check_scale(struct loader *loader, const struct config_program *program)
{
	const struct dialect_section *section = check_section(loader, &program->where);
	struct place place = check_place(loader, section, "scale");

	if (program->scale != SCALE_ONDEMAND)
		return;
	if (program->kind != KIND_PROGRAM)
		notes_error(&loader->notes, &place,
			    "only a [program:*] can be started on demand; remove the line");
	else if (!program->sockets)
		notes_error(&loader->notes, &place,
			    "connections to its sockets start a program on demand, and it has "
			    "none; write sockets = NAME, with a section [socket:NAME]");
}

void check_sockets(struct loader *loader)
{
	const struct config *config = loader->config;

	for (size_t i = 0; i < config->nsockets; i++)
		check_keys(loader, &config->sockets[i]);
	for (size_t i = 0; i < config->nprograms; i++) {
		check_numbers(loader, &config->programs[i]);
		check_scale(loader, &config->programs[i]);
	}
}
