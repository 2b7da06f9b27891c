/* audit.c - see audit.h. */
#include "supervisor/audit.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/config.h"
#include "report/baseline.h"
#include "report/github.h"
#include "report/text.h"
#include "report/verdict.h"
#include "supervisor/audit_memory.h"
#include "supervisor/audit_options.h"
#include "supervisor/audit_run.h"
#include "supervisor/environment.h"
#include "supervisor/interpreter.h"
#include "supervisor/wait_status.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define USAGE 2             /* exit status: usage or configuration error */
#define PRELOAD_TIMEOUT 300 /* seconds; that of [zygote:*] preload_timeout */
#define BASELINE_MAX ((size_t)16 << 20)

/* The command while it runs. */
struct audit {
	struct audit_options options;
	struct audit_job *jobs; /* owned */
	size_t njobs;
	char **reports; /* owned: one JSON a job that has ended */
	size_t nreports;
	int out; /* owned: where the report goes */
	bool color;
	int status; /* the highest so far */
};

/* One line on stderr; always returns USAGE. */
__attribute__((format(printf, 1, 2))) static int complain(const char *format, ...)
{
	struct buf line = { 0 };
	va_list ap;

	va_start(ap, format);
	buf_addstr(&line, "forkserver: ");
	buf_vprintf(&line, format, ap);
	buf_addch(&line, '\n');
	va_end(ap);
	(void)fd_write_all(2, buf_str(&line), line.len);
	buf_done(&line);
	return USAGE;
}

static int out_of_memory(void)
{
	complain("out of memory");
	return VERDICT_NO_AUDIT;
}

static void raise_status(struct audit *audit, int status)
{
	if (status > audit->status)
		audit->status = status;
}

/* ---- what to audit ---- */

/* Reads and checks a baseline file into *ret.  0 or an exit status. */
static int read_baseline(const char *path, char **ret)
{
	struct baseline *baseline;
	struct error err = { "" };
	struct buf text = { 0 };
	int r = fd_read_path(path, &text, BASELINE_MAX);

	if (r < 0) {
		buf_done(&text);
		return complain("baseline %s: %s%s", path, strerror(-r),
				r == -ENOENT ? "; --write-baseline writes one" : "");
	}
	if (baseline_parse(&baseline, path, buf_str(&text), text.len, &err) < 0) {
		buf_done(&text);
		return complain("%s", err.text);
	}
	baseline_free(baseline);
	*ret = buf_steal(&text);
	return *ret ? 0 : out_of_memory();
}

/* Options that hold for every zygote.  0 or an exit status. */
static int apply_options(struct audit_job *job, const struct audit_options *options,
			 const char *baseline)
{
	struct zygote_setup *setup = &job->setup;

	if (options->mode >= 0)
		setup->mode = (uint32_t)options->mode;
	if (options->timeout >= 0)
		setup->preload_timeout = (uint32_t)options->timeout;
	for (char **rule = options->allow; rule && *rule; rule++)
		if (strv_add(&setup->allow, *rule) < 0)
			return out_of_memory();
	if (options->baseline)
		baseline = options->baseline;
	if (setup->policy == AUDIT_OFF)
		setup->policy = AUDIT_ENFORCE;
	setup->progress = !options->quiet && isatty(2);
	return baseline ? read_baseline(baseline, &setup->baseline) : 0;
}

/* Copies that may fail are collected in one flag. */
static char *copy(const char *text, bool *failed)
{
	char *made = text ? strdup(text) : NULL;

	*failed |= text && !made;
	return made;
}

static char **copy_all(char *const *strv, bool *failed)
{
	char **made = strv_copy(strv);

	*failed |= !made;
	return made;
}

