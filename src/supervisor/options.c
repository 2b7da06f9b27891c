/* options.c - see options.h. */
#include "supervisor/options.h"

#include "base/util.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

const char options_usage[] =
	"forkserver, in place of supervisord -- run a set of applications as daemons.\n"
	"\n"
	"usage: forkserver [-c FILE] [OPTION]...     start and supervise what FILE says\n"
	"       forkserver --audit-only ...          audit, report, exit; see --audit-only --help\n"
	"\n"
	"  -c, --configuration FILE  the configuration; without it the usual places are searched\n"
	"  -n, --nodaemon            stay in the foreground (the default, unless the program is\n"
	"                            called supervisord)\n"
	"      --daemon              go into the background once everything is started\n"
	"      --check-config        read and check the configuration, start nothing\n"
	"  -h, -?, --help            print this\n"
	"  -v, --version             print the version\n"
	"\n"
	"Instead of the keys of these names in [supervisord]:\n"
	"  -l/--logfile FILENAME -- use FILENAME as the main log (syslog: the system's)\n"
	"  -y/--logfile_maxbytes SIZE -- rotate it at so many bytes, or KB, MB, GB\n"
	"  -z/--logfile_backups N -- keep so many of its old files\n"
	"  -e/--loglevel LEVEL -- debug, info, warn, error or critical\n"
	"  -s/--silent -- do not show the main log on standard output as well\n"
	"  -j/--pidfile FILENAME -- write the process ID there\n"
	"  -i/--identifier TEXT -- what this supervisor calls itself\n"
	"  -q/--childlogdir DIRECTORY -- put the logs of programs there, unless they say where\n"
	"  -k/--nocleanup -- keep the logs in there that earlier runs have made\n"
	"  -t/--strip_ansi -- take escape sequences out of the programs' output\n"
	"  -d/--directory DIRECTORY -- go there first\n"
	"  -m/--umask OCTAL -- use this umask\n"
	"  -u/--user USER -- run as this user\n"
	"  -a/--minfds N -- refuse to start with fewer file descriptors\n"
	"  --minprocs N -- refuse to start with fewer processes\n"
	"\n"
	"Exit status: 0 stopped as asked, 1 a zygote did not pass its first audit, 2 usage or\n"
	"configuration error, 3 the application failed to import, 4 the audit could not run.\n";

enum { OPTION_DAEMON = 256, OPTION_CHECK, OPTION_MINPROCS };

static const char short_options[] = "c:nh?vu:m:d:l:y:z:e:j:i:q:a:kst";

static const struct option long_options[] = {
	{ "configuration", required_argument, NULL, 'c' },
	{ "nodaemon", no_argument, NULL, 'n' },
	{ "daemon", no_argument, NULL, OPTION_DAEMON },
	{ "check-config", no_argument, NULL, OPTION_CHECK },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ "user", required_argument, NULL, 'u' },
	{ "umask", required_argument, NULL, 'm' },
	{ "directory", required_argument, NULL, 'd' },
	{ "logfile", required_argument, NULL, 'l' },
	{ "logfile_maxbytes", required_argument, NULL, 'y' },
	{ "logfile_backups", required_argument, NULL, 'z' },
	{ "loglevel", required_argument, NULL, 'e' },
	{ "pidfile", required_argument, NULL, 'j' },
	{ "identifier", required_argument, NULL, 'i' },
	{ "childlogdir", required_argument, NULL, 'q' },
	{ "minfds", required_argument, NULL, 'a' },
	{ "minprocs", required_argument, NULL, OPTION_MINPROCS },
	{ "nocleanup", no_argument, NULL, 'k' },
	{ "strip_ansi", no_argument, NULL, 't' },
	{ "silent", no_argument, NULL, 's' },
	{ NULL, 0, NULL, 0 },
};

/* A key's option has its name. */
static const char *key_of(int option)
{
	for (size_t i = 0; long_options[i].name; i++)
		if (long_options[i].val == option)
			return long_options[i].name;
	return "";
}

/* The last one of a kind counts.  `index`: that of the long option, or -1. */
static void override(struct options *options, int option, int index)
{
	const char *key = key_of(option);
	struct config_override *slot = options->overrides;

	while (slot < options->overrides + options->noverrides && strcmp(slot->key, key) != 0)
		slot++;
	if (slot == options->overrides + options->noverrides)
		options->noverrides++;
	slot->key = key;
	slot->text = optarg ? optarg : "true";
	if (index >= 0)
		snprintf(slot->option, sizeof(slot->option), "--%s", key);
	else
		snprintf(slot->option, sizeof(slot->option), "-%c", option);
}
_Static_assert(OPTIONS_OVERRIDES_MAX >= ARRAY_LEN(long_options) - 6, "a slot for every key");

/* supervisord's name brings its habits. */
static bool called_supervisord(const char *program)
{
	const char *slash = strrchr(program, '/');

	return strcmp(slash ? slash + 1 : program, "supervisord") == 0;
}

/* `word`: the one that the option was in. */
static int take(struct options *options, int option, int index, const char *word)
{
	switch (option) {
	case 'c':
		options->file = optarg;
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
	case '?': /* also getopt's word for what it does not know */
		if (strcmp(word, "-?") != 0)
			return -1;
		options->help = true;
		break;
	default:
		override(options, option, index);
		break;
	}
	return 0;
}

int options_parse(struct options *options, int argc, char **argv)
{
	int option, index = -1;

	memset(options, 0, sizeof(*options));
	options->daemon = called_supervisord(argv[0]);
	while ((option = getopt_long(argc, argv, short_options, long_options, &index)) != -1) {
		if (take(options, option, index, argv[optind - 1]) < 0) {
			fprintf(stderr, "For help, use %s -h\n", argv[0]);
			return -1;
		}
		index = -1;
	}
	if (optind == argc)
		return 0;
	fprintf(stderr,
		"Error: positional arguments are not supported: ['%s']\n"
		"For help, use %s -h\n",
		argv[optind], argv[0]);
	return -1;
}
