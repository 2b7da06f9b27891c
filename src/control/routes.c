/* routes.c - see routes.h. */
#include "control/routes.h"

#include "base/util.h"

#include <microhttpd.h>
#include <stddef.h>
#include <string.h>

#define BAD MHD_HTTP_BAD_REQUEST /* what supervisord says */
#define NOT_ALLOWED MHD_HTTP_METHOD_NOT_ALLOWED

static const struct route routes[] = {
	{ "/RPC2", true, ROUTE_POST, BAD, false, route_rpc },
	{ "/logtail/", true, ROUTE_GET, BAD, false, route_logtail },
	{ "/mainlogtail", true, ROUTE_GET, BAD, false, route_mainlogtail },
	{ "/", false, ROUTE_GET | ROUTE_POST, NOT_ALLOWED, true, route_status },
	{ "/index.html", false, ROUTE_GET | ROUTE_POST, NOT_ALLOWED, true, route_status },
	{ "/tail.html", false, ROUTE_GET, NOT_ALLOWED, true, route_tail },
	{ "/ok.html", false, ROUTE_GET, NOT_ALLOWED, false, route_ok },
	{ "/api/v1/", true, ROUTE_GET | ROUTE_POST | ROUTE_BARE, NOT_ALLOWED, false, route_api },
	{ "/metrics", false, ROUTE_GET, NOT_ALLOWED, false, route_metrics },
	{ "/healthz", false, ROUTE_GET | ROUTE_OPEN, NOT_ALLOWED, false, route_healthz },
	{ "/readyz", false, ROUTE_GET | ROUTE_OPEN, NOT_ALLOWED, false, route_readyz },
	{ "/stylesheets/supervisor.css", false, ROUTE_GET, NOT_ALLOWED, true, route_stylesheet },
};

const struct route *route_find(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		const struct route *route = &routes[i];

		if (route->prefix ? strncmp(path, route->path, strlen(route->path)) == 0
				  : strcmp(path, route->path) == 0)
			return route;
	}
	return NULL;
}
