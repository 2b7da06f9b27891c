/* api_path.c - see api_path.h. */
#include "control/api_path.h"

#include "base/util.h"

#include <string.h>

#define PROCESSES "processes"

static const struct {
	const char *word;
	enum api_what what;
} actions[] = {
	{ "start", API_START },
	{ "stop", API_STOP },
	{ "restart", API_RESTART },
	{ "signal", API_SIGNAL },
};

static struct api_path read_action(const char *name)
{
	const char *slash = strrchr(name, '/');

	for (size_t i = 0; slash && slash > name && i < ARRAY_LEN(actions); i++)
		if (strcmp(slash + 1, actions[i].word) == 0)
			return (struct api_path){ actions[i].what, name, (size_t)(slash - name) };
	return (struct api_path){ API_NOTHING, NULL, 0 };
}

struct api_path api_path_read(const char *path, bool posts)
{
	struct api_path nothing = { API_NOTHING, NULL, 0 };
	const char *name;

	if (strncmp(path, API_PREFIX, strlen(API_PREFIX)) != 0)
		return nothing;
	path += strlen(API_PREFIX);
	if (strcmp(path, "supervisor") == 0)
		return (struct api_path){ API_SUPERVISOR, NULL, 0 };
	if (strcmp(path, "zygotes") == 0)
		return (struct api_path){ API_ZYGOTES, NULL, 0 };
	if (strcmp(path, "usage") == 0)
		return (struct api_path){ API_USAGE, NULL, 0 };
	if (strncmp(path, PROCESSES, strlen(PROCESSES)) != 0)
		return nothing;
	path += strlen(PROCESSES);
	if (!*path)
		return (struct api_path){ API_PROCESSES, NULL, 0 };
	if (*path != '/' || !path[1])
		return nothing;
	name = path + 1;
	return posts ? read_action(name) : (struct api_path){ API_PROCESS, name, strlen(name) };
}
