/* read.c - see read.h.
 *
 * A stack of the elements that are open, and a table of which may stand in which; the values that
 * are not closed yet are linked from the innermost to the outermost by `next`. */
#include "rpc/read.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/util.h"
#include "rpc/scalar.h"
#include "rpc/value.h"

#include <errno.h>
#include <expat.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

const struct rpc_limits rpc_call_limits = { .depth = RPC_DEPTH_MAX, .values = 100000 };
const struct rpc_limits rpc_response_limits = { .depth = RPC_DEPTH_MAX, .values = 4000000 };

enum element {
	DOCUMENT,
	METHOD_CALL,
	METHOD_RESPONSE,
	METHOD_NAME,
	PARAMS,
	PARAM,
	FAULT,
	VALUE,
	SCALAR,
	ARRAY,
	DATA,
	STRUCT,
	MEMBER,
	NAME,
};

#define BIT(element) (1u << (element))

/* `within`: where it may stand; `text`: whether text in it is kept. */
static const struct rule {
	const char *name;
	enum element element;
	unsigned within;
	bool text;
	enum rpc_type type; /* of a scalar */
} rules[] = {
	{ "methodCall", METHOD_CALL, BIT(DOCUMENT), false, 0 },
	{ "methodResponse", METHOD_RESPONSE, BIT(DOCUMENT), false, 0 },
	{ "methodName", METHOD_NAME, BIT(METHOD_CALL), true, 0 },
	{ "params", PARAMS, BIT(METHOD_CALL) | BIT(METHOD_RESPONSE), false, 0 },
	{ "param", PARAM, BIT(PARAMS), false, 0 },
	{ "fault", FAULT, BIT(METHOD_RESPONSE), false, 0 },
	{ "value", VALUE, BIT(PARAM) | BIT(FAULT) | BIT(DATA) | BIT(MEMBER), true, 0 },
	{ "string", SCALAR, BIT(VALUE), true, RPC_STRING },
	{ "int", SCALAR, BIT(VALUE), true, RPC_INT },
	{ "i4", SCALAR, BIT(VALUE), true, RPC_INT },
	{ "i8", SCALAR, BIT(VALUE), true, RPC_INT },
	{ "boolean", SCALAR, BIT(VALUE), true, RPC_BOOLEAN },
	{ "double", SCALAR, BIT(VALUE), true, RPC_DOUBLE },
	{ "dateTime.iso8601", SCALAR, BIT(VALUE), true, RPC_DATETIME },
	{ "base64", SCALAR, BIT(VALUE), true, RPC_BASE64 },
	{ "array", ARRAY, BIT(VALUE), false, 0 },
	{ "data", DATA, BIT(ARRAY), false, 0 },
	{ "struct", STRUCT, BIT(VALUE), false, 0 },
	{ "member", MEMBER, BIT(STRUCT), false, 0 },
	{ "name", NAME, BIT(MEMBER), true, 0 },
};

/* value, array, data; value, struct, member: three elements for each level of depth. */
#define ELEMENTS_MAX (3 * (RPC_DEPTH_MAX + 1) + 8)

struct open_element {
	const struct rule *rule;
	unsigned children; /* elements that it holds so far */
};

struct reader {
	XML_Parser parser;
	const struct rpc_limits *limits;
	struct open_element open[ELEMENTS_MAX];
	size_t nopen;
	size_t depth, values;
	struct rpc_value *inner;        /* the innermost open value; owned */
	struct rpc_value *params;       /* owned; the array of what is in <params> */
	struct rpc_value *fault;        /* owned */
	char *method;                   /* owned */
	char *names[RPC_DEPTH_MAX + 1]; /* of the member that is open at each depth; owned */
	struct buf text;                /* of the element that is open, if it keeps text */
	const char *reason;             /* why it was refused; NULL: it was not */
};

static void refuse(struct reader *reader, const char *reason)
{
	if (reader->reason)
		return;
	reader->reason = reason;
	XML_StopParser(reader->parser, XML_FALSE);
}

