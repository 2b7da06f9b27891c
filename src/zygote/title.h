/* title.h - the command line and the environment of the process, as it and others see them.
 * Runs in: zygote, worker. */
#ifndef ZYGOTE_TITLE_H
#define ZYGOTE_TITLE_H

/* Lays the strings of argv and environment one after the other, as execve(2) would, makes `environ`
 * point to them, and tells the kernel, so that /proc/self/cmdline (ps) and /proc/self/environ show
 * them and programs that overwrite their arguments (setproctitle) find them.  environment NULL:
 * stays as it is.
 *
 * 0; -ENOMEM with nothing changed; or -errno if the kernel was not told: the process itself is
 * right all the same. */
int title_set(char *const *argv, char *const *environment);

#endif
