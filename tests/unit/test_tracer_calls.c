/* test_tracer_calls.c - which calls, with which arguments, the audit looks at; the filter stops at
 * just those. */
#include "tracer/calls.h"

#include "base/error.h"
#include "base/util.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* An argument that does not matter. */
#define ANY 0x1234

static const struct {
	int nr;
	uint64_t args[6];
	int kind; /* -1: not looked at */
} rows[] = {
	{ SYS_openat, { (uint32_t)AT_FDCWD, ANY }, CALL_OPEN },
	{ SYS_openat, { (uint64_t)AT_FDCWD, ANY }, CALL_OPEN },
	{ SYS_openat, { CALL_UNSEEN_DIRFD, ANY }, -1 },
	{ SYS_socket, { AF_INET, SOCK_STREAM }, CALL_NEW },
	{ SYS_socketpair, { AF_UNIX, SOCK_STREAM, 0, ANY }, CALL_PAIR },
	{ SYS_pipe2, { ANY, O_CLOEXEC }, CALL_PAIR },
	{ SYS_dup, { 3 }, CALL_COPY },
	{ SYS_fcntl, { 3, F_DUPFD, 10 }, CALL_COPY },
	{ SYS_fcntl, { 3, F_DUPFD_CLOEXEC, 10 }, CALL_COPY },
	{ SYS_fcntl, { 3, F_GETFD }, -1 },
	{ SYS_fcntl, { 3, F_SETLK, ANY }, CALL_LOCK },
	{ SYS_fcntl, { 3, F_OFD_SETLKW, ANY }, CALL_LOCK },
	{ SYS_fcntl, { 3, F_GETLK, ANY }, -1 },
	{ SYS_flock, { 3, 2 }, CALL_LOCK },
	{ SYS_flock, { 3, 2 | 4 }, CALL_LOCK },
	{ SYS_flock, { 3, 8 /* LOCK_UN */ }, -1 },
	{ SYS_signalfd4, { (uint32_t)-1, ANY, 8 }, CALL_NEW },
	{ SYS_signalfd4, { (uint64_t)-1, ANY, 8 }, CALL_NEW },
	{ SYS_signalfd4, { 5, ANY, 8 }, -1 },
	{ SYS_ioctl, { 3, 0x5441 }, CALL_NEW },
	{ SYS_ioctl, { 3, 0x5401 /* TCGETS */ }, -1 },
	{ SYS_mmap, { 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 3 }, CALL_MAP },
	{ SYS_mmap, { 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED_VALIDATE, 3 }, CALL_MAP },
	{ SYS_mmap, { 0, 4096, PROT_READ, MAP_SHARED, 3 }, -1 },
	{ SYS_mmap, { 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, 3 }, -1 },
	{ SYS_getsockopt, { 3, SOL_SOCKET, 77, ANY }, CALL_SOCKOPT_FD },
	{ SYS_getsockopt, { 3, SOL_SOCKET, SO_ERROR, ANY }, -1 },
	{ SYS_clone, { CLONE_PIDFD | CLONE_VM }, CALL_CLONE },
	{ SYS_clone, { CLONE_VM | CLONE_THREAD }, -1 },
	{ SYS_clone3, { ANY, 88 }, CALL_CLONE3 },
	{ SYS_prctl, { PR_SET_DUMPABLE, 0 }, CALL_DUMPABLE },
	{ SYS_prctl, { PR_SET_DUMPABLE, 1 }, -1 },
	{ SYS_prctl, { PR_SET_NAME, ANY }, -1 },
	{ SYS_prctl, { CALL_NOTIFY_OPTION, 1 }, CALL_NOTIFY },
	{ SYS_close, { 3 }, -1 },
	{ SYS_read, { 3 }, -1 },
};

START_TEST(table)
{
	const struct call *call = call_find(rows[_i].nr, rows[_i].args);

	if (rows[_i].kind < 0)
		ck_assert_ptr_null(call);
	else
		ck_assert_ptr_nonnull(call);
	if (call)
		ck_assert_int_eq(call->kind, rows[_i].kind);
}
END_TEST

/* Without a tracer a call that the filter names fails with ENOSYS (seccomp(2)): so that is how to
 * see what it names. */
static int under_filter(int (*check)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct error err = { { 0 } };

		/* The filter names exit_group() too, without which glibc 2.41's _exit() traps. */
		syscall(SYS_exit, call_filter_install(&err) < 0 ? 100 : check());
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int named(void)
{
	errno = 0;
	if (syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY) >= 0 || errno != ENOSYS)
		return 1;
	if (fcntl(0, F_DUPFD, 10) >= 0 || errno != ENOSYS)
		return 2;
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) !=
		    MAP_FAILED ||
	    errno != ENOSYS)
		return 3;
	if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || errno != ENOSYS)
		return 4;
	return 0;
}

static int not_named(void)
{
	long fd = syscall(SYS_openat, CALL_UNSEEN_DIRFD, "/dev/null", O_RDONLY);

	if (fd < 0)
		return 1;
	if (fcntl((int)fd, F_GETFD) < 0)
		return 2;
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	    MAP_FAILED)
		return 3;
	if (syscall(SYS_openat, CALL_UNSEEN_DIRFD, "relative", O_RDONLY) >= 0 || errno != EBADF)
		return 4;
	return prctl(PR_SET_NAME, "test") < 0 ? 5 : 0;
}

START_TEST(filter_names_them)
{
	ck_assert_int_eq(under_filter(named), 0);
}
END_TEST

START_TEST(filter_lets_others_pass)
{
	ck_assert_int_eq(under_filter(not_named), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tracer/calls");
	TCase *tc = tcase_create("calls");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, table, 0, (int)ARRAY_LEN(rows));
	tcase_add_test(tc, filter_names_them);
	tcase_add_test(tc, filter_lets_others_pass);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
