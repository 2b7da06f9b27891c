/* test_config_types_socket.c - addresses to listen on, and sockets as a program names them. */
#include "base/error.h"
#include "base/strv.h"
#include "config/config.h"
#include "config/types.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define FIFTY "01234567890123456789012345678901234567890123456789"

static const struct {
	const char *text;
	const char *expected; /* or, with a '!' before it, what the error says */
} addresses[] = {
	{ "tcp://127.0.0.1:80", "tcp://127.0.0.1:80" },
	{ "tcp://Example.ORG:080", "tcp://example.org:80" },
	{ "tcp://[::1]:80", "tcp://[::1]:80" },
	{ "tcp://*:80", "tcp://*:80" },
	{ "tcp://:80", "tcp://*:80" },
	{ "udp://[::]:65535", "udp://[::]:65535" },
	{ "udp://*:53", "udp://*:53" },
	{ "unix:///run/../run/x", "unix:///run/x" },
	{ "unix://@name/with spaces ", "unix://@name/with spaces " },
	{ "systemd:web.socket", "systemd:web.socket" },
	{ "tcp://127.0.0.1", "!write tcp://HOST:PORT" },
	{ "tcp://127.0.0.1:0", "!a port from 1 to 65535" },
	{ "tcp://127.0.0.1:65536", "!a port from 1 to 65535" },
	{ "udp://127.0.0.1:x", "!'udp://127.0.0.1:x'; write udp://HOST:PORT" },
	{ "udp://::1:53", "!needs brackets: udp://[::1]:53" },
	{ "tcp://a b:80", "!is not a host" },
	{ "unix://run/x", "!is not an absolute path" },
	{ "unix:///" FIFTY FIFTY "0123456", "!the path has 108 bytes; the kernel allows 107" },
	{ "unix://@", "!no name after unix://@" },
	{ "unix://@" FIFTY FIFTY "01234567", "!the name has 108 bytes; the kernel allows 107" },
	{ "systemd:", "!FileDescriptorName=" },
	{ "systemd:a:b", "!FileDescriptorName=" },
	{ "http://x:80", "!Bad socket format http://x:80" },
	{ "", "!Bad socket format" },
};

START_TEST(address)
{
	struct error err = { { 0 } };
	char *field = NULL;
	int r = type_socket.parse(&field, addresses[_i].text, NULL, &err);
	const char *expected = addresses[_i].expected;

	if (*expected == '!') {
		ck_assert_int_eq(r, -1);
		ck_assert_ptr_null(field);
		ck_assert_msg(strstr(err.text, expected + 1) != NULL, "%s", err.text);
	} else {
		ck_assert_msg(r == 0, "%s", err.text);
		ck_assert_str_eq(field, expected);
	}
	type_socket.done(&field);
}
END_TEST

/* What [fcgi-program:*] takes is supervisord's. */
START_TEST(supervisords)
{
	struct error err = { { 0 } };
	char *field = NULL;

	ck_assert_int_eq(type_listen.parse(&field, "tcp://*:80", NULL, &err), 0);
	ck_assert_str_eq(field, "tcp://0.0.0.0:80");
	type_listen.done(&field);
	ck_assert_int_eq(type_listen.parse(&field, "udp://h:80", NULL, &err), -1);
	ck_assert_int_eq(type_listen.parse(&field, "systemd:x", NULL, &err), -1);
}
END_TEST

static const struct {
	const char *text;
	const char *names; /* separated by blanks; NULL: refused */
	size_t announced, placed;
	int numbers[2];
	const char *error;
} lists[] = {
	{ "", "", 0, 0, { 0 }, NULL },
	{ "a, b", "a b", 2, 0, { 0 }, NULL },
	{ "a:0", "a", 0, 0, { 0 }, NULL },
	{ "a:0, b, c:7, d, e:255", "b d c e a", 2, 2, { 7, 255 }, NULL },
	{ "a:1", NULL, 0, 0, { 0 }, "1 and 2 are standard output and error" },
	{ "a:2", NULL, 0, 0, { 0 }, "1 and 2 are standard output and error" },
	{ "a:-1", NULL, 0, 0, { 0 }, "0 or from 3 to 255" },
	{ "a:256", NULL, 0, 0, { 0 }, "0 or from 3 to 255" },
	{ "a:", NULL, 0, 0, { 0 }, "the number of a file descriptor" },
	{ "b, a:x", NULL, 0, 0, { 0 }, "'a:x'" },
	{ "a:7, b:7", NULL, 0, 0, { 0 }, "two sockets are to be file descriptor 7" },
	{ "a:0, b:0", NULL, 0, 0, { 0 }, "two sockets are to be file descriptor 0" },
};

static char *join(char *const *names)
{
	char *joined = strdup("");

	for (; names && *names; names++) {
		joined = realloc(joined, strlen(joined) + strlen(*names) + 2);
		strcat(strcat(joined, *joined ? " " : ""), *names);
	}
	return joined;
}

START_TEST(list)
{
	struct config_program program = { .name = NULL };
	struct error err = { { 0 } };
	int r = type_sockets.parse(&program, lists[_i].text, NULL, &err);
	char *names = join(program.sockets);

	ck_assert_int_eq(r, lists[_i].names ? 0 : -1);
	ck_assert_str_eq(names, lists[_i].names ? lists[_i].names : "");
	ck_assert_uint_eq(program.nannounced, lists[_i].announced);
	ck_assert_uint_eq(program.nplaced, lists[_i].placed);
	for (size_t i = 0; i < program.nplaced; i++)
		ck_assert_int_eq(program.socket_fds[i], lists[_i].numbers[i]);
	if (lists[_i].error)
		ck_assert_msg(strstr(err.text, lists[_i].error) != NULL, "%s", err.text);
	free(names);
	type_sockets.done(&program);
	ck_assert_ptr_null(program.sockets);
}
END_TEST

START_TEST(comparison)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "a, b:7", "b:7 a", true }, /* LISTEN_FDS does not know the difference */
		{ "a, b", "b, a", false },   { "a:7", "a:8", false }, { "a:7", "a", false },
		{ "a:0", "a:7", false },     { "a:0", "a", false },   { "", "a", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_program a = { .name = NULL }, b = { .name = NULL };

		ck_assert_int_eq(type_sockets.parse(&a, rows[i].a, NULL, NULL), 0);
		ck_assert_int_eq(type_sockets.parse(&b, rows[i].b, NULL, NULL), 0);
		ck_assert_msg(type_sockets.same(&a, &b) == rows[i].same, "%zu", i);
		ck_assert_msg(type_sockets.same(&b, &a) == rows[i].same, "%zu", i);
		type_sockets.done(&a);
		type_sockets.done(&b);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config/types_socket");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, address, 0, sizeof(addresses) / sizeof(addresses[0]));
	tcase_add_test(tc, supervisords);
	tcase_add_loop_test(tc, list, 0, sizeof(lists) / sizeof(lists[0]));
	tcase_add_test(tc, comparison);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
