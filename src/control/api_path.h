/* api_path.h - what a path of the JSON API names.
 * Runs in: control.  Pure. */
#ifndef CONTROL_API_PATH_H
#define CONTROL_API_PATH_H

#include <stdbool.h>
#include <stddef.h>

#define API_PREFIX "/api/v1/"

enum api_what {
	API_NOTHING,
	API_PROCESSES,
	API_PROCESS, /* of this one and those up to SIGNAL, the name */
	API_START,
	API_STOP,
	API_RESTART,
	API_SIGNAL,
	API_SUPERVISOR,
	API_ZYGOTES,
	API_RELOAD, /* the name of a zygote */
	API_ROLLOUTS,
	API_ROLLOUT, /* its id, digits */
	API_USAGE,
};

struct api_path {
	enum api_what what;
	const char *name; /* in the path, nname bytes, never 0 */
	size_t nname;
};

/* `path` is unescaped already.  With `posts`, a name ends before the last slash, behind which there
 * is the word for what is to be done: so a name may hold slashes. */
struct api_path api_path_read(const char *path, bool posts);

#endif
