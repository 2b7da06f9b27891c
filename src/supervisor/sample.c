/* sample.c - see sample.h. */
#include "supervisor/sample.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STAT_MAX 4096

int sample_parse(const char *text, struct sample *ret)
{
	/* the name in brackets may hold anything, brackets and blanks too */
	const char *behind = strrchr(text, ')');
	unsigned long long user, system, ticks = (unsigned long long)sysconf(_SC_CLK_TCK);
	long threads, pages;
	char state;

	if (!behind || sscanf(behind,
			      ") %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu %*s %*s %*s "
			      "%*s %ld %*s %*s %*s %ld",
			      &state, &user, &system, &threads, &pages) != 5)
		return -EINVAL;
	ret->state = state;
	ret->cpu_us = (user + system) * (1000000 / ticks);
	ret->threads = (uint32_t)threads;
	ret->rss_bytes = pages > 0 ? (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
	return 0;
}

int sample_read(pid_t pid, struct sample *ret)
{
	struct buf text = { 0 };
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	r = fd_read_path(path, &text, STAT_MAX);
	if (r == 0)
		r = sample_parse(buf_str(&text), ret);
	if (r == 0) {
		ret->pid = pid;
		ret->at_us = clock_us();
	}
	buf_done(&text);
	return r;
}
