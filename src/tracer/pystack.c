/* pystack.c - see pystack.h.  Finding a thread's frames.
 *
 * Where the frames are:
 *   3.9, 3.10   tstate->frame: heap objects chained by f_back
 *   3.11, 3.12  tstate->cframe->current_frame: mostly within the thread's data-stack chunk
 *   3.13+       tstate->current_frame: the same
 * One vectored read fetches the chunk, and the walk goes through our copy; frames of generators and
 * 3.12's shims on the C stack lie elsewhere and are read singly. */
#include "tracer/pystack.h"

#include "tracer/arch.h"
#include "tracer/python.h"
#include "tracer/remote.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MAX ((size_t)256 << 10) /* bytes of a data stack read in one go */
#define THREADS_MAX 100000            /* a longer list is a torn read */

int pystack_init(struct pystack_reader *reader, pid_t pid)
{
	memset(reader, 0, sizeof(*reader));
	reader->pid = pid;
	reader->main_tid = pid;
	image_own(&reader->image);
	/* glibc on x86-64 and musl: 0; glibc on aarch64: struct pthread lies below the TCB. */
	reader->ident_offset = (uintptr_t)pthread_self() - arch_own_thread_pointer();
	reader->chunk = malloc(CHUNK_MAX);
	reader->scratch = calloc(PYSTACK_DEPTH_MAX, sizeof(*reader->scratch));
	if (!reader->chunk || !reader->scratch) {
		pystack_done(reader);
		return -ENOMEM;
	}
	return 0;
}

void pystack_done(struct pystack_reader *reader)
{
	pystack_forget(reader);
	free(reader->chunk);
	free(reader->scratch);
	memset(reader, 0, sizeof(*reader));
}

struct pystack *pystack_ref(struct pystack *stack)
{
	if (stack)
		stack->refs++;
	return stack;
}

void pystack_unref(struct pystack *stack)
{
	if (stack && --stack->refs == 0)
		free(stack);
}

static uintptr_t read_pointer(struct pystack_reader *reader, uintptr_t addr)
{
	uintptr_t value;

	return remote_read(reader->pid, addr, &value, sizeof(value)) < 0 ? 0 : value;
}

#if PY_VERSION_HEX >= 0x030b0000
#define THREADS_HEAD offsetof(PyInterpreterState, threads.head)
#else
#define THREADS_HEAD offsetof(PyInterpreterState, tstate_head)
#endif

/* The PyThreadState whose thread_id (pthread_self() of its thread) is ident.  Other threads may run
 * and change the list while we walk it, so every step is bounded and a torn list only means "not
 * found". */
static uintptr_t find_tstate(struct pystack_reader *reader, uintptr_t ident)
{
	uintptr_t interp = read_pointer(
		reader, reader->image.runtime + offsetof(_PyRuntimeState, interpreters.head));

	for (int n = 0; interp && n < THREADS_MAX; n++) {
		uintptr_t tstate = read_pointer(reader, interp + THREADS_HEAD);

		for (int m = 0; tstate && m < THREADS_MAX; m++) {
			if (read_pointer(reader, tstate + offsetof(PyThreadState, thread_id)) ==
			    ident)
				return tstate;
			tstate = read_pointer(reader, tstate + offsetof(PyThreadState, next));
		}
		interp = read_pointer(reader, interp + offsetof(PyInterpreterState, next));
	}
	return 0;
}

uintptr_t pystack_ident(struct pystack_reader *reader, pid_t tid)
{
	uintptr_t thread_pointer;

	if (arch_thread_pointer(tid, &thread_pointer) < 0)
		return 0;
	return thread_pointer + reader->ident_offset;
}

bool pystack_knows(struct pystack_reader *reader, uintptr_t ident)
{
	return find_tstate(reader, ident) != 0;
}

/* Only the main thread's state may be remembered: it lives as long as the interpreter; that of
 * another thread may be freed and its memory used again. */
static uintptr_t thread_state(struct pystack_reader *reader, pid_t tid)
{
	uintptr_t ident, tstate;

	if (tid == reader->main_tid && reader->main_tstate)
		return reader->main_tstate;
	ident = pystack_ident(reader, tid);
	tstate = ident ? find_tstate(reader, ident) : 0;
	if (tid == reader->main_tid)
		reader->main_tstate = tstate;
	return tstate;
}

#if PY_VERSION_HEX >= 0x030b0000

/* What we need of a PyThreadState, read with one call: the span from the first to the last field.
 */
#if PY_VERSION_HEX >= 0x030d0000
#define TSTATE_FRAME offsetof(PyThreadState, current_frame)
#else
#define TSTATE_FRAME offsetof(PyThreadState, cframe)
#endif
#define TSTATE_CHUNK offsetof(PyThreadState, datastack_chunk)
#define TSTATE_TOP offsetof(PyThreadState, datastack_top)
#define TSTATE_SPAN (TSTATE_TOP + sizeof(uintptr_t) - TSTATE_FRAME)

static uintptr_t field(const char *span, size_t offset)
{
	uintptr_t value;

	memcpy(&value, span + (offset - TSTATE_FRAME), sizeof(value));
	return value;
}

