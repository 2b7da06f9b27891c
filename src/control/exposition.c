/* exposition.c - see exposition.h. */
#include "control/exposition.h"

#include "base/buf.h"
#include "base/histogram.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void exposition_family(struct buf *to, const char *name, const char *type, const char *help)
{
	buf_printf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_value(struct buf *to, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t n = 1;

		if (*text == '\n')
			buf_addstr(to, "\\n");
		else if (*text == '"' || *text == '\\')
			buf_printf(to, "\\%c", *text);
		else
			n = utf8_copy(to, text, left);
		text += n;
		left -= n;
	}
}

static void begin_sample(struct buf *to, const char *name, const char *suffix,
			 const struct label *labels, size_t n)
{
	buf_printf(to, "%s%s", name, suffix);
	for (size_t i = 0; i < n; i++) {
		buf_printf(to, "%c%s=\"", i ? ',' : '{', labels[i].name);
		add_value(to, labels[i].value);
		buf_addch(to, '"');
	}
	if (n)
		buf_addch(to, '}');
	buf_addch(to, ' ');
}

static void add_seconds(struct buf *to, uint64_t us)
{
	buf_printf(to, "%" PRIu64 ".%06u\n", us / 1000000, (unsigned)(us % 1000000));
}

void exposition_count(struct buf *to, const char *name, const struct label *labels, size_t n,
		      uint64_t value)
{
	begin_sample(to, name, "", labels, n);
	buf_printf(to, "%" PRIu64 "\n", value);
}

void exposition_seconds(struct buf *to, const char *name, const struct label *labels, size_t n,
			uint64_t us)
{
	begin_sample(to, name, "", labels, n);
	add_seconds(to, us);
}

/* A bound as Prometheus' own clients write it: without zeros that say nothing. */
static void write_bound(char *text, size_t size, uint32_t us)
{
	snprintf(text, size, "%g", us / 1e6);
}

void exposition_histogram(struct buf *to, const char *name, const struct label *labels, size_t n,
			  const struct histogram *histogram)
{
	struct label all[EXPOSITION_LABELS_MAX + 1];
	uint64_t sum = 0;
	char bound[32];

	for (size_t i = 0; i < n; i++)
		all[i] = labels[i];
	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		if (i < HISTOGRAM_BOUNDS)
			write_bound(bound, sizeof(bound), histogram_bounds_us[i]);
		else
			snprintf(bound, sizeof(bound), "+Inf");
		all[n] = (struct label){ "le", bound };
		sum += histogram->counts[i];
		begin_sample(to, name, "_bucket", all, n + 1);
		buf_printf(to, "%" PRIu64 "\n", sum);
	}
	begin_sample(to, name, "_sum", labels, n);
	add_seconds(to, histogram->sum_us);
	begin_sample(to, name, "_count", labels, n);
	buf_printf(to, "%" PRIu64 "\n", sum);
}
