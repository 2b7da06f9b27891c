/* fuzz_rpc.c - any bytes as a request and as an answer; what is accepted is written again, and then
 * read as the same. */
#include "base/buf.h"
#include "base/error.h"
#include "rpc/read.h"
#include "rpc/value.h"
#include "rpc/write.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void write_again(const struct rpc_call *call)
{
	struct buf first = { 0 }, second = { 0 };
	struct error err = { { 0 } };
	struct rpc_call again;

	rpc_write_call(&first, call->method, call->params);
	if (first.failed || rpc_read_call(&again, first.data, first.len, &err) < 0)
		abort();
	rpc_write_call(&second, again.method, again.params);
	if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
		abort();
	rpc_call_done(&again);
	buf_done(&first);
	buf_done(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rpc_response response;
	struct error err = { { 0 } };
	struct rpc_call call;

	if (rpc_read_call(&call, (const char *)data, len, &err) == 0) {
		write_again(&call);
		rpc_call_done(&call);
	}
	if (rpc_read_response(&response, (const char *)data, len, &err) == 0)
		rpc_response_done(&response);
	return 0;
}
