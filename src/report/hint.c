/* hint.c - see hint.h. */
#include "report/hint.h"

#include "base/buf.h"
#include "base/util.h"
#include "config/rule.h"
#include "report/document.h"
#include "report/utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER "0123456789"

static bool is(const char *text, const char *word)
{
	return text && strcmp(text, word) == 0;
}

static bool contains(const char *text, const char *part)
{
	return text && strcasestr(text, part) != NULL;
}

static bool ends(const char *text, const char *end)
{
	size_t a = text ? strlen(text) : 0, b = strlen(end);

	return a >= b && strcmp(text + a - b, end) == 0;
}

/* Whether the traceback runs through a file below this directory or package. */
static bool runs_through(const struct finding *finding, const char *part)
{
	for (size_t i = 0; i < finding->stack.nframes; i++)
		if (finding->stack.frames[i].file && strstr(finding->stack.frames[i].file, part))
			return true;
	return false;
}

/* ---- the rule ---- */

/* Text as a literal in a fnmatch pattern.  What a configuration file or a quoted word would read
 * differently becomes "?": a quote, "%" (expansion), ";" (comment), a control character.  Bytes
 * that a report cannot show become "*", which stands for them in every locale. */
static void add_literal(struct buf *out, const char *text)
{
	while (*text) {
		unsigned char c = (unsigned char)*text;
		size_t len = utf8_sequence(text);

		if (len == 0)
			buf_addch(out, '*');
		else if (c < 0x20 || c == 0x7f || strchr("\"%;", c))
			buf_addch(out, '?');
		else if (strchr("*?[]\\", c))
			buf_printf(out, "\\%c", c);
		else
			buf_add(out, text, len);
		text += len ? len : 1;
	}
}

/* The same with every number that is likely to differ in the next run (inode, pid, ephemeral port)
 * as "*". */
static void add_pattern(struct buf *out, const char *text)
{
	struct buf part = { 0 };

	while (*text) {
		size_t digits = strspn(text, NUMBER);
		size_t plain = strcspn(text, NUMBER);

		buf_clear(&part);
		buf_add(&part, text, digits ? digits : plain);
		if (digits >= 4)
			buf_addch(out, '*');
		else
			add_literal(out, buf_str(&part));
		text += digits ? digits : plain;
	}
	buf_done(&part);
}

static bool can_reopen(const struct finding *finding)
{
	return (is(finding->type, "file") || is(finding->type, "directory")) && finding->target &&
	       finding->target[0] == '/' && !ends(finding->target, "(deleted)");
}

static bool is_temporary(const struct finding *finding)
{
	return contains(finding->target, "/tmp/") || ends(finding->target, "(deleted)");
}

/* The word that a rule for the finding begins with. */
static const char *rule_kind(const struct finding *finding)
{
	bool fd = is(finding->kind, "fd");

	return fd && finding->type && rule_knows(finding->type) ? finding->type : finding->kind;
}

/* Whether the location is the line that opened it, and not one that called a package which did:
 * that may open more. */
static bool is_exact(const struct finding *finding, const struct report_frame *at)
{
	const struct report_frame *end = finding->stack.frames + finding->stack.nframes;

	while (++at < end)
		if (report_is_installed(at->file))
			return false;
	return true;
}

/* KIND or KIND:TARGET.  A target that changes from run to run is left to the location. */
static void add_subject(struct buf *out, const struct finding *finding, bool located)
{
	bool stable = is(finding->kind, "thread") || is(finding->kind, "lock") ||
		      can_reopen(finding) || is(finding->type, "device");

	buf_addstr(out, rule_kind(finding));
	if (!finding->target || !*finding->target ||
	    (located && (!stable || is_temporary(finding))))
		return;
	buf_addch(out, ':');
	if (stable && !is_temporary(finding))
		add_literal(out, finding->target);
	else
		add_pattern(out, finding->target);
}

/* Appends a word, quoted if it holds blanks. */
static void add_word(struct buf *out, const struct buf *word)
{
	const char *quote = strpbrk(buf_str(word), " \t") ? "\"" : "";

	buf_printf(out, "%s%s%s", quote, buf_str(word), quote);
}

