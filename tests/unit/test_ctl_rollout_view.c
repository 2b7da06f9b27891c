/* test_ctl_rollout_view.c - what is said of a reload, as it goes on and at its end. */
#include "ctl/rollout_view.h"

#include "base/buf.h"
#include "rpc/value.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What a test says of a reload; the rest is empty. */
struct told {
	const char *phase, *outcome, *audit, *why;
	int generation, before;
	double seconds, import;
	struct {
		const char *name, *state;
		int from, next;
		double seconds;
		const char *why;
	} slots[4];
};

static void set_double(struct rpc_value *to, const char *name, double real)
{
	struct rpc_value *made = rpc_new(RPC_DOUBLE);

	made->real = real;
	ck_assert_int_eq(rpc_set(to, name, made), 0);
}

static void set_text(struct rpc_value *to, const char *name, const char *text)
{
	ck_assert_int_eq(rpc_set(to, name, rpc_new_string(text ? text : "")), 0);
}

static struct rpc_value *make_slots(const struct told *told)
{
	struct rpc_value *slots = rpc_new(RPC_ARRAY);

	for (size_t i = 0; i < 4 && told->slots[i].name; i++) {
		struct rpc_value *slot = rpc_new(RPC_STRUCT);

		set_text(slot, "name", told->slots[i].name);
		set_text(slot, "state", told->slots[i].state);
		set_text(slot, "why", told->slots[i].why);
		set_double(slot, "seconds", told->slots[i].seconds);
		(void)rpc_set(slot, "from_pid", rpc_new_int(told->slots[i].from));
		(void)rpc_set(slot, "to_pid", rpc_new_int(told->slots[i].next));
		(void)rpc_append(slots, slot);
	}
	return slots;
}

static struct rpc_value *make(const struct told *told)
{
	struct rpc_value *made = rpc_new(RPC_STRUCT);

	(void)rpc_set(made, "id", rpc_new_int(7));
	set_text(made, "name", "shop");
	set_text(made, "cause", "reload");
	set_text(made, "phase", told->phase);
	set_text(made, "outcome", told->outcome ? told->outcome : "none");
	set_text(made, "audit", told->audit);
	set_text(made, "why", told->why);
	(void)rpc_set(made, "generation", rpc_new_int(told->generation));
	(void)rpc_set(made, "before", rpc_new_int(told->before));
	(void)rpc_set(made, "start", rpc_new_int(told->seconds > 0. ? 1700000000 : 0));
	set_double(made, "seconds", told->seconds);
	set_double(made, "import_seconds", told->import);
	(void)rpc_set(made, "slots", make_slots(told));
	return made;
}

/* One line, as one of the functions writes it. */
static void is_line(void (*write)(struct buf *, const struct rpc_value *), const struct told *told,
		    const char *want)
{
	struct rpc_value *rollout = make(told);
	struct buf line = { 0 };

	write(&line, rollout);
	ck_assert_str_eq(buf_str(&line), want);
	buf_done(&line);
	rpc_free(rollout);
}

/* ---- news ---- */

static const struct {
	struct told told;
	const char *news;
} story[] = {
	{ { .phase = "queued" }, "shop: waits for another reload\n" },
	{ { .phase = "queued" }, "" },
	{ { .phase = "importing", .generation = 3, .before = 2 },
	  "shop: generation 3: importing\n" },
	{ { .phase = "importing", .generation = 3, .seconds = 1 }, "" },
	{ { .phase = "rolling",
	    .generation = 3,
	    .import = 1.25,
	    .audit = "clean",
	    .slots = { { "web:web_0", "starting", 5, 0, 0, NULL },
		       { "job:job", "waits", 6, 0, 0, NULL },
		       { "off:off", "down", 0, 0, 0, NULL } } },
	  "shop: generation 3: imported in 1.2 s, audit clean\n"
	  "shop: generation 3: replacing 3 processes\n"
	  "shop: off: does not run; what is started there next is new\n" },
	{ { .phase = "rolling",
	    .generation = 3,
	    .import = 1.25,
	    .slots = { { "web:web_0", "replaced", 5, 15, 0.5, NULL },
		       { "job:job", "ready", 6, 16, 0.2, NULL },
		       { "off:off", "down", 0, 0, 0, NULL } } },
	  "shop: web:web_0: pid 5 \xe2\x86\x92 15, ready in 0.50 s\n" },
	{ { .phase = "watching",
	    .generation = 3,
	    .slots = { { "web:web_0", "replaced", 5, 15, 0.5, NULL },
		       { "job:job", "replaced", 6, 16, 2, NULL },
		       { "off:off", "skipped", 0, 0, 0, "it was removed." } } },
	  "shop: job: pid 6 \xe2\x86\x92 16, ready in 2.0 s\n"
	  "shop: off: left out: it was removed\n"
	  "shop: generation 3: all are replaced, and watched for a while\n" },
	{ { .phase = "rolling_back",
	    .generation = 3,
	    .before = 2,
	    .why = "web:web_0 exited\nwith status 1",
	    .slots = { { "web:web_0", "failed", 5, 15, 0.5, "exited\033[2J" },
		       { "job:job", "back", 16, 26, 2, NULL },
		       { "off:off", "skipped", 0, 0, 0, "it was removed." } } },
	  "shop: web:web_0: failed: exited [2J\n"
	  "shop: job: has a process of the generation before again\n"
	  "shop: generation 3: web:web_0 exited with status 1; going back to generation 2\n" },
	{ { .phase = "ended",
	    .outcome = "rolled_back",
	    .slots = { { "web:web_0", "failed", 5, 15, 0.5, "exited\033[2J" } } },
	  "" },
};