static const struct rule *find_rule(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (strcmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
}

static enum element where(const struct reader *reader)
{
	return reader->nopen ? reader->open[reader->nopen - 1].rule->element : DOCUMENT;
}

static void open_value(struct reader *reader)
{
	struct rpc_value *value;

	if (++reader->values > reader->limits->values) {
		refuse(reader, "it holds too many values");
		return;
	}
	value = rpc_new(RPC_STRING); /* what a <value> without a type is */
	if (!value) {
		refuse(reader, "out of memory");
		return;
	}
	value->next = reader->inner;
	reader->inner = value;
}

static void open_container(struct reader *reader, enum rpc_type type)
{
	if (++reader->depth > reader->limits->depth)
		refuse(reader, "arrays and structs are nested too deeply");
	else
		reader->inner->type = type;
}

static bool is_blank(const struct buf *text)
{
	return strspn(buf_str(text), " \t\r\n") == text->len;
}

/* Whether the element may be the next one in its parent. */
static const char *misplaced(const struct reader *reader, const struct rule *rule)
{
	const struct open_element *parent = reader->nopen ? &reader->open[reader->nopen - 1] : NULL;

	if (!(rule->within & BIT(where(reader))))
		return "an element is in the wrong place";
	if (!parent)
		return NULL;
	switch (parent->rule->element) {
	case VALUE:
		return parent->children || !is_blank(&reader->text)
			       ? "a <value> holds more than one thing"
			       : NULL;
	case PARAM:
	case FAULT:
	case ARRAY:
		return parent->children ? "an element holds more than one thing" : NULL;
	case MEMBER:
		if (parent->children >= 2 || (rule->element == NAME) != (parent->children == 0))
			return "a <member> is not one <name> and then one <value>";
		return NULL;
	case METHOD_CALL:
		if ((rule->element == METHOD_NAME && reader->method) ||
		    (rule->element == PARAMS && reader->params))
			return "an element is there twice";
		return NULL;
	case METHOD_RESPONSE:
		return parent->children ? "an element is there twice" : NULL;
	default:
		return NULL;
	}
}

static void on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *reader = data;
	const struct rule *rule = find_rule(name);
	const char *reason = rule ? misplaced(reader, rule) : "it has an unknown element";

	(void)attributes;
	if (reader->reason)
		return;
	if (!reason && reader->nopen == ELEMENTS_MAX)
		reason = "arrays and structs are nested too deeply";
	if (reason) {
		refuse(reader, reason);
		return;
	}
	if (reader->nopen)
		reader->open[reader->nopen - 1].children++;
	reader->open[reader->nopen++] = (struct open_element){ rule, 0 };
	buf_clear(&reader->text);
	if (rule->element == VALUE)
		open_value(reader);
	else if (rule->element == ARRAY)
		open_container(reader, RPC_ARRAY);
	else if (rule->element == STRUCT)
		open_container(reader, RPC_STRUCT);
	else if (rule->element == PARAMS && !(reader->params = rpc_new(RPC_ARRAY)))
		refuse(reader, "out of memory");
}

static void on_text(void *data, const XML_Char *text, int len)
{
	struct reader *reader = data;

	if (reader->reason || !reader->nopen)
		return;
	/* between elements there is white space only, which need not be kept */
	if (!reader->open[reader->nopen - 1].rule->text ||
	    (where(reader) == VALUE && reader->open[reader->nopen - 1].children)) {
		for (int i = 0; i < len; i++)
			if (!strchr(" \t\r\n", text[i]) || !text[i])
				refuse(reader, "there is text between elements");
		return;
	}
	buf_add(&reader->text, text, (size_t)len);
	if (reader->text.failed)
		refuse(reader, "out of memory");
}

/* The innermost value is complete: it goes where it belongs. */
static void close_value(struct reader *reader, bool typed)
{
	struct rpc_value *value = reader->inner;
	int r = 0;

	if (!typed)
		r = scalar_read(value, RPC_STRING, &reader->text);
	reader->inner = value->next;
	value->next = NULL;
	switch (where(reader)) {
	case PARAM:
		(void)rpc_append(reader->params, value);
		break;
	case FAULT:
		reader->fault = value;
		break;
	case MEMBER:
		value->name = reader->names[reader->depth];
		reader->names[reader->depth] = NULL;
		(void)rpc_append(reader->inner, value);
		break;
	default: /* DATA */
		(void)rpc_append(reader->inner, value);
		break;
	}
	if (r < 0)
		refuse(reader, "out of memory");
}

static void close_text(struct reader *reader, char **to)
{
	*to = buf_steal(&reader->text);
	if (!*to)
		refuse(reader, "out of memory");
}

static void close_scalar(struct reader *reader, enum rpc_type type)
{
	int r = scalar_read(reader->inner, type, &reader->text);

	if (r < 0)
		refuse(reader, r == -ENOMEM ? "out of memory" : "a value is not of its type");
}

