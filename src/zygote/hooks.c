/* hooks.c - see hooks.h. */
#include "zygote/hooks.h"

#include "tracer/python.h"
#include "tracer/tracer.h"

#include <stdio.h>
#include <string.h>

char pending_thread_name[THREAD_NAME_MAX];

/* ---- code objects ---- */

/* Code objects of modules and of exec() die when they have run, and their memory is used again.
 * Kept alive, an address that the tracer has recorded stays good until the report is made.  They
 * stay for ever: freed now, they would leave holes that the workers fill, page by page. */
static void keep(PyObject *args)
{
	PyObject *code = args && PyTuple_Check(args) && PyTuple_GET_SIZE(args) > 0
				 ? PyTuple_GET_ITEM(args, 0)
				 : NULL;

	if (code && PyCode_Check(code))
		Py_INCREF(code); /* for ever, see above */
}

/* ---- names of threads ---- */

/* What the thread will be called: threading.Thread.start() passes its bound method _bootstrap,
 * whose object knows the name; of a plain function of _thread's the function's name must do. */
static PyObject *thread_name(PyObject *function)
{
	if (PyMethod_Check(function) && PyMethod_GET_SELF(function)) {
		PyObject *name = PyObject_GetAttrString(PyMethod_GET_SELF(function), "_name");

		if (name)
			return name;
		PyErr_Clear();
	}
	return PyObject_GetAttrString(function, "__qualname__");
}

static void note_thread(PyObject *args)
{
	const char *text = NULL;
	PyObject *name;

	if (!args || !PyTuple_Check(args) || PyTuple_GET_SIZE(args) < 1)
		return;
	name = thread_name(PyTuple_GET_ITEM(args, 0));
	if (name && PyUnicode_Check(name))
		text = PyUnicode_AsUTF8(name);
	snprintf(pending_thread_name, sizeof(pending_thread_name), "%s",
		 text && *text ? text : "a Python thread");
	Py_XDECREF(name);
	PyErr_Clear();
}

#if PY_VERSION_HEX < 0x030c0000

/* Before 3.12 starting a thread raises no audit event, so the function itself is wrapped.  Who has
 * kept the wrapper for later loses nothing: it calls the original. */
static PyObject *original, *wrapper;

static PyObject *start_new_thread(PyObject *self, PyObject *args, PyObject *kwargs)
{
	(void)self;
	note_thread(args);
	return PyObject_Call(original, args, kwargs);
}

static PyMethodDef wrapper_def = { "start_new_thread",
				   (PyCFunction)(void (*)(void))start_new_thread,
				   METH_VARARGS | METH_KEYWORDS, NULL };

static const struct {
	const char *module;
	const char *name;
} places[] = { { "_thread", "start_new_thread" },
	       { "_thread", "start_new" },
	       { "threading", "_start_new_thread" } };

/* Puts `to` wherever `from` is. */
static void replace(PyObject *from, PyObject *to)
{
	PyObject *modules = PyImport_GetModuleDict(); /* borrowed */

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		PyObject *module = PyDict_GetItemString(modules, places[i].module); /* borrowed */
		PyObject *dict = module && PyModule_Check(module) ? PyModule_GetDict(module) : NULL;

		if (dict && PyDict_GetItemString(dict, places[i].name) == from)
			(void)PyDict_SetItemString(dict, places[i].name, to);
	}
	PyErr_Clear();
}

void hooks_wrap_threads(void)
{
	PyObject *module = PyImport_ImportModule("_thread");

	original = module ? PyObject_GetAttrString(module, "start_new_thread") : NULL;
	wrapper = original ? PyCFunction_New(&wrapper_def, NULL) : NULL;
	if (wrapper)
		replace(original, wrapper);
	Py_XDECREF(module);
	PyErr_Clear();
}

static void unwrap_threads(void)
{
	if (wrapper)
		replace(wrapper, original);
}

#else

void hooks_wrap_threads(void)
{
}

static void unwrap_threads(void)
{
}

#endif

/* ---- the audit hook (PEP 578) ---- */

static int audit_hook(const char *event, PyObject *args, void *data)
{
	(void)data;
	if (strcmp(event, "exec") == 0)
		keep(args);
	else if (strcmp(event, "_thread.start_new_thread") == 0 ||
		 strcmp(event, "_thread.start_joinable_thread") == 0)
		note_thread(args);
	return 0;
}

int hooks_install(void)
{
	return PySys_AddAuditHook(audit_hook, NULL);
}

/* There is no call for this; without it every audited operation of every worker would pay for a
 * hook that has nothing to do any more. */
static void remove_audit_hook(void)
{
#if PY_VERSION_HEX >= 0x030c0000
	_Py_AuditHookEntry **at = &_PyRuntime.audit_hooks.head;
#else
	_Py_AuditHookEntry **at = &_PyRuntime.audit_hook_head;
#endif
	while (*at) {
		_Py_AuditHookEntry *entry = *at;

		if (entry->hookCFunction == audit_hook) {
			*at = entry->next;
			PyMem_RawFree(entry);
		} else {
			at = &entry->next;
		}
	}
}

void hooks_remove(void)
{
	remove_audit_hook();
	unwrap_threads();
}
