/* test_ipc_pack.c - what is packed comes back; what is malformed is refused, wherever it is cut. */
#include "ipc/pack.h"

#include "base/buf.h"
#include "base/strv.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

START_TEST(round_trip)
{
	char *words[] = { (char *)"python", (char *)"", (char *)"-m", NULL };
	struct buf buf = { 0 };
	struct unpack in;
	char *text, **strv;

	pack_u32(&buf, 0xdeadbeef);
	pack_u64(&buf, UINT64_MAX - 1);
	pack_str(&buf, "gr\xc3\xbc\xc3\x9f");
	pack_str(&buf, "");
	pack_str(&buf, NULL);
	pack_strv(&buf, words);
	pack_strv(&buf, NULL);
	unpack_init(&in, buf.data, buf.len);
	ck_assert_uint_eq(unpack_u32(&in), 0xdeadbeef);
	ck_assert_uint_eq(unpack_u64(&in), UINT64_MAX - 1);
	text = unpack_str(&in);
	ck_assert_str_eq(text, "gr\xc3\xbc\xc3\x9f");
	free(text);
	text = unpack_str(&in);
	ck_assert_str_eq(text, "");
	free(text);
	ck_assert_ptr_null(unpack_str(&in));
	ck_assert_int_eq(unpack_end(&in), -EPROTO); /* not at the end yet */
	strv = unpack_strv(&in);
	ck_assert_uint_eq(strv_len(strv), 3);
	ck_assert_str_eq(strv[1], "");
	ck_assert_str_eq(strv[2], "-m");
	strv_free(strv);
	strv = unpack_strv(&in);
	ck_assert_ptr_nonnull(strv);
	ck_assert_uint_eq(strv_len(strv), 0);
	strv_free(strv);
	ck_assert_int_eq(unpack_end(&in), 0);
	buf_done(&buf);
}
END_TEST

/* Reads one of everything out of the first len bytes, copied so that a sanitizer sees overreads. */
static int read_cut(const struct buf *buf, size_t len)
{
	char *copy = malloc(len + !len);
	struct unpack in;
	char *text, **strv;
	int r;

	if (len)
		memcpy(copy, buf->data, len);
	unpack_init(&in, copy, len);
	unpack_u32(&in);
	text = unpack_str(&in);
	strv = unpack_strv(&in);
	unpack_u64(&in);
	r = unpack_end(&in);
	free(text);
	strv_free(strv);
	free(copy);
	return r;
}

START_TEST(every_cut_is_noticed)
{
	char *words[] = { (char *)"a", (char *)"bcd", NULL };
	struct buf buf = { 0 };

	pack_u32(&buf, 1);
	pack_str(&buf, "text");
	pack_strv(&buf, words);
	pack_u64(&buf, 2);
	for (size_t len = 0; len < buf.len; len++)
		ck_assert_int_eq(read_cut(&buf, len), -EPROTO);
	ck_assert_int_eq(read_cut(&buf, buf.len), 0);
	buf_addch(&buf, 'x');
	ck_assert_int_eq(read_cut(&buf, buf.len), -EPROTO);
	buf_done(&buf);
}
END_TEST

START_TEST(bad_is_sticky)
{
	static const char zeros[16];
	struct unpack in;

	unpack_init(&in, zeros, 3);
	ck_assert_uint_eq(unpack_u32(&in), 0);
	ck_assert(in.bad);
	unpack_init(&in, zeros, sizeof(zeros));
	in.bad = true;
	ck_assert_uint_eq(unpack_u64(&in), 0);
	ck_assert_ptr_null(unpack_str(&in));
	ck_assert_ptr_null(unpack_strv(&in));
	ck_assert_int_eq(unpack_end(&in), -EPROTO);
}
END_TEST

/* Lengths that lie. */
START_TEST(lengths)
{
	static const uint32_t lies[] = { 5, 0x7fffffff, 0x80000000, 0xfffffffe };

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct buf buf = { 0 };
		struct unpack in;

		pack_u32(&buf, lies[i]);
		buf_add(&buf, "\0\0\0\0", 4);
		unpack_init(&in, buf.data, buf.len);
		ck_assert_ptr_null(unpack_str(&in));
		ck_assert(in.bad);
		unpack_init(&in, buf.data, buf.len);
		ck_assert_ptr_null(unpack_strv(&in));
		ck_assert(in.bad);
		buf_done(&buf);
	}
}
END_TEST

START_TEST(no_nul_inside_a_string)
{
	struct buf buf = { 0 };
	struct unpack in;

	pack_u32(&buf, 3);
	buf_add(&buf, "a\0b", 3);
	unpack_init(&in, buf.data, buf.len);
	ck_assert_ptr_null(unpack_str(&in));
	ck_assert_int_eq(unpack_end(&in), -EPROTO);
	buf_done(&buf);
}
END_TEST

START_TEST(no_null_inside_a_vector)
{
	struct buf buf = { 0 };
	struct unpack in;

	pack_u32(&buf, 2);
	pack_str(&buf, "a");
	pack_str(&buf, NULL);
	unpack_init(&in, buf.data, buf.len);
	ck_assert_ptr_null(unpack_strv(&in));
	ck_assert_int_eq(unpack_end(&in), -EPROTO);
	buf_done(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ipc/pack");
	TCase *tc = tcase_create("pack");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, round_trip);
	tcase_add_test(tc, every_cut_is_noticed);
	tcase_add_test(tc, bad_is_sticky);
	tcase_add_test(tc, lengths);
	tcase_add_test(tc, no_nul_inside_a_string);
	tcase_add_test(tc, no_null_inside_a_vector);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
