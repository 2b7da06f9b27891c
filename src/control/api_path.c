/* api_path.c - see api_path.h. */
#include "control/api_path.h"

#include "base/util.h"

#include <string.h>

struct action {
	const char *word;
	enum api_what what;
};

static const struct action process_actions[] = {
	{ "start", API_START },   { "stop", API_STOP },  { "restart", API_RESTART },
	{ "signal", API_SIGNAL }, { NULL, API_NOTHING },
};

static const struct action zygote_actions[] = {
	{ "reload", API_RELOAD },
	{ NULL, API_NOTHING },
};

/* What the paths below begin with: alone it is all of them, with a name behind it one of them, and
 * with a name and a word what is to be done to it. */
static const struct {
	const char *word;
	enum api_what all, one;
	const struct action *actions;
} collections[] = {
	{ "processes", API_PROCESSES, API_PROCESS, process_actions },
	{ "zygotes", API_ZYGOTES, API_NOTHING, zygote_actions },
	{ "rollouts", API_ROLLOUTS, API_ROLLOUT, NULL },
	{ "usage", API_USAGE, API_NOTHING, NULL },
};

static const struct api_path nothing = { API_NOTHING, NULL, 0 };

static struct api_path read_action(const struct action *actions, const char *name)
{
	const char *slash = strrchr(name, '/');

	for (; actions && actions->word && slash && slash > name; actions++)
		if (strcmp(slash + 1, actions->word) == 0)
			return (struct api_path){ actions->what, name, (size_t)(slash - name) };
	return nothing;
}

static struct api_path read_member(size_t which, const char *name, bool posts)
{
	enum api_what one = collections[which].one;

	if (posts)
		return read_action(collections[which].actions, name);
	return one == API_NOTHING ? nothing : (struct api_path){ one, name, strlen(name) };
}

struct api_path api_path_read(const char *path, bool posts)
{
	if (strncmp(path, API_PREFIX, strlen(API_PREFIX)) != 0)
		return nothing;
	path += strlen(API_PREFIX);
	if (strcmp(path, "supervisor") == 0)
		return (struct api_path){ API_SUPERVISOR, NULL, 0 };
	for (size_t i = 0; i < ARRAY_LEN(collections); i++) {
		size_t len = strlen(collections[i].word);

		if (strncmp(path, collections[i].word, len) != 0)
			continue;
		if (!path[len])
			return (struct api_path){ collections[i].all, NULL, 0 };
		if (path[len] == '/' && path[len + 1])
			return read_member(i, path + len + 1, posts);
	}
	return nothing;
}
