/* suggest.c - see suggest.h. */
#include "config/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 48 /* no known word is longer */

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Damerau's distance in its "optimal string alignment" form; both words at most WORD_MAX long. */
static unsigned distance(const char *a, const char *b)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];
	unsigned la = (unsigned)strlen(a), lb = (unsigned)strlen(b);

	for (unsigned i = 0; i <= la; i++)
		d[i][0] = i;
	for (unsigned j = 0; j <= lb; j++)
		d[0][j] = j;
	for (unsigned i = 1; i <= la; i++) {
		for (unsigned j = 1; j <= lb; j++) {
			unsigned best = d[i - 1][j - 1] + !same(a[i - 1], b[j - 1]);

			best = min(best, d[i - 1][j] + 1);
			best = min(best, d[i][j - 1] + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				best = min(best, d[i - 2][j - 2] + 1);
			d[i][j] = best;
		}
	}
	return d[la][lb];
}

/* Whether one of the two is the beginning of the other, and not a tiny one. */
static bool begins(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), shorter = la < lb ? la : lb;

	return shorter >= 4 && strncasecmp(a, b, shorter) == 0;
}

const char *suggest(const char *word, const char *const *words, size_t n)
{
	size_t len = strlen(word);
	unsigned best = len >= 3 ? (unsigned)(len / 3) + 1 : 2; /* one more than is accepted */
	const char *found = NULL;

	if (len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		unsigned far = strlen(words[i]) <= WORD_MAX ? distance(word, words[i]) : best;

		if (far < best) {
			best = far;
			found = words[i];
		}
	}
	for (size_t i = 0; i < n && !found; i++)
		if (begins(word, words[i]))
			found = words[i];
	return found;
}
