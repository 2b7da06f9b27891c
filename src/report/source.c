/* source.c - source lines for the frames of a report: see document.h. */
#include "report/document.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/util.h"
#include "report/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOURCE_MAX ((size_t)8 << 20) /* a longer file has no sources worth showing */
#define LINE_MAX_SHOWN 1000          /* bytes of a line */
#define CACHED_FILES 16              /* neighbouring frames and findings share files */

struct source {
	char *path;      /* owned; NULL: unused */
	struct buf text; /* empty if it could not be read */
	bool latin1;     /* by its PEP 263 declaration */
	unsigned used;   /* the clock of its last use */
};

struct sources {
	const char *cwd; /* borrowed; NULL: relative paths are not found */
	struct source cached[CACHED_FILES];
	unsigned clock;
};

/* The text of line n (from 1); lines end as Python's do, with \n, \r\n or \r.  NULL: too few. */
static const char *find_line(const struct buf *text, unsigned n, size_t *ret_len)
{
	const char *at = buf_str(text), *end = at + text->len;

	while (at < end) {
		size_t len = 0;

		while (at + len < end && at[len] != '\n' && at[len] != '\r')
			len++;
		if (--n == 0) {
			*ret_len = len;
			return at;
		}
		at += len;
		at += end - at >= 2 && at[0] == '\r' && at[1] == '\n' ? 2 : 1;
	}
	return NULL;
}

/* PEP 263: "coding[=:]\s*NAME" in a comment in one of the first two lines. */
static bool declares_latin1(const struct buf *text)
{
	static const char *const names[] = { "latin-1", "latin1", "latin_1", "iso-8859-1",
					     "iso8859-1" };

	for (unsigned n = 1; n <= 2; n++) {
		size_t len;
		const char *line = find_line(text, n, &len);
		const char *at = line ? memmem(line, len, "coding", 6) : NULL;

		if (!at || !memchr(line, '#', (size_t)(at - line)) || !strchr("=:", at[6]))
			continue;
		at += 7;
		at += strspn(at, " \t");
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (strncasecmp(at, names[i], strlen(names[i])) == 0 &&
			    !strchr("0123456789", at[strlen(names[i])]))
				return true;
	}
	return false;
}

/* Only regular files are read: opening a FIFO or a device would block or do harm. */
static void read_source(struct source *source, const char *cwd)
{
	CLEANUP_FD int dir = -1, fd = -1;
	struct stat st;

	if (source->path[0] != '/') {
		dir = cwd ? open(cwd, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		if (dir < 0)
			return;
	}
	fd = openat(dir, source->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	if (fd_read_all(fd, &source->text, SOURCE_MAX) < 0)
		buf_done(&source->text);
	source->latin1 = source->text.len && declares_latin1(&source->text);
}

/* NULL: out of memory. */
static const struct source *load(struct sources *sources, const char *path)
{
	struct source *oldest = &sources->cached[0];

	sources->clock++;
	for (size_t i = 0; i < CACHED_FILES; i++) {
		struct source *source = &sources->cached[i];

		if (source->path && strcmp(source->path, path) == 0) {
			source->used = sources->clock;
			return source;
		}
		if (source->used < oldest->used)
			oldest = source;
	}
	free(oldest->path);
	buf_done(&oldest->text);
	oldest->latin1 = false;
	oldest->used = sources->clock;
	oldest->path = strdup(path);
	if (!oldest->path)
		return NULL;
	read_source(oldest, sources->cwd);
	return oldest;
}

/* Stripped as Python's traceback does, and as UTF-8. */
static char *clean_line(const char *line, size_t len, bool latin1)
{
	static const char blanks[] = " \t\f\v";
	CLEANUP_FREE char *raw = NULL;
	struct buf out = { 0 };

	while (len && strchr(blanks, *line))
		line++, len--;
	while (len && strchr(blanks, line[len - 1]))
		len--;
	if (len > LINE_MAX_SHOWN)
		len = LINE_MAX_SHOWN;
	if (!latin1) {
		raw = strndup(line, len);
		return raw ? utf8_escape(raw) : NULL;
	}
	for (size_t i = 0; i < len && line[i]; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c < 0x80)
			buf_addch(&out, (char)c);
		else
			buf_printf(&out, "%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
	}
	return buf_steal(&out);
}

static int fill_frame(struct sources *sources, struct report_frame *frame)
{
	const struct source *source;
	const char *line;
	size_t len;

	if (frame->source || !frame->file || !frame->line || frame->file[0] == '<')
		return 0;
	source = load(sources, frame->file);
	if (!source)
		return -ENOMEM;
	line = find_line(&source->text, frame->line, &len);
	if (!line)
		return 0;
	frame->source = clean_line(line, len, source->latin1);
	return frame->source ? 0 : -ENOMEM;
}

static int fill_stack(struct sources *sources, struct report_stack *stack)
{
	int r = 0;

	for (size_t i = 0; i < stack->nframes && r == 0; i++)
		r = fill_frame(sources, &stack->frames[i]);
	return r;
}

static int fill_finding(struct sources *sources, struct finding *finding)
{
	int r = fill_stack(sources, &finding->stack);

	for (size_t i = 0; i < finding->nlineage && r == 0; i++)
		r = fill_stack(sources, &finding->lineage[i].stack);
	return r;
}

static int fill_error(struct sources *sources, struct report_error *error)
{
	int r = fill_stack(sources, &error->stack);

	for (size_t i = 0; i < error->nthreads && r == 0; i++)
		r = fill_stack(sources, &error->threads[i].stack);
	return r;
}

int report_fill_sources(struct report *report)
{
	struct sources *sources = calloc(1, sizeof(*sources));
	int r = 0;

	if (!sources)
		return -ENOMEM;
	sources->cwd = report->cwd;
	for (size_t i = 0; i < report->nfindings && r == 0; i++)
		r = fill_finding(sources, &report->findings[i]);
	if (report->error && r == 0)
		r = fill_error(sources, report->error);
	for (size_t i = 0; i < CACHED_FILES; i++) {
		free(sources->cached[i].path);
		buf_done(&sources->cached[i].text);
	}
	free(sources);
	return r;
}
