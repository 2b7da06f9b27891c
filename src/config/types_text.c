/* types_text.c - see types.h: texts that are checked, and lists of them. */
#include "base/error.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/config.h"
#include "config/paths.h"
#include "config/rule.h"
#include "config/types.h"
#include "config/words.h"

#include <ctype.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

void text_done(void *field)
{
	free(*(char **)field);
	*(char **)field = NULL;
}

void list_done(void *field)
{
	strv_free(*(char ***)field);
	*(char ***)field = NULL;
}

int give_text(void *field, char *text, struct error *err)
{
	*(char **)field = text;
	return text ? 0 : error_set(err, "out of memory");
}

bool same_text(const void *a, const void *b)
{
	const char *one = *(char *const *)a, *other = *(char *const *)b;

	return one && other ? strcmp(one, other) == 0 : one == other;
}

bool same_list(const void *a, const void *b)
{
	char *const *one = *(char **const *)a, *const *other = *(char **const *)b;
	size_t n = strv_len(one);

	if (n != strv_len(other))
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(one[i], other[i]) != 0)
			return false;
	return true;
}

static int parse_command(void *field, const char *text, const void *aux, struct error *err)
{
	(void)aux;
	return give_text(field, strdup(text), err);
}
const struct config_type type_command = { "a command", parse_command, text_done, same_text };

const struct config_type type_anything = { "a text", parse_command, text_done, same_text };

static int parse_text(void *field, const char *text, const void *aux, struct error *err)
{
	(void)aux;
	if (!*text)
		return error_set(err, "the value is empty; give one or remove the line");
	return give_text(field, strdup(text), err);
}
const struct config_type type_text = { "a text", parse_text, text_done, same_text };

int config_user_id(const char *user, uid_t *ret)
{
	const struct passwd *entry;
	long long id;

	if (config_integer(user, 10, &id) == 0)
		entry = id >= 0 && id < UINT32_MAX ? getpwuid((uid_t)id) : NULL;
	else
		entry = getpwnam(user);
	if (!entry)
		return -1;
	*ret = entry->pw_uid;
	return 0;
}

static int parse_user(void *field, const char *text, const void *aux, struct error *err)
{
	uid_t uid;

	(void)aux;
	if (config_user_id(text, &uid) < 0)
		return error_set(err,
				 "Invalid user name %.100s; it is not in the users' database "
				 "(getent passwd)",
				 text);
	return give_text(field, strdup(text), err);
}
const struct config_type type_user = { "a user's name or number", parse_user, text_done,
				       same_text };

static bool group_exists(const char *group)
{
	long long id;

	if (config_integer(group, 10, &id) == 0)
		return id >= 0 && id < UINT32_MAX && getgrgid((gid_t)id);
	return getgrnam(group) != NULL;
}

static int parse_owner(void *field, const char *text, const void *aux, struct error *err)
{
	size_t len = strcspn(text, ":");
	CLEANUP_FREE char *user = strndup(text, len);
	uid_t uid;

	(void)aux;
	if (!user)
		return error_set(err, "out of memory");
	if (config_user_id(user, &uid) < 0)
		return error_set(err,
				 "Invalid user:group definition %.100s: there is no user %.100s",
				 text, user);
	if (text[len] && !group_exists(text + len + 1))
		return error_set(err,
				 "Invalid user:group definition %.100s: there is no group %.100s",
				 text, text + len + 1);
	return give_text(field, strdup(text), err);
}
const struct config_type type_owner = { "user or user:group", parse_owner, text_done, same_text };

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int check_parent(const char *path, const char *written, struct error *err)
{
	CLEANUP_FREE char *directory = path_directory(path);

	if (!directory)
		return error_set(err, "out of memory");
	if (!is_directory(directory))
		return error_set(err,
				 "The directory named as part of the path %.500s does not exist; "
				 "create %.500s or correct the path",
				 written, directory);
	return 0;
}

static int parse_newfile(void *field, const char *text, const void *aux, struct error *err)
{
	CLEANUP_FREE char *path = path_home(text);

	(void)aux;
	if (!*text)
		return error_set(err, "the value is empty; give a path or remove the line");
	if (!path)
		return error_set(err, "out of memory");
	if (check_parent(path, text, err) < 0)
		return -1;
	return give_text(field, path_absolute(path), err);
}
const struct config_type type_newfile = { "a path in an existing directory", parse_newfile,
					  text_done, same_text };

static int parse_mainlog(void *field, const char *text, const void *aux, struct error *err)
{
	if (strcmp(text, "syslog") == 0)
		return give_text(field, strdup(text), err);
	return parse_newfile(field, text, aux, err);
}
const struct config_type type_mainlog = { "a path in an existing directory, or syslog",
					  parse_mainlog, text_done, same_text };

/* Absolute, as the working directory will be another one. */
static int parse_directory(void *field, const char *text, const void *aux, struct error *err)
{
	CLEANUP_FREE char *path = path_home(text);

	(void)aux;
	if (path && !is_directory(path))
		return error_set(err, "%.500s is not an existing directory", text);
	return give_text(field, path ? path_absolute(path) : NULL, err);
}
const struct config_type type_directory = { "an existing directory", parse_directory, text_done,
					    same_text };

static void log_done(void *field)
{
	text_done(&((struct config_log *)field)->file);
}

static bool same_log(const void *a, const void *b)
{
	const struct config_log *one = a, *other = b;

	return same_text(&one->file, &other->file) && one->automatic == other->automatic &&
	       one->syslog == other->syslog;
}

