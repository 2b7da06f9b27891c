# Programs that only tests and checks use; nothing here is needed to build.
AC_DEFUN([FORKSERVER_TEST_TOOLS], [
  AC_ARG_VAR([PYTEST_PYTHON], [Python with pytest, for the functional tests])
  AC_MSG_CHECKING([for a Python with pytest])
  for forkserver_python in $PYTEST_PYTHON /usr/bin/python3 python3; do
    PYTEST_PYTHON=
    AS_IF([$forkserver_python -c 'import pytest' >/dev/null 2>&1],
      [PYTEST_PYTHON=$forkserver_python; break])
  done
  AC_MSG_RESULT([${PYTEST_PYTHON:-none}])
  AC_PATH_PROG([VALGRIND], [valgrind])
  AC_PATH_PROG([READELF], [readelf])
])
