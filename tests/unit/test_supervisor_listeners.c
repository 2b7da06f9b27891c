/* test_supervisor_listeners.c - what becomes of bound sockets when another configuration comes. */
#include "supervisor/listeners.h"

#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"
#include "supervisor/fdstore.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char directory[] = "/tmp/test_listeners.XXXXXX";
static struct listeners listeners;

static void setup(void)
{
	memcpy(directory + sizeof(directory) - 7, "XXXXXX", 7);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	memset(&listeners, 0, sizeof(listeners));
}

static void teardown(void)
{
	listeners_close(&listeners);
	/* it fails if a socket was left behind */
	ck_assert_int_eq(rmdir(directory), 0);
}

/* A configuration with these lines, DIR standing for the directory. */
static struct config *load(const char *lines)
{
	char path[64];
	struct buf messages = { 0 };
	struct config *config = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "%s/x.conf", directory);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs("[program:p]\ncommand = x\n", file);
	for (const char *at = lines; *at; at++)
		if (strncmp(at, "DIR", 3) == 0)
			at += fputs(directory, file) < 0 ? 0 : 2;
		else
			fputc(*at, file);
	fclose(file);
	ck_assert_msg(config_load(path, &config, &messages) == 0, "%s", buf_str(&messages));
	buf_done(&messages);
	unlink(path);
	return config;
}

static void open_all(const char *lines)
{
	struct config *config = load(lines);
	struct error err = { { 0 } };

	ck_assert_msg(listeners_open(&listeners, config, &err) == 0, "%s", err.text);
	config_free(config);
}

/* 0 or -1, with the error's text in *err. */
static int need(const char *lines, const char *name, struct error *err)
{
	struct config *config = load(lines);
	int r = listeners_need(&listeners, config, config_find_socket(config, name), err);

	config_free(config);
	return r;
}

static ino_t inode(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	return st.st_ino;
}

static bool exists(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return access(path, F_OK) == 0;
}

#define A "[socket:a]\nlisten = unix://DIR/a\n"
#define B "[socket:b]\nlisten = unix://DIR/b\n"

