/* test_zygote_handover.c - a process forked by another thread goes on as the main thread, on its
 * stack. */
#include "zygote/handover.h"

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct handover handover;
static sem_t parked;
static __thread int local; /* the main thread's is 7 */

struct answer {
	pthread_t self;
	pid_t tid, pid;
	uintptr_t stack;
	int local;
	int cpu_follows; /* sched_getcpu() is right on every CPU */
};

static int to_parent[2];

static int cpu_follows(void)
{
	cpu_set_t all, one;

	sched_getaffinity(0, sizeof(all), &all);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (sched_setaffinity(0, sizeof(one), &one) < 0 || sched_getcpu() != cpu)
			return 0;
	}
	return 1;
}

static struct answer here(void)
{
	struct answer answer;

	memset(&answer, 0, sizeof(answer));
	answer.self = pthread_self();
	answer.tid = (pid_t)syscall(SYS_gettid);
	answer.pid = getpid();
	answer.stack = (uintptr_t)&answer;
	answer.local = local;
	return answer;
}

static void *nothing(void *arg)
{
	return arg;
}

/* What a program does that its main thread must be sound for. */
static _Noreturn void worker(void)
{
	struct answer answer = here();
	void *result = NULL;
	pthread_t thread;

	answer.cpu_follows = cpu_follows();
	if (pthread_create(&thread, NULL, nothing, &answer) != 0 ||
	    pthread_join(thread, &result) != 0 || result != &answer)
		_exit(1);
	if (raise(0) != 0 || pthread_kill(pthread_self(), 0) != 0)
		_exit(2);
	_exit(write(to_parent[1], &answer, sizeof(answer)) != sizeof(answer));
}

static void *fork_thread(void *arg)
{
	volatile pid_t pid = 0;
	pid_t middle;
	int status = -1;

	(void)arg;
	while (sem_wait(&parked) < 0)
		;
	middle = vfork();
	if (middle == 0) {
		pid = handover_fork(&handover);
		/* The test wants the status of the worker, whose parent this is. */
		waitpid(pid, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
	}
	waitpid(middle, &status, 0);
	/* Our own thread pointer is untouched. */
	_exit(local == 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 98);
}

static void park(void *arg)
{
	(void)arg;
	sem_post(&parked);
	for (;;)
		pause();
}

/* In a process of its own: its main thread parks, its fork thread forks, the answer comes by a
 * pipe. */
static _Noreturn void zygote(void)
{
	struct answer mine;
	pthread_t thread;

	local = 7;
	mine = here();
	if (write(to_parent[1], &mine, sizeof(mine)) != sizeof(mine))
		_exit(97);
	sem_init(&parked, 0, 0);
	if (pthread_create(&thread, NULL, fork_thread, NULL) != 0)
		_exit(96);
	handover_park(&handover, park, NULL);
	worker();
}

START_TEST(the_worker_is_the_main_thread)
{
	struct answer before, after;
	int status;
	pid_t pid;

	ck_assert_int_eq(pipe(to_parent), 0);
	pid = fork();
	if (pid == 0)
		zygote();
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	ck_assert_int_eq(read(to_parent[0], &before, sizeof(before)), sizeof(before));
	ck_assert_int_eq(read(to_parent[0], &after, sizeof(after)), sizeof(after));
	ck_assert_int_eq(before.pid, pid);
	ck_assert_int_ne(after.pid, pid);
	ck_assert_int_eq(after.tid, after.pid);
	ck_assert(pthread_equal(before.self, after.self));
	ck_assert_int_eq(after.local, 7);
	ck_assert(after.cpu_follows);
	/* The same stack: less than a few pages apart. */
	ck_assert_uint_lt(before.stack > after.stack ? before.stack - after.stack
						     : after.stack - before.stack,
			  65536);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zygote/handover");
	TCase *tc = tcase_create("handover");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, the_worker_is_the_main_thread);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
