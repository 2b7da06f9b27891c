/* sample.h - what a process does just now: CPU time, threads, resident memory.
 * Runs in: supervisor.
 *
 * From /proc/PID/stat (proc(5)), which costs some ten microseconds and, other than smaps_rollup,
 * takes no lock of the process that it could hang with.  Everybody may read it. */
#ifndef SUPERVISOR_SAMPLE_H
#define SUPERVISOR_SAMPLE_H

#include <stdint.h>
#include <sys/types.h>

/* Embedded in processes and zygotes. */
struct sample {
	pid_t pid;     /* whose it is; 0: nobody's */
	int64_t at_us; /* CLOCK_MONOTONIC */
	uint64_t cpu_us;
	uint64_t rss_bytes; /* as the kernel keeps it: some pages more or less than smaps has */
	uint32_t threads;
	char state; /* 'R', 'S', 'D' … */
};

/* Fills all of it.  0, or -errno with *ret unchanged. */
int sample_read(pid_t pid, struct sample *ret);

/* All but pid and at_us, from a text of that format; 0, or -EINVAL with *ret unchanged. */
int sample_parse(const char *text, struct sample *ret);

#endif
