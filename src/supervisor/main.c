/* main.c - forkserver: the command. */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/activation.h"
#include "supervisor/audit.h"
#include "supervisor/daemon.h"
#include "supervisor/fdstore.h"
#include "supervisor/http_sockets.h"
#include "supervisor/listeners.h"
#include "supervisor/main_log.h"
#include "supervisor/options.h"
#include "supervisor/supervisor.h"
#include "supervisor/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int complain(const char *program, const char *text)
{
	fprintf(stderr, "Error: %s\nFor help, use %s -h\n", text, program);
	return EXIT_CONFIG;
}

/* Warnings are printed, too: a person is looking at us now. */
static struct config *load(const struct options *options, const char *program)
{
	CLEANUP_FREE char *found = options->file ? strdup(options->file) : config_find(program);
	struct buf messages = { 0 };
	struct config *config = NULL;
	int r;

	if (!found) {
		complain(program, "No config file found at default paths; use the -c option to "
				  "specify a config file at a different path");
		return NULL;
	}
	r = config_load_with(found, options->overrides, options->noverrides, &config, &messages);
	fputs(buf_str(&messages), stderr);
	if (r < 0)
		fprintf(stderr, "For help, use %s -h\n", program);
	buf_done(&messages);
	return r < 0 ? NULL : config;
}

/* What all lives have in common: how the configuration is read again (the same file, the same
 * command line), and whom we answer to. */
struct reader {
	struct config_reader base;
	const struct config *first; /* borrowed */
	struct systemd *systemd;    /* borrowed */
};

static int read_again(const struct config_reader *base, const struct config_settings *settings,
		      struct config **ret, struct buf *messages)
{
	const struct reader *reader = container_of(base, struct reader, base);

	return config_reload(reader->first, settings, ret, messages);
}

/* What one life hands on to the next. */
struct heritage {
	struct main_log main_log;
	struct listeners listeners; /* whose queues fill while nothing runs */
	int ready_fd;               /* of daemon_detach(), until it has been told; or -1 */
};

/* One life: from the start to the end, or to a restart, which leaves the configuration to go on
 * with in *ret_next. */
static int live(struct config *config, const struct reader *reader, struct heritage *heritage,
		struct config **ret_next, struct error *err)
{
	struct main_log *main_log = &heritage->main_log;
	int *ready_fd = &heritage->ready_fd;
	struct supervisor supervisor;
	int status = EXIT_CONFIG;

	if (daemon_apply(&config->daemon, err) < 0 ||
	    main_log_open(main_log, &config->daemon, *ready_fd >= 0, err) < 0)
		return EXIT_CONFIG;
	if (supervisor_init(&supervisor, config, main_log, &heritage->listeners, err) == 0) {
		supervisor.reader = &reader->base;
		announce_to(&supervisor.announce, reader->systemd);
		status = (int)supervisor_run(&supervisor, *ready_fd);
		*ready_fd = -1;
		if (supervisor.restart)
			*ret_next = config_ref(supervisor.latest);
	}
	supervisor_done(&supervisor);
	return status;
}

/* What `systemctl status` shows of a start that has failed. */
static void tell_failure(const struct systemd *systemd, const struct error *err)
{
	struct buf text = { 0 };

	systemd_add_text(&text, err->text);
	(void)systemd_send(systemd, "STATUS=%s", buf_str(&text));
	buf_done(&text);
}

static int supervise(struct config *first, struct activation *activation, struct systemd *systemd,
		     int ready_fd, const char *program)
{
	struct fdstore store = { .systemd = systemd };
	struct reader reader = { { read_again }, first, systemd };
	struct config *config = config_ref(first);
	struct heritage heritage = { MAIN_LOG_NONE,
				     { .activation = activation, .store = &store },
				     ready_fd };
	int status;

	fdstore_take(&store, activation);
	do {
		struct config *next = NULL;
		struct error err = { { 0 } };

		status = live(config, &reader, &heritage, &next, &err);
		if (err.text[0]) {
			log_critical("%s", err.text);
			tell_failure(systemd, &err);
			complain(program, err.text);
		}
		config_free(config);
		config = next;
	} while (config);
	listeners_close(&heritage.listeners);
	fdstore_done(&store);
	return status;
}

int main(int argc, char **argv)
{
	struct error err = { { 0 } };
	struct options options;
	struct config *config;
	struct activation activation;
	struct systemd systemd;
	int ready_fd = -1, status;

	activation_take(&activation);
	daemon_open_stdio();
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--audit-only") == 0)
			return audit_main(argc, argv);
	if (options_parse(&options, argc, argv) < 0)
		return EXIT_CONFIG;
	if (options.help || options.version) {
		fputs(options.help ? options_usage : PACKAGE_VERSION "\n", stdout);
		return 0;
	}
	config = load(&options, argv[0]);
	if (!config)
		return EXIT_CONFIG;
	if (options.check_config) {
		http_sockets_warn(config, 2);
		config_free(config);
		return 0;
	}
	systemd_open(&systemd);
	if (options.daemon && !config->daemon.nodaemon)
		ready_fd = daemon_detach(&err);
	if (err.text[0])
		status = complain(argv[0], err.text);
	else
		status = supervise(config, &activation, &systemd, ready_fd, argv[0]);
	systemd_close(&systemd);
	config_free(config);
	activation_done(&activation);
	return status;
}
