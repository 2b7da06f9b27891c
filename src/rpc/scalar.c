/* scalar.c - see scalar.h. */
#include "rpc/scalar.h"

#include "base/buf.h"
#include "rpc/base64.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

static int read_int(struct rpc_value *value, const char *text)
{
	char *end;

	errno = 0;
	value->integer = strtoll(text, &end, 10);
	if (errno || end == text || end[strspn(end, BLANKS)])
		return -EINVAL;
	return 0;
}

static int read_boolean(struct rpc_value *value, const char *text)
{
	static const char *const words[] = { "0", "1", "false", "true" };
	size_t skip = strspn(text, BLANKS), len = strcspn(text + skip, BLANKS);

	if (text[skip + len + strspn(text + skip + len, BLANKS)])
		return -EINVAL;
	for (int i = 0; i < 4; i++) {
		if (strlen(words[i]) == len && strncmp(text + skip, words[i], len) == 0) {
			value->integer = i % 2;
			return 0;
		}
	}
	return -EINVAL;
}

/* strtod(3) also reads infinities and hexadecimal digits, which XML-RPC does not have. */
static int read_double(struct rpc_value *value, const char *text)
{
	char *end;

	if (text[strspn(text, BLANKS "0123456789+-.eE")])
		return -EINVAL;
	value->real = strtod(text, &end);
	if (!isfinite(value->real))
		return -EINVAL; /* it could not be written again */
	return end == text || end[strspn(end, BLANKS)] ? -EINVAL : 0;
}

static int take_text(struct rpc_value *value, struct buf *text)
{
	if (!text->len)
		return text->failed ? -ENOMEM : 0;
	value->len = text->len;
	value->text = buf_steal(text);
	return value->text ? 0 : -ENOMEM;
}

static int read_base64(struct rpc_value *value, struct buf *text)
{
	struct buf decoded = { 0 };
	int r = base64_decode(&decoded, buf_str(text), text->len);

	if (r == 0)
		r = take_text(value, &decoded);
	buf_done(&decoded);
	return r;
}

int scalar_read(struct rpc_value *value, enum rpc_type type, struct buf *text)
{
	value->type = type;
	switch (type) {
	case RPC_INT:
		return read_int(value, buf_str(text));
	case RPC_BOOLEAN:
		return read_boolean(value, buf_str(text));
	case RPC_DOUBLE:
		return read_double(value, buf_str(text));
	case RPC_BASE64:
		return read_base64(value, text);
	case RPC_STRING:
	case RPC_DATETIME:
		return take_text(value, text);
	default:
		return -EINVAL;
	}
}
