/* embed.c - see embed.h. */
#include "zygote/embed.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/strv.h"
#include "base/util.h"
#include "ipc/messages.h"
#include "tracer/tracer.h"
#include "zygote/heap.h"
#include "zygote/holes.h"
#include "zygote/hooks.h"
#include "zygote/opencode.h"
#include "zygote/package.h"
#include "zygote/pages.h"

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef PYTHON_PREFIX
#define PYTHON_PREFIX ""
#endif
#ifndef PYTHON_ABIFLAGS
#define PYTHON_ABIFLAGS ""
#endif

static const char helpers_source[] = {
#include "zygote/worker.inc"
	0
};

/* ---- starting ---- */

/* The links of this directory are the threads, and two more (proc_task_getattr() in the kernel's
 * fs/proc/base.c); to look opens nothing.  0: not known. */
static size_t task_links(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) == 0 ? (size_t)st.st_nlink : 0;
}

void embed_describe(void)
{
	printf("version=%d.%d.%d\nprefix=%s\nabiflags=%s\n", PY_MAJOR_VERSION, PY_MINOR_VERSION,
	       PY_MICRO_VERSION, PYTHON_PREFIX, PYTHON_ABIFLAGS);
}

static int start_python(const struct zygote_setup *setup, struct error *err)
{
	PyPreConfig preconfig;
	PyConfig config;
	PyStatus status;

	PyPreConfig_InitPythonConfig(&preconfig);
	preconfig.parse_argv = 0;
	status = Py_PreInitialize(&preconfig);
	if (PyStatus_Exception(status))
		return error_set(err, "Python cannot start: %s", status.err_msg);
	PyConfig_InitPythonConfig(&config);
	config.parse_argv = 0;
	if (!setup->python)
		return error_set(err, "no interpreter was named in the set-up message");
	status = PyConfig_SetBytesString(&config, &config.program_name, setup->python);
	if (!PyStatus_Exception(status))
		status = Py_InitializeFromConfig(&config);
	PyConfig_Clear(&config);
	if (PyStatus_Exception(status))
		return error_set(err, "Python cannot start as %s: %s", setup->python,
				 status.err_msg ? status.err_msg : "unknown reason");
	return 0;
}

static int load_helpers(struct embed *embed)
{
	PyObject *code = Py_CompileString(helpers_source, "<forkserver>", Py_file_input);
	PyObject *result = NULL;

	embed->helpers = PyDict_New();
	if (code && embed->helpers &&
	    PyDict_SetItemString(embed->helpers, "__builtins__", PyEval_GetBuiltins()) == 0)
		result = PyEval_EvalCode(code, embed->helpers, embed->helpers);
	Py_XDECREF(code);
	Py_XDECREF(result);
	return result ? 0 : -1;
}

/* The exception that is set, in words; clears it. */
static int python_error(struct error *err, const char *what)
{
	PyObject *type, *value, *trace, *text;

	PyErr_Fetch(&type, &value, &trace);
	text = value ? PyObject_Str(value) : NULL;
	error_set(err, "%s: %s: %s", what, type ? ((PyTypeObject *)type)->tp_name : "error",
		  text && PyUnicode_AsUTF8(text) ? PyUnicode_AsUTF8(text) : "");
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(trace);
	Py_XDECREF(text);
	PyErr_Clear();
	return -1;
}

PyObject *embed_call(struct embed *embed, const char *function, const char *format, ...)
{
	PyObject *callable = PyDict_GetItemString(embed->helpers, function);
	PyObject *args, *result = NULL;
	va_list ap;

	if (!callable) {
		PyErr_Format(PyExc_SystemError, "no helper %s", function);
		return NULL;
	}
	va_start(ap, format);
	args = Py_VaBuildValue(format, ap);
	va_end(ap);
	if (args)
		result = PyObject_CallObject(callable, args);
	Py_XDECREF(args);
	return result;
}

PyObject *embed_list(char *const *strv)
{
	PyObject *list = PyList_New(0);

	for (size_t i = 0; list && strv && strv[i]; i++) {
		PyObject *item = PyUnicode_DecodeFSDefault(strv[i]);

		if (!item || PyList_Append(list, item) < 0)
			Py_CLEAR(list);
		Py_XDECREF(item);
	}
	return list;
}

/* CPython starts silently with the wrong library when a venv belongs to another build of Python. */
static int check_prefix(const char *want, struct error *err)
{
	char real_want[PATH_MAX], real_have[PATH_MAX];
	PyObject *have = PySys_GetObject("base_prefix"); /* borrowed */
	const char *text = have ? PyUnicode_AsUTF8(have) : NULL;

	if (!want || !text)
		return 0;
	if (realpath(want, real_want) && realpath(text, real_have) &&
	    strcmp(real_want, real_have) == 0)
		return 0;
	return error_set(
		err,
		"Python found its library in %s, but %s was expected: the interpreter or venv "
		"does not belong to the Python that this zygote was built with",
		text, want);
}

/* For "O&": a path as str, None for NULL. */
static PyObject *decode_path(void *path)
{
	if (!path)
		Py_RETURN_NONE;
	return PyUnicode_DecodeFSDefault(path);
}

int embed_init(struct embed *embed, const struct zygote_setup *setup, struct error *err)
{
	CLEANUP_FREE char *package = package_directory();
	PyObject *path, *result = NULL;

	embed->threads = task_links();
	if (pages_check(err) < 0)
		return -1;
	if (hooks_install() < 0 || opencode_install() < 0)
		return error_set(err, "Python refuses the zygote's hooks");
	if (start_python(setup, err) < 0)
		return -1;
	hooks_wrap_threads();
	if (load_helpers(embed) < 0)
		return python_error(err, "cannot load the zygote's own Python code");
	if (check_prefix(setup->python_prefix, err) < 0)
		return -1;
	path = embed_list(setup->path);
	if (path)
		result = embed_call(embed, "prepare", "(sOO&)", setup->name ? setup->name : "",
				    path, decode_path, package);
	Py_XDECREF(path);
	Py_XDECREF(result);
	return result ? 0 : python_error(err, "cannot set up sys.path");
}

