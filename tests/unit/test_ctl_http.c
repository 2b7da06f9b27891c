/* test_ctl_http.c - answers of HTTP servers in pieces of every size, and URLs. */
#include "ctl/http.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/util.h"

#include <check.h>
#include <string.h>

static void append(void *arg, const char *data, size_t len)
{
	buf_add(arg, data, len);
}

static const struct {
	const char *answer;
	const char *body;
	int status;
	int at;
} cases[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, more", "hello", 200, HTTP_COMPLETE },
	{ "HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", "", 200, HTTP_COMPLETE },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
	  "chunked\r\n\r\n3;x=y\r\nabc\r\n0A\r\n0123456789\r\n"
	  "0\r\nTrailer: t\r\n\r\n",
	  "abc0123456789", 200, HTTP_COMPLETE },
	{ "HTTP/1.0 404 Not Found\n\nall that comes", "all that comes", 404, HTTP_ENDLESS },
	{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 No\r\nContent-Length: 1\r\n\r\nx", "x", 401,
	  HTTP_COMPLETE },
	{ "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "", 200, HTTP_BROKEN },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", "cut", 200, HTTP_BODY },
	{ "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx", "", 200, HTTP_BROKEN },
	{ "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nx", "", 200, HTTP_BROKEN },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx", "", 200,
	  HTTP_BROKEN },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 1 \r\n\r\nx", "x", 200, HTTP_COMPLETE },
	{ "HTTP/1.1 100 Go on\r\nContent-Length: 1\r\n\r\nHTTP/1.1 200 OK\r\n\r\nxyz", "xyz", 200,
	  HTTP_ENDLESS },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n -1\r\nx", "", 200, HTTP_BROKEN },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\nx", "", 200, HTTP_BROKEN },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n", "x", 200,
	  HTTP_BROKEN },
	{ "SSH-2.0-x\r\n", "", 0, HTTP_BROKEN },
	{ "HTTP/1.1 2\r\n\r\n", "", 2, HTTP_BROKEN },
};

START_TEST(answers)
{
	const char *text = cases[_i].answer;

	for (size_t step = 1; step <= strlen(text); step++) {
		struct buf body = { 0 };
		struct http_reader reader = { .body = append, .arg = &body };

		for (size_t at = 0; at < strlen(text); at += step)
			http_reader_feed(&reader, text + at,
					 strlen(text + at) < step ? strlen(text + at) : step);
		ck_assert_str_eq(buf_str(&body), cases[_i].body);
		ck_assert_int_eq(reader.status, cases[_i].status);
		ck_assert_int_eq((int)reader.at, cases[_i].at);
		buf_done(&body);
	}
}
END_TEST

START_TEST(long_header)
{
	struct buf text = { 0 }, body = { 0 };
	struct http_reader reader = { .body = append, .arg = &body };

	buf_addstr(&text, "HTTP/1.1 200 OK\r\nX-Long: ");
	for (int i = 0; i < 10000; i++)
		buf_addch(&text, 'x');
	buf_addstr(&text, "\r\nContent-Length: 2\r\n\r\nok");
	http_reader_feed(&reader, text.data, text.len);
	ck_assert_str_eq(buf_str(&body), "ok");
	buf_done(&text);
	buf_done(&body);
}
END_TEST

START_TEST(urls)
{
	struct http_server server = { 0 };
	struct error err = { { 0 } };
	static const char *const bad[] = { "",           "x",         "unix://",     "http://",
					   "http://:80", "http://h:", "http://[::1", "ftp://h",
					   "https://h" };

	ck_assert_int_eq(http_server_set(&server, "unix:///run/x.sock", &err), 0);
	ck_assert_str_eq(server.path, "/run/x.sock");
	ck_assert_int_eq(http_server_set(&server, "http://h:9001/", &err), 0);
	ck_assert_ptr_null(server.path);
	ck_assert_str_eq(server.host, "h");
	ck_assert_str_eq(server.port, "9001");
	ck_assert_int_eq(http_server_set(&server, "http://[::1]:9001", &err), 0);
	ck_assert_str_eq(server.host, "::1");
	ck_assert_int_eq(http_server_set(&server, "http://h", &err), 0);
	ck_assert_str_eq(server.port, "80");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ck_assert_int_eq(http_server_set(&server, bad[i], &err), -1);
		ck_assert_str_eq(server.host, "h");
	}
	http_server_done(&server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ctl/http");
	TCase *tcase = tcase_create("http");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, answers, 0, ARRAY_LEN(cases));
	tcase_add_test(tcase, long_header);
	tcase_add_test(tcase, urls);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
