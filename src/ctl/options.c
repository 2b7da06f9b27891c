/* options.c - see options.h. */
#include "ctl/options.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/util.h"
#include "config/config.h"
#include "ctl/ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_URL "http://localhost:9001"

const char ctl_usage_text[] =
	"usage: forkserverctl [OPTION]... [ACTION [ARGUMENT]...]\n"
	"\n"
	"  -c, --configuration FILE  the configuration; without it the usual places are searched\n"
	"  -i, --interactive         start a shell after running the action\n"
	"  -s, --serverurl URL       where the supervisor listens: unix:///PATH or "
	"http://HOST:PORT\n"
	"  -u, --username NAME       who we are\n"
	"  -p, --password PASSWORD   the password; better in the configuration, which ps(1) does "
	"not "
	"show\n"
	"  -r, --history-file FILE   keep what was typed in the shell there\n"
	"      --json                print results as JSON\n"
	"  -h, --help                print this\n"
	"  -v, --version             print the version\n"
	"\n"
	"Without an action, or with -i, a shell reads actions.  The action \"help\" lists them.\n";

enum { OPTION_JSON = 256 };

static const struct option long_options[] = {
	{ "configuration", required_argument, NULL, 'c' },
	{ "interactive", no_argument, NULL, 'i' },
	{ "serverurl", required_argument, NULL, 's' },
	{ "username", required_argument, NULL, 'u' },
	{ "password", required_argument, NULL, 'p' },
	{ "history-file", required_argument, NULL, 'r' }, /* supervisorctl's help */
	{ "history_file", required_argument, NULL, 'r' }, /* what it takes */
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

int ctl_options_parse(struct ctl_options *options, int argc, char **argv)
{
	int c;

	memset(options, 0, sizeof(*options));
	/* +: what follows the action belongs to it, such as `tail -f` */
	while ((c = getopt_long(argc, argv, "+c:is:u:p:r:hv", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			options->file = optarg;
			break;
		case 'i':
			options->interactive = true;
			break;
		case 's':
			options->url = optarg;
			break;
		case 'u':
			options->username = optarg;
			break;
		case 'p':
			options->password = optarg;
			break;
		case 'r':
			options->history_file = optarg;
			break;
		case OPTION_JSON:
			options->json = true;
			break;
		case 'h':
			options->help = true;
			break;
		case 'v':
			options->version = true;
			break;
		default:
			fprintf(stderr, "For help, use %s -h\n", argv[0]);
			return -1;
		}
	}
	options->first = optind;
	return 0;
}

/* The server to speak to if nobody names one: the first unix socket, else the first port. */
static char *server_url(const struct config *config)
{
	char *url = NULL;

	for (size_t i = 0; i < config->nservers; i++)
		if (config->servers[i].local && config->servers[i].file)
			return asprintf(&url, "unix://%s", config->servers[i].file) < 0 ? NULL
											: url;
	for (size_t i = 0; i < config->nservers; i++) {
		const struct config_http *server = &config->servers[i];
		bool v6 = server->address && strchr(server->address, ':');

		return asprintf(&url, v6 ? "http://[%s]:%u" : "http://%s:%u",
				server->address ? server->address : "localhost", server->port) < 0
			       ? NULL
			       : url;
	}
	return NULL;
}

static void set(char **field, const char *text)
{
	if (!text)
		return;
	free(*field);
	*field = strdup(text);
}

/* The name and password that the server itself asks for, if the section names none. */
static void borrow_credentials(struct ctl *ctl, const struct config *config)
{
	for (size_t i = 0; i < config->nservers && !ctl->client.server.username; i++) {
		const char *password = config->servers[i].password;

		if (!config->servers[i].username || !password || password[0] == '{')
			continue; /* of a digest there is no way back */
		set(&ctl->client.server.username, config->servers[i].username);
		set(&ctl->client.server.password, password);
	}
}

static int apply_file(const char *file, struct ctl *ctl, char **ret_url, char **ret_history,
		      struct error *err)
{
	struct buf messages = { 0 };
	struct config *config;
	int r = config_load_ctl(file, &config, &messages);

	if (r < 0) {
		error_set(err, "%.*s", (int)strcspn(buf_str(&messages), "\n"), buf_str(&messages));
		buf_done(&messages);
		return -1;
	}
	buf_done(&messages);
	set(ret_url, config->ctl.serverurl);
	if (!*ret_url)
		*ret_url = server_url(config);
	set(&ctl->client.server.username, config->ctl.username);
	set(&ctl->client.server.password, config->ctl.password);
	borrow_credentials(ctl, config);
	set(&ctl->prompt, config->ctl.prompt);
	set(ret_history, config->ctl.history_file);
	config_free(config);
	return 0;
}

int ctl_options_apply(const struct ctl_options *options, const char *program, struct ctl *ctl,
		      char **ret_history, struct error *err)
{
	CLEANUP_FREE char *file = options->file ? strdup(options->file) : config_find(program);
	CLEANUP_FREE char *url = NULL;

	if (options->file && access(options->file, F_OK) < 0)
		return error_set(err, "could not find config file %s", options->file);
	if (file && apply_file(file, ctl, &url, ret_history, err) < 0 &&
	    (options->file || !options->url))
		return -1;
	set(&ctl->client.server.username, options->username);
	set(&ctl->client.server.password, options->password);
	set(ret_history, options->history_file);
	set(&url, options->url);
	if (!ctl->prompt)
		ctl->prompt = strdup("supervisor");
	return http_server_set(&ctl->client.server, url ? url : DEFAULT_URL, err);
}