/* ---- importing ---- */

/* A str as the bytes of the file system; malloc'ed or NULL. */
static char *to_bytes(PyObject *text)
{
	PyObject *bytes = text && PyUnicode_Check(text) ? PyUnicode_EncodeFSDefault(text) : NULL;
	char *copy;

	if (!bytes && text && PyUnicode_Check(text)) {
		PyErr_Clear();
		bytes = PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
	}
	copy = bytes ? strdup(PyBytes_AS_STRING(bytes)) : NULL;
	Py_XDECREF(bytes);
	PyErr_Clear();
	return copy;
}

static char **to_strv(PyObject *list)
{
	char **strv = NULL;

	for (Py_ssize_t i = 0; list && PyList_Check(list) && i < PyList_GET_SIZE(list); i++) {
		char *text = to_bytes(PyList_GET_ITEM(list, i));

		if (strv_take(&strv, text ? text : strdup("?")) < 0)
			break;
	}
	return strv;
}

static void describe_exception(struct embed *embed, struct import_result *result)
{
	PyObject *type, *value, *trace, *parts;

	result->failed = true;
	PyErr_Fetch(&type, &value, &trace);
	PyErr_NormalizeException(&type, &value, &trace);
	if (trace)
		PyException_SetTraceback(value, trace);
	parts = value ? embed_call(embed, "describe", "(O)", value) : NULL;
	if (parts && PyTuple_Check(parts) && PyTuple_GET_SIZE(parts) == 4) {
		result->type = to_bytes(PyTuple_GET_ITEM(parts, 0));
		result->message = to_bytes(PyTuple_GET_ITEM(parts, 1));
		result->text = to_bytes(PyTuple_GET_ITEM(parts, 2));
		result->frames = to_strv(PyTuple_GET_ITEM(parts, 3));
	} else {
		PyErr_Clear();
		result->type = strdup(type ? ((PyTypeObject *)type)->tp_name : "Exception");
		result->message = strdup("(the exception cannot be described)");
	}
	Py_XDECREF(parts);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(trace);
}

static void add_facts(struct embed *embed, struct import_result *result)
{
	PyObject *names = embed_call(embed, "thread_names", "()");
	PyObject *facts = embed_call(embed, "facts", "()");

	result->threads = to_strv(names);
	if (facts && PyTuple_Check(facts) && PyTuple_GET_SIZE(facts) == 3) {
		result->python = to_bytes(PyTuple_GET_ITEM(facts, 0));
		result->stdlib = to_bytes(PyTuple_GET_ITEM(facts, 1));
		result->cwd = to_bytes(PyTuple_GET_ITEM(facts, 2));
	}
	Py_XDECREF(names);
	Py_XDECREF(facts);
	PyErr_Clear();
}

void embed_import(struct embed *embed, const struct zygote_setup *setup,
		  struct import_result *result)
{
	int64_t start = clock_us();
	PyObject *modules = embed_list(setup->preload), *commands = embed_list(setup->commands);
	PyObject *done = NULL;

	memset(result, 0, sizeof(*result));
	if (modules && commands)
		done = embed_call(embed, "preload", "(OzO)", modules, setup->warmup, commands);
	if (!done)
		describe_exception(embed, result);
	Py_XDECREF(done);
	Py_XDECREF(modules);
	Py_XDECREF(commands);
	result->import_us = (uint64_t)(clock_us() - start);
	add_facts(embed, result);
}

/* ---- forking ---- */

#define ENDING_TRIES 50 /* waits of ENDING_US for threads to end */
#define ENDING_US 1000

/* A thread that has done its work, and said so, may still need the GIL to end, and after that, from
 * 3.13 on, the lock of the list of threads (Modules/_threadmodule.c,
 * remove_from_shutdown_handles()). From the fork's preparation on the main thread keeps both. */
static void let_threads_end(const struct embed *embed)
{
	for (int i = 0; i < ENDING_TRIES && task_links() > embed->threads; i++) {
		Py_BEGIN_ALLOW_THREADS;
		usleep(ENDING_US);
		Py_END_ALLOW_THREADS;
	}
}

/* How many objects have been hidden from the collector. */
static uint64_t freeze(struct embed *embed, const struct zygote_setup *setup)
{
	PyObject *frozen = embed_call(embed, "freeze", "(si)", setup->name ? setup->name : "",
				      (int)setup->gc_freeze);
	unsigned long long n = frozen ? PyLong_AsUnsignedLongLong(frozen) : 0;

	if (PyErr_Occurred()) {
		PyErr_Clear();
		n = 0;
	}
	Py_XDECREF(frozen);
	return n;
}

void embed_prepare_fork(struct embed *embed, const struct zygote_setup *setup,
			struct heap_counts *counts)
{
	let_threads_end(embed);
	counts->frozen = freeze(embed, setup);
	hooks_remove();
	opencode_remove();
	if (setup->immortalize)
		heap_immortalize(counts);
	malloc_trim(0);
	holes_fill();
	malloc_trim(0); /* gives back what the heap has grown by */
	/* Before the verdict, since it runs code of the application (os.register_at_fork).  It has
	 * no counterpart in the zygote, which runs no more Python: every worker finds things as
	 * they are now. */
	PyOS_BeforeFork();
}