START_TEST(opened_once)
{
	ino_t a, b;

	open_all(A B);
	a = inode(listeners_find(&listeners, "a"));
	b = inode(listeners_find(&listeners, "b"));
	ck_assert_int_eq(fcntl(listeners_find(&listeners, "a"), F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(listeners_find(&listeners, "c"), -1);
	open_all(A "backlog = 3\nmode = 0640\n"); /* as after a restart */
	ck_assert_uint_eq(listeners.n, 1);
	ck_assert_uint_eq(inode(listeners_find(&listeners, "a")), a);
	ck_assert_int_eq(listeners_find(&listeners, "b"), -1);
	ck_assert(!exists("b"));
	open_all(A B);
	ck_assert_uint_eq(inode(listeners_find(&listeners, "a")), a);
	ck_assert_uint_ne(inode(listeners_find(&listeners, "b")), b);
}
END_TEST

START_TEST(retirement)
{
	struct error err = { { 0 } };
	unsigned before;
	ino_t old;

	open_all(A);
	before = listeners.generation;
	old = inode(listeners_find(&listeners, "a"));
	ck_assert_int_eq(need(A "mode = 0600\n", "a", &err), 0); /* it can become that */
	ck_assert_uint_eq(listeners.n, 1);
	ck_assert_int_eq(need("[socket:a]\nlisten = unix://DIR/other\n", "a", &err), 0);
	ck_assert_uint_eq(listeners.n, 2);
	ck_assert_uint_ne(inode(listeners_find(&listeners, "a")), old);
	for (size_t i = 0; i < 2; i++) {
		const struct listener *listener = &listeners.all[i];
		bool is_old = inode(listener->fd) == old;

		ck_assert(is_old == (listener->retired != 0));
		ck_assert(listener_was_given(listener, before) == is_old);
		ck_assert(listener_was_given(listener, listeners.generation) == !is_old);
	}
	ck_assert(exists("a") && exists("other"));
	listeners_remove(&listeners, listeners.all[0].retired ? 0 : 1);
	ck_assert(!exists("a") && exists("other"));
}
END_TEST

/* And back again: the one that has retired is not bound a second time. */
START_TEST(shared)
{
	struct error err = { { 0 } };
	ino_t old;

	open_all(A);
	old = inode(listeners_find(&listeners, "a"));
	ck_assert_int_eq(need("[socket:a]\nlisten = unix://DIR/b\n", "a", &err), 0);
	ck_assert_int_eq(need(A, "a", &err), 0);
	ck_assert_uint_eq(inode(listeners_find(&listeners, "a")), old);
	ck_assert_int_eq(need("[socket:new]\nlisten = unix://DIR/a\nmode = 0642\n", "new", &err),
			 0);
	ck_assert_uint_eq(inode(listeners_find(&listeners, "new")), old);
	for (size_t i = listeners.n; i > 0; i--) /* its file is that of the last one */
		if (strcmp(listeners.all[i - 1].config->name, "new") != 0)
			listeners_remove(&listeners, i - 1);
	ck_assert_uint_eq(listeners.n, 1);
	ck_assert(exists("a") && !exists("b"));
}
END_TEST

START_TEST(cannot_be_bound)
{
	struct error err = { { 0 } };
	ino_t old;

	open_all(A);
	old = inode(listeners_find(&listeners, "a"));
	ck_assert_int_eq(need("[socket:a]\nlisten = unix://DIR/no/such\n", "a", &err), -1);
	ck_assert_msg(strstr(err.text, "/x.conf:3: [socket:a] cannot listen on unix:///tmp/"), "%s",
		      err.text);
	ck_assert_uint_eq(listeners.n, 1);
	ck_assert_uint_eq(inode(listeners_find(&listeners, "a")), old);
	ck_assert(exists("a"));
}
END_TEST

START_TEST(change)
{
	struct config *config;
	struct error err = { { 0 } };
	char path[64];
	struct stat st;
	bool changed;

	open_all(A);
	config = load(A "mode = 0604\nbacklog = 9\n");
	ck_assert_int_eq(listeners_change(&listeners, config, config->sockets, &changed, &err), 0);
	ck_assert(changed);
	ck_assert_int_eq(listeners_change(&listeners, config, config->sockets, &changed, &err), 0);
	ck_assert(!changed);
	snprintf(path, sizeof(path), "%s/a", directory);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0604);
	config_free(config);
	unlink(path);
	config = load(A);
	ck_assert_int_eq(listeners_change(&listeners, config, config->sockets, &changed, &err), -1);
	ck_assert_msg(strstr(err.text, "[socket:a] cannot change unix://") &&
			      strstr(err.text, "is gone"),
		      "%s", err.text);
	ck_assert_int_eq(listeners.all[0].config->mode, 0604); /* so the next reload tries again */
	config_free(config);
}
END_TEST

START_TEST(from_systemd_without_it)
{
	struct config *config = load("[socket:x]\nlisten = systemd:x\n");
	struct error err = { { 0 } };

	ck_assert_int_eq(listeners_open(&listeners, config, &err), -1);
	ck_assert_msg(strstr(err.text, "[socket:x] cannot listen on systemd:x: systemd has passed "
				       "no sockets; start the .socket unit"),
		      "%s", err.text);
	config_free(config);
}
END_TEST

/* What another supervisor has left in the store: copies of the sockets, and what their names say.
 */
static void leave_in_store(struct fdstore *store)
{
	store->all = calloc(listeners.n, sizeof(*store->all));
	store->n = listeners.n;
	for (size_t i = 0; i < listeners.n; i++)
		store->all[i] = (struct fdstore_entry){
			.name = strdup(listeners.all[i].config->name),
			.inode = inode(listeners.all[i].fd),
			.dev = listeners.all[i].mark.dev,
			.file = listeners.all[i].mark.ino,
			.fd = fcntl(listeners.all[i].fd, F_DUPFD_CLOEXEC, 3),
		};
	/* it was killed, so the files stay */
	for (size_t i = 0; i < listeners.n; i++) {
		free(listeners.all[i].mark.path);
		listeners.all[i].mark.path = NULL;
	}
	listeners_close(&listeners);
	listeners.store = store;
}

/* The queue is there, other settings are set; what nobody wants is closed; the rest is bound. */
START_TEST(from_the_store)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int client = socket(AF_UNIX, SOCK_STREAM, 0), conn;
	struct fdstore store = { 0 };
	struct stat st;
	ino_t a;

	open_all(A B);
	a = inode(listeners_find(&listeners, "a"));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/a", directory);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	leave_in_store(&store);
	open_all("[socket:renamed]\nlisten = unix://DIR/a\nmode = 0640\n"
		 "[socket:c]\nlisten = unix://DIR/c\n");
	ck_assert_uint_eq(inode(listeners_find(&listeners, "renamed")), a);
	ck_assert_int_eq(fcntl(listeners_find(&listeners, "renamed"), F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(stat(address.sun_path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	conn = accept4(listeners_find(&listeners, "renamed"), NULL, NULL, SOCK_NONBLOCK);
	ck_assert_int_ge(conn, 0);
	ck_assert_uint_eq(store.n, 1);
	ck_assert(exists("c") && !exists("b"));
	close(conn);
	close(client);
	listeners_close(&listeners);
	ck_assert(!exists("a"));
	listeners.store = NULL;
	fdstore_done(&store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/listeners");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, opened_once);
	tcase_add_test(tc, retirement);
	tcase_add_test(tc, shared);
	tcase_add_test(tc, cannot_be_bound);
	tcase_add_test(tc, change);
	tcase_add_test(tc, from_systemd_without_it);
	tcase_add_test(tc, from_the_store);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
