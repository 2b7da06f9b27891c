/* notify_message.c - see notify_message.h. */
#include "supervisor/notify_message.h"

#include "base/utf8.h"
#include "base/util.h"

#include <errno.h>
#include <string.h>

/* A value is not ended by a NUL. */
static bool is_text(const char *value, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(value, text, len) == 0;
}

static void take_ready(struct notify_message *message, const char *value, size_t len)
{
	message->ready = message->ready || is_text(value, len, "1");
}

static void take_reloading(struct notify_message *message, const char *value, size_t len)
{
	message->reloading = message->reloading || is_text(value, len, "1");
}

static void take_stopping(struct notify_message *message, const char *value, size_t len)
{
	message->stopping = message->stopping || is_text(value, len, "1");
}

static void take_watchdog(struct notify_message *message, const char *value, size_t len)
{
	message->alive = message->alive || is_text(value, len, "1");
	message->sick = message->sick || is_text(value, len, "trigger");
}

/* Only digits, as sd_notify(3) has it; what does not fit is not there. */
static void take_extend(struct notify_message *message, const char *value, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		uint64_t digit = (unsigned char)value[i] - '0';

		if (digit > 9 || sum > (UINT64_MAX - digit) / 10)
			return;
		sum = sum * 10 + digit;
	}
	message->extend_us = sum;
}

/* It goes to logs, terminals and clients that want UTF-8: what is not printable becomes '?'. */
static void take_status(struct notify_message *message, const char *value, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		size_t size = utf8_length(value + i, len - i);
		bool plain = size > 1 || (size == 1 && !utf8_is_control(value[i]));

		/* U+0080 to U+009F, of two bytes, are control characters too */
		if (size == 2 && (unsigned char)value[i] == 0xc2 &&
		    (unsigned char)value[i + 1] < 0xa0)
			plain = false;
		if (n + (plain ? size : 1) >= sizeof(message->status))
			break;
		if (plain)
			memcpy(message->status + n, value + i, size);
		else
			message->status[n] = '?';
		n += plain ? size : 1;
		i += size ? size : 1;
	}
	message->status[n] = '\0';
	message->has_status = true;
}

static const struct {
	const char *name;
	void (*take)(struct notify_message *message, const char *value, size_t len);
} fields[] = {
	{ "READY=", take_ready },       { "RELOADING=", take_reloading },
	{ "STOPPING=", take_stopping }, { "STATUS=", take_status },
	{ "WATCHDOG=", take_watchdog }, { "EXTEND_TIMEOUT_USEC=", take_extend },
};

static void take_line(struct notify_message *message, const char *line, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		size_t name = strlen(fields[i].name);

		if (len >= name && memcmp(line, fields[i].name, name) == 0)
			fields[i].take(message, line + name, len - name);
	}
}

int notify_message_parse(const char *data, size_t len, struct notify_message *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (len && data[len - 1] == '\0') /* some send the end of their string as well */
		len--;
	if (memchr(data, '\0', len))
		return -EINVAL;
	while (len) {
		const char *end = memchr(data, '\n', len);
		size_t size = end ? (size_t)(end - data) : len;

		take_line(ret, data, size);
		size += end != NULL;
		data += size;
		len -= size;
	}
	return 0;
}
