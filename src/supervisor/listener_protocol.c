/* listener_protocol.c - see listener_protocol.h. */
#include "supervisor/listener_protocol.h"

#include "base/util.h"

#include <string.h>

#define READY_TOKEN "READY\n"
#define READY_LEN (sizeof(READY_TOKEN) - 1)
#define RESULT_PREFIX_LEN 7 /* "RESULT " */
#define OK_TOKEN "OK"
#define OK_LEN (sizeof(OK_TOKEN) - 1)

void listener_protocol_reset(struct listener_protocol *protocol)
{
	protocol->state = LISTENER_ACKNOWLEDGED;
	protocol->in_result = false;
	protocol->left = 0;
	protocol->len = 0;
}

void listener_protocol_sent(struct listener_protocol *protocol)
{
	listener_protocol_reset(protocol);
	protocol->state = LISTENER_BUSY;
}

static enum listener_step enter(struct listener_protocol *protocol, enum listener_state state,
				enum listener_step step)
{
	protocol->state = state;
	protocol->in_result = false;
	return step;
}

/* Keeps up to `max` bytes altogether; how many it took. */
static size_t keep(struct listener_protocol *protocol, const char *data, size_t len, size_t max)
{
	size_t n = max - protocol->len < len ? max - protocol->len : len;

	memcpy(protocol->line + protocol->len, data, n);
	protocol->len += n;
	return n;
}

/* As supervisord, which judges six bytes, not the first that is wrong. */
static enum listener_step acknowledged(struct listener_protocol *protocol, const char *data,
				       size_t len, size_t *ret_used)
{
	bool right;

	*ret_used = keep(protocol, data, len, READY_LEN);
	if (protocol->len < READY_LEN)
		return LISTENER_WAITS;
	right = memcmp(protocol->line, READY_TOKEN, READY_LEN) == 0;
	protocol->len = 0;
	return right ? enter(protocol, LISTENER_READY, LISTENER_ASKED)
		     : enter(protocol, LISTENER_UNKNOWN, LISTENER_NOISE);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A number as Python's int() takes it: blanks around it, a sign, "_" between digits.  Beyond
 * uint64_t it is as good as endless.  Negative ones are refused; to supervisord they are a result
 * that never ends. */
static bool parse_count(const char *text, size_t len, uint64_t *ret_count)
{
	uint64_t count = 0;
	bool digit = false;

	while (len && is_space(text[len - 1]))
		len--;
	while (len && is_space(*text))
		text++, len--;
	if (len && *text == '+')
		text++, len--;
	for (; len; text++, len--) {
		if (*text == '_' && digit && len > 1) {
			digit = false;
			continue;
		}
		if (*text < '0' || *text > '9')
			return false;
		digit = true;
		if (__builtin_mul_overflow(count, 10, &count) ||
		    __builtin_add_overflow(count, (uint64_t)(*text - '0'), &count))
			count = UINT64_MAX / 10 + 1; /* so that it overflows from here on */
	}
	*ret_count = count;
	return digit;
}

static enum listener_step judge_result(struct listener_protocol *protocol)
{
	bool ok = protocol->len == OK_LEN && memcmp(protocol->line, OK_TOKEN, OK_LEN) == 0;

	protocol->len = 0;
	return enter(protocol, LISTENER_ACKNOWLEDGED, ok ? LISTENER_DONE : LISTENER_REFUSED);
}

/* What stands before the number is not looked at, as supervisord does not. */
static enum listener_step result_line(struct listener_protocol *protocol, const char *data,
				      size_t len, size_t *ret_used)
{
	const char *end = memchr(data, '\n', len);
	size_t part = end ? (size_t)(end - data) : len;
	size_t before = protocol->len;

	*ret_used = keep(protocol, data, part, LISTENER_LINE_MAX);
	if (protocol->len - before < part) {
		*ret_used = len; /* nobody will read the rest either */
		return enter(protocol, LISTENER_UNKNOWN, LISTENER_BAD_LINE);
	}
	if (!end)
		return LISTENER_WAITS;
	*ret_used += 1;
	if (protocol->len < RESULT_PREFIX_LEN ||
	    !parse_count(protocol->line + RESULT_PREFIX_LEN, protocol->len - RESULT_PREFIX_LEN,
			 &protocol->left))
		return enter(protocol, LISTENER_UNKNOWN, LISTENER_BAD_LINE);
	protocol->len = 0;
	protocol->in_result = true;
	return protocol->left ? LISTENER_WAITS : judge_result(protocol);
}

static enum listener_step result(struct listener_protocol *protocol, const char *data, size_t len,
				 size_t *ret_used)
{
	size_t n = protocol->left < len ? (size_t)protocol->left : len;

	/* one byte more than "OK" has tells it from all that begins so */
	(void)keep(protocol, data, n, OK_LEN + 1);
	*ret_used = n;
	protocol->left -= n;
	return protocol->left ? LISTENER_WAITS : judge_result(protocol);
}

enum listener_step listener_protocol_feed(struct listener_protocol *protocol, const char *data,
					  size_t len, size_t *ret_used)
{
	*ret_used = len;
	if (len == 0)
		return LISTENER_WAITS;
	switch (protocol->state) {
	case LISTENER_ACKNOWLEDGED:
		return acknowledged(protocol, data, len, ret_used);
	case LISTENER_READY: /* it was not asked for anything */
		return enter(protocol, LISTENER_UNKNOWN, LISTENER_NOISE);
	case LISTENER_BUSY:
		return protocol->in_result ? result(protocol, data, len, ret_used)
					   : result_line(protocol, data, len, ret_used);
	default:
		return LISTENER_WAITS;
	}
}

const char *listener_state_name(enum listener_state state)
{
	static const char *const names[] = {
		[LISTENER_ACKNOWLEDGED] = "ACKNOWLEDGED",
		[LISTENER_READY] = "READY",
		[LISTENER_BUSY] = "BUSY",
		[LISTENER_UNKNOWN] = "UNKNOWN",
	};
	_Static_assert(ARRAY_LEN(names) == LISTENER_NSTATES, "a name for every state");

	return names[state];
}
