/* write.c - see write.h. */
#include "rpc/write.h"

#include "base/buf.h"
#include "rpc/base64.h"
#include "rpc/text.h"
#include "rpc/value.h"

#include <inttypes.h>
#include <string.h>

#define PROLOGUE "<?xml version='1.0'?>\n"

void rpc_write_int(struct buf *buf, int64_t integer)
{
	const char *tag = integer >= INT32_MIN && integer <= INT32_MAX ? "int" : "i8";

	buf_printf(buf, "<value><%s>%" PRId64 "</%s></value>\n", tag, integer, tag);
}

void rpc_write_boolean(struct buf *buf, bool truth)
{
	buf_printf(buf, "<value><boolean>%d</boolean></value>\n", truth);
}

void rpc_write_seconds(struct buf *buf, uint64_t us)
{
	buf_printf(buf, "<value><double>%" PRIu64 ".%06u</double></value>\n", us / 1000000,
		   (unsigned)(us % 1000000));
}

void rpc_write_bytes(struct buf *buf, const char *data, size_t len)
{
	buf_addstr(buf, "<value><string>");
	text_escape(buf, data, len);
	buf_addstr(buf, "</string></value>\n");
}

void rpc_write_string(struct buf *buf, const char *text)
{
	rpc_write_bytes(buf, text, strlen(text));
}

void rpc_write_array_begin(struct buf *buf)
{
	buf_addstr(buf, "<value><array><data>\n");
}

void rpc_write_array_end(struct buf *buf)
{
	buf_addstr(buf, "</data></array></value>\n");
}

void rpc_write_struct_begin(struct buf *buf)
{
	buf_addstr(buf, "<value><struct>\n");
}

void rpc_write_struct_end(struct buf *buf)
{
	buf_addstr(buf, "</struct></value>\n");
}

void rpc_write_member_begin(struct buf *buf, const char *name)
{
	buf_addstr(buf, "<member>\n<name>");
	text_escape(buf, name, strlen(name));
	buf_addstr(buf, "</name>\n");
}

void rpc_write_member_end(struct buf *buf)
{
	buf_addstr(buf, "</member>\n");
}

void rpc_write_member_int(struct buf *buf, const char *name, int64_t integer)
{
	rpc_write_member_begin(buf, name);
	rpc_write_int(buf, integer);
	rpc_write_member_end(buf);
}

void rpc_write_member_boolean(struct buf *buf, const char *name, bool truth)
{
	rpc_write_member_begin(buf, name);
	rpc_write_boolean(buf, truth);
	rpc_write_member_end(buf);
}

void rpc_write_member_string(struct buf *buf, const char *name, const char *text)
{
	rpc_write_member_begin(buf, name);
	rpc_write_string(buf, text);
	rpc_write_member_end(buf);
}

void rpc_write_member_seconds(struct buf *buf, const char *name, uint64_t us)
{
	rpc_write_member_begin(buf, name);
	rpc_write_seconds(buf, us);
	rpc_write_member_end(buf);
}

static void write_children(struct buf *buf, const struct rpc_value *value)
{
	for (const struct rpc_value *child = value->first; child; child = child->next) {
		if (value->type == RPC_STRUCT)
			rpc_write_member_begin(buf, child->name ? child->name : "");
		rpc_write_value(buf, child);
		if (value->type == RPC_STRUCT)
			rpc_write_member_end(buf);
	}
}

static void write_text(struct buf *buf, const char *tag, const struct rpc_value *value)
{
	buf_printf(buf, "<value><%s>", tag);
	if (value->type == RPC_BASE64)
		base64_encode(buf, rpc_text(value), value->len);
	else
		text_escape(buf, rpc_text(value), value->len);
	buf_printf(buf, "</%s></value>\n", tag);
}

void rpc_write_value(struct buf *buf, const struct rpc_value *value)
{
	switch (value->type) {
	case RPC_INT:
		rpc_write_int(buf, value->integer);
		break;
	case RPC_BOOLEAN:
		rpc_write_boolean(buf, value->integer);
		break;
	case RPC_STRING:
		write_text(buf, "string", value);
		break;
	case RPC_DOUBLE:
		buf_printf(buf, "<value><double>%.17g</double></value>\n", value->real);
		break;
	case RPC_DATETIME:
		write_text(buf, "dateTime.iso8601", value);
		break;
	case RPC_BASE64:
		write_text(buf, "base64", value);
		break;
	case RPC_ARRAY:
		rpc_write_array_begin(buf);
		write_children(buf, value);
		rpc_write_array_end(buf);
		break;
	case RPC_STRUCT:
		rpc_write_struct_begin(buf);
		write_children(buf, value);
		rpc_write_struct_end(buf);
		break;
	}
}

void rpc_write_fault_value(struct buf *buf, int code, const char *text)
{
	rpc_write_struct_begin(buf);
	rpc_write_member_int(buf, "faultCode", code);
	rpc_write_member_string(buf, "faultString", text);
	rpc_write_struct_end(buf);
}

void rpc_write_response(struct buf *buf, const struct buf *value)
{
	if (value->failed)
		buf->failed = true;
	buf_addstr(buf, PROLOGUE "<methodResponse>\n<params>\n<param>\n");
	buf_add(buf, buf_str(value), value->len);
	buf_addstr(buf, "</param>\n</params>\n</methodResponse>\n");
}

void rpc_write_fault(struct buf *buf, int code, const char *text)
{
	buf_addstr(buf, PROLOGUE "<methodResponse>\n<fault>\n");
	rpc_write_fault_value(buf, code, text);
	buf_addstr(buf, "</fault>\n</methodResponse>\n");
}

void rpc_write_call(struct buf *buf, const char *method, const struct rpc_value *params)
{
	buf_addstr(buf, PROLOGUE "<methodCall>\n<methodName>");
	text_escape(buf, method, strlen(method));
	buf_addstr(buf, "</methodName>\n<params>\n");
	for (const struct rpc_value *at = params ? params->first : NULL; at; at = at->next) {
		buf_addstr(buf, "<param>\n");
		rpc_write_value(buf, at);
		buf_addstr(buf, "</param>\n");
	}
	buf_addstr(buf, "</params>\n</methodCall>\n");
}
