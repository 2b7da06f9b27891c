/* test_supervisor_listen_match.c - which bound sockets are what which sections say. */
#include "supervisor/listen_match.h"

#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"
#include "supervisor/fdstore.h"
#include "supervisor/listeners.h"

#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/test_listen_match.XXXXXX";
static char port[8], other[8]; /* that nobody has */

static void free_port(char *text)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	snprintf(text, 8, "%d", ntohs(address.sin6_port));
	close(fd);
}

static void setup(void)
{
	memcpy(directory + sizeof(directory) - 7, "XXXXXX", 7);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	free_port(port);
	do
		free_port(other);
	while (strcmp(other, port) == 0);
}

static void teardown(void)
{
	ck_assert_int_eq(rmdir(directory), 0);
}

/* [socket:s] with these lines; DIR, PORT and OTHER stand for what they say. */
static struct config *load(const char *lines)
{
	static const char *const words[] = { "DIR", "PORT", "OTHER" };
	const char *const values[] = { directory, port, other };
	struct buf messages = { 0 };
	struct config *config = NULL;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/x.conf", directory);
	file = fopen(path, "w");
	fputs("[program:p]\ncommand = x\n[socket:s]\nlisten = ", file);
	for (const char *at = lines; *at; at++) {
		size_t i = 0;

		while (i < 3 && strncmp(at, words[i], strlen(words[i])) != 0)
			i++;
		if (i == 3)
			fputc(*at, file);
		else
			at += fputs(values[i], file) < 0 ? 0 : strlen(words[i]) - 1;
	}
	fclose(file);
	ck_assert_msg(config_load(path, &config, &messages) == 0, "%s", buf_str(&messages));
	buf_done(&messages);
	unlink(path);
	return config;
}

static struct fdstore_entry entry_of(const struct listener *listener)
{
	struct stat st;

	ck_assert_int_eq(fstat(listener->fd, &st), 0);
	return (struct fdstore_entry){ .inode = st.st_ino,
				       .dev = listener->mark.path ? listener->mark.dev : 0,
				       .file = listener->mark.path ? listener->mark.ino : 0,
				       .fd = listener->fd };
}

static void bind_one(struct listeners *listeners, const char *lines)
{
	struct config *config = load(lines);
	struct error err = { { 0 } };

	ck_assert_msg(listeners_open(listeners, config, &err) == 0, "%s: %s", lines, err.text);
	config_free(config);
}

static bool is(const struct fdstore_entry *entry, const char *lines)
{
	struct config *config = load(lines);
	bool same = listen_match(entry, &config->sockets[0]);

	config_free(config);
	return same;
}

#define V4 "tcp://127.0.0.1:PORT"
#define V6 "tcp://[::1]:PORT"

static const struct {
	const char *bound, *wanted;
	bool same;
} rows[] = {
	{ V4, V4, true },
	{ V4, V4 "\nbacklog = 5\nnodelay = yes\nkeepalive = 9\ndefer_accept = 3\nfastopen = 4",
	  true },
	{ V4, "tcp://localhost:PORT", true },
	{ V4, "tcp://127.0.0.1:OTHER", false },
	{ V4, "tcp://127.0.0.2:PORT", false },
	{ V4, "tcp://0.0.0.0:PORT", false },
	{ V4, "tcp://*:PORT", false },
	{ V4, V6, false },
	{ V4, V4 "\nreuseport = yes", false },
	{ V4 "\nreuseport = yes", V4 "\nreuseport = yes", true },
	{ V4 "\nreuseport = yes", V4, false },
	{ V4, "udp://127.0.0.1:PORT", false },
	{ V4, "unix://DIR/s", false },
	{ V4, "unix://@s", false },
	{ V4, "systemd:s", false },
	{ V6, V6, true },
	{ V6, V4, false },
	{ "tcp://[::]:PORT", "tcp://[::]:PORT", true },
	{ "tcp://[::]:PORT", "tcp://[::]:PORT\nv6only = no", false },
	{ "tcp://[::]:PORT", "tcp://*:PORT", false },
	{ "tcp://[::]:PORT\nv6only = no", "tcp://[::]:PORT\nv6only = no", true },
	{ "tcp://[::]:PORT\nv6only = no", "tcp://[::]:PORT", false },
	{ "tcp://*:PORT", "tcp://*:PORT", true },
	{ "tcp://*:PORT", "tcp://[::]:PORT\nv6only = no", true },
	{ "tcp://*:PORT", "tcp://0.0.0.0:PORT", false },
	{ "udp://127.0.0.1:PORT", "udp://127.0.0.1:PORT", true },
	{ "udp://127.0.0.1:PORT", "udp://127.0.0.1:OTHER", false },
	{ "udp://127.0.0.1:PORT", V4, false },
	{ "unix://DIR/s", "unix://DIR/s\nmode = 0666\nbacklog = 4", true },
	{ "unix://DIR/s", "unix://DIR/ss", false },
	{ "unix://DIR/ss", "unix://DIR/s", false },
	{ "unix://DIR/s", "unix://@s", false },
	{ "unix://DIR/s", V4, false },
	{ "unix://@forkserver-test-a", "unix://@forkserver-test-a", true },
	{ "unix://@forkserver-test-a", "unix://@forkserver-test-ab", false },
	{ "unix://@forkserver-test-ab", "unix://@forkserver-test-a", false },
};

START_TEST(table)
{
	struct listeners listeners = { 0 };
	struct fdstore_entry entry;

	bind_one(&listeners, rows[_i].bound);
	entry = entry_of(&listeners.all[0]);
	ck_assert_msg(is(&entry, rows[_i].wanted) == rows[_i].same, "%s is%s %s", rows[_i].bound,
		      rows[_i].same ? "" : " not", rows[_i].wanted);
	listeners_close(&listeners);
}
END_TEST

/* Another file has its path now, or none. */
START_TEST(file_is_another)
{
	struct listeners listeners = { 0 }, others = { 0 };
	struct fdstore_entry entry;
	char path[64];

	snprintf(path, sizeof(path), "%s/s", directory);
	bind_one(&listeners, "unix://DIR/s");
	entry = entry_of(&listeners.all[0]);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert(!is(&entry, "unix://DIR/s"));
	bind_one(&others, "unix://DIR/s");
	ck_assert(!is(&entry, "unix://DIR/s"));
	listeners_close(&others);
	listeners_close(&listeners);
}
END_TEST

/* Not what its name says, in use already, not listening, not a socket. */
START_TEST(not_a_listener)
{
	struct listeners listeners = { 0 };
	struct fdstore_entry entry;
	struct stat st;
	int fd;

	bind_one(&listeners, V4);
	entry = entry_of(&listeners.all[0]);
	entry.inode++;
	ck_assert(!is(&entry, V4));
	entry = entry_of(&listeners.all[0]);
	shutdown(entry.fd, SHUT_RDWR);
	ck_assert(!is(&entry, V4));
	entry.fd = -1;
	ck_assert(!is(&entry, V4));
	fd = fileno(tmpfile());
	ck_assert_int_eq(fstat(fd, &st), 0);
	entry = (struct fdstore_entry){ .inode = st.st_ino, .fd = fd };
	ck_assert(!is(&entry, V4));
	listeners_close(&listeners);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/listen_match");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, table, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, file_is_another);
	tcase_add_test(tc, not_a_listener);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
