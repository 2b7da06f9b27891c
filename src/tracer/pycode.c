/* pycode.c - pystack_resolve(): file, function and line of each frame, read from its code object.
 * Runs in: tracer. */
#include "tracer/pystack.h"

#include "base/buf.h"
#include "tracer/python.h"
#include "tracer/remote.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 65536       /* characters of a name; longer ones are garbage */
#define TABLE_MAX (4u << 20) /* bytes of a line table */
#define ADDRESS_NONE                                                                               \
	UINTPTR_MAX /* the instruction lies outside its code: the code object is gone */

/* One character as the bytes it stands for in a file name: UTF-8, and the surrogates U+DC80…U+DCFF
 * of PEP 383 as the single bytes that they escape. */
static void add_char(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_addch(out, (char)c);
	} else if (c >= 0xdc80 && c <= 0xdcff) {
		buf_addch(out, (char)(c - 0xdc00));
	} else if (c < 0x800) {
		buf_addch(out, (char)(0xc0 | c >> 6));
		buf_addch(out, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_addch(out, (char)(0xe0 | c >> 12));
		buf_addch(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addch(out, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_addch(out, (char)(0xf0 | c >> 18));
		buf_addch(out, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_addch(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addch(out, (char)(0x80 | (c & 0x3f)));
	}
}

static void decode(struct buf *out, const char *data, size_t length, unsigned kind)
{
	for (size_t i = 0; i < length; i++) {
		uint8_t one;
		uint16_t two;
		uint32_t four;

		switch (kind) {
		case PyUnicode_1BYTE_KIND:
			memcpy(&one, data + i, 1);
			add_char(out, one);
			break;
		case PyUnicode_2BYTE_KIND:
			memcpy(&two, data + 2 * i, 2);
			add_char(out, two);
			break;
		default:
			memcpy(&four, data + 4 * i, 4);
			add_char(out, four);
			break;
		}
	}
}

/* A compact str object (PEP 393) as malloc'ed bytes, or NULL. */
static char *read_unicode(pid_t pid, uintptr_t addr)
{
	PyCompactUnicodeObject head;
	struct buf out = { 0 };
	size_t length, size;
	unsigned kind;
	char *data;

	if (remote_read(pid, addr, &head._base, sizeof(head._base)) < 0)
		return NULL;
	kind = head._base.state.kind;
	length = (size_t)head._base.length;
	if (!head._base.state.compact || length > TEXT_MAX ||
	    (kind != PyUnicode_1BYTE_KIND && kind != PyUnicode_2BYTE_KIND &&
	     kind != PyUnicode_4BYTE_KIND))
		return NULL;
	size = length * kind; /* the kinds are the sizes */
	data = malloc(size + 1);
	if (!data)
		return NULL;
	addr += head._base.state.ascii ? sizeof(PyASCIIObject) : sizeof(PyCompactUnicodeObject);
	if (size == 0 || remote_read(pid, addr, data, size) == 0)
		decode(&out, data, length, kind);
	else
		out.failed = true;
	free(data);
	return buf_steal(&out);
}

/* The bytes of a bytes object; malloc'ed. */
static unsigned char *read_bytes(pid_t pid, uintptr_t addr, size_t *size)
{
	PyVarObject head;
	unsigned char *data;

	if (remote_read(pid, addr, &head, sizeof(head)) < 0 || head.ob_size < 0 ||
	    head.ob_size > (Py_ssize_t)TABLE_MAX)
		return NULL;
	*size = (size_t)head.ob_size;
	data = malloc(*size + 1);
	if (data && *size &&
	    remote_read(pid, addr + offsetof(PyBytesObject, ob_sval), data, *size) < 0) {
		free(data);
		return NULL;
	}
	return data;
}

#if PY_VERSION_HEX >= 0x030b0000

#define LINE_TABLE co_linetable
#define FUNCTION_NAME co_qualname

static uintptr_t code_address(const PyCodeObject *code, const struct pystack_frame *frame)
{
	uintptr_t first = frame->code + offsetof(PyCodeObject, co_code_adaptive);
	uintptr_t size = (uintptr_t)Py_SIZE(code) * sizeof(_Py_CODEUNIT);

	/* A frame before its first traceable instruction is incomplete (_PyFrame_IsIncomplete). */
	if (frame->instr < first || frame->instr - first >= size)
		return ADDRESS_NONE;
	if (frame->instr < first + (uintptr_t)code->_co_firsttraceable * sizeof(_Py_CODEUNIT))
		return ADDRESS_NONE;
	return frame->instr - first;
}

/* A variable-length integer: six bits a byte, lowest first, bit 6: more follow. */
static unsigned read_varint(const unsigned char **at, const unsigned char *end)
{
	unsigned value = 0, shift = 0, byte;

	do {
		if (*at >= end || shift > 30)
			return value;
		byte = *(*at)++;
		value |= (byte & 63) << shift;
		shift += 6;
	} while (byte & 64);
	return value;
}

/* The location table of 3.11+ (Objects/locations.md): an entry's first byte is 1ccccnnn, form c, n
 * + 1 code units; bytes that follow have bit 7 clear. */
static unsigned find_line(const unsigned char *at, size_t size, int line, uintptr_t address)
{
	const unsigned char *end = at + size;
	uintptr_t start = 0;

	while (at < end) {
		unsigned form = *at >> 3 & 15;
		uintptr_t length = ((uintptr_t)(*at & 7) + 1) * sizeof(_Py_CODEUNIT);

		at++;
		if (form == 13 || form == 14) { /* a signed line delta, lowest bit the sign */
			unsigned value = read_varint(&at, end);

			line += value & 1 ? -(int)(value >> 1) : (int)(value >> 1);
		} else if (form >= 10 && form <= 12) {
			line += (int)form - 10;
		}
		if (address < start + length)
			return form == 15 || line < 0 ? 0 : (unsigned)line;
		start += length;
		while (at < end && !(*at & 0x80))
			at++;
	}
	return 0;
}

#else

#define FUNCTION_NAME co_name

static uintptr_t code_address(const PyCodeObject *code, const struct pystack_frame *frame)
{
	(void)code;
	if ((int)frame->instr < 0)
		return ADDRESS_NONE; /* f_lasti -1: not started */
#if PY_VERSION_HEX >= 0x030a0000
	return frame->instr * 2;     /* code units */
#else
	return frame->instr;
#endif
}

#if PY_VERSION_HEX >= 0x030a0000
#define LINE_TABLE co_linetable

/* PEP 626: pairs of (length in bytes, signed line delta); -128: no line. */
static unsigned find_line(const unsigned char *table, size_t size, int line, uintptr_t address)
{
	uintptr_t end = 0;

	for (size_t i = 0; i + 1 < size; i += 2) {
		int delta = (signed char)table[i + 1];

		end += table[i];
		if (delta != -128)
			line += delta;
		if (address < end)
			return delta == -128 || line < 0 ? 0 : (unsigned)line;
	}
	return 0;
}
#else
#define LINE_TABLE co_lnotab

/* Objects/lnotab_notes.txt: pairs of (bytes to advance, signed lines to advance). */
static unsigned find_line(const unsigned char *table, size_t size, int line, uintptr_t address)
{
	uintptr_t at = 0;

	for (size_t i = 0; i + 1 < size; i += 2) {
		at += table[i];
		if (at > address)
			break;
		line += (signed char)table[i + 1];
	}
	return line < 0 ? 0 : (unsigned)line;
}
#endif
#endif

/* 0, or -ENOENT for a frame that is no line of Python. */
static int resolve_frame(struct pystack_reader *reader, const struct pystack_frame *frame,
			 struct pystack_line *ret)
{
	struct pystack_line found = { 0 };
	unsigned char *table;
	PyCodeObject code;
	uintptr_t address;
	size_t size;

	if (remote_read(reader->pid, frame->code, &code, sizeof(code)) < 0 ||
	    (uintptr_t)Py_TYPE(&code) != reader->image.code_type)
		return -ENOENT;
	address = code_address(&code, frame);
	if (address == ADDRESS_NONE)
		return -ENOENT;
	found.file = read_unicode(reader->pid, (uintptr_t)code.co_filename);
	found.function = read_unicode(reader->pid, (uintptr_t)code.FUNCTION_NAME);
	table = read_bytes(reader->pid, (uintptr_t)code.LINE_TABLE, &size);
	if (table)
		found.line = find_line(table, size, code.co_firstlineno, address);
	free(table);
	if (!found.file || !found.function) {
		free(found.file);
		free(found.function);
		return -ENOENT;
	}
	*ret = found;
	return 0;
}

/* The outer frames of most stacks are the same few: a direct-mapped cache.  Code objects do not
 * move or die while the zygote can be asked (zygote/hooks.c). */
#define KNOWN_SLOTS 4096

struct pystack_known {
	struct pystack_frame frame; /* code 0: the slot is free */
	struct pystack_line line;   /* owned; file NULL: no line of Python */
};

static struct pystack_known *known_slot(struct pystack_reader *reader,
					const struct pystack_frame *frame)
{
	uintptr_t hash = (frame->code >> 4) * 31 + (frame->instr >> 1);

	if (!reader->known)
		reader->known = calloc(KNOWN_SLOTS, sizeof(*reader->known));
	return reader->known ? &reader->known[hash % KNOWN_SLOTS] : NULL;
}

static int copy_line(struct pystack_line *to, const struct pystack_line *from)
{
	if (!from->file)
		return -ENOENT;
	to->file = strdup(from->file);
	to->function = strdup(from->function);
	to->line = from->line;
	if (to->file && to->function)
		return 0;
	free(to->file);
	free(to->function);
	return -ENOMEM;
}

static int look_up(struct pystack_reader *reader, const struct pystack_frame *frame,
		   struct pystack_line *ret)
{
	struct pystack_known *slot = known_slot(reader, frame);

	if (!slot)
		return -ENOMEM;
	if (slot->frame.code != frame->code || slot->frame.instr != frame->instr) {
		free(slot->line.file);
		free(slot->line.function);
		memset(slot, 0, sizeof(*slot));
		(void)resolve_frame(reader, frame, &slot->line);
		slot->frame = *frame;
	}
	return copy_line(ret, &slot->line);
}

void pystack_forget(struct pystack_reader *reader)
{
	for (size_t i = 0; reader->known && i < KNOWN_SLOTS; i++) {
		free(reader->known[i].line.file);
		free(reader->known[i].line.function);
	}
	free(reader->known);
	reader->known = NULL;
}

int pystack_resolve(struct pystack_reader *reader, const struct pystack *stack,
		    struct pystack_lines *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!stack)
		return 0;
	ret->lines = calloc(stack->depth, sizeof(*ret->lines));
	if (!ret->lines)
		return -ENOMEM;
	for (unsigned i = 0; i < stack->depth; i++)
		if (look_up(reader, &stack->frames[i], &ret->lines[ret->n]) == 0)
			ret->n++;
	return 0;
}

void pystack_lines_done(struct pystack_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		free(lines->lines[i].file);
		free(lines->lines[i].function);
	}
	free(lines->lines);
	memset(lines, 0, sizeof(*lines));
}
