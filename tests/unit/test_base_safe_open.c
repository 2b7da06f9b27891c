/* test_base_safe_open.c - which paths are walked, and which files are opened. */
#include "base/safe_open.h"

#include "base/error.h"
#include "base/fd.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define STRANGER 12345 /* a user that is neither root nor us */

static char top[64];
static struct error err;

static const char *at(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, 256, "%s/%s", top, name);
	return path;
}

static void set_up(void)
{
	/* Not below /tmp itself: its sticky bit is what some cases are about. */
	snprintf(top, sizeof(top), "/tmp/test_safe_open.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	ck_assert_int_eq(mkdir(at("real"), 0755), 0);
	memset(&err, 0, sizeof(err));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void tear_down(void)
{
	nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* 0, or -errno; closes what was opened. */
static int try_open(const char *path, enum safe_create create)
{
	const char *name;
	struct stat st;
	int dir = safe_open_dir(path, &name, &err), fd;

	if (dir < 0)
		return dir;
	ck_assert_str_eq(name, strrchr(path, '/') + 1);
	ck_assert_int_eq(fcntl(dir, F_GETFD), FD_CLOEXEC);
	fd = safe_open_at(dir, path, create, 0640, &st, &err);
	close(dir);
	if (fd < 0)
		return fd;
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	return 0;
}

static void make(const char *name)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_EXCL, 0644);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

START_TEST(plain_paths)
{
	struct stat st;

	umask(022);
	ck_assert_int_eq(try_open(at("real/a"), SAFE_CREATE), 0);
	ck_assert_int_eq(stat(at("real/a"), &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0640);
	ck_assert_int_eq(try_open(at("real/a"), SAFE_CREATE), 0);
	ck_assert_int_eq(try_open(at("real//./../real/b"), SAFE_CREATE), 0);
	ck_assert_int_eq(access(at("real/b"), F_OK), 0);
	ck_assert_int_eq(try_open("/dev/null", SAFE_CREATE), 0);
}
END_TEST

START_TEST(not_a_path_of_a_file)
{
	static const char *const paths[] = { "", "a", "./a", "/", "/tmp/", "/tmp/.", "/tmp/.." };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (paths[i][0])
			ck_assert_int_eq(try_open(paths[i], SAFE_CREATE), -EINVAL);
}
END_TEST

START_TEST(missing_and_wrong_directories)
{
	ck_assert_int_eq(try_open(at("no/such/a"), SAFE_CREATE), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, at("no: "))); /* the component, not the whole */
	ck_assert_ptr_nonnull(strstr(err.text, "create it"));
	make("real/file");
	ck_assert_int_eq(try_open(at("real/file/a"), SAFE_CREATE), -ENOTDIR);
	ck_assert_ptr_nonnull(strstr(err.text, "not a directory"));
	ck_assert_int_eq(try_open(at("real"), SAFE_CREATE), -EISDIR);
}
END_TEST

START_TEST(new_only)
{
	ck_assert_int_eq(try_open(at("real/a"), SAFE_NEW), 0);
	ck_assert_int_eq(try_open(at("real/a"), SAFE_NEW), -EEXIST);
	ck_assert_int_eq(symlink(at("real/elsewhere"), at("real/link")), 0);
	ck_assert_int_eq(try_open(at("real/link"), SAFE_NEW), -EEXIST);
	ck_assert_int_lt(access(at("real/elsewhere"), F_OK), 0);
}
END_TEST

START_TEST(our_links_are_followed)
{
	ck_assert_int_eq(symlink("real", at("relative")), 0);
	ck_assert_int_eq(symlink(at("real"), at("absolute")), 0);
	ck_assert_int_eq(symlink("../relative/../absolute/.", at("real/chain")), 0);
	ck_assert_int_eq(try_open(at("relative/a"), SAFE_CREATE), 0);
	ck_assert_int_eq(try_open(at("absolute/b"), SAFE_CREATE), 0);
	ck_assert_int_eq(try_open(at("real/chain/c"), SAFE_CREATE), 0);
	ck_assert_int_eq(access(at("real/a"), F_OK), 0);
	ck_assert_int_eq(access(at("real/b"), F_OK), 0);
	ck_assert_int_eq(access(at("real/c"), F_OK), 0);
}
END_TEST

START_TEST(loop_of_links)
{
	ck_assert_int_eq(symlink("two", at("one")), 0);
	ck_assert_int_eq(symlink("one", at("two")), 0);
	ck_assert_int_eq(try_open(at("one/a"), SAFE_CREATE), -ELOOP);
}
END_TEST

START_TEST(last_component_is_never_followed)
{
	make("real/target");
	ck_assert_int_eq(symlink("target", at("real/link")), 0);
	ck_assert_int_eq(try_open(at("real/link"), SAFE_CREATE), -ELOOP);
	ck_assert_ptr_nonnull(strstr(err.text, "symbolic link"));
	ck_assert_int_eq(symlink("dangling", at("real/link2")), 0);
	ck_assert_int_eq(try_open(at("real/link2"), SAFE_CREATE), -ELOOP);
	ck_assert_int_lt(access(at("real/dangling"), F_OK), 0);
}
END_TEST

/* A link in a place where others can make one. */
START_TEST(link_in_a_shared_directory)
{
	static const mode_t modes[] = { 0777, 01777, 0775 };

	ck_assert_int_eq(mkdir(at("shared"), 0755), 0);
	ck_assert_int_eq(symlink(at("real"), at("shared/link")), 0);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		ck_assert_int_eq(chmod(at("shared"), modes[i]), 0);
		ck_assert_int_eq(try_open(at("shared/link/a"), SAFE_CREATE), -ELOOP);
		ck_assert_ptr_nonnull(strstr(err.text, at("shared/link is a symbolic link")));
	}
	ck_assert_int_lt(access(at("real/a"), F_OK), 0);
	ck_assert_int_eq(chmod(at("shared"), 0755), 0);
	ck_assert_int_eq(try_open(at("shared/link/a"), SAFE_CREATE), 0);
}
END_TEST

START_TEST(link_of_somebody_else)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(symlink("real", at("link")), 0);
	ck_assert_int_eq(lchown(at("link"), STRANGER, STRANGER), 0);
	ck_assert_int_eq(try_open(at("link/a"), SAFE_CREATE), -ELOOP);
	ck_assert_int_eq(mkdir(at("theirs"), 0755), 0);
	ck_assert_int_eq(symlink(at("real"), at("theirs/link")), 0);
	ck_assert_int_eq(chown(at("theirs"), STRANGER, STRANGER), 0);
	ck_assert_int_eq(try_open(at("theirs/link/a"), SAFE_CREATE), -ELOOP);
	ck_assert_int_eq(try_open(at("theirs/b"), SAFE_CREATE), 0); /* a directory is just that */
}
END_TEST

