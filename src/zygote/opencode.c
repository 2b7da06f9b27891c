/* opencode.c - see opencode.h.
 *
 * More than half of the fds that an import creates are opened by importlib for one read of a .py or
 * .pyc file and closed at once.  Each would cost two stops of the tracer to learn nothing.
 * io.open_code() (PEP 578) lets the embedder read those files itself, and it does so through an
 * openat(2) that the filter lets pass (tracer/calls.h, CALL_UNSEEN_DIRFD).  Python gets the bytes;
 * no fd is left. */
#include "zygote/opencode.h"

#include "tracer/calls.h"
#include "tracer/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MODULE_MAX ((off_t)64 << 20) /* bytes; a larger file is left to Python */

struct import_progress import_progress;

static bool is_module(const char *path)
{
	size_t len = strlen(path);

	/* Only of an absolute path does the kernel ignore the directory fd (openat(2)). */
	return path[0] == '/' && ((len > 3 && strcmp(path + len - 3, ".py") == 0) ||
				  (len > 4 && strcmp(path + len - 4, ".pyc") == 0));
}

/* What _io.open() would be without a hook. */
static PyObject *open_plainly(PyObject *path)
{
	PyObject *io = PyImport_ImportModule("_io");
	PyObject *file = io ? PyObject_CallMethod(io, "open", "Os", path, "rb") : NULL;

	Py_XDECREF(io);
	return file;
}

/* All of a regular file.  NULL with an exception, or without one: leave it to Python. */
static PyObject *read_file(int fd)
{
	PyObject *bytes;
	struct stat st;
	Py_ssize_t got = 0;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > MODULE_MAX)
		return NULL;
	bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)st.st_size);
	while (bytes && got < PyBytes_GET_SIZE(bytes)) {
		ssize_t n;

		Py_BEGIN_ALLOW_THREADS n = read(fd, PyBytes_AS_STRING(bytes) + got,
						(size_t)(PyBytes_GET_SIZE(bytes) - got));
		Py_END_ALLOW_THREADS if (n < 0 && errno == EINTR) continue;
		if (n <=
		    0) { /* it has shrunk, or cannot be read: Python finds the words for that */
			Py_CLEAR(bytes);
			break;
		}
		got += n;
	}
	return bytes;
}

static PyObject *read_module(const char *path)
{
	int fd = (int)syscall(SYS_openat, CALL_UNSEEN_DIRFD, path, O_RDONLY | O_CLOEXEC);
	PyObject *bytes;

	if (fd < 0)
		return NULL;
	bytes = read_file(fd);
	close(fd);
	import_progress.modules += bytes != NULL;
	snprintf(import_progress.path, sizeof(import_progress.path), "%s", path);
	return bytes;
}

static PyObject *open_code(PyObject *path, void *data)
{
	PyObject *encoded = PyUnicode_EncodeFSDefault(path);
	PyObject *io, *bytes, *file;

	(void)data;
	if (!encoded)
		return NULL;
	bytes = is_module(PyBytes_AS_STRING(encoded)) ? read_module(PyBytes_AS_STRING(encoded))
						      : NULL;
	Py_DECREF(encoded);
	if (!bytes)
		return PyErr_Occurred() ? NULL : open_plainly(path);
	/* The audit event that _io.open() raises; the application may be listening. */
	if (PySys_Audit("open", "Osi", path, "rb", O_RDONLY | O_CLOEXEC) < 0) {
		Py_DECREF(bytes);
		return NULL;
	}
	io = PyImport_ImportModule("_io");
	file = io ? PyObject_CallMethod(io, "BytesIO", "O", bytes) : NULL;
	Py_XDECREF(io);
	Py_DECREF(bytes);
	return file;
}

int opencode_install(void)
{
	return PyFile_SetOpenCodeHook(open_code, NULL);
}

void opencode_remove(void)
{
	if (_PyRuntime.open_code_hook == open_code)
		_PyRuntime.open_code_hook = NULL;
}