char *hint_rule(const struct report *report, const struct finding *finding)
{
	const struct report_frame *at = report_location(report, &finding->stack);
	struct buf rule = { 0 }, word = { 0 };

	if (at && !at->file)
		at = NULL;
	add_subject(&word, finding, at && is_exact(finding, at));
	add_word(&rule, &word);
	if (at) {
		buf_clear(&word);
		add_literal(&word, at->file);
		if (at->line)
			buf_printf(&word, ":%u", at->line);
		buf_addstr(&rule, " at ");
		add_word(&rule, &word);
	}
	if (can_reopen(finding))
		buf_addstr(&rule, " reopen");
	rule.failed |= word.failed;
	buf_done(&word);
	return buf_steal(&rule);
}

/* ---- the advice ---- */

static bool is_sqlite(const struct finding *finding)
{
	static const char *const endings[] = {
		".sqlite",     ".sqlite3", ".db",  ".db-wal",
		".db-journal", "-shm",     "-wal", ".sqlite3-journal"
	};

	for (size_t i = 0; i < ARRAY_LEN(endings); i++)
		if (is(finding->type, "file") && ends(finding->target, endings[i]))
			return true;
	return false;
}

static bool is_django_database(const struct finding *finding)
{
	return is(finding->kind, "fd") && runs_through(finding, "/django/db/backends/");
}

static bool is_log(const struct finding *finding)
{
	return is(finding->type, "file") && runs_through(finding, "/logging/__init__.py");
}

static bool is_socket(const struct finding *finding)
{
	return is(finding->type, "socket");
}

static bool is_listening(const struct finding *finding)
{
	return is_socket(finding) && contains(finding->target, "LISTEN");
}

static bool is_loop(const struct finding *finding)
{
	return is(finding->kind, "fd") &&
	       (runs_through(finding, "/asyncio/") || runs_through(finding, "/uvloop/"));
}

static bool is_twisted(const struct finding *finding)
{
	return is(finding->kind, "fd") && runs_through(finding, "/twisted/internet/");
}

static bool is_gevent(const struct finding *finding)
{
	return is(finding->kind, "fd") && runs_through(finding, "/gevent/");
}

static bool is_tracker(const struct finding *finding)
{
	return contains(finding->target, "resource_tracker") ||
	       runs_through(finding, "/multiprocessing/resource_tracker.py");
}

static bool is_tracker_process(const struct finding *finding)
{
	return is(finding->kind, "process") && is_tracker(finding);
}

static bool is_tracker_pipe(const struct finding *finding)
{
	return is(finding->type, "pipe") && is_tracker(finding);
}

static bool is_zombie(const struct finding *finding)
{
	return is(finding->kind, "process") &&
	       (is(finding->type, "zombie") || contains(finding->target, "<defunct>"));
}

static bool is_gpu(const struct finding *finding)
{
	return finding->target &&
	       (strstr(finding->target, "/dev/nvidia") || strstr(finding->target, "/dev/kfd") ||
		strstr(finding->target, "/dev/dri/"));
}

/* The worker threads of BLAS and OpenMP run no Python and have no name of their own. */
static bool is_pool(const struct finding *finding)
{
	return is(finding->kind, "thread") &&
	       (contains(finding->target, "blas") || contains(finding->target, "omp") ||
		runs_through(finding, "/numpy/") || runs_through(finding, "/scipy/") ||
		runs_through(finding, "/sklearn/") || runs_through(finding, "/numexpr/"));
}

static bool is_type(const struct finding *finding, const char *const *types)
{
	for (; *types; types++)
		if (is(finding->type, *types))
			return true;
	return false;
}

static bool is_file(const struct finding *finding)
{
	static const char *const types[] = { "file", "directory", NULL };

	return is_type(finding, types);
}

static bool is_pipe(const struct finding *finding)
{
	static const char *const types[] = { "pipe", "fifo", NULL };

	return is_type(finding, types);
}

static bool is_event(const struct finding *finding)
{
	static const char *const types[] = { "eventpoll", "eventfd",  "timerfd", "signalfd",
					     "inotify",   "fanotify", "pidfd",   NULL };

	return is_type(finding, types);
}

static bool is_thread(const struct finding *finding)
{
	return is(finding->kind, "thread");
}

static bool is_process(const struct finding *finding)
{
	return is(finding->kind, "process");
}

static bool is_mapping(const struct finding *finding)
{
	return is(finding->kind, "mapping");
}

static bool is_lock(const struct finding *finding)
{
	return is(finding->kind, "lock");
}

static bool is_ring(const struct finding *finding)
{
	return is(finding->kind, "io_uring") || is(finding->type, "io_uring");
}

static bool is_any(const struct finding *finding)
{
	(void)finding;
	return true;
}

