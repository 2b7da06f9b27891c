/* document.h - the audit report in memory: what the tracer found, how it is judged, its JSON.
 * Runs in: tracer (filled, judged and written); tests.
 *
 * Strings are owned and may hold any bytes (a path need not be UTF-8).  A zeroed struct report is
 * an empty one.  Order of use: fill in, report_fill_sources(), report_judge(), report_json(). */
#ifndef REPORT_DOCUMENT_H
#define REPORT_DOCUMENT_H

#include "config/rule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct baseline;

struct report_frame {
	char *file;
	unsigned line;  /* 0: not known */
	char *function; /* qualified where CPython has it */
	char *source;   /* stripped line, UTF-8; NULL: the file is not there or was not read yet */
};

struct report_stack { /* oldest call first, as Python prints it */
	struct report_frame *frames;
	size_t nframes;
};

/* The fd that a finding is a copy of, and so on back to the one that was opened. */
struct report_origin {
	int fd;
	char *syscall;
	char *thread;
	struct report_stack stack;
};

struct finding {
	char *kind;      /* fd thread process mapping lock io_uring */
	int fd;          /* -1: not an fd */
	char *type;      /* of an fd: file directory socket pipe eventpoll …; else may be NULL */
	char *target;    /* decoded: a path, "TCP 127.0.0.1:5432", a thread's name, … */
	char **flags;    /* strv: O_WRONLY, … */
	char *syscall;   /* that made it; NULL: not seen */
	char *thread;    /* that called it */
	int pid;         /* process or thread id; 0: none */
	bool attributed; /* the creating call was seen, so stack says who it was */
	struct report_stack stack;
	struct report_origin *lineage; /* nearest first */
	size_t nlineage;
	const char *excuse; /* static: why it is kept without a rule of the user's; NULL: none */
	/* set by report_judge() */
	char *rule; /* that allows it; NULL: none does */
	enum rule_action action;
	bool baseline; /* known before, see baseline.h */
	char *hint;
};

struct report_thread {
	char *name;
	int tid;
	struct report_stack stack;
};

struct report_error {
	char *kind; /* "import": the application failed; "audit": the audit could not run */
	char *type; /* exception class, "SIGSEGV", "timeout", … */
	char *message;
	char *text; /* Python's own traceback text, chained exceptions and all; or NULL */
	struct report_stack stack;
	struct report_thread *threads; /* of a hang */
	size_t nthreads;
};

struct report {
	char *name;    /* of the zygote; may be NULL */
	char *python;  /* "3.11.2" */
	char *stdlib;  /* "/usr/lib/python3.11": frames below it, but not below its site-packages or
			  dist-packages, are not the application's */
	char *cwd;     /* of the application when its import began; absolute */
	char **target; /* strv: the preloaded modules */
	char *mode;    /* filter full */
	char *policy;  /* enforce warn; NULL: enforce */
	uint64_t import_us;
	uint64_t events; /* stops at system calls that make fds */
	struct finding *findings;
	size_t nfindings;
	struct report_error *error; /* NULL: none */
	char **unused_rules;        /* strv; set by report_judge() */
	char **notes;               /* strv: what a person should know but cannot be blamed for */
};

/* document.c */
void report_init(struct report *report);
void report_done(struct report *report); /* the struct is empty afterwards */

/* A zeroed finding, fd -1, of this kind (copied), valid until the next call; NULL: out of memory.
 */
struct finding *report_add_finding(struct report *report, const char *kind);

/* Zeroed or empty element at the end of the array, filled from copies; NULL: out of memory. */
struct report_frame *report_add_frame(struct report_stack *stack, const char *file, unsigned line,
				      const char *function);
struct report_origin *report_add_origin(struct finding *finding, int fd, const char *syscall);
struct report_thread *report_add_thread(struct report_error *error, const char *name, int tid);

/* Replaces report->error.  NULL: out of memory. */
struct report_error *report_set_error(struct report *report, const char *kind, const char *type,
				      const char *message);

int report_note(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3))); /* 0 or -ENOMEM */

void report_stack_done(struct report_stack *stack);
int report_stack_copy(struct report_stack *to, const struct report_stack *from); /* 0, -ENOMEM */

/* "error", "violations", or "clean" if every finding is allowed or in the baseline. */
const char *report_verdict(const struct report *report);

/* Whether a source file belongs to an installed package: below site-packages or dist-packages.
 * NULL: no. */
bool report_is_installed(const char *file);

/* The innermost frame that is the application's own; without one that of an installed package,
 * which the application may be; without one the innermost of all; NULL if the stack is empty. */
const struct report_frame *report_location(const struct report *report,
					   const struct report_stack *stack);

/* source.c: reads the source line of every frame whose source is NULL.  0 or -ENOMEM; a file that
 * cannot be read is no error. */
int report_fill_sources(struct report *report);

/* judge.c: sets rule, action, baseline and hint of every finding, and unused_rules.  The first rule
 * that matches wins; `# forkserver: allow-fd [keep|reopen|null|close]` on the source line of any
 * frame allows an fd where no rule does; last comes the excuse.  baseline may be NULL; its counts
 * are used up.  0, -ENOMEM.
 */
int report_judge(struct report *report, const struct rule *rules, size_t nrules,
		 struct baseline *baseline);

/* json.c: one JSON object on one line, without a newline; malloc'ed, NULL: out of memory.  Bytes
 * that are not UTF-8 are written as the text \xNN (Python's "backslashreplace"). */
char *report_json(const struct report *report);

#endif
