/* options.c - see options.h. */
#include "supervisor/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

const char options_usage[] =
	"usage: forkserver [-c FILE] [OPTION]...     start and supervise what FILE says\n"
	"       forkserver --audit-only ...          audit, report, exit; see --audit-only --help\n"
	"\n"
	"  -c, --configuration FILE  the configuration; without it the usual places are searched\n"
	"  -n, --nodaemon            stay in the foreground (this is the default)\n"
	"      --daemon              go into the background once everything is started\n"
	"      --check-config        read and check the configuration, start nothing\n"
	"  -h, --help                print this\n"
	"  -v, --version             print the version\n"
	"\n"
	"Exit status: 0 stopped as asked, 1 a zygote did not pass its first audit, 2 usage or\n"
	"configuration error, 3 the application failed to import, 4 the audit could not run.\n";

enum { OPTION_DAEMON = 256, OPTION_CHECK };

static const struct option long_options[] = {
	{ "configuration", required_argument, NULL, 'c' },
	{ "nodaemon", no_argument, NULL, 'n' },
	{ "daemon", no_argument, NULL, OPTION_DAEMON },
	{ "check-config", no_argument, NULL, OPTION_CHECK },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

int options_parse(struct options *options, int argc, char **argv)
{
	int c;

	memset(options, 0, sizeof(*options));
	while ((c = getopt_long(argc, argv, "c:nhv", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			options->file = optarg;
			break;
		case 'n':
			options->nodaemon = true;
			break;
		case OPTION_DAEMON:
			options->daemon = true;
			break;
		case OPTION_CHECK:
			options->check_config = true;
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
	if (optind == argc)
		return 0;
	fprintf(stderr,
		"Error: positional arguments are not supported: ['%s']\n"
		"For help, use %s -h\n",
		argv[optind], argv[0]);
	return -1;
}
