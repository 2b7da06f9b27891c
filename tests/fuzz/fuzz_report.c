/* fuzz_report.c - any bytes as the audit report that a zygote sends: the process that runs the
 * application's code has written it.  The supervisor reads the verdict and shows the rest to
 * people, on their terminal; `--audit-only` makes a baseline of it. */
#include "base/error.h"
#include "base/utf8.h"
#include "report/baseline.h"
#include "report/text.h"
#include "report/verdict.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* Lines of text, in which nothing is a command to a terminal but our own colours. */
static void check_text(const char *text, bool color)
{
	size_t left = strlen(text), n;

	must(left > 0 && (color || text[left - 1] == '\n'));
	for (const char *p = text; left > 0; p += n, left -= n) {
		unsigned char c = (unsigned char)*p;

		n = utf8_length(p, left);
		must(n > 0);
		if (n == 1)
			must((c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t' ||
			     (color && c == 0x1b && p[1] == '['));
		else /* nor of those above ASCII */
			must(!(c == 0xc2 && (unsigned char)p[1] < 0xa0));
	}
}

/* A baseline that was written is read, and written from nothing else it would be the same. */
static void check_baseline(const char *json)
{
	struct error err = { { 0 } };
	struct baseline *baseline;
	char *text = baseline_write(&json, 1, &err);

	if (!text) {
		must(err.text[0]);
		return;
	}
	must(baseline_parse(&baseline, "baseline", text, strlen(text), &err) == 0);
	baseline_free(baseline);
	free(text);
}

static void check_report(const char *json, size_t len)
{
	struct verdict_summary summary;
	int verdict = verdict_read(&summary, json, len);

	if (verdict == 0)
		must(summary.verdict == VERDICT_CLEAN || summary.verdict == VERDICT_VIOLATIONS ||
		     summary.verdict == VERDICT_IMPORT_FAILED ||
		     summary.verdict == VERDICT_NO_AUDIT);
	for (int color = 0; color < 2; color++) {
		struct error err = { { 0 } };
		char *text = report_text(json, len, color, &err);

		must(text || err.text[0]);
		must(text || verdict < 0); /* what was believed can be shown */
		if (text)
			check_text(text, color);
		free(text);
	}
	check_baseline(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct error err = { { 0 } };
	struct baseline *baseline;
	char *json = malloc(len + 1); /* a message's body has a NUL behind it */

	must(json != NULL);
	memcpy(json, data, len);
	json[len] = '\0';
	check_report(json, len);
	if (baseline_parse(&baseline, "baseline", json, len, &err) == 0)
		baseline_free(baseline);
	else
		must(err.text[0]);
	free(json);
	return 0;
}
