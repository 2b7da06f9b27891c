/* settings.c - see settings.h. */
#include "config/settings.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/util.h"
#include "config/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void setting_done(struct config_setting *setting)
{
	free(setting->zygote);
	free(setting->key);
	free(setting->text);
}

void config_settings_done(struct config_settings *settings)
{
	for (size_t i = 0; i < settings->n; i++)
		setting_done(&settings->all[i]);
	free(settings->all);
	memset(settings, 0, sizeof(*settings));
}

static int append(struct config_settings *settings, const char *zygote, const char *key,
		  const char *text)
{
	struct config_setting *setting =
		array_append((void **)&settings->all, &settings->n, sizeof(*setting));

	if (!setting)
		return -ENOMEM;
	setting->zygote = strdup(zygote);
	setting->key = strdup(key);
	setting->text = strdup(text);
	return setting->zygote && setting->key && setting->text ? 0 : -ENOMEM;
}

/* All but those of `without`. */
static int copy_others(struct config_settings *ret, const struct config_settings *from,
		       const char *without)
{
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < from->n && r == 0; i++) {
		const struct config_setting *setting = &from->all[i];

		if (strcmp(setting->zygote, without) != 0)
			r = append(ret, setting->zygote, setting->key, setting->text);
	}
	if (r < 0)
		config_settings_done(ret);
	return r;
}

char *config_settings_lines(const struct config_settings *settings, const char *zygote)
{
	struct buf lines = { 0 };

	for (size_t i = 0; i < settings->n; i++)
		if (strcmp(settings->all[i].zygote, zygote) == 0)
			buf_printf(&lines, "%s=%s\n", settings->all[i].key, settings->all[i].text);
	return lines.len ? buf_steal(&lines) : strdup("");
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		text[--len] = '\0';
	return text;
}

static int take_line(struct config_settings *settings, const char *zygote, char *line,
		     struct error *err)
{
	char *value = strchr(line, '=');
	const char *key;

	if (!value)
		return error_set(err, "'%s' is not of the form key=value", line);
	*value++ = '\0';
	key = trim(line);
	if (!*key)
		return error_set(err, "there is no key before '=%s'", value);
	return append(settings, zygote, key, trim(value)) < 0 ? error_set(err, "out of memory") : 0;
}

int config_settings_replace(struct config_settings *settings, const char *zygote, const char *lines,
			    struct error *err)
{
	CLEANUP_FREE char *copy = strdup(lines ? lines : "");
	struct config_settings made;
	char *rest = copy, *line;
	int r = 0;

	if (!copy || copy_others(&made, settings, zygote) < 0)
		return error_set(err, "out of memory");
	while (r == 0 && (line = strsep(&rest, "\n")))
		if (*trim(line))
			r = take_line(&made, zygote, line, err);
	if (r < 0) {
		config_settings_done(&made);
		return -1;
	}
	config_settings_done(settings);
	*settings = made;
	return 0;
}