START_TEST(hard_links)
{
	make("real/secret");
	ck_assert_int_eq(link(at("real/secret"), at("real/also")), 0);
	ck_assert_int_eq(try_open(at("real/also"), SAFE_CREATE), 0);
	ck_assert_int_eq(chmod(at("real"), 0777), 0);
	ck_assert_int_eq(try_open(at("real/also"), SAFE_CREATE), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.text, "hard link"));
}
END_TEST

START_TEST(file_of_somebody_else_in_a_sticky_directory)
{
	if (geteuid() != 0)
		return;
	make("real/planted");
	ck_assert_int_eq(chown(at("real/planted"), STRANGER, STRANGER), 0);
	ck_assert_int_eq(try_open(at("real/planted"), SAFE_CREATE), 0);
	ck_assert_int_eq(chmod(at("real"), 01777), 0);
	ck_assert_int_eq(try_open(at("real/planted"), SAFE_CREATE), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.text, "belongs to somebody else"));
}
END_TEST

START_TEST(fifo_and_socket)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(mkfifo(at("fifo"), 0600), 0);
	ck_assert_int_eq(try_open(at("fifo"), SAFE_CREATE), 0); /* without a reader, and at once */
	strcpy(address.sun_path, at("socket"));
	ck_assert_int_eq(bind(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_lt(try_open(at("socket"), SAFE_CREATE), 0);
	close(sock);
}
END_TEST

START_TEST(names_that_are_too_long)
{
	char path[PATH_MAX + 100];

	snprintf(path, sizeof(path), "/tmp/%0300d", 0);
	ck_assert_int_eq(try_open(path, SAFE_CREATE), -ENAMETOOLONG);
	snprintf(path, sizeof(path), "/tmp/%0300d/a", 0);
	ck_assert_int_eq(try_open(path, SAFE_CREATE), -ENAMETOOLONG);
	memset(path, '/', sizeof(path));
	strcpy(path + PATH_MAX, "a");
	ck_assert_int_eq(try_open(path, SAFE_CREATE), -ENAMETOOLONG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("safe_open");
	TCase *tc = tcase_create("safe_open");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, plain_paths);
	tcase_add_test(tc, not_a_path_of_a_file);
	tcase_add_test(tc, missing_and_wrong_directories);
	tcase_add_test(tc, new_only);
	tcase_add_test(tc, our_links_are_followed);
	tcase_add_test(tc, loop_of_links);
	tcase_add_test(tc, last_component_is_never_followed);
	tcase_add_test(tc, link_in_a_shared_directory);
	tcase_add_test(tc, link_of_somebody_else);
	tcase_add_test(tc, hard_links);
	tcase_add_test(tc, file_of_somebody_else_in_a_sticky_directory);
	tcase_add_test(tc, fifo_and_socket);
	tcase_add_test(tc, names_that_are_too_long);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