/* The first that applies is given. */
static const struct advice {
	bool (*applies)(const struct finding *finding);
	const char *text;
} advices[] = {
	{ is_gpu,
	  "A GPU context does not survive a fork: use the GPU for the first time in the worker." },
	{ is_tracker_process,
	  "multiprocessing started its resource tracker for shared memory or a semaphore: create "
	  "those in the worker." },
	{ is_tracker_pipe,
	  "This pipe leads to multiprocessing's resource tracker: create shared memory and "
	  "semaphores in the worker." },
	{ is_loop,
	  "An event loop was made during the import, and every worker would share its epoll set: "
	  "make it in the worker (asyncio.run() in main())." },
	{ is_twisted,
	  "The import of twisted.internet.reactor installs a reactor, which every worker would "
	  "share: import it inside the function that runs it." },
	{ is_gevent,
	  "gevent's hub was started during the import, and every worker would share it: spawn "
	  "greenlets and wait only in the worker." },
	{ is_django_database,
	  "A database connection of Django's. Ask no database during the import (module level, "
	  "AppConfig.ready()), or end the warmup with django.db.connections.close_all(): each "
	  "worker then connects at its first query." },
	{ is_sqlite,
	  "A SQLite connection must not be carried over a fork; it can damage the database: "
	  "connect in the worker, or close the connection before the import ends." },
	{ is_log, "A log handler: give FileHandler delay=True (in a LOGGING dict: \"delay\": "
		  "True), so that "
		  "each worker opens the file at its first record, or let workers reopen it." },
	{ is_file, "Use `with open(...)` if the import alone needs it; else open it in the worker, "
		   "at its first use." },
	{ is_listening,
	  "Let the supervisor own this listener: [socket:NAME] with listen =, and sockets = NAME "
	  "in [program:...]; the worker finds it as fd 3." },
	{ is_socket,
	  "Workers would talk over one connection and read each other's answers: connect in the "
	  "worker, at its first use, or close it before the import ends." },
	{ is_pipe,
	  "Workers would read and write one pipe: make it in the worker, or close both ends "
	  "before the import ends." },
	{ is_event,
	  "Workers would share it and take each other's events: make it in the worker, or close "
	  "it before the import ends." },
	{ is_pool,
	  "A native thread pool (OpenBLAS, OpenMP, MKL): it would be missing in the workers. Set "
	  "OPENBLAS_NUM_THREADS=1 and OMP_NUM_THREADS=1 in the environment of the import." },
	{ is_thread,
	  "A thread does not exist in a forked worker, and a lock that it held would stay locked: "
	  "start it in the worker, or join it before the import ends." },
	{ is_zombie, "The child has ended but was not waited for: call wait() on it, or use "
		     "subprocess.run()." },
	{ is_process,
	  "Workers cannot wait for this process; it is not their child: start it in the "
	  "worker, or wait for its end (subprocess.run() does)." },
	{ is_mapping,
	  "What one worker writes here appears in all others: map it in the worker or with "
	  "MAP_PRIVATE. If that is the intention (shared counters), allow it." },
	{ is_lock,
	  "A flock is shared by all workers after the fork, a POSIX lock is lost: take it in the "
	  "worker, or release it before the import ends." },
	{ is_ring,
	  "An io_uring and its queues would be shared by all workers: make it in the worker." },
	{ is_any,
	  "Every worker would share it: make it in the worker, or close it before the import "
	  "ends." },
};

/* Allowing it would never be right. */
static bool is_hopeless(const struct finding *finding)
{
	return is_gpu(finding) || is_ring(finding);
}

static const char *unattributed(const struct finding *finding)
{
	if (finding->attributed && finding->stack.nframes == 0)
		return "No Python code ran in the thread that made it, so a native library did. ";
	if (finding->attributed)
		return "";
	if (is(finding->kind, "fd"))
		return "The call that made it was not seen: it came by an ioctl, by io_uring, or "
		       "from "
		       "before the import. ";
	return "The call that made it was not seen. ";
}

char *hint_make(const struct report *report, const struct finding *finding)
{
	const struct advice *advice = advices;
	struct buf hint = { 0 };
	CLEANUP_FREE char *rule = hint_rule(report, finding);

	if (!rule)
		return NULL;
	while (!advice->applies(finding))
		advice++;
	buf_addstr(&hint, unattributed(finding));
	buf_addstr(&hint, advice->text);
	if (!is_hopeless(finding))
		buf_printf(&hint, "\nTo accept it: allow = %s", rule);
	return buf_steal(&hint);
}
