/* event_payload.c - see event_payload.h. */
#include "supervisor/event_payload.h"

#include "base/buf.h"
#include "report/utf8.h"

#include <inttypes.h>
#include <string.h>

enum extra { NOTHING, TRIES, PID, EXPECTED_PID };

static const enum extra extras[PROCESS_NSTATES] = {
	[PROCESS_STARTING] = TRIES, [PROCESS_BACKOFF] = TRIES,       [PROCESS_RUNNING] = PID,
	[PROCESS_STOPPING] = PID,   [PROCESS_EXITED] = EXPECTED_PID, [PROCESS_STOPPED] = PID,
	[PROCESS_FATAL] = NOTHING,  [PROCESS_UNKNOWN] = NOTHING,
};

void payload_state(struct buf *buf, const struct state_payload *what)
{
	buf_printf(buf, "processname:%s groupname:%s from_state:%s", what->process, what->group,
		   process_state_name(what->from));
	switch (extras[what->to]) {
	case TRIES:
		buf_printf(buf, " tries:%u", what->tries);
		break;
	case EXPECTED_PID:
		buf_printf(buf, " expected:%d pid:%d", what->expected, (int)what->pid);
		break;
	case PID:
		buf_printf(buf, " pid:%d", (int)what->pid);
		break;
	default:
		break;
	}
}

void payload_group(struct buf *buf, const char *group)
{
	buf_printf(buf, "groupname:%s\n", group);
}

void payload_remote(struct buf *buf, const char *type, const char *data, size_t len)
{
	buf_printf(buf, "type:%s\n", type);
	buf_add(buf, data, len);
}

void payload_tick(struct buf *buf, int64_t slice)
{
	buf_printf(buf, "when:%" PRId64, slice);
}

void payload_output(struct buf *buf, const char *process, const char *group, pid_t pid,
		    const char *channel)
{
	buf_printf(buf, "processname:%s groupname:%s pid:%d", process, group, (int)pid);
	if (channel)
		buf_printf(buf, " channel:%s", channel);
	buf_addch(buf, '\n');
}

bool payload_is_utf8(const char *data, size_t len)
{
	size_t at = 0;

	while (at < len) {
		/* a NUL is a character here, as any other */
		size_t n = data[at] ? utf8_sequence(data + at) : 1;

		if (n == 0 || n > len - at)
			return false;
		at += n;
	}
	return true;
}

void payload_bytes(struct buf *buf, const char *data, size_t len)
{
	size_t begin = buf->len;

	/* behind what is in a buffer there is a NUL: what the check may look at */
	buf_add(buf, data, len);
	if (buf->failed || payload_is_utf8(buf->data + begin, len))
		return;
	buf->len = begin;
	buf_addstr(buf, "Undecodable: ");
	payload_repr(buf, data, len);
}

static void repr_byte(struct buf *buf, unsigned char c, char quote)
{
	if (c == (unsigned char)quote || c == '\\')
		buf_printf(buf, "\\%c", c);
	else if (c == '\t')
		buf_addstr(buf, "\\t");
	else if (c == '\n')
		buf_addstr(buf, "\\n");
	else if (c == '\r')
		buf_addstr(buf, "\\r");
	else if (c < ' ' || c >= 0x7f)
		buf_printf(buf, "\\x%02x", c);
	else
		buf_addch(buf, (char)c);
}

void payload_repr(struct buf *buf, const char *data, size_t len)
{
	bool swap = len && memchr(data, '\'', len) && !memchr(data, '"', len);
	char quote = swap ? '"' : '\'';

	buf_addch(buf, 'b');
	buf_addch(buf, quote);
	for (size_t i = 0; i < len; i++)
		repr_byte(buf, (unsigned char)data[i], quote);
	buf_addch(buf, quote);
}

size_t payload_characters(const char *data, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)data[i] & 0xc0) != 0x80;
	return n;
}
