/* format.c - see format.h. */
#include "logger/format.h"

#include "base/utf8.h"
#include "ipc/log_messages.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define IDENTIFIER "forkserver"
/* Facility user, severity info, as supervisord sends it (syslog(3)): RFC 3164. */
#define PRIORITY "14"
#define SEVERITY "6"

void stamp_set(struct stamp *stamp, const struct timespec *now)
{
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	unsigned ms = (unsigned)(now->tv_nsec / 1000000) % 1000;
	struct tm tm;
	size_t n;

	localtime_r(&now->tv_sec, &tm);
	n = strftime(stamp->text, sizeof(stamp->text), "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(stamp->text + n, sizeof(stamp->text) - n, ",%03u", ms);
	n = strftime(stamp->iso, sizeof(stamp->iso), "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(stamp->iso + n, sizeof(stamp->iso) - n, ".%03u", ms);
	n += strftime(stamp->iso + n, sizeof(stamp->iso) - n, "%z", &tm);
	/* "+0100" → "+01:00" */
	memmove(stamp->iso + n - 1, stamp->iso + n - 2, 3);
	stamp->iso[n - 2] = ':';
	n = (size_t)snprintf(stamp->syslog, sizeof(stamp->syslog), "%s ", months[tm.tm_mon % 12]);
	strftime(stamp->syslog + n, sizeof(stamp->syslog) - n, "%e %H:%M:%S", &tm);
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static size_t without_cr(const struct line *line)
{
	return line->last && line->len > 0 && line->text[line->len - 1] == '\r' ? line->len - 1
										: line->len;
}

/* Appends text with what could be taken for the end of a line, or would be cut off at, written as
 * \xNN. */
static void add_plain(struct buf *out, const char *text, size_t len)
{
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c >= 0x20 && c != 0x7f) || c == '\t' || c == 0x1b)
			continue;
		buf_add(out, text + from, i - from);
		buf_printf(out, "\\x%02x", c);
		from = i + 1;
	}
	buf_add(out, text + from, len - from);
}

void format_text(struct buf *out, const struct log_stream *stream, const struct stamp *stamp,
		 const struct line *line)
{
	buf_addstr(out, stamp->text);
	buf_addch(out, ' ');
	if (stream->process) {
		buf_addstr(out, or_empty(stream->group));
		buf_addch(out, ':');
		buf_addstr(out, stream->process);
		buf_addch(out, ' ');
		buf_addstr(out, or_empty(stream->channel));
		buf_addch(out, ' ');
	}
	buf_addstr(out, line->first ? "| " : "+ ");
	add_plain(out, line->text, without_cr(line));
	buf_addch(out, '\n');
}

/* ---- JSON (RFC 8259) ---- */

static void add_escape(struct buf *out, unsigned char c)
{
	static const char names[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
	const char *at = c ? strchr(names, c) : NULL;

	if (at) {
		buf_addch(out, '\\');
		buf_addch(out, letters[at - names]);
	} else {
		buf_printf(out, "\\u%04x", c);
	}
}

/* What is no UTF-8 becomes U+FFFD, a byte each. */
static void add_json(struct buf *out, const char *text, size_t len)
{
	size_t from = 0, at = 0;

	while (at < len) {
		unsigned char c = (unsigned char)text[at];
		size_t n = c >= 0x20 && c < 0x7f && c != '"' && c != '\\'
				   ? 1
				   : utf8_length(text + at, len - at);

		if (n > 1 || (n == 1 && c >= 0x20 && c < 0x7f && c != '"' && c != '\\')) {
			at += n;
			continue;
		}
		buf_add(out, text + from, at - from);
		if (c < 0x80)
			add_escape(out, c);
		else
			buf_addstr(out, "\xef\xbf\xbd");
		from = ++at;
	}
	buf_add(out, text + from, len - from);
}

static void add_member(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, ", \"%s\": \"", name);
	add_json(out, or_empty(value), strlen(or_empty(value)));
	buf_addch(out, '"');
}

void format_json(struct buf *out, const struct log_stream *stream, const struct stamp *stamp,
		 const struct line *line)
{
	buf_addstr(out, "{\"time\": \"");
	buf_addstr(out, stamp->iso);
	buf_addch(out, '"');
	add_member(out, "group", stream->group);
	add_member(out, "process", stream->process);
	buf_printf(out, ", \"pid\": %" PRIu32, stream->pid);
	add_member(out, "stream", stream->channel);
	buf_addstr(out, ", \"message\": \"");
	add_json(out, line->text, without_cr(line));
	buf_addstr(out, line->first && line->last ? "\"}\n" : "\", \"partial\": true}\n");
}

/* ---- datagrams ---- */

void format_syslog(struct buf *out, const struct log_stream *stream, const struct stamp *stamp,
		   const struct line *line)
{
	buf_addstr(out, "<" PRIORITY ">");
	buf_addstr(out, stamp->syslog);
	buf_addstr(out, " " IDENTIFIER ": ");
	if (stream->process) {
		buf_addstr(out, stream->process);
		buf_addch(out, ' ');
	}
	add_plain(out, line->text, without_cr(line));
}

/* https://systemd.io/JOURNAL_NATIVE_PROTOCOL: a name, a newline, the length (64 bits, little
 * endian), the bytes, a newline. */
static void add_field(struct buf *out, const char *name, const char *value, size_t len)
{
	unsigned char size[8];

	for (int i = 0; i < 8; i++)
		size[i] = (unsigned char)((uint64_t)len >> (8 * i));
	buf_addstr(out, name);
	buf_addch(out, '\n');
	buf_add(out, size, sizeof(size));
	buf_add(out, value, len);
	buf_addch(out, '\n');
}

static void add_text_field(struct buf *out, const char *name, const char *value)
{
	if (value)
		add_field(out, name, value, strlen(value));
}

void format_journal(struct buf *out, const struct log_stream *stream, const struct stamp *stamp,
		    const struct line *line)
{
	(void)stamp;
	buf_addstr(out, "PRIORITY=" SEVERITY "\n");
	add_text_field(out, "SYSLOG_IDENTIFIER", stream->process ? stream->process : IDENTIFIER);
	add_text_field(out, "FORKSERVER_GROUP", stream->group);
	add_text_field(out, "FORKSERVER_PROGRAM", stream->process);
	add_text_field(out, "FORKSERVER_CHANNEL", stream->channel);
	if (stream->pid)
		buf_printf(out, "FORKSERVER_PID=%" PRIu32 "\n", stream->pid);
	add_field(out, "MESSAGE", line->text, without_cr(line));
}
