/* python.h - CPython's headers, internals included, and the names that changed between versions.
 * Runs in: zygote, tracer.  Compiled once for each CPython version.
 *
 * Py_BUILD_CORE must come before Python.h; the internal headers need no -I of their own. */
#ifndef TRACER_PYTHON_H
#define TRACER_PYTHON_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_BUILD_CORE
#define Py_BUILD_CORE 1
#endif

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wredundant-decls"
#include <Python.h>
/* After Python.h. */
#include <frameobject.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_runtime.h>
#if PY_VERSION_HEX >= 0x030b0000
#include <internal/pycore_frame.h>
#endif
#if PY_VERSION_HEX >= 0x030e0000
#include <internal/pycore_audit.h>
#include <internal/pycore_interpframe.h>
#endif
#pragma GCC diagnostic pop

#if PY_VERSION_HEX < 0x03090000 || PY_VERSION_HEX >= 0x03100000
#error "this zygote knows CPython 3.9 to 3.15"
#endif

#endif
