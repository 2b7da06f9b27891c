/* listen_match.c - see listen_match.h. */
#include "supervisor/listen_match.h"

#include "base/error.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/fdstore.h"
#include "supervisor/listen.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* -1: it has no such option. */
static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, level, name, &value, &len) < 0 ? -1 : value;
}

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* ---- TCP and UDP ---- */

/* Flow information and scope are not what a listener is told apart by; a zone in the text is. */
static bool same_address(const struct sockaddr *a, const struct sockaddr *b)
{
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;

	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return a4->sin_port == b4->sin_port && a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return a->sa_family == AF_INET6 && a6->sin6_port == b6->sin6_port &&
	       memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) == 0 &&
	       a6->sin6_scope_id == b6->sin6_scope_id;
}

/* Whether it is bound to one of the addresses that the host has. */
static bool is_bound_to(int fd, const char *host, const char *port, int type)
{
	struct addrinfo hints = { .ai_socktype = type, .ai_flags = AI_PASSIVE }, *found = NULL;
	struct sockaddr_storage bound = { 0 };
	socklen_t len = sizeof(bound);
	bool same = false;

	if (getsockname(fd, (struct sockaddr *)&bound, &len) < 0 ||
	    getaddrinfo(host, port, &hints, &found) != 0)
		return false;
	for (struct addrinfo *at = found; at && !same; at = at->ai_next)
		same = at->ai_protocol == option(fd, SOL_SOCKET, SO_PROTOCOL) &&
		       same_address(at->ai_addr, (struct sockaddr *)&bound);
	freeaddrinfo(found);
	return same;
}

static bool match_inet(int fd, const struct config_socket *config)
{
	int type = config->listen[0] == 'u' ? SOCK_DGRAM : SOCK_STREAM;
	bool is6 = option(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET6;
	CLEANUP_FREE char *text = strdup(config->listen + strlen("tcp://"));
	char *host = NULL, *port = NULL;
	struct error err;
	bool any;

	if (!text || listen_split(text, &host, &port, &err) < 0 ||
	    option(fd, SOL_SOCKET, SO_TYPE) != type ||
	    option(fd, SOL_SOCKET, SO_REUSEPORT) != config->reuseport)
		return false;
	any = strcmp(host, "*") == 0 || *host == '\0';
	/* all of both families is one dual socket, or IPv4's where there is no IPv6 */
	if (is6 && option(fd, IPPROTO_IPV6, IPV6_V6ONLY) != (any ? 0 : config->v6only))
		return false;
	return is_bound_to(fd, !any ? host : is6 ? "::" : "0.0.0.0", port, type);
}

/* ---- unix sockets ---- */

/* A name without a file begins with a NUL, and ends with the address. */
static bool match_unix(const struct fdstore_entry *entry, const char *name)
{
	struct sockaddr_un bound = { 0 };
	socklen_t len = sizeof(bound);
	bool abstract = name[0] == '@';
	size_t n = strlen(name), at = offsetof(struct sockaddr_un, sun_path);
	struct listen_mark file = { .dev = entry->dev, .ino = entry->file };

	if (option(entry->fd, SOL_SOCKET, SO_DOMAIN) != AF_UNIX ||
	    option(entry->fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM || n >= sizeof(bound.sun_path) ||
	    getsockname(entry->fd, (struct sockaddr *)&bound, &len) < 0)
		return false;
	if (abstract)
		return len == at + n && bound.sun_path[0] == '\0' &&
		       memcmp(bound.sun_path + 1, name + 1, n - 1) == 0;
	return len == at + n + 1 && memcmp(bound.sun_path, name, n + 1) == 0 &&
	       listen_is_there(&file, name);
}

bool listen_match(const struct fdstore_entry *entry, const struct config_socket *config)
{
	struct stat st;

	/* that which the name is about, and nothing that got its name by mistake */
	if (entry->fd < 0 || fstat(entry->fd, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    st.st_ino != entry->inode || starts(config->listen, "systemd:"))
		return false;
	if (!starts(config->listen, "udp://") && option(entry->fd, SOL_SOCKET, SO_ACCEPTCONN) != 1)
		return false;
	if (starts(config->listen, "unix://"))
		return match_unix(entry, config->listen + strlen("unix://"));
	return match_inet(entry->fd, config);
}
