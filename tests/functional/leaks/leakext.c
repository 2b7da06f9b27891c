/* leakext.c - a C extension that leaks in ways of its own.
 * Runs in: the tests; built by them for each version of Python. */
#define _GNU_SOURCE
#include <Python.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static PyObject *open_file(PyObject *self, PyObject *args)
{
	const char *path;

	(void)self;
	if (!PyArg_ParseTuple(args, "s", &path))
		return NULL;
	return PyLong_FromLong(open(path, O_RDONLY | O_CLOEXEC));
}

/* Without the GIL, as a library's own reader would. */
static PyObject *open_file_nogil(PyObject *self, PyObject *args)
{
	const char *path;
	int fd;

	(void)self;
	if (!PyArg_ParseTuple(args, "s", &path))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	fd = open(path, O_RDONLY | O_CLOEXEC);
	Py_END_ALLOW_THREADS
	return PyLong_FromLong(fd);
}

static PyObject *fopen_file(PyObject *self, PyObject *args)
{
	const char *path;
	FILE *file;

	(void)self;
	if (!PyArg_ParseTuple(args, "s", &path))
		return NULL;
	file = fopen(path, "r");
	return PyLong_FromLong(file ? fileno(file) : -1);
}

static void *opener(void *path)
{
	return (void *)(intptr_t)open(path, O_RDONLY | O_CLOEXEC);
}

/* A thread without a Python thread state opens the file and ends. */
static PyObject *open_in_c_thread(PyObject *self, PyObject *args)
{
	const char *path;
	pthread_t thread;
	void *fd;

	(void)self;
	if (!PyArg_ParseTuple(args, "s", &path))
		return NULL;
	if (pthread_create(&thread, NULL, opener, (void *)path) != 0)
		return PyErr_SetFromErrno(PyExc_OSError);
	pthread_join(thread, &fd);
	return PyLong_FromLong((intptr_t)fd);
}

static int open_and_exit(void *path)
{
	_exit(open(path, O_RDONLY | O_CLOEXEC) < 0);
}

/* A child that shares our table of fds, but not our memory, opens the file and ends. */
static PyObject *open_in_clone_files(PyObject *self, PyObject *args)
{
	const size_t size = 65536;
	const char *path;
	char *stack;
	int status;
	pid_t pid;

	(void)self;
	if (!PyArg_ParseTuple(args, "s", &path))
		return NULL;
	stack = malloc(size);
	if (!stack)
		return PyErr_NoMemory();
	pid = clone(open_and_exit, stack + size, CLONE_FILES | SIGCHLD, (void *)path);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		free(stack);
		return PyErr_SetFromErrno(PyExc_OSError);
	}
	free(stack);
	Py_RETURN_NONE;
}

/* Calls back into Python, so that the stack has C between two Python frames. */
static PyObject *call(PyObject *self, PyObject *args)
{
	PyObject *function;

	(void)self;
	if (!PyArg_ParseTuple(args, "O", &function))
		return NULL;
	return PyObject_CallObject(function, NULL);
}

static PyMethodDef methods[] = {
	{"open_file", open_file, METH_VARARGS, NULL},
	{"open_file_nogil", open_file_nogil, METH_VARARGS, NULL},
	{"fopen_file", fopen_file, METH_VARARGS, NULL},
	{"open_in_c_thread", open_in_c_thread, METH_VARARGS, NULL},
	{"open_in_clone_files", open_in_clone_files, METH_VARARGS, NULL},
	{"call", call, METH_VARARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
	PyModuleDef_HEAD_INIT, .m_name = "leakext", .m_size = -1, .m_methods = methods,
};

PyMODINIT_FUNC PyInit_leakext(void)
{
	const char *path = getenv("LEAKEXT_OPEN_AT_INIT");

	if (path && open(path, O_RDONLY | O_CLOEXEC) < 0)
		return PyErr_SetFromErrnoWithFilename(PyExc_OSError, path);
	return PyModule_Create(&module);
}
