/* test_rpc_read.c - requests and answers as clients write them, and everything that is refused. */
#include "rpc/read.h"

#include "base/buf.h"
#include "base/error.h"
#include "rpc/value.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CALL(params)                                                                               \
	"<?xml version='1.0'?><methodCall><methodName>m</methodName>" params "</methodCall>"
#define ONE(value) CALL("<params><param><value>" value "</value></param></params>")

static int read_call(struct rpc_call *call, const char *text)
{
	struct error err = { { 0 } };

	memset(call, 0, sizeof(*call));
	return rpc_read_call(call, text, strlen(text), &err);
}

START_TEST(without_params)
{
	struct rpc_call call;

	ck_assert_int_eq(read_call(&call, CALL("")), 0);
	ck_assert_str_eq(call.method, "m");
	ck_assert_int_eq(call.params->type, RPC_ARRAY);
	ck_assert_uint_eq(call.params->count, 0);
	rpc_call_done(&call);
	ck_assert_int_eq(read_call(&call, CALL("<params/>")), 0);
	ck_assert_uint_eq(call.params->count, 0);
	rpc_call_done(&call);
}
END_TEST

static const struct {
	const char *xml;
	enum rpc_type type;
	const char *text;
	int64_t integer;
	double real;
} scalars[] = {
	{ "<int>-5</int>", RPC_INT, "", -5, 0 },
	{ "<i4> 7 </i4>", RPC_INT, "", 7, 0 },
	{ "<i8>9999999999</i8>", RPC_INT, "", 9999999999, 0 },
	{ "<boolean>1</boolean>", RPC_BOOLEAN, "", 1, 0 },
	{ "<boolean>false</boolean>", RPC_BOOLEAN, "", 0, 0 },
	{ "<string>a &lt; b &#252;</string>", RPC_STRING, "a < b \xc3\xbc", 0, 0 },
	{ "<string/>", RPC_STRING, "", 0, 0 },
	{ "no type", RPC_STRING, "no type", 0, 0 },
	{ "", RPC_STRING, "", 0, 0 },
	{ "<![CDATA[<x>]]>", RPC_STRING, "<x>", 0, 0 },
	{ "\n  <string>x</string>\n  ", RPC_STRING, "x", 0, 0 },
	{ "<double>1.5e3</double>", RPC_DOUBLE, "", 0, 1500. },
	{ "<base64>Zm9v\nYmFy</base64>", RPC_BASE64, "foobar", 0, 0 },
	{ "<dateTime.iso8601>20260131T23:59:59</dateTime.iso8601>", RPC_DATETIME,
	  "20260131T23:59:59", 0, 0 },
};

START_TEST(scalar)
{
	const struct rpc_value *value;
	struct buf text = { 0 };
	struct rpc_call call;

	buf_printf(&text, "%s%s%s", "<methodCall><methodName>m</methodName><params><param><value>",
		   scalars[_i].xml, "</value></param></params></methodCall>");
	ck_assert_int_eq(read_call(&call, buf_str(&text)), 0);
	ck_assert_uint_eq(call.params->count, 1);
	value = rpc_item(call.params, 0);
	ck_assert_int_eq(value->type, scalars[_i].type);
	ck_assert_str_eq(rpc_text(value), scalars[_i].text);
	ck_assert_uint_eq(value->len, strlen(scalars[_i].text));
	ck_assert_int_eq(value->integer, scalars[_i].integer);
	ck_assert(value->real == scalars[_i].real);
	rpc_call_done(&call);
	buf_done(&text);
}
END_TEST