START_TEST(news)
{
	struct rollout_view view = { 0 };
	struct buf lines = { 0 };

	for (size_t i = 0; i < sizeof(story) / sizeof(story[0]); i++) {
		struct rpc_value *rollout = make(&story[i].told);

		rollout_view_news(&view, rollout, &lines);
		ck_assert_str_eq(buf_str(&lines), story[i].news);
		buf_clear(&lines);
		rpc_free(rollout);
	}
	rollout_view_done(&view);
	rollout_view_done(&view);
	buf_done(&lines);
}
END_TEST

/* Looked at only when all is over, nothing that was done is left out. */
START_TEST(news_at_once)
{
	static const struct told told = {
		.phase = "ended",
		.outcome = "done",
		.generation = 2,
		.import = 0.125,
		.slots = { { "web:a", "replaced", 0, 3, 0.25, NULL } },
	};
	struct rollout_view view = { 0 };
	struct rpc_value *rollout = make(&told);
	struct buf lines = { 0 };

	rollout_view_news(&view, rollout, &lines);
	ck_assert_str_eq(buf_str(&lines), "shop: generation 2: imported in 0.12 s\n"
					  "shop: web:a: pid 3, ready in 0.25 s\n");
	ck_assert(rollout_is_done(rollout));
	rollout_view_done(&view);
	rpc_free(rollout);
	buf_done(&lines);
}
END_TEST

/* An answer that is something else altogether does no harm. */
START_TEST(nonsense)
{
	struct rpc_value *rollout = rpc_new(RPC_STRUCT);
	struct rollout_view view = { 0 };
	struct buf lines = { 0 };

	(void)rpc_set(rollout, "slots", rpc_new_int(1));
	(void)rpc_set(rollout, "phase", rpc_new_int(1));
	for (int i = 0; i < 2; i++) {
		rollout_view_news(&view, rollout, &lines);
		rollout_progress(&lines, rollout);
		rollout_verdict(&lines, rollout);
		rollout_row(&lines, rollout, 4);
		rollout_details(&lines, rollout);
		ck_assert(!rollout_has_ended(rollout) && !rollout_is_done(rollout));
		rpc_free(rollout);
		rollout = rpc_new(i ? RPC_ARRAY : RPC_INT);
	}
	rollout_view_done(&view);
	rpc_free(rollout);
	buf_done(&lines);
}
END_TEST

/* ---- progress ---- */

static const struct {
	struct told told;
	const char *line;
} progress[] = {
	{ { .phase = "queued" }, "shop: queued" },
	{ { .phase = "importing", .seconds = 0.25, .generation = 3 },
	  "shop: generation 3: importing, 0.25 s" },
	{ { .phase = "rolling",
	    .seconds = 3.2,
	    .generation = 3,
	    .slots = { { "web:web_0", "replaced", 1, 2, 1, NULL },
		       { "web:web_1", "down", 0, 0, 0, NULL },
		       { "web:web_4", "starting", 812, 1034, 0, NULL },
		       { "web:web_5", "waits", 5, 0, 0, NULL } } },
	  "shop: generation 3: rolling, 2 of 4, web:web_4 pid 812 \xe2\x86\x92 1034, 3.2 s" },
	{ { .phase = "watching",
	    .seconds = 4,
	    .generation = 3,
	    .slots = { { "web:web_0", "replaced", 1, 2, 1, NULL } } },
	  "shop: generation 3: watching, 1 of 1, 4.0 s" },
	{ { .phase = "rolling_back",
	    .seconds = 4,
	    .generation = 3,
	    .slots = { { "a:a", "back", 1, 2, 1, NULL }, { "b:b", "ready", 3, 0, 1, NULL } } },
	  "shop: generation 3: rolling back, 1 of 2, b pid 3, 4.0 s" },
};

START_TEST(progress_line)
{
	is_line(rollout_progress, &progress[_i].told, progress[_i].line);
}
END_TEST

/* ---- verdicts ---- */

