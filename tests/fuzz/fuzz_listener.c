/* fuzz_listener.c - any bytes as what an event listener says: in one piece, byte by byte, and in
 * pieces of chance they must come to the same, and to what a model says that keeps everything.
 *
 * A '>' is not said: there an event is sent, if it has asked for one. */
#include "supervisor/listener_protocol.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define STEPS_MAX 4096

struct story {
	enum listener_step steps[STEPS_MAX];
	size_t n;
	enum listener_state end;
};

static void tell(struct story *story, enum listener_step step)
{
	if (step != LISTENER_WAITS && story->n < STEPS_MAX)
		story->steps[story->n++] = step;
}

static void say(struct listener_protocol *protocol, struct story *story, const uint8_t *data,
		size_t len)
{
	while (len) {
		size_t used = 0;

		tell(story, listener_protocol_feed(protocol, (const char *)data, len, &used));
		if (used == 0 || used > len || protocol->len > LISTENER_LINE_MAX)
			abort();
		data += used;
		len -= used;
	}
}

/* With pieces of up to `most` bytes; 0: as they are. */
static void play(struct story *story, const uint8_t *data, size_t len, size_t most)
{
	struct listener_protocol protocol;
	size_t seed = len;

	memset(story, 0, sizeof(*story));
	listener_protocol_reset(&protocol);
	while (len) {
		const uint8_t *end = memchr(data, '>', len);
		size_t part = end ? (size_t)(end - data) : len, all = part + (end != NULL);

		while (part) {
			size_t n = most ? 1 + (seed = seed * 31 + part) % most : part;

			n = n < part ? n : part;
			say(&protocol, story, data, n);
			data += n;
			part -= n;
			len -= n;
			all -= n;
		}
		if (end && protocol.state == LISTENER_READY)
			listener_protocol_sent(&protocol);
		data += all;
		len -= all;
	}
	story->end = protocol.state;
}

/* ---- the model: looks at the whole of what was said since the last step ---- */

struct model {
	enum listener_state state;
	uint8_t said[1 << 16];
	size_t len;
};

static void model_enter(struct model *model, struct story *story, enum listener_state state,
			enum listener_step step)
{
	model->state = state;
	model->len = 0;
	tell(story, step);
}

static int model_number(const uint8_t *text, size_t len, uint64_t *ret_value)
{
	char copy[LISTENER_LINE_MAX + 1], digits[LISTENER_LINE_MAX + 1];
	char *at = copy, *to = digits;

	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strlen(copy) != len)
		return -1;
	while (len && strchr(" \t\r\n\v\f", copy[len - 1]))
		copy[--len] = '\0';
	at += strspn(at, " \t\r\n\v\f");
	at += *at == '+';
	for (const char *p = at; *p; p++) {
		if (*p >= '0' && *p <= '9')
			*to++ = *p;
		else if (*p != '_' || p == at || p[-1] == '_' || !p[1])
			return -1;
	}
	*to = '\0';
	*ret_value = strtoull(digits, NULL, 10);
	return to == digits ? -1 : 0;
}

static void model_result(struct model *model, struct story *story)
{
	const uint8_t *end = memchr(model->said, '\n', model->len);
	size_t line = end ? (size_t)(end - model->said) : model->len;
	uint64_t want;
	int ok;

	if (line > LISTENER_LINE_MAX ||
	    (end && (line < 7 || model_number(model->said + 7, line - 7, &want) < 0))) {
		model_enter(model, story, LISTENER_UNKNOWN, LISTENER_BAD_LINE);
		return;
	}
	if (!end || model->len - line - 1 < want)
		return;
	ok = want == 2 && memcmp(end + 1, "OK", 2) == 0;
	model_enter(model, story, LISTENER_ACKNOWLEDGED, ok ? LISTENER_DONE : LISTENER_REFUSED);
}

static void model_byte(struct model *model, struct story *story, uint8_t byte)
{
	model->said[model->len++] = byte;
	switch (model->state) {
	case LISTENER_ACKNOWLEDGED:
		if (model->len < 6)
			return;
		if (memcmp(model->said, "READY\n", 6) == 0)
			model_enter(model, story, LISTENER_READY, LISTENER_ASKED);
		else
			model_enter(model, story, LISTENER_UNKNOWN, LISTENER_NOISE);
		break;
	case LISTENER_READY:
		model_enter(model, story, LISTENER_UNKNOWN, LISTENER_NOISE);
		break;
	case LISTENER_BUSY:
		model_result(model, story);
		break;
	default:
		model->len = 0;
	}
}

static void play_model(struct story *story, const uint8_t *data, size_t len)
{
	static struct model model;

	memset(story, 0, sizeof(*story));
	memset(&model, 0, sizeof(model));
	for (size_t i = 0; i < len; i++) {
		if (data[i] != '>')
			model_byte(&model, story, data[i]);
		else if (model.state == LISTENER_READY)
			model.state = LISTENER_BUSY;
	}
	story->end = model.state;
}

static void must_be_same(const struct story *one, const struct story *other)
{
	if (one->end != other->end || one->n != other->n ||
	    memcmp(one->steps, other->steps, one->n * sizeof(one->steps[0])) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct story whole, other;

	if (len > 1 << 14) /* the model is slow */
		len = 1 << 14;
	play_model(&whole, data, len);
	for (size_t most = 0; most <= 8; most++) {
		play(&other, data, len, most);
		must_be_same(&whole, &other);
	}
	return 0;
}