START_TEST(nested)
{
	const struct rpc_value *calls, *second, *params;
	struct rpc_call call;

	ck_assert_int_eq(
		read_call(&call,
			  ONE("<array><data>\n<value><struct></struct></value>\n<value><struct>\n"
			      "<member><name>methodName</name><value>a</value></member>\n"
			      "<member><name>params</name><value><array><data><value><int>1</int>"
			      "</value><value><boolean>1</boolean></value></data></array></value>"
			      "</member><member><name>methodName</name><value>b</value></member>"
			      "</struct></value></data></array>")),
		0);
	calls = rpc_item(call.params, 0);
	ck_assert_uint_eq(calls->count, 2);
	second = rpc_item(calls, 1);
	ck_assert_uint_eq(second->count, 3);
	ck_assert_str_eq(rpc_member_text(second, "methodName", "?"), "b"); /* the last counts */
	params = rpc_member(second, "params");
	ck_assert_uint_eq(params->count, 2);
	ck_assert_int_eq(rpc_item(params, 0)->integer, 1);
	ck_assert_int_eq(rpc_item(params, 1)->type, RPC_BOOLEAN);
	ck_assert_ptr_null(rpc_item(params, 2));
	ck_assert_ptr_null(rpc_member(second, "none"));
	ck_assert_ptr_null(rpc_member(params, "params"));
	rpc_call_done(&call);
}
END_TEST

#define HEAD "<methodCall><methodName>m</methodName>"

static const char *const refused[] = {
	"",
	" ",
	"hello",
	"<methodCall>",
	"<methodCall></methodCall>",
	"<methodCall><methodName></methodName></methodCall>",
	"<methodCall><methodName>a</methodName><methodName>b</methodName></methodCall>",
	HEAD "<params/><params/></methodCall>",
	HEAD "text</methodCall>",
	HEAD "<unknown/></methodCall>",
	HEAD "<value/></methodCall>",
	HEAD "<params><param/></params></methodCall>",
	HEAD "<params><param><value/><value/></param></params></methodCall>",
	"<methodResponse><params/></methodResponse>",
	"<value/>",
	ONE("<nil/>"),
	ONE("<int>x</int>"),
	ONE("<int></int>"),
	ONE("<int>1 2</int>"),
	ONE("<int>99999999999999999999</int>"),
	ONE("<boolean>2</boolean>"),
	ONE("<boolean></boolean>"),
	ONE("<double>inf</double>"),
	ONE("<double>0x10</double>"),
	ONE("<double></double>"),
	ONE("<base64>!</base64>"),
	ONE("<int>1</int><int>2</int>"),
	ONE("text<int>1</int>"),
	ONE("<int>1</int>text"),
	ONE("<string><int>1</int></string>"),
	ONE("<array></array><array></array>"),
	ONE("<array><data/><data/></array>"),
	ONE("<array><value/></array>"),
	ONE("<struct><member><name>a</name></member></struct>"),
	ONE("<struct><member><value/></member></struct>"),
	ONE("<struct><member><value/><name>a</name></member></struct>"),
	ONE("<struct><member><name>a</name><name>b</name><value/></member></struct>"),
	ONE("<struct><member><name>a</name><value/><value/></member></struct>"),
	ONE("<struct><name>a</name></struct>"),
	ONE("&undefined;"),
	ONE("\x01"),
	ONE("&#1;"),
	ONE("\xff"),
	CALL("") "more",
	"<!DOCTYPE x><methodCall><methodName>m</methodName></methodCall>",
	"<!DOCTYPE x [<!ENTITY a \"b\">]><methodCall><methodName>&a;</methodName></methodCall>",
	"<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><methodCall><methodName>m</methodName>"
	"</methodCall>",
	"<?xml version='1.0' encoding='UTF-7'?>" HEAD "</methodCall>",
};

START_TEST(refuses)
{
	struct error err = { { 0 } };
	struct rpc_call call;

	ck_assert_int_eq(rpc_read_call(&call, refused[_i], strlen(refused[_i]), &err), -EINVAL);
	ck_assert_str_ne(err.text, "");
}
END_TEST

/* `n` arrays in each other. */
static int read_depth(size_t n)
{
	struct buf text = { 0 };
	struct rpc_call call;
	int r;

	buf_addstr(&text, HEAD "<params><param>");
	for (size_t i = 0; i < n; i++)
		buf_addstr(&text, "<value><array><data>");
	for (size_t i = 0; i < n; i++)
		buf_addstr(&text, "</data></array></value>");
	buf_addstr(&text, "</param></params></methodCall>");
	r = read_call(&call, buf_str(&text));
	if (r == 0)
		rpc_call_done(&call);
	buf_done(&text);
	return r;
}

