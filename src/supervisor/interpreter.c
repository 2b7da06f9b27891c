/* interpreter.c - see interpreter.h. */
#include "supervisor/interpreter.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/environment.h"
#include "supervisor/launch.h"
#include "supervisor/libexec.h"
#include "supervisor/user.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef DEFAULT_PYTHON
#define DEFAULT_PYTHON "/usr/bin/python3"
#endif
#define ANSWER_MAX 65536
#define ANSWER_MS 30000 /* a cold disk may take long, a wrapper that asks a question for ever */

/* What one run of a program printed. */
struct answer {
	struct buf out;
	int status; /* as waitpid(2) gives it */
	bool late;  /* it was killed at the deadline */
};

/* Collects until end of file or the deadline. */
static int collect(int fd, struct answer *answer)
{
	int64_t deadline = clock_ms() + ANSWER_MS;

	for (;;) {
		struct pollfd poll_in = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - clock_ms();
		char chunk[4096];
		ssize_t n;

		answer->late = left <= 0 || answer->out.len > ANSWER_MAX;
		if (answer->late)
			return 0;
		n = poll(&poll_in, 1, (int)left);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n <= 0)
			continue;
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return 0;
		if (n > 0)
			buf_add(&answer->out, chunk, (size_t)n);
	}
}

/* With standard output `out`. */
static pid_t start(char *const *argv, const struct user *user, int out, struct error *err)
{
	const struct config_daemon plain = { .environment = NULL };
	char **environment = environment_base(&plain);
	struct launch what = { .path = argv[0],
			       .argv = argv,
			       .environment = environment,
			       .user = user,
			       .stdio = { -1, out, 2 },
			       .umask = -1 };
	pid_t pid = environment ? launch(&what, err) : error_set(err, "out of memory");

	strv_free(environment);
	return pid;
}

static int ask(char *const *argv, const struct user *user, struct answer *answer, struct error *err)
{
	CLEANUP_FD int in = -1, out = -1;
	int ends[2], r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, "pipe: %s", strerror(errno));
	in = ends[0];
	out = ends[1];
	pid = start(argv, user, out, err);
	if (pid < 0)
		return -1;
	fd_close(&out);
	r = collect(in, answer);
	if (r < 0 || answer->late)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &answer->status, 0) < 0 && errno == EINTR)
		;
	if (r < 0 || answer->out.failed)
		return error_set(err, "cannot read what %s prints: %s", argv[0], strerror(-r));
	if (answer->late)
		return error_set(err,
				 "%s does not answer within %d s (is it a Python interpreter?)",
				 argv[0], ANSWER_MS / 1000);
	if (answer->status != 0)
		return error_set(err, "%s failed with %s %d", argv[0],
				 WIFSIGNALED(answer->status) ? "signal" : "exit status",
				 WIFSIGNALED(answer->status) ? WTERMSIG(answer->status)
							     : WEXITSTATUS(answer->status));
	return 0;
}

/* The value after "NAME=" in lines of text, malloc'ed, or NULL. */
static char *field(const struct buf *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = buf_str(text); *at; at += strcspn(at, "\n"), at += *at == '\n')
		if (strncmp(at, name, len) == 0 && at[len] == '=')
			return strndup(at + len + 1, strcspn(at + len + 1, "\n"));
	return NULL;
}

/* ---- which file is meant ---- */

static char *absolute(const char *path)
{
	char cwd[PATH_MAX], *made;

	if (path[0] == '/')
		return strdup(path);
	if (!getcwd(cwd, sizeof(cwd)) || asprintf(&made, "%s/%s", cwd, path) < 0)
		return NULL;
	return made;
}

static char *python_of_directory(const char *directory, struct error *err)
{
	static const char *const names[] = { "python", "python3" };
	char *path;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (asprintf(&path, "%s/bin/%s", directory, names[i]) < 0)
			return NULL;
		if (access(path, F_OK) == 0)
			return path;
		free(path);
	}
	if (asprintf(&path, "%s/bin/python", directory) >= 0) {
		struct stat st;

		if (lstat(path, &st) == 0)
			error_set(err,
				  "%s is a broken link: the Python that the venv was made "
				  "with is gone; make the venv again",
				  path);
		else
			error_set(err, "%s is not a venv: it has no bin/python", directory);
		free(path);
	}
	return NULL;
}

