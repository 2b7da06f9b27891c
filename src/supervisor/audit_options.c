/* audit_options.c - see audit_options.h. */
#include "supervisor/audit_options.h"

#include "base/error.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/rule.h"
#include "ipc/messages.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char audit_usage[] =
	"usage: forkserver --audit-only [OPTION]... MODULE...       import modules and audit them\n"
	"       forkserver --audit-only [-c FILE] [OPTION]... [NAME]...   the zygotes of a "
	"configuration\n"
	"\n"
	"Imports, finds out what forked workers would share, reports it and forks nothing.\n"
	"Without MODULE and -c the configuration is searched for as the supervisor does.\n"
	"\n"
	"  -c, --configuration FILE  audit its zygotes, all or those named\n"
	"      --python PY|VENV      interpreter, venv or version (3.12)\n"
	"      --path DIR            put DIR in front of sys.path; may be repeated\n"
	"      --warmup MODULE:CALL  call it after the import\n"
	"      --allow RULE          accept what the rule matches; may be repeated\n"
	"      --mode filter|full    how to trace\n"
	"      --timeout SECONDS     longest import; 0: no limit; default 300\n"
	"      --format text|json|github  json: one object a line for each zygote;\n"
	"                            github: text, and annotations for a workflow\n"
	"      --output FILE         write the report there instead of to stdout\n"
	"      --baseline FILE       violations known there do not count\n"
	"      --write-baseline FILE write the violations found there; they do not count\n"
	"      --color auto|always|never\n"
	"      --memory              also measure what two workers would share\n"
	"      --quiet               print no progress, and nothing at all if clean\n"
	"\n"
	"Exit status: 0 clean, 1 violations, 2 usage or configuration error, 3 the import failed,\n"
	"4 the audit could not run; the highest of several zygotes.\n";

enum option_code {
	OPTION_AUDIT_ONLY = 256,
	OPTION_PYTHON,
	OPTION_PATH,
	OPTION_WARMUP,
	OPTION_ALLOW,
	OPTION_MODE,
	OPTION_TIMEOUT,
	OPTION_FORMAT,
	OPTION_OUTPUT,
	OPTION_BASELINE,
	OPTION_WRITE_BASELINE,
	OPTION_COLOR,
	OPTION_MEMORY,
	OPTION_QUIET,
};

static const struct option long_options[] = {
	{ "audit-only", no_argument, NULL, OPTION_AUDIT_ONLY },
	{ "configuration", required_argument, NULL, 'c' },
	{ "python", required_argument, NULL, OPTION_PYTHON },
	{ "path", required_argument, NULL, OPTION_PATH },
	{ "warmup", required_argument, NULL, OPTION_WARMUP },
	{ "allow", required_argument, NULL, OPTION_ALLOW },
	{ "mode", required_argument, NULL, OPTION_MODE },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ "output", required_argument, NULL, OPTION_OUTPUT },
	{ "baseline", required_argument, NULL, OPTION_BASELINE },
	{ "write-baseline", required_argument, NULL, OPTION_WRITE_BASELINE },
	{ "color", required_argument, NULL, OPTION_COLOR },
	{ "memory", no_argument, NULL, OPTION_MEMORY },
	{ "quiet", no_argument, NULL, OPTION_QUIET },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

void audit_options_done(struct audit_options *options)
{
	strv_free(options->path);
	strv_free(options->allow);
	strv_free(options->names);
	memset(options, 0, sizeof(*options));
}

/* The index of a word in a list, or -1 with the choices in err. */
static int choose(const char *option, const char *word, const char *const *words, size_t n,
		  struct error *err)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, words[i]) == 0)
			return (int)i;
	return error_set(err, "%s %s: must be %s%s%s%s%s", option, word, words[0],
			 n > 2 ? ", " : "", n > 2 ? words[1] : "", " or ", words[n - 1]);
}

static int take_path(struct audit_options *options, const char *directory, struct error *err)
{
	CLEANUP_FREE char *full = realpath(directory, NULL);
	struct stat st;

	if (!full || stat(full, &st) < 0)
		return error_set(err, "--path %s: %s", directory, strerror(errno));
	if (!S_ISDIR(st.st_mode) && !strstr(full, ".zip") && !strstr(full, ".egg") &&
	    !strstr(full, ".whl"))
		return error_set(err, "--path %s: not a directory", directory);
	return strv_add(&options->path, full) < 0 ? error_set(err, "out of memory") : 0;
}

