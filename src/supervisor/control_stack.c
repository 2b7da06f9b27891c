/* control_stack.c - STACK: what a worker is doing.  See control_calls.h. */
#include "base/error.h"
#include "base/util.h"
#include "ipc/pack.h"
#include "supervisor/control_calls.h"
#include "supervisor/process.h"
#include "supervisor/stack.h"
#include "supervisor/supervisor.h"

#include <stdlib.h>

#define JOBS_MAX 8 /* children at once */

struct control_stack {
	struct control_stack *next;
	struct control_calls *calls; /* borrowed */
	struct stack_job job;
	uint32_t id;
};

static void drop(struct control_stack *stack)
{
	struct control_stack **at = &stack->calls->stacks;

	while (*at != stack)
		at = &(*at)->next;
	*at = stack->next;
	stack->calls->nstacks--;
	stack_job_done(&stack->job);
	free(stack);
}

void control_stacks_forget(struct control_calls *calls)
{
	while (calls->stacks)
		drop(calls->stacks);
}

static void on_done(struct stack_job *job, const char *failure, const char *text)
{
	struct control_stack *stack = container_of(job, struct control_stack, job);
	struct buf body = { 0 };

	if (failure) {
		control_fault(stack->calls, stack->id, FAULT_FAILED, failure);
	} else {
		control_begin(&body);
		pack_str(&body, text);
		control_send(stack->calls, stack->id, &body, -1);
	}
	drop(stack);
}

static int begin(const struct control_call *call, const struct process *process, struct error *err)
{
	struct control_calls *calls = call->calls;
	struct control_stack *stack;
	int r;

	if (calls->nstacks >= JOBS_MAX)
		return error_set(err, "%d stacks are being read already", JOBS_MAX);
	stack = calloc(1, sizeof(*stack));
	if (!stack)
		return error_set(err, "out of memory");
	stack->calls = calls;
	stack->id = call->id;
	stack_job_init(&stack->job, call->supervisor->loop, &call->supervisor->reaper);
	stack->job.done = on_done;
	r = stack_job_start(&stack->job, process, err);
	if (r < 0) {
		free(stack);
		return r;
	}
	stack->next = calls->stacks;
	calls->stacks = stack;
	calls->nstacks++;
	return 0;
}

void control_stack(const struct control_call *call)
{
	struct process *process = control_process(call);
	struct error err = { { 0 } };

	if (!process)
		return;
	if (!process->pid)
		control_fault(call->calls, call->id, FAULT_NOT_RUNNING, call->request->name);
	else if (begin(call, process, &err) < 0)
		control_fault(call->calls, call->id, FAULT_FAILED, err.text);
}