static const struct {
	struct told told;
	const char *line;
} verdicts[] = {
	{ { .phase = "ended",
	    .outcome = "done",
	    .generation = 3,
	    .seconds = 4.1,
	    .audit = "clean",
	    .slots = { { "a:a", "replaced", 1, 2, 1, NULL },
		       { "b:b", "replaced", 3, 4, 1, NULL } } },
	  "shop: generation 3 serves, 2 processes replaced in 4.1 s, audit clean" },
	{ { .phase = "ended",
	    .outcome = "done",
	    .seconds = 0.5,
	    .slots = { { "a:a", "replaced", 1, 2, 1, NULL } } },
	  "shop: the new one serves, 1 process replaced in 0.50 s" },
	{ { .phase = "ended", .outcome = "done", .generation = 2, .seconds = 2 },
	  "shop: generation 2 serves, nothing had to be replaced, 2.0 s" },
	{ { .phase = "ended",
	    .outcome = "refused",
	    .generation = 3,
	    .before = 2,
	    .why = "import failed: ModuleNotFoundError: No module named 'x'." },
	  "shop: generation 3 was refused: import failed: ModuleNotFoundError: No module named "
	  "'x'; "
	  "generation 2 goes on" },
	{ { .phase = "ended",
	    .outcome = "rolled_back",
	    .generation = 3,
	    .before = 2,
	    .slots = { { "web:web_2", "failed", 1, 2, 1, "exited with status 1" } } },
	  "shop: generation 3 was rolled back: web:web_2: exited with status 1; generation 2 "
	  "serves "
	  "again" },
	{ { .phase = "ended", .outcome = "failed", .generation = 3, .why = "x" },
	  "shop: generation 3 has failed: x; what was before could not be brought back, look at "
	  "the "
	  "status" },
	{ { .phase = "ended", .outcome = "superseded" },
	  "shop: superseded: a later reload has taken its place" },
	{ { .phase = "ended", .outcome = "canceled", .why = "the supervisor is stopping" },
	  "shop: canceled: the supervisor is stopping" },
	{ { .phase = "ended", .outcome = "new word" }, "shop: new word: no reason was given" },
};

START_TEST(verdict_line)
{
	struct rpc_value *rollout = make(&verdicts[_i].told);

	is_line(rollout_verdict, &verdicts[_i].told, verdicts[_i].line);
	ck_assert(rollout_has_ended(rollout));
	ck_assert_int_eq(rollout_is_done(rollout), strcmp(verdicts[_i].told.outcome, "done") == 0);
	rpc_free(rollout);
}
END_TEST

/* ---- history ---- */

START_TEST(history)
{
	static const struct told old = { .phase = "ended",
					 .outcome = "refused",
					 .generation = 12,
					 .before = 11,
					 .seconds = 3.25,
					 .import = 1,
					 .audit = "2 violations",
					 .why = "two\nlines",
					 .slots = { { "a:a", "failed", 1, 2, 0.5, "exited" } } };
	static const struct told young = { .phase = "queued" };
	struct rpc_value *rollouts[] = { make(&old), make(&young) };
	struct buf text = { 0 };

	rollout_heading(&text, 6);
	buf_addch(&text, '\n');
	for (int i = 0; i < 2; i++) {
		rollout_row(&text, rollouts[i], 6);
		buf_addch(&text, '\n');
	}
	rollout_details(&text, rollouts[0]);
	ck_assert_str_eq(
		buf_str(&text),
		"  ID  TIME                 NAME    CAUSE    GENERATION  OUTCOME       SECONDS  "
		"WHY\n"
		"   7  2023-11-14 22:13:20  shop    reload           12  refused           3.2  "
		"two lines\n"
		"   7  -                    shop    reload            -  queued            0.0\n"
		"reload 7 of shop: refused\ncause: reload\nbegun: 2023-11-14 22:13:20\n"
		"generation: 12, after 11\ntime: 3.2 s, of which the import 1.0 s\n"
		"audit: 2 violations\nwhy: two lines\n"
		"  a: failed, pid 1 \xe2\x86\x92 2, ready in 0.50 s: exited\n");
	buf_done(&text);
	rpc_free(rollouts[0]);
	rpc_free(rollouts[1]);
}
END_TEST

static const struct {
	const char *line;
	size_t width;
	const char *want;
} cuts[] = {
	{ "abc", 3, "abc" },
	{ "abc", 4, "abc" },
	{ "abcd", 3, "ab\xe2\x80\xa6" },
	{ "\xc3\xa9\xc3\xa9\xc3\xa9", 3, "\xc3\xa9\xc3\xa9\xc3\xa9" },
	{ "\xc3\xa9\xc3\xa9\xc3\xa9", 2, "\xc3\xa9\xe2\x80\xa6" },
	{ "abc", 1, "\xe2\x80\xa6" },
	{ "abc", 0, "" },
	{ "", 0, "" },
};

START_TEST(cut)
{
	struct buf got = { 0 };

	rollout_cut(&got, cuts[_i].line, cuts[_i].width);
	ck_assert_str_eq(buf_str(&got), cuts[_i].want);
	buf_done(&got);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ctl/rollout_view");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	setenv("TZ", "UTC", 1);
	tzset();
	tcase_add_test(tc, news);
	tcase_add_test(tc, news_at_once);
	tcase_add_test(tc, nonsense);
	tcase_add_loop_test(tc, progress_line, 0, sizeof(progress) / sizeof(progress[0]));
	tcase_add_loop_test(tc, verdict_line, 0, sizeof(verdicts) / sizeof(verdicts[0]));
	tcase_add_test(tc, history);
	tcase_add_loop_test(tc, cut, 0, sizeof(cuts) / sizeof(cuts[0]));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