/* The job that the command line alone describes. */
static int job_of_options(struct audit_job *job, const struct audit_options *options)
{
	const struct config_daemon daemon = { .environment = NULL };
	bool failed = false;

	job->umask = -1;
	job->environment = environment_base(&daemon);
	job->python = copy(options->python, &failed);
	job->setup.name = copy(options->names[0], &failed);
	job->setup.path = copy_all(options->path, &failed);
	job->setup.preload = copy_all(options->names, &failed);
	job->setup.warmup = copy(options->warmup, &failed);
	job->setup.preload_timeout = PRELOAD_TIMEOUT;
	job->setup.gc_freeze = true;
	if (failed || !job->environment)
		return out_of_memory();
	return apply_options(job, options, NULL);
}

/* The job that a [zygote:*] section describes. */
static int job_of_config(struct audit_job *job, const struct audit_options *options,
			 const struct config *config, const struct config_zygote *zygote)
{
	struct error err = { "" };
	bool failed = false;

	job->umask = zygote->umask;
	job->environment = environment_base(&config->daemon);
	job->python = copy(zygote->python, &failed);
	job->directory = copy(zygote->directory, &failed);
	job->setup.name = copy(zygote->name, &failed);
	job->setup.path = copy_all(zygote->path, &failed);
	job->setup.preload = copy_all(zygote->preload, &failed);
	job->setup.allow = copy_all(zygote->allow, &failed);
	job->setup.warmup = copy(zygote->warmup, &failed);
	job->setup.policy = zygote->policy;
	job->setup.mode = zygote->mode;
	job->setup.preload_timeout = zygote->preload_timeout;
	job->setup.thp = zygote->thp;
	job->setup.ksm = zygote->ksm;
	job->setup.gc_freeze = zygote->gc_freeze;
	job->setup.immortalize = zygote->immortalize;
	if (failed || !job->environment ||
	    environment_merge(&job->environment, zygote->environment) < 0)
		return out_of_memory();
	if (zygote->user && user_find(&job->user, zygote->user, &err) < 0)
		return complain("[zygote:%s] user: %s", zygote->name, err.text);
	if (zygote->user && geteuid() != 0 && job->user.uid != geteuid()) {
		complain("[zygote:%s] user: only root can become %s; audited as who you are",
			 zygote->name, zygote->user);
		user_done(&job->user);
	}
	return apply_options(job, options, zygote->baseline);
}

static int unknown_zygote(const struct config *config, const char *name)
{
	struct buf names = { 0 };

	for (size_t i = 0; i < config->nzygotes; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", config->zygotes[i].name);
	complain("%s has no [zygote:%s]; it has %s", config->file, name,
		 config->nzygotes ? buf_str(&names) : "no zygote at all");
	buf_done(&names);
	return USAGE;
}

/* The zygotes that are named, or all. */
static int jobs_of_config(struct audit *audit, const struct config *config)
{
	char **names = audit->options.names;
	size_t n = names ? strv_len(names) : config->nzygotes;
	int r = 0;

	if (config->nzygotes == 0)
		return complain("%s has no [zygote:*] section, so there is nothing to audit",
				config->file);
	audit->jobs = calloc(n, sizeof(*audit->jobs));
	if (!audit->jobs)
		return out_of_memory();
	for (size_t i = 0; i < n && r == 0; i++) {
		const struct config_zygote *zygote = &config->zygotes[i];

		if (names)
			zygote = config_find_zygote(config, names[i]);
		if (!zygote)
			return unknown_zygote(config, names[i]);
		audit->njobs++;
		r = job_of_config(&audit->jobs[i], &audit->options, config, zygote);
	}
	return r;
}

static int load_config(struct audit *audit, const char *program)
{
	CLEANUP_FREE char *found = NULL;
	const char *file = audit->options.config;
	struct buf messages = { 0 };
	struct config *config;
	int r;

	if (!file)
		file = found = config_find(program);
	if (!file) {
		complain("no MODULE given, and no configuration file found");
		(void)fd_write_all(2, audit_usage, strlen(audit_usage));
		return USAGE;
	}
	r = config_load_zygotes(file, &config, &messages);
	(void)fd_write_all(2, buf_str(&messages), messages.len);
	buf_done(&messages);
	if (r < 0)
		return USAGE;
	r = jobs_of_config(audit, config);
	config_free(config);
	return r;
}

static int find_jobs(struct audit *audit, const char *program)
{
	if (audit->options.config || !audit->options.names)
		return load_config(audit, program);
	audit->jobs = calloc(1, sizeof(*audit->jobs));
	if (!audit->jobs)
		return out_of_memory();
	audit->njobs = 1;
	return job_of_options(&audit->jobs[0], &audit->options);
}

/* ---- what came out ---- */

static int open_output(struct audit *audit)
{
	const char *path = audit->options.output, *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR"); /* no-color.org */

	audit->out = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)
			  : fcntl(1, F_DUPFD_CLOEXEC, 3);
	if (audit->out < 0)
		return complain("%s: %s", path ? path : "stdout", strerror(errno));
	audit->color = audit->options.color == COLOR_ALWAYS ||
		       (audit->options.color == COLOR_AUTO && isatty(audit->out) &&
			!(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0));
	return 0;
}

