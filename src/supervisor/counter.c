/* counter.c - see counter.h. */
#include "supervisor/counter.h"

#include "base/fd.h"
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LISTEN_FDS_START 3 /* sd_listen_fds(3) */
/* The last of a zygote's placeholders: below it nothing of the application's is in the way. */
#define PREFERRED 18

void counter_init(struct counter *counter)
{
	memset(counter, 0, sizeof(*counter));
	counter->fd = -1;
}

void counter_done(struct counter *counter)
{
	fd_close(&counter->fd);
	free(counter->numbers);
	counter_init(counter);
}

bool counter_is_wanted(const struct config_program *program)
{
	return program->max_requests || program->scale == SCALE_ONDEMAND;
}

static bool is_taken(const struct config_program *program, int number)
{
	for (size_t i = 0; i < program->nplaced; i++)
		if (program->socket_fds[i] == number)
			return true;
	return number < LISTEN_FDS_START + (int)program->nannounced;
}

/* From the preferred one down, or else the first one above it. */
static int choose(const struct config_program *program)
{
	int number = PREFERRED;

	while (number >= LISTEN_FDS_START && is_taken(program, number))
		number--;
	if (number >= LISTEN_FDS_START)
		return number;
	for (number = PREFERRED + 1; is_taken(program, number);)
		number++;
	return number;
}

int counter_choose(struct counter *counter, const struct config_program *program)
{
	if (!counter_is_wanted(program) || counter->number)
		return 0;
	counter->numbers = calloc(program->nplaced + 1, sizeof(int));
	if (!counter->numbers)
		return -ENOMEM;
	for (size_t i = 0; i < program->nplaced; i++)
		counter->numbers[counter->nnumbers++] = program->socket_fds[i];
	counter->number = choose(program);
	counter->numbers[counter->nnumbers++] = counter->number;
	return 0;
}

int counter_open(struct counter *counter)
{
	const unsigned seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	CLEANUP_FD int fd = -1;

	fd_close(&counter->fd);
	if (!counter->number)
		return 0;
	fd = memfd_create("forkserver-requests", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || ftruncate(fd, sizeof(uint64_t)) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0)
		return -errno;
	counter->fd = fd;
	fd = -1;
	return 0;
}

uint64_t counter_read(const struct counter *counter)
{
	uint64_t count;

	if (counter->fd < 0 || pread(counter->fd, &count, sizeof(count), 0) != sizeof(count))
		return 0;
	return count;
}