static char *python_of_path(const char *path, struct error *err)
{
	CLEANUP_FREE char *full = absolute(path);
	struct stat st;

	if (!full)
		return NULL;
	if (stat(full, &st) < 0) {
		if (lstat(full, &st) == 0)
			error_set(err,
				  "%s is a broken link; if it is in a venv, the Python that the "
				  "venv was made with is gone: make the venv again",
				  full);
		else
			error_set(err, "%s: %s; python = takes an interpreter or a venv", full,
				  strerror(errno));
		return NULL;
	}
	if (S_ISDIR(st.st_mode))
		return python_of_directory(full, err);
	return launch_find(full, NULL, err);
}

/* ---- what it is ---- */

static const char question[] = "import sys\n"
			       "def say(name, value):\n"
			       "    sys.stdout.buffer.write(('%s=%s\\n' % (name, "
			       "value)).encode('utf-8', 'surrogateescape'))\n"
			       "say('implementation', sys.implementation.name)\n"
			       "say('version', '%d.%d.%d' % sys.version_info[:3])\n"
			       "say('executable', sys.executable or '')\n"
			       "say('base_prefix', sys.base_prefix)\n"
			       "say('gil_disabled', int('t' in getattr(sys, 'abiflags', '')))\n";

static int take_answer(struct interpreter *ret, const char *path, const struct buf *text,
		       struct error *err)
{
	CLEANUP_FREE char *implementation = field(text, "implementation");
	CLEANUP_FREE char *free_threaded = field(text, "gil_disabled");

	ret->python = field(text, "executable");
	ret->version = field(text, "version");
	ret->base_prefix = field(text, "base_prefix");
	if (!implementation || !ret->version || !ret->base_prefix)
		return error_set(err, "%s does not answer as a Python interpreter does", path);
	if (strcmp(implementation, "cpython") != 0)
		return error_set(err, "%s is %s; only CPython can be forked", path, implementation);
	if (free_threaded && free_threaded[0] == '1')
		return error_set(err, "%s is a free-threaded build, which is not supported", path);
	if (!ret->python || ret->python[0] != '/') {
		free(ret->python);
		ret->python = strdup(path);
	}
	return ret->python ? 0 : error_set(err, "out of memory");
}

static int examine(struct interpreter *ret, const char *path, const struct user *user,
		   struct error *err)
{
	char *argv[] = { (char *)path, "-I", "-S", "-c", (char *)question, NULL };
	struct answer answer = { .status = -1 };
	int r = ask(argv, user, &answer, err);

	if (r == 0)
		r = take_answer(ret, path, &answer.out, err);
	buf_done(&answer.out);
	return r;
}

/* ---- the zygote for it ---- */

static char *find_zygote(const char *minor)
{
	for (unsigned i = 0;; i++) {
		CLEANUP_FREE char *directory = libexec_directory(i);
		char *path;

		if (!directory || asprintf(&path, "%s/zygote-python%s", directory, minor) < 0)
			return NULL;
		if (access(path, F_OK) == 0)
			return path;
		free(path);
	}
}

/* "3.11, 3.12" */
static void list_versions(struct buf *out)
{
	for (unsigned i = 0;; i++) {
		CLEANUP_FREE char *directory = libexec_directory(i);
		CLEANUP_FREE char *pattern = NULL;
		glob_t found;

		if (!directory || asprintf(&pattern, "%s/zygote-python3.*", directory) < 0)
			break;
		if (glob(pattern, 0, NULL, &found) != 0)
			continue;
		for (size_t k = 0; k < found.gl_pathc; k++) {
			const char *minor = strstr(found.gl_pathv[k], "zygote-python") + 13;

			if (strspn(minor, "0123456789.") == strlen(minor) &&
			    !strstr(buf_str(out), minor))
				buf_printf(out, "%s%s", out->len ? ", " : "", minor);
		}
		globfree(&found);
	}
}

static int no_zygote(const struct interpreter *it, const char *minor, struct error *err)
{
	struct buf versions = { 0 };

	list_versions(&versions);
	if (versions.len)
		error_set(
			err,
			"%s is Python %s, but forkserver was built for Python %s only; use one of "
			"those, or build it with configure --with-python=\"… %s\"",
			it->python, it->version, buf_str(&versions), it->python);
	else
		error_set(err,
			  "%s is Python %s, but there is no zygote-python%s next to forkserver nor "
			  "in %s; is forkserver installed completely?",
			  it->python, it->version, minor, PKGLIBEXECDIR);
	buf_done(&versions);
	return -1;
}