static int take_rule(struct audit_options *options, const char *text, struct error *err)
{
	struct rule rule;

	if (rule_parse(&rule, text, err) < 0)
		return error_prefix(err, "--allow %s", text);
	rule_done(&rule);
	return strv_add(&options->allow, text) < 0 ? error_set(err, "out of memory") : 0;
}

static int take_timeout(struct audit_options *options, const char *text, struct error *err)
{
	char *end;
	long long seconds;

	errno = 0;
	seconds = strtoll(text, &end, 10);
	if (errno || end == text || *end || seconds < 0 || seconds > 1000000)
		return error_set(
			err, "--timeout %s: must be a whole number of seconds, 0 to 1000000", text);
	options->timeout = seconds;
	return 0;
}

static int take_warmup(struct audit_options *options, const char *text, struct error *err)
{
	const char *colon = strchr(text, ':');

	if (!colon || colon == text || !colon[1])
		return error_set(err, "--warmup %s: must be MODULE:CALLABLE", text);
	options->warmup = text;
	return 0;
}

static int take_word(struct audit_options *options, int code, const char *word, struct error *err)
{
	static const char *const modes[] = { [AUDIT_FILTER] = "filter", [AUDIT_FULL] = "full" };
	static const char *const formats[] = { "text", "json", "github" };
	static const char *const colors[] = {
		[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"
	};
	int found;

	if (code == OPTION_MODE) {
		found = options->mode = choose("--mode", word, modes, ARRAY_LEN(modes), err);
	} else if (code == OPTION_FORMAT) {
		found = choose("--format", word, formats, ARRAY_LEN(formats), err);
		options->json = found == 1;
		options->github = found == 2;
	} else {
		found = choose("--color", word, colors, ARRAY_LEN(colors), err);
		options->color = (enum color)(found < 0 ? 0 : found);
	}
	return found < 0 ? -1 : 0;
}

static int take_option(struct audit_options *options, int code, const char *value,
		       struct error *err)
{
	switch (code) {
	case 'c':
		options->config = value;
		return 0;
	case OPTION_PYTHON:
		options->python = value;
		return 0;
	case OPTION_PATH:
		return take_path(options, value, err);
	case OPTION_WARMUP:
		return take_warmup(options, value, err);
	case OPTION_ALLOW:
		return take_rule(options, value, err);
	case OPTION_TIMEOUT:
		return take_timeout(options, value, err);
	case OPTION_MODE:
	case OPTION_FORMAT:
	case OPTION_COLOR:
		return take_word(options, code, value, err);
	case OPTION_OUTPUT:
		options->output = value;
		return 0;
	case OPTION_BASELINE:
		options->baseline = value;
		return 0;
	case OPTION_WRITE_BASELINE:
		options->write_baseline = value;
		return 0;
	default:
		options->memory |= code == OPTION_MEMORY;
		options->quiet |= code == OPTION_QUIET;
		options->help |= code == 'h';
		return 0;
	}
}

/* Options of one form of the command that make no sense in the other. */
static int check_form(const struct audit_options *options, struct error *err)
{
	if (options->help || (!options->config && options->names))
		return 0;
	if (options->python || options->path || options->warmup)
		return error_set(err,
				 "%s needs MODULE and goes without -c; with a configuration, "
				 "write it into the [zygote:...] section",
				 options->python ? "--python"
				 : options->path ? "--path"
						 : "--warmup");
	return 0;
}

int audit_options_parse(struct audit_options *options, int argc, char **argv, struct error *err)
{
	int code;

	memset(options, 0, sizeof(*options));
	options->mode = -1;
	options->timeout = -1;
	opterr = 0;
	optind = 0; /* glibc: start anew, getopt(3) */
	while ((code = getopt_long(argc, argv, ":c:h", long_options, NULL)) >= 0) {
		const char *word = argv[optind - 1];

		if (code == ':')
			return error_set(err, "%s needs a value", word);
		if (code == '?')
			return error_set(err, "unknown option %s", word);
		if (take_option(options, code, optarg, err) < 0)
			return -1;
	}
	for (; optind < argc; optind++)
		if (strv_add(&options->names, argv[optind]) < 0)
			return error_set(err, "out of memory");
	return check_form(options, err);
}