static int parse_log(void *field, const char *text, const void *aux, struct error *err)
{
	struct config_log *log = field;
	char *path;

	(void)aux;
	if (!*text || strcasecmp(text, "none") == 0 || strcasecmp(text, "off") == 0)
		return 0;
	if (strcasecmp(text, "auto") == 0) {
		log->automatic = true;
		return 0;
	}
	if (strcasecmp(text, "syslog") == 0) {
		log->syslog = true;
		return 0;
	}
	path = path_home(text);
	if (path && check_parent(path, text, err) < 0) {
		free(path);
		return -1;
	}
	return give_text(&log->file, path, err);
}
const struct config_type type_log = { "a path in an existing directory, AUTO or NONE", parse_log,
				      log_done, same_log };

/* Characters of an identifier; every letter beyond ASCII is taken as one. */
static bool is_identifier(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (!isalpha(c) && c != '_' && c < 0x80 && (!i || !isdigit(c)))
			return false;
	}
	return len > 0;
}

static bool is_dotted(const char *text, size_t len)
{
	size_t start = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && text[i] != '.')
			continue;
		if (!is_identifier(text + start, i - start))
			return false;
		start = i + 1;
	}
	return true;
}

static int bad_module(const char *word, struct error *err)
{
	size_t len = strlen(word);
	size_t colon = strcspn(word, ":");
	char module[128];

	if (colon < len && is_dotted(word, colon))
		return error_set(err,
				 "'%.200s' is not a module; name the module only (%.*s), and put a "
				 "callable into warmup",
				 word, (int)colon, word);
	if (len > 3 && len < sizeof(module) && strcmp(word + len - 3, ".py") == 0) {
		snprintf(module, sizeof(module), "%.*s", (int)len - 3, word);
		for (char *p = module; *p; p++)
			if (*p == '/')
				*p = '.';
		if (is_dotted(module, strlen(module)))
			return error_set(err, "'%.200s' is a file; write the module's name, %s",
					 word, module);
	}
	return error_set(err,
			 "'%.200s' is not a module's name; write it as in an import statement, "
			 "such as shop.wsgi",
			 word);
}

static int parse_modules(void *field, const char *text, const void *aux, struct error *err)
{
	char **words;

	(void)aux;
	if (words_list(text, &words) < 0)
		return error_set(err, "out of memory");
	for (size_t i = 0; words && words[i]; i++) {
		if (!is_dotted(words[i], strlen(words[i]))) {
			bad_module(words[i], err);
			strv_free(words);
			return -1;
		}
	}
	*(char ***)field = words;
	return 0;
}
const struct config_type type_modules = { "module names separated by commas", parse_modules,
					  list_done, same_list };

static int parse_callable(void *field, const char *text, const void *aux, struct error *err)
{
	size_t colon = strcspn(text, ":");

	(void)aux;
	if (!text[colon] || !is_dotted(text, colon) ||
	    !is_dotted(text + colon + 1, strlen(text + colon + 1)))
		return error_set(err, "'%.200s' is not MODULE:CALLABLE, such as shop.boot:warm",
				 text);
	return give_text(field, strdup(text), err);
}
const struct config_type type_callable = { "MODULE:CALLABLE", parse_callable, text_done,
					   same_text };

static int parse_names(void *field, const char *text, const void *aux, struct error *err)
{
	(void)aux;
	return words_list(text, field) < 0 ? error_set(err, "out of memory") : 0;
}
const struct config_type type_names = { "names separated by commas", parse_names, list_done,
					same_list };

static int parse_paths(void *field, const char *text, const void *aux, struct error *err)
{
	char **words, **paths = NULL;

	(void)aux;
	if (words_paths(text, &words) < 0)
		return error_set(err, "out of memory");
	for (size_t i = 0; words && words[i]; i++) {
		if (strv_take(&paths, path_home(words[i])) < 0) {
			strv_free(words);
			strv_free(paths);
			return error_set(err, "out of memory");
		}
	}
	strv_free(words);
	*(char ***)field = paths;
	return 0;
}
const struct config_type type_paths = { "directories separated by colons", parse_paths, list_done,
					same_list };

static int parse_rules(void *field, const char *text, const void *aux, struct error *err)
{
	char **lines;

	(void)aux;
	if (words_lines(text, &lines) < 0)
		return error_set(err, "out of memory");
	for (size_t i = 0; lines && lines[i]; i++) {
		struct rule rule;

		if (rule_parse(&rule, lines[i], err) < 0) {
			error_prefix(err, "rule '%.200s'", lines[i]);
			strv_free(lines);
			return -1;
		}
		rule_done(&rule);
	}
	*(char ***)field = lines;
	return 0;
}
const struct config_type type_rules = { "allow rules, one a line", parse_rules, list_done,
					same_list };

/* Over what the field holds already (env_file's). */
static int parse_environment(void *field, const char *text, const void *aux, struct error *err)
{
	char **own = NULL;
	int r = 0;

	(void)aux;
	if (words_environment(text, &own, err) < 0)
		return -1;
	for (size_t i = 0; own && own[i] && r == 0; i++) {
		char *value = strchr(own[i], '=');

		*value++ = '\0';
		r = strv_setenv(field, own[i], value);
	}
	strv_free(own);
	return r < 0 ? error_set(err, "out of memory") : 0;
}

/* Each variable is there once; their order is nobody's business. */
static bool same_environment(const void *a, const void *b)
{
	char *const *one = *(char **const *)a, *const *other = *(char **const *)b;
	size_t n = strv_len(one);

	if (n != strv_len(other))
		return false;
	for (size_t i = 0; i < n; i++) {
		size_t k = strcspn(one[i], "=");
		CLEANUP_FREE char *name = strndup(one[i], k);
		const char *value = name ? strv_getenv(other, name) : NULL;

		if (!value || strcmp(value, one[i] + k + 1) != 0)
			return false;
	}
	return true;
}

const struct config_type type_environment = { "NAME=\"VALUE\" separated by commas",
					      parse_environment, list_done, same_environment };
