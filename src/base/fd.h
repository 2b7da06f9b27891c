/* fd.h - file descriptors: CLOEXEC at birth, -1 when none.
 * Runs in: every process. */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stddef.h>
#include <sys/types.h>

struct buf;

/* Closes *fd if it is open and sets it to -1.  errno is kept. */
void fd_close(int *fd);

/* For `__attribute__((cleanup(fd_cleanup))) int fd = -1;` */
static inline void fd_cleanup(int *fd)
{
	fd_close(fd);
}
#define CLEANUP_FD __attribute__((cleanup(fd_cleanup)))

/* Writes all, over short writes and EINTR.  0 or -errno. */
int fd_write_all(int fd, const void *data, size_t len);

/* Appends everything up to end of file, at most max bytes.  0, -EFBIG if there is more, or -errno.
 */
int fd_read_all(int fd, struct buf *buf, size_t max);

/* The same for a path. */
int fd_read_path(const char *path, struct buf *buf, size_t max);

/* A sealed memfd with these bytes, offset 0, CLOEXEC; or -errno. */
int fd_memfd(const char *name, const void *data, size_t len);

/* Sets or clears FD_CLOEXEC, O_NONBLOCK.  0 or -errno. */
int fd_cloexec(int fd, int on);
int fd_nonblock(int fd, int on);

#endif
