/* report_sample.h - a report as the tracer would fill it, for the tests of src/report.
 * Runs in: make check. */
#ifndef TESTS_REPORT_SAMPLE_H
#define TESTS_REPORT_SAMPLE_H

#include "base/strv.h"
#include "base/util.h"
#include "report/document.h"

#include <check.h>
#include <string.h>

static inline struct finding *sample_add(struct report *report, const char *kind, const char *type,
					 const char *target)
{
	struct finding *finding = report_add_finding(report, kind);

	ck_assert_ptr_nonnull(finding);
	finding->type = type ? strdup(type) : NULL;
	finding->target = target ? strdup(target) : NULL;
	finding->attributed = true;
	return finding;
}

static inline void sample_frame(struct report_stack *stack, const char *file, unsigned line,
				const char *function, const char *source)
{
	struct report_frame *frame = report_add_frame(stack, file, line, function);

	ck_assert_ptr_nonnull(frame);
	frame->source = source ? strdup(source) : NULL;
}

/* shop.wsgi opens a log file through logging; the innermost application frame is log.py:12. */
static inline struct finding *sample_log(struct report *report)
{
	struct finding *finding = sample_add(report, "fd", "file", "/var/log/shop.log");

	finding->fd = 7;
	finding->syscall = strdup("openat");
	finding->thread = strdup("MainThread");
	ck_assert_int_eq(strv_add(&finding->flags, "O_WRONLY"), 0);
	ck_assert_int_eq(strv_add(&finding->flags, "O_CLOEXEC"), 0);
	sample_frame(&finding->stack, "/srv/shop/wsgi.py", 3, "<module>", "import log");
	sample_frame(&finding->stack, "/srv/shop/log.py", 12, "setup", "FileHandler(path)");
	sample_frame(&finding->stack, "/usr/lib/python3.11/logging/__init__.py", 1181,
		     "FileHandler._open", "return open_func(self.baseFilename)");
	return finding;
}

static inline void sample_init(struct report *report)
{
	report_init(report);
	report->name = strdup("shop");
	report->python = strdup("3.11.2");
	report->stdlib = strdup("/usr/lib/python3.11");
	report->cwd = strdup("/srv/shop");
	report->mode = strdup("filter");
	report->import_us = 612345;
	report->events = 1928;
	ck_assert_int_eq(strv_add(&report->target, "shop.wsgi"), 0);
}

#endif
