/* settings.h - values of [zygote:*] that somebody has given while the supervisor runs, and that
 * hold instead of the file's until they are dropped: forkserverctl deploy. Runs in: supervisor.
 * Pure. */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include <stddef.h>

struct error;

struct config_setting {
	char *zygote; /* owned, as the others */
	char *key;
	char *text; /* as it would stand in the file, but nothing in it is expanded */
};

/* Embedded; zeroed: none. */
struct config_settings {
	struct config_setting *all; /* owned */
	size_t n;
};

/* What was set for the zygote is forgotten, and each line "key=value" of `lines` is set; NULL or
 * "": none.  Which keys there are is found out when the configuration is read.  0; or -1 with err
 * and nothing changed. */
int config_settings_replace(struct config_settings *settings, const char *zygote, const char *lines,
			    struct error *err);

/* What is set for the zygote, as such lines; malloc'ed, NULL: out of memory. */
char *config_settings_lines(const struct config_settings *settings, const char *zygote);
void config_settings_done(struct config_settings *settings);

#endif
