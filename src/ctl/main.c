/* main.c - forkserverctl: the command. */
#include "base/buf.h"
#include "ctl/ctl.h"
#include "ctl/options.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A variable that is not set must not turn `reload "$APP"` into a restart of everything. */
static bool has_empty(char **words)
{
	if (*words)
		words++; /* no command at all is supervisorctl's nothing */
	while (*words && **words)
		words++;
	return *words != NULL;
}

static void run_words(struct ctl *ctl, char **words)
{
	struct buf line = { 0 };

	for (; *words; words++)
		buf_printf(&line, "%s%s", line.len ? " " : "", *words);
	ctl_run(ctl, buf_str(&line));
	ctl_flush(ctl);
	buf_done(&line);
}

int main(int argc, char **argv)
{
	struct ctl_options options;
	struct error err = { { 0 } };
	struct ctl ctl = { .status = CTL_SUCCESS };
	char *history = NULL;

	signal(SIGPIPE, SIG_IGN); /* a supervisor that hangs up is an error with a text */
	if (ctl_options_parse(&options, argc, argv) < 0)
		return 2;
	if (options.help || options.version) {
		fputs(options.help ? ctl_usage_text : PACKAGE_VERSION "\n", stdout);
		return 0;
	}
	if (has_empty(argv + options.first)) {
		fprintf(stderr,
			"Error: one of the words is empty; is a variable not set?\n"
			"For help, use %s -h\n",
			argv[0]);
		return 2;
	}
	ctl.json = options.json;
	ctl.interactive = options.interactive || !argv[options.first];
	if (ctl_options_apply(&options, argv[0], &ctl, &history, &err) < 0) {
		fprintf(stderr, "Error: %s\nFor help, use %s -h\n", err.text, argv[0]);
		return 2;
	}
	if (argv[options.first])
		run_words(&ctl, argv + options.first);
	if (ctl.interactive) {
		ctl_shell(&ctl, history);
		ctl.status = CTL_SUCCESS;
	}
	(void)ctl_push(stdout);
	/* a reader that has gone, such as head(1), has enough */
	if (ctl_lost() && ctl_lost() != EPIPE) {
		fprintf(stderr, "Error: cannot write to standard output: %s\n",
			strerror(ctl_lost()));
		ctl.status = ctl.status ? ctl.status : CTL_GENERIC;
	}
	http_server_done(&ctl.client.server);
	free(ctl.prompt);
	free(history);
	return ctl.status;
}
