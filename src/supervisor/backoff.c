/* backoff.c - see backoff.h. */
#include "supervisor/backoff.h"

#include "config/config.h"

#define LONGEST (1u << 20) /* twelve days, if nobody says less */

unsigned backoff_delay(const struct config_program *program, unsigned failures)
{
	unsigned delay = failures;

	if (program->backoff == BACKOFF_EXPONENTIAL)
		delay = failures > 20 ? LONGEST : 1u << (failures - 1);
	if (delay > LONGEST)
		delay = LONGEST;
	if (program->backoff_max && delay > program->backoff_max)
		delay = program->backoff_max;
	return delay;
}

double budget_spend(struct budget *budget, double max, double per_second, double now)
{
	if (budget->at == 0.)
		budget->left = max;
	else
		budget->left += (now - budget->at) * per_second;
	budget->at = now;
	if (budget->left > max)
		budget->left = max;
	budget->left -= 1.;
	return budget->left >= 0. ? 0. : -budget->left / per_second;
}
