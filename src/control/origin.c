/* origin.c - see origin.h. */
#include "control/origin.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_LENGTH 255

/* The host of "host", "host:port" and "[::1]:port", without the port.  False: too long. */
static bool host_name(const char *host, char name[NAME_MAX_LENGTH + 1])
{
	size_t len;

	if (*host == '[') {
		host++;
		len = strcspn(host, "]");
	} else {
		len = strcspn(host, ":/");
	}
	if (len > NAME_MAX_LENGTH)
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	if (len > 0 && name[len - 1] == '.')
		name[len - 1] = '\0';
	return true;
}

static bool is_address(const char *name)
{
	unsigned char address[16];

	return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

static bool is_hostname(const char *name, const char *hostname)
{
	size_t first = strcspn(hostname, ".");

	return strcasecmp(name, hostname) == 0 ||
	       (strlen(name) == first && strncasecmp(name, hostname, first) == 0);
}

/* Names that nobody else can make point here: no name, addresses, and our own. */
static bool is_ours(const char *host, const struct origin_server *server)
{
	char name[NAME_MAX_LENGTH + 1], own[NAME_MAX_LENGTH + 1];
	const char *address = server->address ? strstr(server->address, "://") : NULL;

	if (!host || !*host)
		return true;
	if (!host_name(host, name))
		return false;
	if (is_address(name) || strcasecmp(name, "localhost") == 0)
		return true;
	if (server->hostname && *server->hostname && is_hostname(name, server->hostname))
		return true;
	return address && host_name(address + 3, own) && *own && strcasecmp(name, own) == 0;
}

static bool is_browser(const struct origin_headers *headers)
{
	return headers->origin || headers->fetch_site || headers->referer ||
	       (headers->user_agent && strncmp(headers->user_agent, "Mozilla/", 8) == 0);
}

static bool same_host(const char *origin, const char *host)
{
	const char *name = strstr(origin, "://");

	return name && host && strcasecmp(name + 3, host) == 0;
}

enum origin_verdict origin_check(const struct origin_headers *headers,
				 const struct origin_server *server, bool changes, bool page)
{
	const char *site = headers->fetch_site;

	if (!server->local && !server->authenticated && (page || is_browser(headers)) &&
	    !is_ours(headers->host, server))
		return ORIGIN_FOREIGN_HOST;
	if (!changes)
		return ORIGIN_OK;
	if (site)
		return strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0
			       ? ORIGIN_OK
			       : ORIGIN_CROSS_SITE;
	if (!headers->origin || same_host(headers->origin, headers->host) ||
	    same_host(headers->origin, headers->forwarded_host))
		return ORIGIN_OK;
	return ORIGIN_CROSS_SITE;
}
