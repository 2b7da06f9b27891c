/* test_tracer_survey.c - what /proc says of a process that holds one of each. */
#include "tracer/survey.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct survey survey;

static const struct survey_fd *look(int fd)
{
	const struct survey_fd *found;

	ck_assert_int_ge(fd, 0);
	survey_done(&survey);
	ck_assert_int_eq(survey_take(&survey, getpid()), 0);
	found = survey_find_fd(&survey, fd);
	ck_assert_ptr_nonnull(found);
	return found;
}

START_TEST(files)
{
	char path[] = "/tmp/test_survey.XXXXXX";
	int fd = mkostemp(path, O_APPEND | O_CLOEXEC);
	const struct survey_fd *found;

	ck_assert_int_eq(write(fd, "12345", 5), 5);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	found = look(fd);
	ck_assert_str_eq(found->type, "file");
	ck_assert_str_eq(found->target, path);
	ck_assert_int_eq(found->pos, 5);
	ck_assert_int_eq(found->flags & (O_ACCMODE | O_APPEND | O_CLOEXEC),
			 O_RDWR | O_APPEND | O_CLOEXEC);
	ck_assert_str_eq(found->lock, "FLOCK WRITE");
	unlink(path);
	close(fd);
	ck_assert_str_eq(look(open("/tmp", O_RDONLY))->type, "directory");
	ck_assert_str_eq(look(open("/dev/null", O_RDONLY))->type, "device");
	ck_assert_str_eq(look(open("/proc/self/ns/net", O_RDONLY))->type, "namespace");
}
END_TEST

START_TEST(kernel_objects)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_str_eq(look(ends[0])->type, "pipe");
	ck_assert_str_eq(look(eventfd(0, 0))->type, "eventfd");
	ck_assert_str_eq(look(epoll_create1(0))->type, "eventpoll");
	ck_assert_str_eq(look(memfd_create("x", 0))->type, "memfd");
	ck_assert_str_eq(look((int)syscall(SYS_pidfd_open, getpid(), 0))->type, "pidfd");
	ck_assert_int_eq(look((int)syscall(SYS_pidfd_open, getpid(), 0))->pid, getpid());
}
END_TEST

START_TEST(sockets)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "\0abstract" };
	int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);
	int unx = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(in);
	char want[128];

	ck_assert_str_eq(look(tcp)->target, "TCP 0.0.0.0:0 not connected");
	ck_assert_int_eq(bind(tcp, (struct sockaddr *)&in, sizeof(in)), 0);
	ck_assert_int_eq(listen(tcp, 1), 0);
	getsockname(tcp, (struct sockaddr *)&in, &len);
	snprintf(want, sizeof(want), "TCP 127.0.0.1:%u LISTEN", ntohs(in.sin_port));
	ck_assert_str_eq(look(tcp)->target, want);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&in, sizeof(in)), 0);
	snprintf(want, sizeof(want), " -> 127.0.0.1:%u ESTABLISHED", ntohs(in.sin_port));
	ck_assert_ptr_nonnull(strstr(look(client)->target, want));
	ck_assert_str_eq(look(udp)->target, "UDP 0.0.0.0:0");
	ck_assert_int_eq(bind(unx, (struct sockaddr *)&un, (socklen_t)(sizeof(un.sun_family) + 9)),
			 0);
	ck_assert_str_eq(look(unx)->target, "UNIX stream @abstract");
}
END_TEST

START_TEST(children_and_mappings)
{
	void *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	look(0);
	ck_assert_uint_eq(survey.nchildren, 1);
	ck_assert_int_eq(survey.children[0].pid, pid);
	ck_assert_int_eq(survey.children[0].state, 'Z');
	ck_assert_uint_eq(survey.nthreads, 1);
	ck_assert_int_eq(survey.threads[0], getpid());
	ck_assert_uint_ge(survey.nmaps, 1);
	for (size_t i = 0; i < survey.nmaps; i++)
		if (survey.maps[i].start == (uintptr_t)shared)
			ck_assert_uint_eq(survey.maps[i].end - survey.maps[i].start, 8192);
	waitpid(pid, NULL, 0);
	look(0);
	ck_assert_uint_eq(survey.nchildren, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tracer/survey");
	TCase *tc = tcase_create("survey");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, files);
	tcase_add_test(tc, kernel_objects);
	tcase_add_test(tc, sockets);
	tcase_add_test(tc, children_and_mappings);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	survey_done(&survey);
	return failed != 0;
}
