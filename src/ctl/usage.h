/* usage.h - what the supervisor says of CPU and memory, as lines to show.
 * Runs in: forkserverctl. */
#ifndef CTL_USAGE_H
#define CTL_USAGE_H

#include "ctl/client.h"
#include "rpc/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct ctl;

/* A process or a zygote.  Texts are borrowed from the answer; numbers are -1 if not known. */
struct usage_line {
	char *name; /* owned; "group:process", "process", "zygote:name", "zygote:name#2" */
	struct rpc_value *value; /* borrowed from the answer */
	bool is_zygote;
	const char *state;
	const char *run_state;    /* "S"; "" */
	const char *memory_error; /* why memory cannot be read; "" */
	int64_t pid;              /* 0: it does not run */
	int64_t threads, restarts;
	int64_t rss, pss, private, shared; /* bytes */
	double uptime, cpu_seconds, sampled, memory_age;
	double cpu; /* percent of one CPU since the sample before; see usage_compare() */
};

enum usage_order { USAGE_BY_CPU, USAGE_BY_MEMORY, USAGE_BY_NAME };

struct usage {
	struct rpc_value *answer; /* owned */
	struct usage_line *lines; /* owned; zygotes first */
	size_t n;
};

/* Asks.  Says nothing; usage_done() is due anyway. */
enum client_outcome usage_ask(struct ctl *ctl, struct usage *usage);
/* Takes an answer over.  false: out of memory. */
bool usage_take(struct usage *usage, struct rpc_value *answer);
void usage_done(struct usage *usage); /* zeroed is legal */

/* Drops all but the processes that the names mean, and their zygotes; no name: all stay.  Names
 * that are none's are said. */
void usage_select(struct ctl *ctl, struct usage *usage, char **names);

/* Fills cpu, from an earlier answer of the same supervisor. */
void usage_compare(struct usage *usage, const struct usage *before);
void usage_sort(struct usage *usage, enum usage_order order);

/* Mebibytes with one decimal, "12.3"; "-" if not known. */
void usage_add_mib(struct buf *to, int width, int64_t bytes);

#endif