/* Copies the newest chunk into reader->chunk and finds the newest frame. */
static int read_top(struct pystack_reader *reader, uintptr_t tstate, uintptr_t *chunk,
		    uintptr_t *frame)
{
	char span[TSTATE_SPAN];
	uintptr_t top;
	int r = remote_read(reader->pid, tstate + TSTATE_FRAME, span, sizeof(span));

	if (r < 0)
		return r;
	*frame = field(span, TSTATE_FRAME);
	*chunk = field(span, TSTATE_CHUNK);
	top = field(span, TSTATE_TOP);
	reader->chunk_size = top > *chunk && top - *chunk <= CHUNK_MAX ? top - *chunk : 0;
#if PY_VERSION_HEX < 0x030d0000
	/* *frame is the _PyCFrame; its current_frame comes with the same read as the chunk. */
	return remote_read2(reader->pid, *chunk, reader->chunk, reader->chunk_size,
			    *frame + offsetof(_PyCFrame, current_frame), frame, sizeof(*frame));
#else
	return remote_read(reader->pid, *chunk, reader->chunk, reader->chunk_size);
#endif
}

/* The head of a frame, up to and including `owner`, from our copy or from the tracee. */
#define FRAME_HEAD (offsetof(_PyInterpreterFrame, owner) + 1)

static const char *frame_head(struct pystack_reader *reader, uintptr_t chunk, uintptr_t frame,
			      char *space)
{
	if (frame >= chunk && frame - chunk < reader->chunk_size &&
	    reader->chunk_size - (frame - chunk) >= FRAME_HEAD)
		return reader->chunk + (frame - chunk);
	return remote_read(reader->pid, frame, space, FRAME_HEAD) < 0 ? NULL : space;
}

static uintptr_t pointer_at(const char *head, size_t offset)
{
	uintptr_t value;

	memcpy(&value, head + offset, sizeof(value));
	return value;
}

/* Owners from here on are shims between the C stack and the frames, and the sentinel below the
 * oldest frame: FRAME_OWNED_BY_CSTACK in 3.12 and 3.13; FRAME_OWNED_BY_INTERPRETER from 3.14, and
 * above it 3.14's FRAME_OWNED_BY_CSTACK. */
#define OWNER_SHIM 3

static void take_frame(const char *head, struct pystack_frame *frame)
{
#if PY_VERSION_HEX >= 0x030d0000
	frame->code = pointer_at(head, offsetof(_PyInterpreterFrame, f_executable));
	frame->instr = pointer_at(head, offsetof(_PyInterpreterFrame, instr_ptr));
#else
	frame->code = pointer_at(head, offsetof(_PyInterpreterFrame, f_code));
	frame->instr = pointer_at(head, offsetof(_PyInterpreterFrame, prev_instr));
#endif
#if PY_VERSION_HEX >= 0x030e0000
	frame->code &= ~(uintptr_t)3; /* _PyStackRef: the low bits are tags */
#endif
#if PY_VERSION_HEX >= 0x030c0000
	if (head[offsetof(_PyInterpreterFrame, owner)] >= OWNER_SHIM)
		frame->code = 0;
#endif
}

static unsigned walk(struct pystack_reader *reader, uintptr_t tstate)
{
	uintptr_t chunk, frame;
	unsigned depth = 0;

	if (read_top(reader, tstate, &chunk, &frame) < 0)
		return 0;
	for (int n = 0; frame && depth < PYSTACK_DEPTH_MAX && n < 4 * PYSTACK_DEPTH_MAX; n++) {
		char space[FRAME_HEAD];
		const char *head = frame_head(reader, chunk, frame, space);

		if (!head)
			break;
		take_frame(head, &reader->scratch[depth]);
		if (reader->scratch[depth].code)
			depth++;
		frame = pointer_at(head, offsetof(_PyInterpreterFrame, previous));
	}
	return depth;
}

#else /* 3.9, 3.10 */

#define FRAME_SPAN                                                                                 \
	(offsetof(PyFrameObject, f_lasti) + sizeof(int) - offsetof(PyFrameObject, f_back))

static unsigned walk(struct pystack_reader *reader, uintptr_t tstate)
{
	uintptr_t frame = read_pointer(reader, tstate + offsetof(PyThreadState, frame));
	unsigned depth = 0;

	while (frame && depth < PYSTACK_DEPTH_MAX) {
		char span[FRAME_SPAN];
		const char *base = span - offsetof(PyFrameObject, f_back);
		int lasti;

		if (remote_read(reader->pid, frame + offsetof(PyFrameObject, f_back), span,
				sizeof(span)) < 0)
			break;
		memcpy(&frame, base + offsetof(PyFrameObject, f_back), sizeof(frame));
		memcpy(&reader->scratch[depth].code, base + offsetof(PyFrameObject, f_code),
		       sizeof(uintptr_t));
		memcpy(&lasti, base + offsetof(PyFrameObject, f_lasti), sizeof(lasti));
		reader->scratch[depth].instr = (uintptr_t)lasti;
		depth++;
	}
	return depth;
}

#endif

struct pystack *pystack_capture(struct pystack_reader *reader, pid_t tid)
{
	uintptr_t tstate = thread_state(reader, tid);
	struct pystack *stack;
	unsigned depth;

	if (!tstate)
		return NULL;
	depth = walk(reader, tstate);
	if (!depth)
		return NULL;
	stack = malloc(sizeof(*stack) + depth * sizeof(stack->frames[0]));
	if (!stack)
		return NULL;
	stack->refs = 1;
	stack->depth = depth;
	memcpy(stack->frames, reader->scratch, depth * sizeof(stack->frames[0]));
	return stack;
}
