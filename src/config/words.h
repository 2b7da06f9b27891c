/* words.h - values taken apart into words, as Python's shlex does for supervisord.
 * Runs in: supervisor.  Pure. */
#ifndef CONFIG_WORDS_H
#define CONFIG_WORDS_H

struct error;

/* A command as shlex.split() splits it: quotes and backslashes as in a POSIX shell, no variables,
 * no globbing, no comments.  0 and a new vector, never empty; or -1. */
int words_command(const char *text, char ***ret, struct error *err);

/* `environment =`: KEY=value,KEY2="any value".  A bare value consists of letters, digits and
 * _/.+-():, anything else needs quotes; within double quotes \" and \\ stand for " and \.
 * A bare # begins a comment.  0 and a new vector of NAME=VALUE (NULL if there is none), or -1. */
int words_environment(const char *text, char ***ret, struct error *err);

/* Names separated by commas and white space; nothing between two commas is skipped. */
int words_list(const char *text, char ***ret);

/* str.split() of Python: words separated by white space. */
int words_blanks(const char *text, char ***ret);

/* One entry a line, white space around it taken away, empty lines skipped. */
int words_lines(const char *text, char ***ret);

/* Paths separated by colons, commas or line ends, white space around them taken away. */
int words_paths(const char *text, char ***ret);

#endif
