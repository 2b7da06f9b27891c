/* title.h - what ps(1) shows.
 * Runs in: zygote, worker. */
#ifndef ZYGOTE_TITLE_H
#define ZYGOTE_TITLE_H

/* Makes /proc/self/cmdline show argv.  0, or -errno with the old one still there. */
int title_set_argv(char *const *argv);

#endif