static void print(struct audit *audit, const char *text, size_t len)
{
	int r = fd_write_all(audit->out, text, len);

	if (r < 0) {
		complain("cannot write the report: %s", strerror(-r));
		raise_status(audit, VERDICT_NO_AUDIT);
	}
}

static void print_json(struct audit *audit, const struct audit_run *run)
{
	struct buf line = { 0 };

	buf_add(&line, run->report, run->report_len);
	buf_addch(&line, '\n');
	if (line.failed)
		raise_status(audit, out_of_memory());
	else
		print(audit, line.data, line.len);
	buf_done(&line);
}

static void print_text(struct audit *audit, const struct audit_run *run, const char *extra)
{
	struct error err = { "" };
	CLEANUP_FREE char *text = report_text(run->report, run->report_len, audit->color, &err);

	if (!text) {
		complain("%s", err.text);
		raise_status(audit, VERDICT_NO_AUDIT);
		return;
	}
	if (audit->nreports)
		print(audit, "\n", 1);
	print(audit, text, strlen(text));
	print(audit, extra, strlen(extra));
}

static void print_github(struct audit *audit, const struct audit_run *run)
{
	struct error err = { "" };
	CLEANUP_FREE char *text = report_github(run->report, run->report_len, &err);

	if (text) {
		print(audit, text, strlen(text));
		return;
	}
	complain("%s", err.text);
	raise_status(audit, VERDICT_NO_AUDIT);
}

/* The table that --memory asks for, if this zygote can be measured; "" else. */
static void measure(const struct audit *audit, struct audit_run *run, struct buf *table)
{
	struct error err = { "" };

	if (!audit->options.memory || !run->is_ready)
		return;
	if (audit_memory(run, table, &err) < 0)
		complain("the memory of workers could not be measured: %s", err.text);
}

/* Prints the report of a run that was not interrupted, and keeps it. */
static void publish(struct audit *audit, struct audit_run *run)
{
	struct verdict_summary summary;
	struct buf table = { 0 };

	if (verdict_read(&summary, run->report, run->report_len) < 0)
		summary = (struct verdict_summary){ .verdict = VERDICT_NO_AUDIT };
	if (audit->options.write_baseline && summary.verdict == VERDICT_VIOLATIONS)
		summary.verdict = VERDICT_CLEAN; /* all of them are known now */
	raise_status(audit, (int)summary.verdict);
	measure(audit, run, &table);
	if (audit->options.json) {
		print_json(audit, run);
		(void)fd_write_all(2, buf_str(&table), table.len);
	} else if (!audit->options.quiet || summary.verdict != VERDICT_CLEAN || table.len) {
		print_text(audit, run, buf_str(&table));
	}
	if (audit->options.github)
		print_github(audit, run);
	buf_done(&table);
	audit->reports[audit->nreports++] = run->report;
	run->report = NULL;
}

