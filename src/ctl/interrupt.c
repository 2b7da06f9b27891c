/* interrupt.c - see interrupt.h. */
#include "ctl/interrupt.h"

#include <stddef.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signum)
{
	(void)signum;
	interrupted = 1;
}

void interrupt_catch(struct sigaction *ret_before)
{
	struct sigaction action = { .sa_handler = on_interrupt };

	interrupted = 0;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, ret_before);
}

void interrupt_release(const struct sigaction *before)
{
	sigaction(SIGINT, before, NULL);
}

bool interrupt_came(void)
{
	return interrupted;
}