static bool same_directory(const char *a, const char *b)
{
	struct stat left, right;

	if (strcmp(a, b) == 0)
		return true;
	return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev &&
	       left.st_ino == right.st_ino;
}

/* The prefix of the Python that a zygote was built with; malloc'ed, or NULL with err. */
static char *zygote_prefix(char *zygote, const struct user *user, struct error *err)
{
	char *argv[] = { zygote, (char *)"--describe", NULL };
	struct answer answer = { .status = -1 };
	char *prefix = NULL;
	int r = ask(argv, user, &answer, err);

	if (r == 0)
		prefix = field(&answer.out, "prefix");
	buf_done(&answer.out);
	if (r == 0 && !prefix)
		error_set(err, "%s --describe names no prefix: it is not of this forkserver",
			  zygote);
	return prefix;
}

/* A venv of another build of the same version would start and then miss its standard library. */
static int check_build(const struct interpreter *it, const struct user *user, struct error *err)
{
	CLEANUP_FREE char *prefix = zygote_prefix(it->zygote, user, err);

	if (!prefix)
		return -1;
	if (!same_directory(prefix, it->base_prefix))
		return error_set(
			err,
			"%s belongs to the Python %s in %s, but %s was built with the one in "
			"%s; use that one, or build with configure --with-python=%s",
			it->python, it->version, it->base_prefix, it->zygote, prefix, it->python);
	return 0;
}

static char *refuse_version(const char *version, struct error *err)
{
	struct buf versions = { 0 };

	list_versions(&versions);
	error_set(err,
		  "there is no zygote for Python %s: forkserver was built for %s; build it with "
		  "configure --with-python=\"… %s\"",
		  version, versions.len ? buf_str(&versions) : "none", version);
	buf_done(&versions);
	return NULL;
}

/* "3.12": the one that a zygote was built with, wherever that is; else the first on PATH. */
static char *python_of_version(const char *version, const struct user *user, struct error *err)
{
	CLEANUP_FREE char *zygote = find_zygote(version);
	CLEANUP_FREE char *prefix = zygote ? zygote_prefix(zygote, user, err) : NULL;
	CLEANUP_FREE char *name = NULL;
	char *path;

	if (!zygote)
		return refuse_version(version, err);
	if (prefix && asprintf(&path, "%s/bin/python%s", prefix, version) >= 0) {
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	if (asprintf(&name, "python%s", version) < 0)
		return NULL;
	return launch_find(name, environ, err);
}

static char *locate(const char *python, const struct user *user, struct error *err)
{
	if (!python || !*python)
		return python_of_path(DEFAULT_PYTHON, err);
	if (strchr(python, '/'))
		return python_of_path(python, err);
	if (isdigit((unsigned char)python[0]))
		return python_of_version(python, user, err);
	return launch_find(python, environ, err);
}

static int choose_zygote(struct interpreter *it, const struct user *user, struct error *err)
{
	char minor[32];
	const char *dot = strchr(it->version, '.');
	const char *end = dot ? strchr(dot + 1, '.') : NULL;

	snprintf(minor, sizeof(minor), "%.*s",
		 end ? (int)(end - it->version) : (int)strlen(it->version), it->version);
	it->zygote = find_zygote(minor);
	if (!it->zygote)
		return no_zygote(it, minor, err);
	return check_build(it, user, err);
}

int interpreter_find(struct interpreter *ret, const char *python, const struct user *user,
		     struct error *err)
{
	CLEANUP_FREE char *path = NULL;
	struct interpreter it = { 0 };

	memset(ret, 0, sizeof(*ret));
	error_set(err, "out of memory");
	path = locate(python, user, err);
	if (!path || examine(&it, path, user, err) < 0 || choose_zygote(&it, user, err) < 0) {
		interpreter_done(&it);
		return -1;
	}
	*ret = it;
	return 0;
}

int interpreter_check_immortalize(const struct interpreter *interpreter, struct error *err)
{
	unsigned major, minor;

	if (sscanf(interpreter->version, "%u.%u", &major, &minor) != 2 || major > 3 || minor >= 12)
		return 0;
	return error_set(err,
			 "immortalize = yes needs Python 3.12 or newer, and %s is Python %s; take "
			 "the line away, or set python = to a newer one",
			 interpreter->python, interpreter->version);
}

void interpreter_done(struct interpreter *interpreter)
{
	free(interpreter->python);
	free(interpreter->version);
	free(interpreter->base_prefix);
	free(interpreter->zygote);
	memset(interpreter, 0, sizeof(*interpreter));
}
