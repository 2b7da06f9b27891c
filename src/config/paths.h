/* paths.h - paths as Python's os.path treats them for supervisord.
 * Runs in: supervisor.  Reads nothing but the working directory and the users' database. */
#ifndef CONFIG_PATHS_H
#define CONFIG_PATHS_H

/* All malloc'ed; NULL: out of memory. */
char *path_home(const char *path);                        /* "~/x" and "~user/x" expanded */
char *path_absolute(const char *path);                    /* abspath(): no "." and ".." left */
char *path_directory(const char *path);                   /* of the absolute path */
char *path_join(const char *directory, const char *path); /* path itself if it is absolute */

#endif
