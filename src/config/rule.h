/* rule.h - one `allow` rule: which finding of the audit is accepted, and what becomes of it in a
 * worker. Runs in: supervisor (to check), tracer (to judge).  Pure.
 *
 * Grammar:  PATTERN [at LOCATION] [keep|reopen|null|close]
 *
 *   PATTERN   KIND or KIND:TARGET.  KIND is a kind of finding (fd, thread, process, mapping, lock,
 *             io_uring) or a type of fd (file, directory, socket, pipe, eventpoll, ...).  TARGET is
 *             a fnmatch(3) pattern, without FNM_PATHNAME, on the target as the report shows it (a
 *             path, "TCP 127.0.0.1:53710 -> ...", a thread's name, a command line).  Double quotes
 *             keep blanks: "thread:My Worker *" or thread:"My Worker *"; \" is a quote in quotes.
 *   LOCATION  FILE[:LINE], FUNCTION() or FILE:FUNCTION(); matches if any frame of the traceback
 *             does.  FILE is a fnmatch pattern on the whole path, or on its end from a slash on.
 *             FUNCTION is a name, or the end of a qualified one from a dot on.
 *   action    default: keep.  reopen, null and close are for fds only; reopen only for file,
 *             directory and device.
 */
#ifndef CONFIG_RULE_H
#define CONFIG_RULE_H

#include <stdbool.h>
#include <stddef.h>

struct error;

enum rule_action { RULE_KEEP, RULE_REOPEN, RULE_NULL, RULE_CLOSE };

struct rule {
	char *text;     /* as written; owned */
	char *kind;     /* owned */
	char *target;   /* pattern or NULL: any; owned */
	char *file;     /* of the location, pattern or NULL; owned */
	char *function; /* of the location or NULL; owned */
	unsigned line;  /* 0: any */
	enum rule_action action;
};

/* One finding as a rule sees it; all borrowed. */
struct rule_frame {
	const char *file;
	const char *function;
	unsigned line;
};
struct rule_subject {
	const char *kind;
	const char *type; /* NULL if it is not an fd */
	const char *target;
	const struct rule_frame *frames;
	size_t nframes;
};

/* 0, or -1 with the reason in err ("unknown kind \"fiel\"; did you mean \"file\"?"). */
int rule_parse(struct rule *rule, const char *text, struct error *err);
void rule_done(struct rule *rule);
bool rule_matches(const struct rule *rule, const struct rule_subject *subject);

/* Whether a rule can be written for this kind or type; whatever the audit reports must be known. */
bool rule_knows(const char *kind);

const char *rule_action_name(enum rule_action action);

#endif
