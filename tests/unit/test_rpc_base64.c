/* test_rpc_base64.c - the vectors of RFC 4648, and what is not base64. */
#include "rpc/base64.h"

#include "base/buf.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *plain, *encoded;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
};

START_TEST(rfc_vectors)
{
	struct buf buf = { 0 };

	base64_encode(&buf, vectors[_i].plain, strlen(vectors[_i].plain));
	ck_assert_str_eq(buf_str(&buf), vectors[_i].encoded);
	buf_clear(&buf);
	ck_assert_int_eq(base64_decode(&buf, vectors[_i].encoded, strlen(vectors[_i].encoded)), 0);
	ck_assert_str_eq(buf_str(&buf), vectors[_i].plain);
	buf_done(&buf);
}
END_TEST

static int decode(const char *text, size_t len)
{
	struct buf buf = { 0 };
	int r = base64_decode(&buf, text, len);

	buf_done(&buf);
	return r;
}

START_TEST(every_byte)
{
	struct buf encoded = { 0 }, decoded = { 0 };
	unsigned char bytes[256];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	base64_encode(&encoded, bytes, sizeof(bytes));
	ck_assert_int_eq(base64_decode(&decoded, encoded.data, encoded.len), 0);
	ck_assert_uint_eq(decoded.len, sizeof(bytes));
	ck_assert_mem_eq(decoded.data, bytes, sizeof(bytes));
	buf_done(&encoded);
	buf_done(&decoded);
}
END_TEST

START_TEST(lines_and_errors)
{
	struct buf buf = { 0 };

	ck_assert_int_eq(base64_decode(&buf, " Zm9v\r\nYmFy\n", 12), 0);
	ck_assert_str_eq(buf_str(&buf), "foobar");
	buf_done(&buf);
	ck_assert_int_eq(decode("Zg", 2), 0); /* padding left out */
	ck_assert_int_eq(decode("Z", 1), -EINVAL);
	ck_assert_int_eq(decode("Zm9v!", 5), -EINVAL);
	ck_assert_int_eq(decode("Zg==Zg==", 8), -EINVAL);
	ck_assert_int_eq(decode("Zg===", 5), -EINVAL);
	ck_assert_int_eq(decode("Zm9v\0", 5), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpc_base64");
	TCase *tcase = tcase_create("base64");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, rfc_vectors, 0, sizeof(vectors) / sizeof(vectors[0]));
	tcase_add_test(tcase, every_byte);
	tcase_add_test(tcase, lines_and_errors);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
