/* zygote_report.c - see zygote_report.h. */
#include "supervisor/zygote_report.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "config/config.h"
#include "ipc/channel.h"
#include "ipc/messages.h"
#include "report/text.h"
#include "report/verdict.h"
#include "supervisor/zygote_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void log_lines(const char *text)
{
	while (*text) {
		int len = (int)strcspn(text, "\n");

		log_error("  %.*s", len, text);
		text += len;
		text += *text == '\n';
	}
}

static void show_report(struct zygote_link *link, const struct message *msg)
{
	struct zygote_host *host = link->host;
	bool direct = !link->proved && host->report_fd >= 0;
	struct error err = { { 0 } };
	char *text = report_text(msg->body, msg->len, direct && host->color, &err);

	if (!text) {
		log_error("zygote '%s': its report cannot be shown: %s", link->config->name,
			  err.text);
		return;
	}
	if (direct)
		(void)fd_write_all(host->report_fd, text, strlen(text));
	else
		log_lines(text);
	free(text);
}

const char *zygote_report_summary(const struct zygote_link *link, char *text, size_t size)
{
	const struct verdict_summary *summary = &link->summary;

	if (!link->reported || link->config->policy == AUDIT_OFF)
		snprintf(text, size, "not audited");
	else if (summary->verdict == VERDICT_VIOLATIONS)
		snprintf(text, size, "%zu violation%s", summary->violations,
			 summary->violations == 1 ? "" : "s");
	else if (summary->verdict == VERDICT_IMPORT_FAILED)
		snprintf(text, size, "the application failed to import");
	else if (summary->verdict == VERDICT_NO_AUDIT)
		snprintf(text, size, "the audit could not run");
	else
		snprintf(text, size, "clean");
	return text;
}

void zygote_report_take(struct zygote_link *link, const struct message *msg)
{
	char text[64];

	if (verdict_read(&link->summary, msg->body, msg->len) < 0) {
		log_error("zygote '%s': sent something that is no report", link->config->name);
		return;
	}
	link->reported = true;
	link->audit_us = (uint64_t)(clock_us() - link->launched_us);
	if (link->summary.verdict == VERDICT_CLEAN)
		return;
	show_report(link, msg);
	if (link->config->policy == AUDIT_WARN) /* else the end of the zygote is logged with it */
		log_warn("zygote '%s': audit: %s", link->config->name,
			 zygote_report_summary(link, text, sizeof(text)));
}
