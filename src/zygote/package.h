/* package.h - where the Python package `forkserver` is, which workers may import.
 * Runs in: zygote. */
#ifndef ZYGOTE_PACKAGE_H
#define ZYGOTE_PACKAGE_H

/* The directory to put at the end of sys.path, malloc'ed; NULL: the package is not installed.  Of
 * these, the first one that has it: python beside this executable, so that a build tree works as it
 * is; ../../share/forkserver/python from there, should all have been moved; and the one that
 * configure chose.  Opens nothing. */
char *package_directory(void);

#endif
