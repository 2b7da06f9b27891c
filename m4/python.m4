# The CPythons that a zygote is built for: --with-python="LIST".

# One more than this many minor versions: 3.9 to 3.15.
m4_define([FORKSERVER_MINORS], [[9], [10], [11], [12], [13], [14], [15]])

# FORKSERVER_NO_PYTHON(WHAT, ITEM, SUFFIX): the missing development files of a CPython.
AC_DEFUN([FORKSERVER_NO_PYTHON], [AC_MSG_ERROR([--with-python: $1
  Install the development files of Python $3 and run configure again:
    Debian, Ubuntu:  apt-get install python$3-dev libpython$3-dev
    Fedora:          dnf install python$3-devel
    Alpine:          apk add python3-dev
  or, for a Python of your own, build it with --enable-shared.])])

# Finds the interpreter of one item of LIST; the answer is in $py_exe, empty if there is none.
AC_DEFUN([FORKSERVER_FIND_PYTHON], [
  py_exe=
  AS_CASE([$py_item],
    [*/*], [
      AS_IF([test -d "$py_item"], [py_exe=$py_item/bin/python3], [py_exe=$py_item])
      AS_IF([test ! -x "$py_exe"],
        [AC_MSG_ERROR([--with-python: $py_exe is not an executable file])])],
    [3.@<:@0-9@:>@|3.@<:@0-9@:>@@<:@0-9@:>@], [
      # A pyenv shim is found in PATH even where it cannot run, so ask whether it can.
      AS_IF([python$py_item -c pass >/dev/null 2>&1],
        [py_exe=python$py_item],
        [py_best=-1
         for py_dir in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$py_item".*; do
           py_patch=${py_dir##*.}
           AS_CASE([$py_patch], [*@<:@!0-9@:>@*], [continue])
           AS_IF([test -x "$py_dir/bin/python$py_item" && test "$py_patch" -gt "$py_best"],
             [py_best=$py_patch; py_exe=$py_dir/bin/python$py_item])
         done])],
    [AS_IF([$py_item -c pass >/dev/null 2>&1], [py_exe=$py_item])])
])

# Asks $py_exe about itself; sets py_version, py_minor, py_real, py_prefix, py_include, py_libdir,
# py_ldlibrary, py_ldversion, py_nogil.
AC_DEFUN([FORKSERVER_ASK_PYTHON], [
  py_answer=`$py_exe -c '
import shlex, sys
from sysconfig import get_config_var as var
for name, value in (
    ("py_version", "%d.%d" % sys.version_info@<:@:2@:>@),
    ("py_full", "%d.%d.%d" % sys.version_info@<:@:3@:>@),
    ("py_implementation", sys.implementation.name),
    ("py_real", sys.executable),
    ("py_prefix", sys.base_prefix),
    ("py_include", var("INCLUDEPY")),
    ("py_libdir", var("LIBDIR")),
    ("py_ldlibrary", var("LDLIBRARY")),
    ("py_ldversion", var("LDVERSION")),
    ("py_nogil", var("Py_GIL_DISABLED") or 0),
):
    print("%s=%s" % (name, shlex.quote(str(value))))
'` || AC_MSG_ERROR([--with-python: $py_exe cannot say what it is (see above)])
  eval "$py_answer"
  py_minor=${py_version#*.}
])

# Refuses what no zygote can be built from.
AC_DEFUN([FORKSERVER_CHECK_PYTHON], [
  AS_IF([test "$py_implementation" != cpython],
    [AC_MSG_ERROR([--with-python: $py_real is $py_implementation; only CPython can be audited])])
  AS_CASE([$py_version],
    [3.9|3.1@<:@0-5@:>@], [],
    [AC_MSG_ERROR([--with-python: $py_real is Python $py_full; 3.9 to 3.15 are supported])])
  AS_IF([test "x$py_nogil" = x1],
    [AC_MSG_ERROR([--with-python: $py_real is a free-threaded build; only builds with the GIL are supported])])
  AS_CASE([" $PYTHON_VERSIONS "], [*" $py_version "*],
    [AC_MSG_ERROR([--with-python: $py_item ($py_real) is another Python $py_version; name one interpreter for each minor version])])
  AS_IF([test ! -f "$py_include/Python.h" || test ! -f "$py_include/internal/pycore_runtime.h"],
    [FORKSERVER_NO_PYTHON([$py_include/Python.h or $py_include/internal/pycore_runtime.h is missing.],
      [$py_item], [$py_version])])
  AS_IF([test ! -f "$py_libdir/$py_ldlibrary"],
    [FORKSERVER_NO_PYTHON([the library $py_libdir/$py_ldlibrary of $py_real is missing.],
      [$py_item], [$py_version])])
  AS_CASE([$py_ldlibrary], [*.a],
    [FORKSERVER_NO_PYTHON([$py_real has no shared library, only $py_libdir/$py_ldlibrary.],
      [$py_item], [$py_version])])
])

# Links a program with it; sets py_cppflags and py_libs.
AC_DEFUN([FORKSERVER_LINK_PYTHON], [
  py_cppflags="-isystem $py_include"
  py_libs="-L$py_libdir -lpython$py_ldversion"
  AS_CASE([$py_libdir],
    [/lib|/lib64|/usr/lib|/usr/lib64|/lib/*-linux-*|/usr/lib/*-linux-*], [],
    [py_libs="$py_libs -Wl,-rpath,$py_libdir"])
  py_saved_cppflags=$CPPFLAGS py_saved_libs=$LIBS
  CPPFLAGS="$CPPFLAGS $py_cppflags" LIBS="$py_libs $LIBS"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([[
#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_runtime.h>
]], [[
	void *volatile runtime = &_PyRuntime;
	return runtime && Py_IsInitialized();
]])], [],
    [FORKSERVER_NO_PYTHON([a program cannot be linked with $py_libdir/$py_ldlibrary (see config.log).],
      [$py_item], [$py_version])])
  CPPFLAGS=$py_saved_cppflags LIBS=$py_saved_libs
])

AC_DEFUN([FORKSERVER_PYTHON], [
  AC_ARG_WITH([python],
    [AS_HELP_STRING([--with-python=LIST], [the CPythons to build zygotes for: interpreters, versions
      such as 3.12, or prefixes; the first is the default of python= @<:@python3@:>@])],
    [], [with_python=yes])
  AS_CASE([$with_python],
    [no], [AC_MSG_ERROR([--without-python: there is nothing to build without a Python])],
    [yes], [AS_IF([test -x /usr/bin/python3], [with_python=/usr/bin/python3], [with_python=python3])])

  PYTHON_VERSIONS= ZYGOTES= DEFAULT_PYTHON= DEFAULT_VERSION=
  m4_foreach([minor], [FORKSERVER_MINORS], [PY[]minor[]_CPPFLAGS= PY[]minor[]_LIBS=
  ])
  for py_item in `AS_ECHO(["$with_python"]) | tr , ' '`; do
    AC_MSG_CHECKING([for the Python of $py_item])
    FORKSERVER_FIND_PYTHON
    AS_IF([test -z "$py_exe"],
      [AC_MSG_RESULT([none])
       AS_CASE([$py_item], [3.*],
         [FORKSERVER_NO_PYTHON([there is no Python $py_item in PATH or below ${PYENV_ROOT:-$HOME/.pyenv}/versions.],
           [$py_item], [$py_item])],
         [AC_MSG_ERROR([--with-python: there is no working $py_item in PATH.
    Debian, Ubuntu:  apt-get install python3-dev
    Fedora:          dnf install python3-devel
    Alpine:          apk add python3-dev])])])
    FORKSERVER_ASK_PYTHON
    AC_MSG_RESULT([$py_real, $py_full])
    FORKSERVER_CHECK_PYTHON
    FORKSERVER_LINK_PYTHON
    PYTHON_VERSIONS="${PYTHON_VERSIONS:+$PYTHON_VERSIONS }$py_version"
    ZYGOTES="$ZYGOTES zygote-python$py_version\$(EXEEXT)"
    AS_IF([test -z "$DEFAULT_PYTHON"],
      [DEFAULT_PYTHON=$py_real DEFAULT_VERSION=$py_version PYTHON_INCLUDE=$py_include])
    py_cppflags="$py_cppflags -DPYTHON_PREFIX='\"$py_prefix\"' -DPYTHON_EXECUTABLE='\"$py_real\"'"
    eval "PY${py_minor}_CPPFLAGS=\$py_cppflags PY${py_minor}_LIBS=\$py_libs"
  done
  AS_IF([test -z "$ZYGOTES"], [AC_MSG_ERROR([--with-python: the list is empty])])

  AC_SUBST([PYTHON_VERSIONS])
  AC_SUBST([ZYGOTES])
  AC_SUBST([DEFAULT_PYTHON])
  AC_SUBST([DEFAULT_VERSION])
  AC_SUBST([PYTHON_INCLUDE])
  m4_foreach([minor], [FORKSERVER_MINORS], [
    AC_SUBST([PY]minor[_CPPFLAGS])
    AC_SUBST([PY]minor[_LIBS])])
])
