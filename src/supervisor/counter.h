/* counter.h - how many requests a process has done, in memory that it shares with us.
 * Runs in: supervisor.
 *
 * A number of 64 bits in a memfd of its own for each start, which the process writes and we read by
 * pread(2): nothing of it is ever mapped here, the seals keep its size, and no other process has
 * it.  So all that a process can do with it is to say a wrong number, about itself. */
#ifndef SUPERVISOR_COUNTER_H
#define SUPERVISOR_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_program;

#define COUNTER_VARIABLE "FORKSERVER_COUNTER" /* the fd's number, in the process's environment */

/* Embedded in the process. */
struct counter {
	int fd;       /* owned; of the last start; -1: none */
	int number;   /* what it is in the process; 0: it gets none */
	int *numbers; /* owned; the program's socket_fds, and `number` behind them */
	size_t nnumbers;
};

void counter_init(struct counter *counter);
void counter_done(struct counter *counter);

/* Whether the program's keys need it: max_requests, or idlesecs. */
bool counter_is_wanted(const struct config_program *program);

/* Chooses a number that no socket of the program has, if it is to count; once.  0 or -ENOMEM. */
int counter_choose(struct counter *counter, const struct config_program *program);

/* A new one, 0, for a start.  0 or -errno; 0 too if the process gets none. */
int counter_open(struct counter *counter);

/* What the process says; 0 if there is none. */
uint64_t counter_read(const struct counter *counter);

#endif