static void on_end(void *data, const XML_Char *name)
{
	struct reader *reader = data;
	struct open_element closed;

	(void)name;
	if (reader->reason || !reader->nopen)
		return;
	closed = reader->open[--reader->nopen];
	switch (closed.rule->element) {
	case METHOD_NAME:
		close_text(reader, &reader->method);
		break;
	case NAME:
		close_text(reader, &reader->names[reader->depth]);
		break;
	case SCALAR:
		close_scalar(reader, closed.rule->type);
		break;
	case VALUE:
		close_value(reader, closed.children);
		break;
	case ARRAY:
	case STRUCT:
		reader->depth--;
		break;
	case MEMBER:
		if (closed.children != 2)
			refuse(reader, "a <member> is not one <name> and then one <value>");
		break;
	case PARAM:
	case FAULT:
		if (closed.children != 1)
			refuse(reader, "an element lacks its <value>");
		break;
	default:
		break;
	}
	buf_clear(&reader->text);
}

/* A document type could define entities, and nobody who speaks XML-RPC sends one. */
static void on_doctype(void *data, const XML_Char *name, const XML_Char *system,
		       const XML_Char *public, int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	refuse(data, "a document type is not allowed");
}

static void reader_done(struct reader *reader)
{
	struct rpc_value *value;

	while ((value = reader->inner)) {
		reader->inner = value->next;
		rpc_free(value);
	}
	for (size_t i = 0; i < ARRAY_LEN(reader->names); i++)
		free(reader->names[i]);
	rpc_free(reader->params);
	rpc_free(reader->fault);
	free(reader->method);
	buf_done(&reader->text);
	if (reader->parser)
		XML_ParserFree(reader->parser);
}

static int read_document(struct reader *reader, const char *data, size_t len, struct error *err)
{
	enum XML_Status status;

	reader->parser = XML_ParserCreate(NULL);
	if (!reader->parser || len > INT_MAX) {
		error_set(err, reader->parser ? "it is too long" : "out of memory");
		return reader->parser ? -EINVAL : -ENOMEM;
	}
	XML_SetUserData(reader->parser, reader);
	XML_SetElementHandler(reader->parser, on_start, on_end);
	XML_SetCharacterDataHandler(reader->parser, on_text);
	XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
	status = XML_Parse(reader->parser, data, (int)len, XML_TRUE);
	if (status == XML_STATUS_OK && !reader->reason)
		return 0;
	error_set(err, "line %lu: %s", (unsigned long)XML_GetCurrentLineNumber(reader->parser),
		  reader->reason ? reader->reason
				 : XML_ErrorString(XML_GetErrorCode(reader->parser)));
	return XML_GetErrorCode(reader->parser) == XML_ERROR_NO_MEMORY ? -ENOMEM : -EINVAL;
}

int rpc_read_call(struct rpc_call *call, const char *data, size_t len, struct error *err)
{
	struct reader reader = { .limits = &rpc_call_limits };
	int r = read_document(&reader, data, len, err);

	if (r == 0 && (!reader.method || !*reader.method)) {
		error_set(err, "it names no method");
		r = -EINVAL;
	}
	if (r == 0 && !reader.params && !(reader.params = rpc_new(RPC_ARRAY))) {
		error_set(err, "out of memory");
		r = -ENOMEM;
	}
	if (r == 0) {
		call->method = reader.method;
		call->params = reader.params;
		reader.method = NULL;
		reader.params = NULL;
	}
	reader_done(&reader);
	return r;
}

static int take_response(struct rpc_response *response, struct reader *reader, struct error *err)
{
	memset(response, 0, sizeof(*response));
	if (reader->fault) {
		response->code = (int)rpc_member_int(reader->fault, "faultCode", 0);
		response->text = strdup(rpc_member_text(reader->fault, "faultString", ""));
		if (response->code && response->text)
			return 0;
		rpc_response_done(response);
		error_set(err, "the fault has no code");
		return -EINVAL;
	}
	if (!reader->params || reader->params->count != 1) {
		error_set(err, "it is not an answer with one value");
		return -EINVAL;
	}
	response->result = reader->params->first;
	reader->params->first = reader->params->last = NULL;
	return 0;
}

int rpc_read_response(struct rpc_response *response, const char *data, size_t len,
		      struct error *err)
{
	struct reader reader = { .limits = &rpc_response_limits };
	int r = read_document(&reader, data, len, err);

	if (r == 0)
		r = take_response(response, &reader, err);
	reader_done(&reader);
	return r;
}

void rpc_call_done(struct rpc_call *call)
{
	free(call->method);
	rpc_free(call->params);
	memset(call, 0, sizeof(*call));
}

void rpc_response_done(struct rpc_response *response)
{
	rpc_free(response->result);
	free(response->text);
	memset(response, 0, sizeof(*response));
}
