# Compiler and linker flags: warnings, hardening, sanitizers.

# FORKSERVER_TRY_FLAG(VARIABLE, FLAG): appends FLAG to VARIABLE if compiler and linker know it.
AC_DEFUN([FORKSERVER_TRY_FLAG], [
  AC_MSG_CHECKING([whether $CC knows $2])
  forkserver_saved=$CFLAGS
  CFLAGS="$CFLAGS -Werror $2"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
    [AC_MSG_RESULT([yes]); $1="$$1 $2"],
    [AC_MSG_RESULT([no])])
  CFLAGS=$forkserver_saved
])

AC_DEFUN([FORKSERVER_FLAGS], [
  AC_ARG_ENABLE([hardening],
    [AS_HELP_STRING([--disable-hardening], [leave out stack protector, full RELRO and the like])],
    [], [enable_hardening=yes])
  AC_ARG_ENABLE([werror],
    [AS_HELP_STRING([--enable-werror], [make every compiler warning an error])],
    [], [enable_werror=no])
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers], [build with AddressSanitizer and UBSan])],
    [], [enable_sanitizers=no])

  WARN_CFLAGS="-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes"
  AS_IF([test "x$enable_werror" = xyes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])

  # A position-independent executable, never -fPIC: the tracer relies on _PyRuntime being at the
  # same address in itself and in its tracee, and reads it without a GOT.
  PIE_CFLAGS=-fPIE
  PIE_LDFLAGS=-pie

  HARDEN_CFLAGS= HARDEN_LDFLAGS= NO_SHADOW_STACK_CFLAGS=
  AS_IF([test "x$enable_hardening" != xno], [
    FORKSERVER_TRY_FLAG([HARDEN_CFLAGS], [-fstack-protector-strong])
    FORKSERVER_TRY_FLAG([HARDEN_CFLAGS], [-fstack-clash-protection])
    FORKSERVER_TRY_FLAG([HARDEN_CFLAGS], [-fcf-protection])
    FORKSERVER_TRY_FLAG([NO_SHADOW_STACK_CFLAGS], [-fcf-protection=branch])
    FORKSERVER_TRY_FLAG([HARDEN_LDFLAGS], [-Wl,-z,relro,-z,now])
    AS_IF([test "x$enable_sanitizers" != xyes], [
      AS_CASE([$CFLAGS], [*-O0*], [], [*-O*],
        [HARDEN_CFLAGS="$HARDEN_CFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])])
  ])

  SANITIZE_CFLAGS=
  AS_IF([test "x$enable_sanitizers" = xyes], [
    FORKSERVER_TRY_FLAG([SANITIZE_CFLAGS],
      [-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer])
    AS_IF([test -z "$SANITIZE_CFLAGS"],
      [AC_MSG_ERROR([$CC cannot link with -fsanitize=address,undefined.
  Debian: it comes with gcc; Fedora: dnf install libasan libubsan; Alpine has no sanitizers for gcc])])
  ])
  AM_CONDITIONAL([SANITIZERS], [test "x$enable_sanitizers" = xyes])

  AC_SUBST([WARN_CFLAGS])
  AC_SUBST([PIE_CFLAGS])
  AC_SUBST([PIE_LDFLAGS])
  AC_SUBST([HARDEN_CFLAGS])
  AC_SUBST([NO_SHADOW_STACK_CFLAGS])
  AC_SUBST([HARDEN_LDFLAGS])
  AC_SUBST([SANITIZE_CFLAGS])
])
