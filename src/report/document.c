/* document.c - see document.h. */
#include "report/document.h"

#include "base/strv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void report_init(struct report *report)
{
	memset(report, 0, sizeof(*report));
}

void report_stack_done(struct report_stack *stack)
{
	for (size_t i = 0; i < stack->nframes; i++) {
		free(stack->frames[i].file);
		free(stack->frames[i].function);
		free(stack->frames[i].source);
	}
	free(stack->frames);
	memset(stack, 0, sizeof(*stack));
}

static void finding_done(struct finding *finding)
{
	for (size_t i = 0; i < finding->nlineage; i++) {
		free(finding->lineage[i].syscall);
		free(finding->lineage[i].thread);
		report_stack_done(&finding->lineage[i].stack);
	}
	free(finding->lineage);
	free(finding->kind);
	free(finding->type);
	free(finding->target);
	strv_free(finding->flags);
	free(finding->syscall);
	free(finding->thread);
	report_stack_done(&finding->stack);
	free(finding->rule);
	free(finding->hint);
}

static void error_free(struct report_error *error)
{
	if (!error)
		return;
	for (size_t i = 0; i < error->nthreads; i++) {
		free(error->threads[i].name);
		report_stack_done(&error->threads[i].stack);
	}
	free(error->threads);
	free(error->kind);
	free(error->type);
	free(error->message);
	free(error->text);
	report_stack_done(&error->stack);
	free(error);
}

void report_done(struct report *report)
{
	for (size_t i = 0; i < report->nfindings; i++)
		finding_done(&report->findings[i]);
	free(report->findings);
	error_free(report->error);
	free(report->name);
	free(report->python);
	free(report->stdlib);
	free(report->cwd);
	strv_free(report->target);
	free(report->mode);
	free(report->policy);
	strv_free(report->unused_rules);
	strv_free(report->notes);
	memset(report, 0, sizeof(*report));
}

/* Makes room for one more element behind n of them; capacities are powers of two, so they need not
 * be stored.  Returns the new, zeroed element. */
static void *array_add(void **array, size_t *n, size_t size)
{
	if ((*n & (*n - 1)) == 0) {
		void *grown = reallocarray(*array, *n ? *n * 2 : 1, size);

		if (!grown)
			return NULL;
		*array = grown;
	}
	return memset((char *)*array + (*n)++ * size, 0, size);
}

/* A copy, NULL staying NULL. */
static int copy_text(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? -ENOMEM : 0;
}

struct finding *report_add_finding(struct report *report, const char *kind)
{
	struct finding *finding =
		array_add((void **)&report->findings, &report->nfindings, sizeof(*finding));

	if (!finding)
		return NULL;
	finding->fd = -1;
	if (copy_text(&finding->kind, kind) < 0) {
		report->nfindings--;
		return NULL;
	}
	return finding;
}

struct report_frame *report_add_frame(struct report_stack *stack, const char *file, unsigned line,
				      const char *function)
{
	struct report_frame *frame =
		array_add((void **)&stack->frames, &stack->nframes, sizeof(*frame));

	if (!frame)
		return NULL;
	frame->line = line;
	if (copy_text(&frame->file, file) < 0 || copy_text(&frame->function, function) < 0) {
		free(frame->file);
		stack->nframes--;
		return NULL;
	}
	return frame;
}

struct report_origin *report_add_origin(struct finding *finding, int fd, const char *syscall)
{
	struct report_origin *origin =
		array_add((void **)&finding->lineage, &finding->nlineage, sizeof(*origin));

	if (!origin)
		return NULL;
	origin->fd = fd;
	if (copy_text(&origin->syscall, syscall) < 0) {
		finding->nlineage--;
		return NULL;
	}
	return origin;
}

struct report_thread *report_add_thread(struct report_error *error, const char *name, int tid)
{
	struct report_thread *thread =
		array_add((void **)&error->threads, &error->nthreads, sizeof(*thread));

	if (!thread)
		return NULL;
	thread->tid = tid;
	if (copy_text(&thread->name, name) < 0) {
		error->nthreads--;
		return NULL;
	}
	return thread;
}

struct report_error *report_set_error(struct report *report, const char *kind, const char *type,
				      const char *message)
{
	struct report_error *error = calloc(1, sizeof(*error));

	if (!error)
		return NULL;
	if (copy_text(&error->kind, kind) < 0 || copy_text(&error->type, type) < 0 ||
	    copy_text(&error->message, message) < 0) {
		error_free(error);
		return NULL;
	}
	error_free(report->error);
	report->error = error;
	return error;
}

int report_note(struct report *report, const char *format, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	return n < 0 ? -ENOMEM : strv_take(&report->notes, text);
}

int report_stack_copy(struct report_stack *to, const struct report_stack *from)
{
	struct report_stack copy = { 0 };

	for (size_t i = 0; i < from->nframes; i++) {
		const struct report_frame *f = &from->frames[i];
		struct report_frame *frame = report_add_frame(&copy, f->file, f->line, f->function);

		if (!frame || copy_text(&frame->source, f->source) < 0) {
			report_stack_done(&copy);
			return -ENOMEM;
		}
	}
	*to = copy;
	return 0;
}

const char *report_verdict(const struct report *report)
{
	if (report->error)
		return "error";
	for (size_t i = 0; i < report->nfindings; i++)
		if (!report->findings[i].rule && !report->findings[i].baseline)
			return "violations";
	return "clean";
}

/* Below the standard library, but not below the packages that are installed inside it; or code
 * without a file, such as "<frozen os>" and "<string>". */
static bool is_standard(const struct report *report, const char *file)
{
	size_t len = report->stdlib ? strlen(report->stdlib) : 0;

	if (!file || file[0] == '<')
		return true;
	while (len > 1 && report->stdlib[len - 1] == '/')
		len--;
	if (!len || strncmp(file, report->stdlib, len) != 0 || file[len] != '/')
		return false;
	return !report_is_installed(file);
}

bool report_is_installed(const char *file)
{
	return file && (strstr(file, "/site-packages/") || strstr(file, "/dist-packages/"));
}

const struct report_frame *report_location(const struct report *report,
					   const struct report_stack *stack)
{
	const struct report_frame *installed = NULL;

	for (size_t i = stack->nframes; i-- > 0;) {
		const struct report_frame *frame = &stack->frames[i];

		if (is_standard(report, frame->file))
			continue;
		if (!report_is_installed(frame->file))
			return frame;
		if (!installed)
			installed = frame;
	}
	if (installed)
		return installed;
	return stack->nframes ? &stack->frames[stack->nframes - 1] : NULL;
}
