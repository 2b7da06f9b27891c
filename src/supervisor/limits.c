/* limits.c - see limits.h. */
#include "supervisor/limits.h"

#include "base/error.h"
#include "base/util.h"
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- in the child: nothing that allocates or locks ---- */

/* Writes a number as text in front of `end`; returns where it begins. */
static char *number_before(char *end, long value)
{
	unsigned long rest = value < 0 ? -(unsigned long)value : (unsigned long)value;

	do
		*--end = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		*--end = '-';
	return end;
}

static int set_oom_score(pid_t pid, int score)
{
	char text[24], path[64] = "/proc/self/oom_score_adj";
	char *end = text + sizeof(text), *begin = number_before(end, score);
	int fd, r = 0;

	if (pid) {
		char digits[24];
		char *first = number_before(digits + sizeof(digits), pid);
		size_t len = (size_t)(digits + sizeof(digits) - first);

		memcpy(path + strlen("/proc/"), first, len);
		memcpy(path + strlen("/proc/") + len, "/oom_score_adj", sizeof("/oom_score_adj"));
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, begin, (size_t)(end - begin)) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* A hard limit that is lower than the wanted one is raised, which the kernel allows to those who
 * may. */
static int set_rlimit(pid_t pid, const struct config_rlimit *wanted)
{
	struct rlimit limit = {
		.rlim_cur = wanted->soft == UINT64_MAX ? RLIM_INFINITY : (rlim_t)wanted->soft,
		.rlim_max = wanted->hard == UINT64_MAX ? RLIM_INFINITY : (rlim_t)wanted->hard,
	};

	return prlimit(pid, wanted->resource, &limit, NULL) < 0 ? -errno : 0;
}

static int fail_at(struct limits_failure *failure, enum limits_step step, size_t index, int r)
{
	failure->step = (int)step;
	failure->index = index;
	failure->error = -r;
	return -1;
}

int limits_apply(const struct config_program *program, pid_t pid, struct limits_failure *failure)
{
	int r;

	r = program->has_oom ? set_oom_score(pid, program->oom_score_adj) : 0;
	if (r < 0)
		return fail_at(failure, LIMITS_OOM, 0, r);
	if (program->has_nice && setpriority(PRIO_PROCESS, (id_t)pid, program->nice) < 0)
		return fail_at(failure, LIMITS_NICE, 0, -errno);
	for (size_t i = 0; i < program->nrlimits; i++) {
		r = set_rlimit(pid, &program->rlimits[i]);
		if (r < 0)
			return fail_at(failure, LIMITS_RLIMIT, i, r);
	}
	return 0;
}

/* ---- in the supervisor ---- */

static const struct {
	int resource;
	const char *key;  /* of the configuration */
	const char *unit; /* systemd's name of it */
} names[] = {
	{ RLIMIT_AS, "rlimit_as", "LimitAS" },
	{ RLIMIT_CORE, "rlimit_core", "LimitCORE" },
	{ RLIMIT_CPU, "rlimit_cpu", "LimitCPU" },
	{ RLIMIT_DATA, "rlimit_data", "LimitDATA" },
	{ RLIMIT_FSIZE, "rlimit_fsize", "LimitFSIZE" },
	{ RLIMIT_MEMLOCK, "rlimit_memlock", "LimitMEMLOCK" },
	{ RLIMIT_MSGQUEUE, "rlimit_msgqueue", "LimitMSGQUEUE" },
	{ RLIMIT_NICE, "rlimit_nice", "LimitNICE" },
	{ RLIMIT_NOFILE, "rlimit_nofile", "LimitNOFILE" },
	{ RLIMIT_NPROC, "rlimit_nproc", "LimitNPROC" },
	{ RLIMIT_RSS, "rlimit_rss", "LimitRSS" },
	{ RLIMIT_RTPRIO, "rlimit_rtprio", "LimitRTPRIO" },
	{ RLIMIT_SIGPENDING, "rlimit_sigpending", "LimitSIGPENDING" },
	{ RLIMIT_STACK, "rlimit_stack", "LimitSTACK" },
};

static const char *limit_text(uint64_t value, char *text, size_t size)
{
	if (value == UINT64_MAX)
		return "infinity";
	snprintf(text, size, "%" PRIu64, value);
	return text;
}

static void explain_rlimit(const struct config_rlimit *wanted, int error, struct error *err)
{
	const char *key = "rlimit", *unit = "its limit";
	const char *hard, *have;
	char room[2][24];
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	(void)getrlimit(wanted->resource, &limit);
	hard = limit_text(wanted->hard, room[0], sizeof(room[0]));
	have = limit_text(limit.rlim_max == RLIM_INFINITY ? UINT64_MAX : limit.rlim_max, room[1],
			  sizeof(room[1]));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (names[i].resource == wanted->resource) {
			key = names[i].key;
			unit = names[i].unit;
		}
	}
	if (error == EPERM && wanted->resource == RLIMIT_NOFILE && limit.rlim_max >= wanted->hard)
		error_set(err,
			  "cannot set %s to %s: no process may have more than fs.nr_open (sysctl); "
			  "lower %s or raise that",
			  key, hard, key);
	else if (error == EPERM)
		error_set(err,
			  "cannot raise %s to %s: the supervisor's own hard limit is %s, and it "
			  "lacks the capability CAP_SYS_RESOURCE; lower %s, or raise the limit "
			  "that the supervisor is started with (%s= in its unit, ulimit -H)",
			  key, hard, have, key, unit);
	else
		error_set(err, "cannot set %s: %s", key, strerror(error));
}

void limits_explain(const struct config_program *program, const struct limits_failure *failure,
		    struct error *err)
{
	bool denied = failure->error == EPERM || failure->error == EACCES;

	switch (failure->step) {
	case LIMITS_OOM:
		error_set(err, "cannot set oom_score_adj to %d: %s%s", program->oom_score_adj,
			  strerror(failure->error),
			  denied ? "; a score below the supervisor's own needs the capability "
				   "CAP_SYS_RESOURCE: raise the score, or lower the supervisor's "
				   "(OOMScoreAdjust= in its unit)"
				 : "");
		break;
	case LIMITS_NICE:
		error_set(
			err, "cannot set nice to %d: %s%s", program->nice, strerror(failure->error),
			denied ? "; a value below the supervisor's own needs root or the "
				 "capability CAP_SYS_NICE: raise it, or start the supervisor with "
				 "LimitNICE= in its unit"
			       : "");
		break;
	default:
		explain_rlimit(&program->rlimits[failure->index], failure->error, err);
	}
}
