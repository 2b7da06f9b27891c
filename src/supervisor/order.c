/* order.c - see order.h. */
#include "supervisor/order.h"

#include "base/util.h"
#include "supervisor/depends.h"
#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/process.h"

#define MORE_SECONDS 0.5

/* From the last to the first.  Whether somebody is being stopped, and whether somebody is left. */
static void stop_who_can(const struct groups *groups, bool *ret_stopping, bool *ret_left)
{
	*ret_stopping = *ret_left = false;
	for (size_t i = groups->n; i > 0; i--) {
		const struct group *group = groups->all[i - 1];

		for (size_t k = group->n; k > 0; k--) {
			struct process *process = group->processes[k - 1];

			if (process->condemned &&
			    !depends_needed(groups, process, DEPENDS_CONDEMNED)) {
				process->condemned = false;
				process_handle(process, PROCESS_STOP);
			}
			*ret_left |= process->condemned;
			*ret_stopping |= process->state == PROCESS_STOPPING;
		}
	}
}

/* In a circle nobody could ever go first. */
static void stop_all_condemned(const struct groups *groups)
{
	for (size_t i = groups->n; i > 0; i--) {
		const struct group *group = groups->all[i - 1];

		for (size_t k = group->n; k > 0; k--) {
			struct process *process = group->processes[k - 1];

			if (!process->condemned)
				continue;
			process->condemned = false;
			process_handle(process, PROCESS_STOP);
		}
	}
}

static void carry_out(struct order *order)
{
	bool stopping;

	stop_who_can(order->groups, &stopping, &order->condemned);
	if (!order->condemned || stopping)
		return;
	stop_all_condemned(order->groups);
	order->condemned = false;
}

static void look_at_held(const struct groups *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		for (size_t k = 0; k < groups->all[i]->n; k++)
			process_recheck(groups->all[i]->processes[k]);
}

static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct order *order = container_of(timer, struct order, look);

	(void)loop;
	(void)events;
	if (order->condemned && !ev_is_active(&order->more))
		carry_out(order);
	look_at_held(order->groups);
}

static void on_no_more(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct order *order = container_of(timer, struct order, more);

	(void)loop;
	(void)events;
	carry_out(order);
}

void order_init(struct order *order, struct ev_loop *loop, const struct groups *groups)
{
	order->loop = loop;
	order->groups = groups;
	order->condemned = false;
	ev_init(&order->look, on_look);
	ev_init(&order->more, on_no_more);
}

void order_done(struct order *order)
{
	if (!order->loop)
		return;
	ev_timer_stop(order->loop, &order->look);
	ev_timer_stop(order->loop, &order->more);
}

void order_changed(struct order *order)
{
	if (ev_is_active(&order->look))
		return;
	ev_timer_set(&order->look, 0., 0.);
	ev_timer_start(order->loop, &order->look);
}

static void condemn(struct order *order, struct process *process)
{
	if (process_is_down(process) || process->state == PROCESS_STOPPING)
		return;
	process->condemned = true;
	order->condemned = true;
}

void order_condemn(struct order *order, struct process *process)
{
	condemn(order, process);
	ev_timer_stop(order->loop, &order->more);
	ev_now_update(order->loop);
	ev_timer_set(&order->more, MORE_SECONDS, 0.);
	ev_timer_start(order->loop, &order->more);
}

void order_stop(struct order *order, struct process *const *processes, size_t n)
{
	ev_timer_stop(order->loop, &order->more);
	for (size_t i = 0; i < n; i++)
		condemn(order, processes[i]);
	carry_out(order);
}
