/* heap.c - see heap.h. */
#include "zygote/heap.h"

#include "base/clock.h"
#include "tracer/python.h"

#include <stdbool.h>
#include <stddef.h>

/* Builds without the GIL count references in another way; configure refuses them. */
#if PY_VERSION_HEX >= 0x030c0000 && !defined(Py_GIL_DISABLED)
#define CAN_IMMORTALIZE 1
#else
#define CAN_IMMORTALIZE 0
#endif

#if CAN_IMMORTALIZE

/* Objects found that the collector does not track: their references are still to be followed.  A
 * stack of ours, as tuples within tuples may be deeper than the C stack. */
struct walk {
	PyObject **todo; /* owned; the objects are borrowed */
	size_t n;
	size_t room;
	uint64_t found;
};

/* False: it is already.  _Py_SetImmortal() would also take it from the collector's list, which is
 * being walked. */
static bool make_immortal(PyObject *op)
{
	if (_Py_IsImmortal(op))
		return false;
#if PY_VERSION_HEX >= 0x030e0000
	op->ob_flags |= _Py_IMMORTAL_FLAGS;
	op->ob_refcnt = _Py_IMMORTAL_INITIAL_REFCNT;
#else
	op->ob_refcnt = _Py_IMMORTAL_REFCNT;
#endif
	return true;
}

static void push(struct walk *walk, PyObject *op)
{
	if (walk->n == walk->room) {
		size_t room = walk->room ? walk->room * 2 : 1024;
		PyObject **grown = PyMem_RawRealloc(walk->todo, room * sizeof(*grown));

		if (!grown)
			return; /* what it refers to stays as it is */
		walk->todo = grown;
		walk->room = room;
	}
	walk->todo[walk->n++] = op;
}

/* A visitproc.  What the collector tracks is in its list, and comes from there. */
static int visit(PyObject *op, void *arg)
{
	struct walk *walk = arg;

	if (!op || PyObject_GC_IsTracked(op) || !make_immortal(op))
		return 0;
	walk->found++;
	if (PyObject_IS_GC(op) || PyCode_Check(op))
		push(walk, op);
	return 0;
}

/* Code objects have no tp_traverse; these are what code_dealloc() in CPython's
 * Objects/codeobject.c lets go, but for caches. */
static void visit_code(const PyCodeObject *code, struct walk *walk)
{
	(void)visit(code->co_consts, walk);
	(void)visit(code->co_names, walk);
	(void)visit(code->co_exceptiontable, walk);
	(void)visit(code->co_localsplusnames, walk);
	(void)visit(code->co_localspluskinds, walk);
	(void)visit(code->co_filename, walk);
	(void)visit(code->co_name, walk);
	(void)visit(code->co_qualname, walk);
	(void)visit(code->co_linetable, walk);
}

static void follow(PyObject *op, struct walk *walk)
{
	traverseproc traverse = Py_TYPE(op)->tp_traverse;

	if (PyCode_Check(op))
		visit_code((PyCodeObject *)op, walk);
	else if (traverse)
		(void)traverse(op, visit, walk);
}

static void walk_from(PyObject *op, struct walk *walk)
{
	if (make_immortal(op))
		walk->found++;
	follow(op, walk);
	while (walk->n)
		follow(walk->todo[--walk->n], walk);
}

void heap_immortalize(struct heap_counts *counts)
{
	/* gc.get_objects() does not have what is frozen, and would make a list that is.  The links
	 * and what stands behind each are those of gc_freeze_impl() and FROM_GC() in CPython. */
	PyGC_Head *head = &PyInterpreterState_Get()->gc.permanent_generation.head;
	int64_t start = clock_us();
	struct walk walk = { 0 };

	for (PyGC_Head *at = _PyGCHead_NEXT(head); at != head; at = _PyGCHead_NEXT(at))
		walk_from((PyObject *)(at + 1), &walk);
	PyMem_RawFree(walk.todo);
	counts->immortal += walk.found;
	counts->immortal_us += (uint64_t)(clock_us() - start);
}

#else

void heap_immortalize(struct heap_counts *counts)
{
	(void)counts; /* interpreter_check_immortalize() has refused */
}

#endif
