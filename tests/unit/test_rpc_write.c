/* test_rpc_write.c - what is written is what Python's xmlrpc.client writes, and is read back. */
#include "rpc/write.h"

#include "base/buf.h"
#include "base/error.h"
#include "rpc/read.h"
#include "rpc/value.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(layout)
{
	struct buf value = { 0 }, out = { 0 };

	rpc_write_string(&value, "3.0");
	rpc_write_response(&out, &value);
	ck_assert_str_eq(buf_str(&out), "<?xml version='1.0'?>\n<methodResponse>\n<params>\n"
					"<param>\n<value><string>3.0</string></value>\n</param>\n"
					"</params>\n</methodResponse>\n");
	buf_clear(&out);
	rpc_write_fault(&out, 10, "BAD_NAME: <x>");
	ck_assert_str_eq(buf_str(&out),
			 "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n"
			 "<member>\n<name>faultCode</name>\n<value><int>10</int></value>\n"
			 "</member>\n<member>\n<name>faultString</name>\n"
			 "<value><string>BAD_NAME: &lt;x&gt;</string></value>\n</member>\n"
			 "</struct></value>\n</fault>\n</methodResponse>\n");
	buf_done(&value);
	buf_done(&out);
}
END_TEST

START_TEST(large_numbers)
{
	struct buf out = { 0 };

	rpc_write_int(&out, 2147483647);
	rpc_write_int(&out, 2147483648);
	ck_assert_str_eq(buf_str(&out), "<value><int>2147483647</int></value>\n"
					"<value><i8>2147483648</i8></value>\n");
	buf_done(&out);
}
END_TEST

START_TEST(seconds)
{
	struct buf out = { 0 };

	rpc_write_seconds(&out, 0);
	rpc_write_member_seconds(&out, "s", 1500001);
	rpc_write_seconds(&out, UINT64_MAX);
	ck_assert_str_eq(buf_str(&out), "<value><double>0.000000</double></value>\n"
					"<member>\n<name>s</name>\n"
					"<value><double>1.500001</double></value>\n</member>\n"
					"<value><double>18446744073709.551615</double></value>\n");
	buf_done(&out);
}
END_TEST

/* One of every type. */
static struct rpc_value *sample(void)
{
	struct rpc_value *params = rpc_new(RPC_ARRAY), *list = rpc_new(RPC_ARRAY);
	struct rpc_value *structure = rpc_new(RPC_STRUCT), *real = rpc_new(RPC_DOUBLE);
	struct rpc_value *bytes = rpc_new(RPC_BASE64), *date = rpc_new(RPC_DATETIME);

	real->real = 0.1;
	bytes->text = strdup("b\001c");
	bytes->len = 3;
	date->text = strdup("20260131T00:00:00");
	date->len = strlen(date->text);
	ck_assert_int_eq(rpc_append(list, rpc_new_string("a & b")), 0);
	ck_assert_int_eq(rpc_append(list, rpc_new_boolean(true)), 0);
	ck_assert_int_eq(rpc_set(structure, "<list>", list), 0);
	ck_assert_int_eq(rpc_set(structure, "n", rpc_new_int(-9999999999)), 0);
	ck_assert_int_eq(rpc_append(params, structure), 0);
	ck_assert_int_eq(rpc_append(params, real), 0);
	ck_assert_int_eq(rpc_append(params, bytes), 0);
	ck_assert_int_eq(rpc_append(params, date), 0);
	return params;
}

START_TEST(round_trip)
{
	struct rpc_value *params = sample();
	struct buf first = { 0 }, second = { 0 };
	struct error err = { { 0 } };
	struct rpc_call call;

	rpc_write_call(&first, "supervisor.<m>", params);
	ck_assert_int_eq(rpc_read_call(&call, first.data, first.len, &err), 0);
	ck_assert_str_eq(call.method, "supervisor.<m>");
	ck_assert_int_eq(rpc_member_int(rpc_item(call.params, 0), "n", 0), -9999999999);
	ck_assert_str_eq(rpc_text(rpc_item(rpc_member(rpc_item(call.params, 0), "<list>"), 0)),
			 "a & b");
	ck_assert(rpc_item(call.params, 1)->real == 0.1);
	rpc_write_call(&second, call.method, call.params);
	ck_assert_str_eq(buf_str(&first), buf_str(&second));
	rpc_call_done(&call);
	rpc_free(params);
	buf_done(&first);
	buf_done(&second);
}
END_TEST

/* Whatever a program has printed, the answer is well-formed. */
START_TEST(any_bytes)
{
	struct buf value = { 0 }, out = { 0 };
	struct rpc_response response;
	struct error err = { { 0 } };
	char bytes[1024];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 31 + i / 256);
	rpc_write_bytes(&value, bytes, sizeof(bytes));
	rpc_write_response(&out, &value);
	ck_assert_int_eq(rpc_read_response(&response, out.data, out.len, &err), 0);
	ck_assert_int_eq(response.result->type, RPC_STRING);
	rpc_response_done(&response);
	buf_done(&value);
	buf_done(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpc_write");
	TCase *tcase = tcase_create("write");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, layout);
	tcase_add_test(tcase, large_numbers);
	tcase_add_test(tcase, seconds);
	tcase_add_test(tcase, round_trip);
	tcase_add_test(tcase, any_bytes);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
