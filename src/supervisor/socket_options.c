/* socket_options.c - see socket_options.h; tcp(7). */
#include "supervisor/socket_options.h"

#include "base/error.h"
#include "config/config.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

static int set(int fd, const char *key, int level, int option, int value, struct error *err)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) == 0)
		return 0;
	return error_set(err, "%s: %s%s", key, strerror(errno),
			 errno == EOPNOTSUPP || errno == ENOPROTOOPT ? "; it is for TCP" : "");
}

static int set_keepalive(int fd, int32_t seconds, struct error *err)
{
	if (set(fd, "keepalive", SOL_SOCKET, SO_KEEPALIVE, seconds > 0, err) < 0)
		return -1;
	return seconds ? set(fd, "keepalive", IPPROTO_TCP, TCP_KEEPIDLE, seconds, err) : 0;
}

static int32_t get(int fd, int level, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, level, option, &value, &len) < 0 ? 0 : value;
}

void socket_options_read(int fd, struct config_socket *ret)
{
	int type = get(fd, SOL_SOCKET, SO_PROTOCOL);

	memset(ret, 0, sizeof(*ret));
	if (type != IPPROTO_TCP)
		return;
	ret->nodelay = get(fd, IPPROTO_TCP, TCP_NODELAY) != 0;
	if (get(fd, SOL_SOCKET, SO_KEEPALIVE))
		ret->keepalive = get(fd, IPPROTO_TCP, TCP_KEEPIDLE);
	ret->defer_accept = get(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT);
	ret->fastopen = get(fd, IPPROTO_TCP, TCP_FASTOPEN);
}

int socket_options_apply(int fd, const struct config_socket *was, const struct config_socket *now,
			 struct error *err)
{
	static const struct config_socket fresh = { .name = NULL };
	int r = 0;

	if (!was)
		was = &fresh;
	if (now->nodelay != was->nodelay)
		r = set(fd, "nodelay", IPPROTO_TCP, TCP_NODELAY, now->nodelay, err);
	if (r == 0 && now->keepalive != was->keepalive)
		r = set_keepalive(fd, now->keepalive, err);
	if (r == 0 && now->defer_accept != was->defer_accept)
		r = set(fd, "defer_accept", IPPROTO_TCP, TCP_DEFER_ACCEPT, now->defer_accept, err);
	if (r == 0 && now->fastopen != was->fastopen)
		r = set(fd, "fastopen", IPPROTO_TCP, TCP_FASTOPEN, now->fastopen, err);
	return r;
}
