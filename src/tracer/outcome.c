/* outcome.c - judgement_outcome() and judgement_exception(): why there is no verdict, in words.
 * Runs in: tracer. */
#include "tracer/judgement.h"

#include "report/document.h"
#include "tracer/engine.h"
#include "tracer/stacks.h"
#include "tracer/tracer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* 0 or -ENOMEM. */
static int set_error(struct report *report, const char *kind, const char *type, const char *text)
{
	return report_set_error(report, kind, type, text) ? 0 : -ENOMEM;
}

int judgement_exception(struct report *report, const struct import_result *result)
{
	struct report_error *error =
		report_set_error(report, "import", result->type ? result->type : "Exception",
				 result->message ? result->message : "");

	if (!error)
		return -ENOMEM;
	error->text = result->text ? strdup(result->text) : NULL;
	for (size_t i = 0; result->frames && result->frames[i]; i += 3) {
		if (stacks_is_machinery(result->frames[i]))
			continue;
		if (!report_add_frame(&error->stack, result->frames[i],
				      (unsigned)strtoul(result->frames[i + 1], NULL, 10),
				      result->frames[i + 2]))
			return -ENOMEM;
	}
	return 0;
}

static const char *signal_name(int sig, char *space, size_t size)
{
	const char *abbrev = sigabbrev_np(sig);

	if (abbrev)
		snprintf(space, size, "SIG%s", abbrev);
	else
		snprintf(space, size, "signal %d", sig);
	return space;
}

static int set_gone(struct report *report, struct engine *engine)
{
	char type[32], text[256];

	if (WIFEXITED(engine->status)) {
		snprintf(text, sizeof(text),
			 "the application ended the process with exit status %d while it was being "
			 "imported (os._exit, a daemonising fork, or a library's exit())",
			 WEXITSTATUS(engine->status));
		return set_error(report, "import", "ProcessExit", text);
	}
	signal_name(WTERMSIG(engine->status), type, sizeof(type));
	snprintf(text, sizeof(text), "the process was killed by %s%s while importing", type,
		 WTERMSIG(engine->status) == SIGKILL
			 ? " (by the kernel for want of memory, or by somebody)"
			 : "");
	return set_error(report, "import", type, text);
}

static int set_timeout(struct report *report, struct engine *engine, unsigned timeout_s)
{
	struct report_error *error;
	char text[160];

	snprintf(text, sizeof(text),
		 "the import did not end within %u seconds (preload_timeout); this is what every "
		 "thread was doing",
		 timeout_s);
	error = report_set_error(report, "import", "Timeout", text);
	if (!error)
		return -ENOMEM;
	for (struct tracee *t = engine_next(engine, NULL); t; t = engine_next(engine, t)) {
		struct report_thread *thread;

		if (!t->collected)
			continue;
		thread = report_add_thread(error, engine_thread_name(engine, t->tid), t->tid);
		if (!thread || stacks_add(&thread->stack, engine, t->stack) < 0)
			return -ENOMEM;
		if (t->tid == engine->root && stacks_add(&error->stack, engine, t->stack) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The outcomes whose words do not depend on anything. */
static const struct {
	const char *kind;
	const char *type;
	const char *text;
} plain[] = {
	[ENGINE_CONFINED] = { "import", "SeccompFilter",
			      "the application installed a seccomp filter while importing; workers "
			      "would run without it. "
			      "Install it in the worker, or set audit_mode = full" },
	[ENGINE_UNREADABLE] = { "audit", "Unreadable",
				"the application called prctl(PR_SET_DUMPABLE, 0) while importing, "
				"after which its "
				"tracer may not read it. Call it in the worker, or give forkserver "
				"CAP_SYS_PTRACE" },
	[ENGINE_OLD_KERNEL] = { "audit", "OldKernel",
				"ptrace(PTRACE_GET_SYSCALL_INFO) does not work here: the audit "
				"needs Linux 5.3 or "
				"later, and no sandbox in its place" },
	[ENGINE_EMPTY] = { "audit", "TracerError", "the traced process has vanished" },
};

static int set_outcome(struct report *report, struct engine *engine, unsigned timeout_s)
{
	char type[32], text[512];

	switch (engine->outcome) {
	case ENGINE_GONE:
		return set_gone(report, engine);
	case ENGINE_TIMEOUT:
		return set_timeout(report, engine, timeout_s);
	case ENGINE_STOPPED:
		signal_name(engine->status, type, sizeof(type));
		snprintf(text, sizeof(text),
			 "the application was stopped by %s while importing, and nobody would wake "
			 "it again",
			 type);
		return set_error(report, "import", type, text);
	case ENGINE_EXECED:
		snprintf(text, sizeof(text),
			 "the application replaced its process by another program, %s, while "
			 "importing",
			 engine->text ? engine->text : "(unknown)");
		return set_error(report, "import", "ProcessExec", text);
	case ENGINE_CONFINED:
	case ENGINE_UNREADABLE:
	case ENGINE_OLD_KERNEL:
	case ENGINE_EMPTY:
		return set_error(report, plain[engine->outcome].kind, plain[engine->outcome].type,
				 plain[engine->outcome].text);
	case ENGINE_RUNNING:
	case ENGINE_NOTIFIED:
		break;
	}
	return set_error(report, "audit", "TracerError",
			 "the import ended in a way that was not expected");
}

int judgement_outcome(struct report *report, struct engine *engine, unsigned timeout_s)
{
	int r = set_outcome(report, engine, timeout_s);

	if (r == 0 && engine_has_cause(engine))
		r = stacks_add_lines(&report->error->stack, &engine->cause);
	return r;
}
