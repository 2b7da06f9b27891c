/* stacks.h - captured stacks as a report shows them.
 * Runs in: tracer. */
#ifndef TRACER_STACKS_H
#define TRACER_STACKS_H

#include <stdbool.h>

struct engine;
struct pystack;
struct pystack_lines;
struct report_stack;

/* Appends the frames, oldest first, without importlib's own and the zygote's.  stack may be NULL.
 * 0 or -ENOMEM. */
int stacks_add(struct report_stack *to, struct engine *engine, const struct pystack *stack);
int stacks_add_lines(struct report_stack *to, const struct pystack_lines *lines);

/* Whether a file is importlib's or the zygote's. */
bool stacks_is_machinery(const char *file);

#endif
