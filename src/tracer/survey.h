/* survey.h - what a process holds now, read from /proc: fds, locks, threads, children, shared
 * mappings. Runs in: tracer. */
#ifndef TRACER_SURVEY_H
#define TRACER_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct survey_fd {
	int fd;
	dev_t dev;
	ino_t ino;
	mode_t mode; /* st_mode */
	const char *
		type; /* static, or owned by `owned_type`: file directory socket pipe eventpoll … */
	char *owned_type; /* owned or NULL */
	char *target;     /* owned: a path, "TCP 127.0.0.1:1 -> 127.0.0.1:2 ESTABLISHED", … */
	int flags;        /* open(2) flags, with O_CLOEXEC */
	int64_t pos;      /* bytes */
	pid_t pid;        /* of a pidfd; else 0 */
	bool code;        /* a file that the process has mapped executable: a library's */
	char *lock;       /* owned: "FLOCK WRITE", "POSIX READ", …; NULL: none */
};

struct survey_map {
	uintptr_t start, end;
	char *path; /* owned; "" for an anonymous one */
};

struct survey_process {
	pid_t pid;
	char state;    /* of /proc/PID/stat: Z is a zombie */
	char *command; /* owned: its command line, or [comm] */
};

struct survey {
	struct survey_fd *fds; /* by number */
	size_t nfds;
	pid_t *threads; /* the kernel's io_uring threads left out */
	size_t nthreads;
	struct survey_process *children;
	size_t nchildren;
	struct survey_map *maps; /* writable and shared only */
	size_t nmaps;
};

/* 0 or -errno; *ret is then empty. */
int survey_take(struct survey *ret, pid_t pid);
void survey_done(struct survey *survey);

/* Adds a process that is not (any more) a child of pid: a daemonised one.  0 or -errno. */
int survey_add_process(struct survey *survey, pid_t pid);

const struct survey_fd *survey_find_fd(const struct survey *survey, int fd); /* NULL: not open */

/* The kernel's name of a thread; malloc'ed or NULL. */
char *survey_thread_comm(pid_t pid, pid_t tid);

/* survey_socket.c: "TCP 127.0.0.1:1 -> …" for fd of pid; malloc'ed; NULL if it cannot be had. */
char *survey_socket(pid_t pid, int fd);

#endif
