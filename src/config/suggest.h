/* suggest.h - "did you mean": the known word that is nearest to a misspelt one.
 * Runs in: supervisor, tracer.  Pure. */
#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

#include <stddef.h>

/* The nearest of n words at most a third of the word's length (at least one letter) away, case
 * ignored, a swap of two neighbours counting as one; else one that begins or is begun by the word
 * (warn, warning); or NULL.  Borrowed from words. */
const char *suggest(const char *word, const char *const *words, size_t n);

#endif
