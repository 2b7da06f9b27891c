/* stacks.c - see stacks.h. */
#include "tracer/stacks.h"

#include "base/util.h"
#include "report/document.h"
#include "tracer/engine.h"

#include <errno.h>
#include <string.h>

/* importlib's own frames, and the zygote's, say nothing to the reader. */
bool stacks_is_machinery(const char *file)
{
	static const char *const names[] = { "<frozen importlib._bootstrap>",
					     "<frozen importlib._bootstrap_external>",
					     "<frozen zipimport>", "<forkserver>" };
	static const char *const ends[] = { "/importlib/__init__.py", "/importlib/_bootstrap.py",
					    "/importlib/_bootstrap_external.py" };
	size_t len = strlen(file);

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(file, names[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (len > strlen(ends[i]) && strcmp(file + len - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

int stacks_add_lines(struct report_stack *to, const struct pystack_lines *lines)
{
	for (size_t i = lines->n; i-- > 0;) {
		const struct pystack_line *line = &lines->lines[i];

		if (!stacks_is_machinery(line->file) &&
		    !report_add_frame(to, line->file, line->line, line->function))
			return -ENOMEM;
	}
	return 0;
}

int stacks_add(struct report_stack *to, struct engine *engine, const struct pystack *stack)
{
	struct pystack_lines lines;
	int r = pystack_resolve(&engine->reader, stack, &lines);

	if (r == 0)
		r = stacks_add_lines(to, &lines);
	pystack_lines_done(&lines);
	return r;
}
