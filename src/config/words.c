/* words.c - see words.h. */
#include "config/words.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

/* At *p stands the opening quote; what is within goes to word, *p stops behind the closing one. */
static int quoted(const char **p, struct buf *word, struct error *err)
{
	char quote = *(*p)++;

	for (; **p && **p != quote; (*p)++) {
		if (quote == '"' && **p == '\\' && ((*p)[1] == '"' || (*p)[1] == '\\'))
			(*p)++;
		buf_addch(word, **p);
	}
	if (!**p)
		return error_set(err, "No closing quotation: a %c is not closed", quote);
	(*p)++;
	return 0;
}

/* One word of a command; *p stands at its first character. */
static int command_word(const char **p, struct buf *word, struct error *err)
{
	while (**p && !strchr(BLANKS, **p)) {
		if (**p == '"' || **p == '\'') {
			if (quoted(p, word, err) < 0)
				return -1;
			continue;
		}
		if (**p == '\\' && !*++*p)
			return error_set(err, "No escaped character: a \\ stands at the end");
		buf_addch(word, *(*p)++);
	}
	return 0;
}

int words_command(const char *text, char ***ret, struct error *err)
{
	struct buf word = { 0 };
	char **argv = NULL;

	for (text += strspn(text, BLANKS); *text; text += strspn(text, BLANKS)) {
		if (command_word(&text, &word, err) < 0) {
			buf_done(&word);
			strv_free(argv);
			return -1;
		}
		if (strv_take(&argv, buf_steal(&word)) < 0) {
			strv_free(argv);
			return error_set(err, "out of memory");
		}
	}
	if (!argv)
		return error_set(err, "the command is empty");
	*ret = argv;
	return 0;
}

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_/.+-():", c)) || ((unsigned char)c & 0x80);
}

static const char *skip_blanks(const char *p)
{
	p += strspn(p, BLANKS);
	while (*p == '#') {
		p += strcspn(p, "\n");
		p += strspn(p, BLANKS);
	}
	return p;
}

/* One token of environment=: a quoted text, a bare word, or a single other character. */
static int token(const char **p, struct buf *word, struct error *err)
{
	buf_clear(word);
	*p = skip_blanks(*p);
	if (**p == '"' || **p == '\'')
		return quoted(p, word, err);
	if (**p && !is_bare(**p)) {
		buf_addch(word, *(*p)++);
		return 0;
	}
	while (is_bare(**p) || (word->len && (**p == '"' || **p == '\'')))
		buf_addch(word, *(*p)++);
	return 0;
}

/* supervisord takes any quotes off a value's ends, those of a bare word too (a'b" becomes a'b). */
static void strip_quotes(struct buf *word)
{
	while (word->len && (word->data[word->len - 1] == '"' || word->data[word->len - 1] == '\''))
		word->data[--word->len] = '\0';
}

/* What may stand between two pairs. */
static int separator(const char **p, const struct buf *key, const struct buf *value,
		     struct error *err)
{
	*p = skip_blanks(*p);
	if (!**p)
		return 0;
	if (**p == ',' || **p == ';') {
		(*p)++;
		return 0;
	}
	return error_set(
		err,
		"Unexpected end of key/value pairs: after %s=%s stands \"%.40s\"; separate "
		"pairs by commas, and put values with other characters in quotes, as in "
		"%s=\"…\"",
		buf_str(key), buf_str(value), *p, buf_str(key));
}

static int pair(const char **p, struct buf *key, struct buf *value, struct error *err)
{
	bool bare;

	if (token(p, key, err) < 0)
		return -1;
	if (!key->len || !(is_bare(buf_str(key)[0])))
		return error_set(
			err,
			"Unexpected end of key/value pairs: \"%s\" stands where NAME=\"VALUE\" "
			"is expected",
			buf_str(key));
	*p = skip_blanks(*p);
	if (**p != '=')
		return error_set(
			err, "Unexpected end of key/value pairs: no = after %s; write %s=\"VALUE\"",
			buf_str(key), buf_str(key));
	*p = skip_blanks(*p + 1);
	bare = is_bare(**p);
	if (!**p || **p == ',')
		return error_set(err,
				 "Unexpected end of key/value pairs: no value after %s=; write "
				 "%s=\"\" for an empty one",
				 buf_str(key), buf_str(key));
	if (token(p, value, err) < 0)
		return -1;
	if (bare)
		strip_quotes(value);
	return separator(p, key, value, err);
}

int words_environment(const char *text, char ***ret, struct error *err)
{
	struct buf key = { 0 }, value = { 0 };
	char **environment = NULL;
	int r = 0;

	for (text = skip_blanks(text); *text && r == 0; text = skip_blanks(text)) {
		r = pair(&text, &key, &value, err);
		if (r == 0 && (key.failed || value.failed ||
			       strv_setenv(&environment, buf_str(&key), buf_str(&value)) < 0))
			r = error_set(err, "out of memory");
	}
	buf_done(&key);
	buf_done(&value);
	if (r < 0)
		strv_free(environment);
	else
		*ret = environment;
	return r;
}

/* Pieces between characters of `separators`, with `blanks` taken off their ends. */
static int split(const char *text, const char *separators, const char *blanks, char ***ret)
{
	char **words = NULL;

	for (;;) {
		size_t len;

		text += strspn(text, separators);
		text += strspn(text, blanks);
		len = strcspn(text, separators);
		if (!len && !*text)
			break;
		for (; len && strchr(blanks, text[len - 1]);)
			len--;
		if (len && strv_take(&words, strndup(text, len)) < 0) {
			strv_free(words);
			return -ENOMEM;
		}
		text += len;
		text += strspn(text, blanks);
	}
	*ret = words;
	return 0;
}

int words_list(const char *text, char ***ret)
{
	return split(text, ", \t\r\n\f\v", "", ret);
}

int words_blanks(const char *text, char ***ret)
{
	return split(text, " \t\r\n\f\v", "", ret);
}

int words_lines(const char *text, char ***ret)
{
	return split(text, "\n", " \t\r\f\v", ret);
}

int words_paths(const char *text, char ***ret)
{
	return split(text, ":,\n", " \t\r\f\v", ret);
}
