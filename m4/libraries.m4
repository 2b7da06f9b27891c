# The libraries, each with the name of the package that is missing when it is missing.

# FORKSERVER_MISSING(WHAT, APT, DNF, APK)
AC_DEFUN([FORKSERVER_MISSING], [AC_MSG_ERROR([$1 is missing.  Install it and run configure again:
    Debian, Ubuntu:  apt-get install $2
    Fedora:          dnf install $3
    Alpine:          apk add $4])])

# FORKSERVER_PKG(VARIABLE, MODULE, APT, DNF, APK)
AC_DEFUN([FORKSERVER_PKG], [
  PKG_CHECK_MODULES([$1], [$2], [], [FORKSERVER_MISSING([$2], [$3], [$4], [$5])])
])

AC_DEFUN([FORKSERVER_LIBRARIES], [
  AC_ARG_ENABLE([tests],
    [AS_HELP_STRING([--disable-tests], [build without the Check library; no unit tests])],
    [], [enable_tests=yes])
  AS_IF([test -z "$PKG_CONFIG"],
    [FORKSERVER_MISSING([pkg-config], [pkg-config], [pkgconf-pkg-config], [pkgconf])])
  FORKSERVER_PKG([JANSSON], [jansson], [libjansson-dev], [jansson-devel], [jansson-dev])
  FORKSERVER_PKG([SECCOMP], [libseccomp >= 2.4], [libseccomp-dev], [libseccomp-devel],
    [libseccomp-dev])
  FORKSERVER_PKG([EXPAT], [expat >= 2.4], [libexpat1-dev], [expat-devel], [expat-dev])
  FORKSERVER_PKG([MICROHTTPD], [libmicrohttpd >= 0.9.71], [libmicrohttpd-dev],
    [libmicrohttpd-devel], [libmicrohttpd-dev])
  FORKSERVER_PKG([ZLIB], [zlib], [zlib1g-dev], [zlib-devel], [zlib-dev])
  FORKSERVER_PKG([EDIT], [libedit], [libedit-dev], [libedit-devel], [libedit-dev])
  AS_IF([test "x$enable_tests" != xno],
    [FORKSERVER_PKG([CHECK], [check >= 0.10], [check], [check-devel], [check-dev])])
  AM_CONDITIONAL([UNIT_TESTS], [test "x$enable_tests" != xno])

  # libev has no .pc file.
  forkserver_ev=yes
  AC_CHECK_HEADER([ev.h], [], [forkserver_ev=no])
  AC_CHECK_LIB([ev], [ev_loop_new], [], [forkserver_ev=no], [-lm])
  AS_IF([test $forkserver_ev = no], [FORKSERVER_MISSING([libev], [libev-dev], [libev-devel], [libev-dev])])
  EV_LIBS=-lev
  AC_SUBST([EV_LIBS])
  LIBS=
])
