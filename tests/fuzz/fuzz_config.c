/* fuzz_config.c - any bytes as a whole configuration: it is read or refused with a reason, and what
 * is read twice compares as equal.
 *
 * Inputs that name other files are passed over: what is in these is not the input. */
#include "base/buf.h"
#include "base/fd.h"
#include "config/config.h"
#include "config/config_compare.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define PROCESSES_MAX 1000 /* more would only take long */

/* NULL: refused. */
static struct config *load(const char *path)
{
	struct config *config = NULL;
	struct buf messages = { 0 };

	if (config_load(path, &config, &messages) < 0 &&
	    (config || !strstr(buf_str(&messages), "Error: ")))
		abort();
	buf_done(&messages);
	return config;
}

static void compare(const struct config *a, const struct config *b)
{
	if (a->nprograms != b->nprograms || a->ngroups != b->ngroups ||
	    a->nservers != b->nservers ||
	    config_daemon_compare(&a->daemon, &b->daemon) != CHANGE_NONE)
		abort();
	for (size_t i = 0; i < a->nservers; i++)
		if (!config_http_same(&a->servers[i], &b->servers[i]))
			abort();
	for (size_t i = 0; i < a->nprograms; i++) {
		const struct config_program *p = &a->programs[i], *q = &b->programs[i];

		if (p->nprocesses != q->nprocesses)
			abort();
		for (size_t k = 0; k < p->nprocesses; k++)
			if (!p->processes[k].name || !p->processes[k].argv ||
			    config_process_compare(p, &p->processes[k], q, &q->processes[k]) !=
				    CHANGE_NONE)
				abort();
	}
}

/* A word of the input that leads out of it, in any case. */
static bool leads_out(const char *text)
{
	return strcasestr(text, "include") || strcasestr(text, "env_file");
}

static bool too_many(const char *text)
{
	for (const char *p = text; (p = strcasestr(p, "numprocs")); p++) {
		const char *digits = p + strcspn(p, "0123456789\n");

		if (strtol(digits, NULL, 10) > PROCESSES_MAX ||
		    (strspn(digits, "0123456789_") > 3 && strchr(digits, '_')))
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = strndup((const char *)data, len), path[64];
	struct config *one, *other;
	CLEANUP_FD int fd = -1;

	if (!text)
		abort();
	if (!leads_out(text) && !too_many(text)) {
		fd = memfd_create("config", MFD_CLOEXEC);
		if (fd < 0 || fd_write_all(fd, data, len) < 0)
			abort();
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		one = load(path);
		other = load(path);
		if (!one != !other)
			abort();
		if (one)
			compare(one, other);
		config_free(one);
		config_free(other);
	}
	free(text);
	return 0;
}
