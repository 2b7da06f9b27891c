# Where the units go: --with-systemdsystemunitdir=DIR, or no.

# Without the option: below our prefix if systemd reads units there (it does for /usr and
# /usr/local), else where it keeps its own; without systemd.pc below our prefix.
AC_DEFUN([FORKSERVER_SYSTEMD], [
  AC_ARG_WITH([systemdsystemunitdir],
    [AS_HELP_STRING([--with-systemdsystemunitdir=DIR], [where systemd units are installed, or "no"
      for none; their tmpfiles and sysusers go below PREFIX/lib @<:@where systemd looks@:>@])],
    [], [with_systemdsystemunitdir=yes])
  AC_MSG_CHECKING([where systemd units go])
  AS_CASE([$with_systemdsystemunitdir],
    [no], [systemdsystemunitdir=],
    [yes], [
      forkserver_prefix=$prefix
      AS_IF([test "x$prefix" = xNONE], [forkserver_prefix=$ac_default_prefix])
      systemdsystemunitdir='${prefix}/lib/systemd/system'
      forkserver_own=`$PKG_CONFIG --variable=systemdsystemunitdir systemd 2>/dev/null`
      forkserver_path=`$PKG_CONFIG --variable=systemdsystemunitpath systemd 2>/dev/null`
      AS_CASE([:$forkserver_path:],
        [*:$forkserver_prefix/lib/systemd/system:*], [],
        [AS_IF([test -n "$forkserver_own"], [systemdsystemunitdir=$forkserver_own])])],
    [systemdsystemunitdir=$with_systemdsystemunitdir])
  AC_MSG_RESULT([${systemdsystemunitdir:-nowhere}])
  AC_SUBST([systemdsystemunitdir])
  AM_CONDITIONAL([SYSTEMD_UNITS], [test -n "$systemdsystemunitdir"])
])
