/* client.c - see client.h. */
#include "ctl/client.h"

#include "base/buf.h"
#include "rpc/read.h"
#include "rpc/value.h"
#include "rpc/write.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static enum client_outcome outcome_of(struct client *client, int status)
{
	switch (status) {
	case 200:
		return CLIENT_OK;
	case 401:
		error_set(&client->err, "%s: 401 Unauthorized", client->server.url);
		return CLIENT_UNAUTHORIZED;
	case -ECONNREFUSED:
		return CLIENT_REFUSED;
	case -ENOENT:
		return CLIENT_NO_SOCKET;
	default:
		if (status > 0)
			error_set(&client->err, "%s: HTTP status %d", client->server.url, status);
		return CLIENT_FAILED;
	}
}

static enum client_outcome take(struct client *client, const struct buf *answer,
				struct rpc_value **ret_result)
{
	struct rpc_response response = { 0 };
	enum client_outcome outcome = CLIENT_OK;

	if (rpc_read_response(&response, buf_str(answer), answer->len, &client->err) < 0) {
		error_prefix(&client->err, "%s", client->server.url);
		return CLIENT_FAILED;
	}
	if (response.result) {
		*ret_result = response.result;
		response.result = NULL;
	} else {
		client->code = response.code;
		error_set(&client->err, "%s", response.text ? response.text : "");
		outcome = CLIENT_FAULT;
	}
	rpc_response_done(&response);
	return outcome;
}

enum client_outcome client_call(struct client *client, struct rpc_value **ret_result,
				const char *method, ...)
{
	struct rpc_value *params = rpc_new(RPC_ARRAY), *param;
	struct buf body = { 0 }, answer = { 0 };
	enum client_outcome outcome;
	va_list ap;

	*ret_result = NULL;
	client->code = 0;
	client->err.text[0] = '\0';
	va_start(ap, method);
	while ((param = va_arg(ap, struct rpc_value *)))
		(void)rpc_append(params, param);
	va_end(ap);
	rpc_write_call(&body, method, params);
	rpc_free(params);
	outcome = outcome_of(client,
			     http_post(&client->server, "/RPC2", &body, &answer, &client->err));
	if (outcome == CLIENT_OK)
		outcome = take(client, &answer, ret_result);
	buf_done(&body);
	buf_done(&answer);
	return outcome;
}
