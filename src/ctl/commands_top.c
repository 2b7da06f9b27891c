/* commands_top.c - top: processes as they run, looked at again and again.  See ctl.h. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/strv.h"
#include "base/util.h"
#include "ctl/ctl.h"
#include "ctl/screen.h"
#include "ctl/top_frame.h"
#include "ctl/usage.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DELAY_DEFAULT 2.
#define DELAY_MIN .1
#define DELAY_MAX 86400.
#define FIRST_SECONDS .5 /* what the first CPU figures are of */

struct top {
	struct ctl *ctl;
	double delay;       /* seconds */
	unsigned long left; /* how often to look; 0: for ever */
	enum usage_order order;
	bool batch;
	bool drawn;   /* once at least */
	char **names; /* borrowed */
	struct usage usage;
};

/* ---- options ---- */

static int read_order(const char *word, enum usage_order *ret)
{
	static const char *const words[] = {
		[USAGE_BY_CPU] = "cpu", [USAGE_BY_MEMORY] = "mem", [USAGE_BY_NAME] = "name"
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(word, words[i]) == 0) {
			*ret = (enum usage_order)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int read_delay(const char *word, double *ret)
{
	char *end;
	double seconds = strtod(word, &end);

	if (end == word || *end || !(seconds >= DELAY_MIN && seconds <= DELAY_MAX))
		return -EINVAL;
	*ret = seconds;
	return 0;
}

static int read_count(const char *word, unsigned long *ret)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (*word < '1' || *word > '9' || *end)
		return -EINVAL;
	*ret = n;
	return 0;
}

/* NULL, or what is wrong.  `argv` begins with the command itself, as getopt(3) wants it. */
static const char *read_options(struct top *top, int argc, char **argv)
{
	int c;

	optind = 0; /* glibc, musl: begin anew */
	opterr = 0;
	while ((c = getopt(argc, argv, "+bd:n:o:")) != -1) {
		if (c == 'b')
			top->batch = true;
		else if (c == 'd' && read_delay(optarg, &top->delay) < 0)
			return "Error: -d takes seconds, 0.1 or more";
		else if (c == 'n' && read_count(optarg, &top->left) < 0)
			return "Error: -n takes how often to look, 1 or more";
		else if (c == 'o' && read_order(optarg, &top->order) < 0)
			return "Error: -o takes cpu, mem or name";
		else if (c == '?')
			return "Error: top has no such option, or it lacks its value";
	}
	top->names = argv + optind;
	return NULL;
}

/* ---- showing ---- */

static void draw(const struct top *top)
{
	struct top_view view = { .bold = !top->batch };
	time_t now = time(NULL);
	struct buf text = { 0 };
	char clock[16] = "";
	struct tm tm;

	if (localtime_r(&now, &tm))
		(void)strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	view.clock = clock;
	if (!top->batch)
		screen_size(&view.width, &view.height);
	top_frame(&text, &top->usage, &view);
	if (top->batch)
		printf("%s%s\n", top->drawn ? "\n" : "", buf_str(&text));
	else
		screen_draw(buf_str(&text));
	buf_done(&text);
}

static double rounded(double percent)
{
	return (double)(long)(percent * 10 + .5) / 10;
}

static void collect(const struct top *top)
{
	for (size_t i = 0; i < top->usage.n; i++) {
		struct usage_line *line = &top->usage.lines[i];
		struct rpc_value *percent = line->cpu < 0 ? NULL : rpc_new(RPC_DOUBLE);

		if (percent) {
			percent->real = rounded(line->cpu);
			(void)rpc_set(line->value, "cpu_percent", percent);
		}
		ctl_collect(top->ctl, line->value, "kind", line->is_zygote ? "zygote" : "process");
	}
}

/* false: nobody reads it. */
static bool show(struct top *top)
{
	if (top->ctl->json)
		collect(top);
	else
		draw(top);
	top->drawn = true;
	return ctl_push(stdout) == 0;
}

/* ---- looking ---- */

static enum client_outcome look(struct top *top)
{
	struct usage now;
	enum client_outcome outcome = usage_ask(top->ctl, &now);

	if (outcome != CLIENT_OK) {
		usage_done(&now);
		return outcome;
	}
	usage_select(top->ctl, &now, top->names);
	usage_compare(&now, &top->usage);
	usage_done(&top->usage);
	top->usage = now;
	usage_sort(&top->usage, top->order);
	return outcome;
}

/* false: the user has seen enough. */
static bool take_key(struct top *top, char key)
{
	static const struct {
		char key;
		enum usage_order order;
	} keys[] = { { 'c', USAGE_BY_CPU }, { 'm', USAGE_BY_MEMORY }, { 'n', USAGE_BY_NAME } };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (key != keys[i].key)
			continue;
		top->order = keys[i].order;
		usage_sort(&top->usage, top->order);
		draw(top);
	}
	return key != 'q';
}

/* Until the next look is due; false: it was the last. */
static bool wait_for(struct top *top, double seconds)
{
	int64_t end_ms = clock_ms() + (int64_t)(seconds * 1000), now_ms;
	char key;

	while ((now_ms = clock_ms()) < end_ms) {
		switch (screen_wait((int)(end_ms - now_ms), &key)) {
		case SCREEN_TIME:
			break;
		case SCREEN_KEY:
			if (!take_key(top, key))
				return false;
			break;
		case SCREEN_RESIZED:
			if (!top->batch)
				draw(top);
			break;
		case SCREEN_END:
			return false;
		}
	}
	return true;
}

static enum client_outcome look_and_show(struct top *top)
{
	double seconds = top->delay < FIRST_SECONDS ? top->delay : FIRST_SECONDS;

	while (wait_for(top, seconds)) {
		enum client_outcome outcome = look(top);

		if (outcome != CLIENT_OK)
			return outcome;
		if (!show(top) || (top->left && --top->left == 0))
			break;
		seconds = top->delay;
	}
	return CLIENT_OK;
}

/* The first answer shows nothing: it is what CPU figures begin from.  It tells which names are
 * none's, while there is a place for that. */
static void run(struct top *top)
{
	struct ctl *ctl = top->ctl;
	enum client_outcome outcome = look(top);

	if (outcome == CLIENT_OK && top->usage.n) {
		ctl->silent = true;
		screen_open(!top->batch);
		outcome = look_and_show(top);
		screen_close();
		ctl->silent = false;
	}
	ctl_failed(ctl, outcome);
	usage_done(&top->usage);
}

void command_top(struct ctl *ctl, char **args, const char *line)
{
	struct top top = { .ctl = ctl, .delay = DELAY_DEFAULT };
	char **argv = strv_copy((char *[]){ (char *)"top", NULL });
	const char *wrong;

	(void)line;
	for (; argv && *args; args++)
		(void)strv_add(&argv, *args);
	if (!argv)
		return;
	top.batch = ctl->json || !isatty(0) || !isatty(1);
	wrong = read_options(&top, (int)strv_len(argv), argv);
	if (top.batch && (!top.left || ctl->json))
		top.left = 1;
	if (wrong)
		ctl_usage(ctl, CTL_INVALID_ARGS, "top", wrong);
	else if (ctl_upcheck(ctl))
		run(&top);
	strv_free(argv);
}
