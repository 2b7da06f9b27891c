/* test_supervisor_sampler.c - a round takes many turns of the loop, and is shared by who asks. */
#include "supervisor/sampler.h"

#include "base/util.h"
#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/process.h"
#include "supervisor/zygotes.h"

#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#define MANY ((size_t)1000)
#define NOBODY 0x3fffffff /* a pid that cannot be */

struct asker {
	struct sampler_wait wait;
	unsigned answers;
	size_t sampled; /* how many were by then */
};

static struct ev_loop *loop;
static struct process *processes, **its;
static struct group group;
static struct group *all_groups[] = { &group };
static struct groups groups;
static struct zygotes zygotes;
static struct sampler sampler;

static size_t count(void)
{
	size_t n = 0;

	for (size_t i = 0; i < MANY; i++)
		n += processes[i].sample.pid != 0;
	return n;
}

static void on_done(struct sampler_wait *wait)
{
	struct asker *asker = container_of(wait, struct asker, wait);

	asker->answers++;
	asker->sampled = count();
}

static void set_up(void)
{
	struct walk all = { &groups, &zygotes, 0, 0, 0 };

	loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	processes = calloc(MANY, sizeof(*processes));
	its = calloc(MANY, sizeof(struct process *));
	ck_assert(processes && its);
	for (size_t i = 0; i < MANY; i++) {
		its[i] = &processes[i];
		processes[i].pid = getpid();
	}
	group = (struct group){ .processes = its, .n = MANY };
	groups = (struct groups){ .all = all_groups, .n = 1 };
	sampler_init(&sampler, loop, &all);
}

static void tear_down(void)
{
	sampler_done(&sampler);
	free(processes);
	free(its);
	ev_loop_destroy(loop);
}

START_TEST(a_slice_each_turn)
{
	struct asker asker = { { .done = on_done }, 0, 0 };
	size_t before = 0;

	ck_assert(!sampler_is_fresh(&sampler));
	sampler_wait(&sampler, &asker.wait);
	ck_assert_uint_eq(count(), 0); /* nothing in the caller's turn */
	while (!asker.answers) {
		ev_run(loop, EVRUN_ONCE);
		ck_assert_uint_le(count() - before, SAMPLER_SLICE);
		before = count();
	}
	ck_assert_uint_eq(asker.sampled, MANY);
	ck_assert_uint_eq(asker.answers, 1);
	ck_assert(sampler_is_fresh(&sampler));
	ck_assert_uint_eq(processes[MANY - 1].sample.threads, 1);
	ck_assert(!ev_run(loop, EVRUN_NOWAIT)); /* nobody asks: nothing goes on */
}
END_TEST

START_TEST(one_round_for_all)
{
	struct asker askers[3] = { { { .done = on_done }, 0, 0 },
				   { { .done = on_done }, 0, 0 },
				   { { .done = on_done }, 0, 0 } };

	sampler_wait(&sampler, &askers[0].wait);
	ev_run(loop, EVRUN_ONCE);
	sampler_wait(&sampler, &askers[1].wait);
	sampler_wait(&sampler, &askers[2].wait);
	sampler_unwait(&sampler, &askers[1].wait);
	sampler_unwait(&sampler, &askers[1].wait); /* off: legal */
	while (!askers[0].answers)
		ev_run(loop, EVRUN_ONCE);
	ck_assert_uint_eq(askers[1].answers, 0);
	ck_assert_uint_eq(askers[2].answers, 1);
}
END_TEST

START_TEST(the_dead_and_the_removed)
{
	struct asker asker = { { .done = on_done }, 0, 0 };

	processes[0].pid = NOBODY;
	processes[1].pid = 0;
	sampler_wait(&sampler, &asker.wait);
	ev_run(loop, EVRUN_ONCE);
	group.n = 10; /* a reload, in the midst of it */
	while (!asker.answers)
		ev_run(loop, EVRUN_ONCE);
	ck_assert_int_eq(processes[0].sample.pid, 0);
	ck_assert_int_eq(processes[1].sample.pid, 0);
	ck_assert_int_eq(processes[2].sample.pid, getpid());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/sampler");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_slice_each_turn);
	tcase_add_test(tc, one_round_for_all);
	tcase_add_test(tc, the_dead_and_the_removed);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