START_TEST(depth)
{
	ck_assert_int_eq(read_depth(RPC_DEPTH_MAX), 0);
	ck_assert_int_eq(read_depth(RPC_DEPTH_MAX + 1), -EINVAL);
	ck_assert_int_eq(read_depth(100000), -EINVAL);
}
END_TEST

static int read_values(size_t n)
{
	struct buf text = { 0 };
	struct rpc_call call;
	int r;

	buf_addstr(&text, HEAD "<params>");
	for (size_t i = 0; i < n; i++)
		buf_addstr(&text, "<param><value/></param>");
	buf_addstr(&text, "</params></methodCall>");
	r = read_call(&call, buf_str(&text));
	if (r == 0) {
		ck_assert_uint_eq(call.params->count, n);
		rpc_call_done(&call);
	}
	buf_done(&text);
	return r;
}

START_TEST(count)
{
	ck_assert_int_eq(read_values(rpc_call_limits.values), 0);
	ck_assert_int_eq(read_values(rpc_call_limits.values + 1), -EINVAL);
}
END_TEST

/* Cut anywhere, a request is refused, and nothing is leaked or overrun. */
START_TEST(truncated)
{
	static const char whole[] =
		ONE("<struct><member><name>a</name><value><array><data><value><base64>Zg==</base64>"
		    "</value></data></array></value></member></struct>");
	struct error err = { { 0 } };
	struct rpc_call call;

	ck_assert_int_eq(rpc_read_call(&call, whole, sizeof(whole) - 1, &err), 0);
	rpc_call_done(&call);
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		char *copy = malloc(len + 1);

		memcpy(copy, whole, len);
		ck_assert_int_eq(rpc_read_call(&call, copy, len, &err), -EINVAL);
		free(copy);
	}
}
END_TEST

static int read_response(struct rpc_response *response, const char *text)
{
	struct error err = { { 0 } };

	return rpc_read_response(response, text, strlen(text), &err);
}

START_TEST(responses)
{
	struct rpc_response response;

	ck_assert_int_eq(read_response(&response, "<methodResponse><params><param><value><int>3"
						  "</int></value></param></params>"
						  "</methodResponse>"),
			 0);
	ck_assert_int_eq(response.code, 0);
	ck_assert_int_eq(response.result->integer, 3);
	rpc_response_done(&response);
	ck_assert_int_eq(
		read_response(&response,
			      "<methodResponse><fault><value><struct><member><name>faultCode</name>"
			      "<value><int>10</int></value></member><member><name>faultString"
			      "</name><value><string>BAD_NAME: x</string></value></member></struct>"
			      "</value></fault></methodResponse>"),
		0);
	ck_assert_int_eq(response.code, 10);
	ck_assert_str_eq(response.text, "BAD_NAME: x");
	ck_assert_ptr_null(response.result);
	rpc_response_done(&response);
	ck_assert_int_eq(read_response(&response, "<methodResponse/>"), -EINVAL);
	ck_assert_int_eq(read_response(&response, "<methodResponse><params/></methodResponse>"),
			 -EINVAL);
	ck_assert_int_eq(read_response(&response, "<methodResponse><fault><value/></fault>"
						  "</methodResponse>"),
			 -EINVAL);
	ck_assert_int_eq(read_response(&response, CALL("<params/>")), -EINVAL);
}
END_TEST

#define LOOP(cases, test) tcase_add_loop_test(tcase, test, 0, sizeof(cases) / sizeof(cases[0]))

int main(void)
{
	Suite *suite = suite_create("rpc_read");
	TCase *tcase = tcase_create("read");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, without_params);
	LOOP(scalars, scalar);
	tcase_add_test(tcase, nested);
	LOOP(refused, refuses);
	tcase_add_test(tcase, depth);
	tcase_add_test(tcase, count);
	tcase_add_test(tcase, truncated);
	tcase_add_test(tcase, responses);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