/* The mode of a file that is about to be replaced, or that of a new one. */
static mode_t mode_of(const char *path)
{
	struct stat st;
	mode_t mask;

	if (stat(path, &st) == 0)
		return st.st_mode & 0777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

/* Writes a file whole or not at all. */
static int replace_file(const char *path, const char *text)
{
	CLEANUP_FREE char *temporary = NULL;
	CLEANUP_FD int fd = -1;
	int r;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fchmod(fd, mode_of(path)) < 0 ? -errno : fd_write_all(fd, text, strlen(text));
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temporary);
	return r;
}

/* After an audit that did not end nothing is written: half a baseline would hide what is known. */
static void write_baseline(struct audit *audit)
{
	const char *path = audit->options.write_baseline;
	struct error err = { "" };
	CLEANUP_FREE char *text = NULL;
	int r;

	if (audit->status >= VERDICT_IMPORT_FAILED) {
		complain("%s is not written, because not every audit had a result", path);
		return;
	}
	text = baseline_write((const char *const *)audit->reports, audit->nreports, &err);
	if (!text) {
		complain("%s is not written: %s", path, err.text);
		raise_status(audit, VERDICT_NO_AUDIT);
		return;
	}
	r = replace_file(path, text);
	if (r < 0)
		raise_status(audit, complain("cannot write %s: %s", path, strerror(-r)));
	else if (!audit->options.quiet)
		complain("%s is written; audits with --baseline %s excuse what is in it", path,
			 path);
}

/* ---- the command ---- */

/* One zygote.  False: a signal ended the command. */
static bool audit_one(struct audit *audit, const struct audit_job *job)
{
	struct interpreter interpreter;
	struct error err = { "" };
	struct audit_run run;
	int r;

	if (interpreter_find(&interpreter, job->python, &job->user, &err) < 0) {
		raise_status(audit, complain("%s", err.text));
		return true;
	}
	if (job->setup.immortalize && interpreter_check_immortalize(&interpreter, &err) < 0) {
		raise_status(audit, complain("[zygote:%s] %s", job->setup.name, err.text));
		interpreter_done(&interpreter);
		return true;
	}
	r = audit_run(&run, job, &interpreter, job->setup.progress);
	if (r < 0)
		raise_status(audit, out_of_memory());
	else if (!run.signal)
		publish(audit, &run);
	audit_run_done(&run);
	interpreter_done(&interpreter);
	if (run.signal) {
		complain("ended by signal %s", signal_name(run.signal));
		audit->status = 128 + run.signal;
	}
	return run.signal == 0;
}

static void run_all(struct audit *audit)
{
	audit->reports = calloc(audit->njobs, sizeof(*audit->reports));
	if (!audit->reports) {
		raise_status(audit, out_of_memory());
		return;
	}
	for (size_t i = 0; i < audit->njobs; i++)
		if (!audit_one(audit, &audit->jobs[i]))
			return;
	if (audit->options.write_baseline)
		write_baseline(audit);
}

static void audit_done(struct audit *audit)
{
	for (size_t i = 0; i < audit->njobs; i++)
		audit_job_done(&audit->jobs[i]);
	free(audit->jobs);
	for (size_t i = 0; i < audit->nreports; i++)
		free(audit->reports[i]);
	free(audit->reports);
	fd_close(&audit->out);
	audit_options_done(&audit->options);
}

int audit_main(int argc, char **argv)
{
	struct audit audit = { .out = -1 };
	struct error err = { "" };

	/* a reader that has gone away is an error of write(2), not our end */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* ignored, it would take the exit statuses away (wait(2)) */
	if (audit_options_parse(&audit.options, argc, argv, &err) < 0) {
		audit.status =
			complain("%s (forkserver --audit-only --help lists the options)", err.text);
	} else if (audit.options.help) {
		audit.status = fd_write_all(1, audit_usage, strlen(audit_usage)) < 0 ? USAGE : 0;
	} else {
		audit.status = find_jobs(&audit, argv[0]);
		if (audit.status == 0)
			audit.status = open_output(&audit);
		if (audit.status == 0)
			run_all(&audit);
	}
	audit_done(&audit);
	return audit.status;
}
