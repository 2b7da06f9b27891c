/* error.h - a message for the person who has to act on a failure.
 * Runs in: every process. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#define ERROR_TEXT_MAX 2048

/* Embedded by value; starts empty when zeroed.  Longer texts are cut. */
struct error {
	char text[ERROR_TEXT_MAX];
};

/* Replaces the text.  NULL err is allowed and does nothing.  Always returns -1, so that
 * `return error_set(err, …)` reads well. */
int error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "PREFIX: " before the text that is there.  Always returns -1. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
