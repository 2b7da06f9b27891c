/* survey.c - see survey.h. */
#include "tracer/survey.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/util.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define PROC_FILE_MAX ((size_t)16 << 20) /* bytes of one /proc file */

/* Replaces what is in out by a file below /proc. */
static __attribute__((format(printf, 2, 3))) int read_proc(struct buf *out, const char *format, ...)
{
	char path[80];
	va_list ap;

	va_start(ap, format);
	vsnprintf(path, sizeof(path), format, ap);
	va_end(ap);
	buf_clear(out);
	return fd_read_path(path, out, PROC_FILE_MAX);
}

/* The n-th element of a growing array of zeroed elements; NULL: out of memory. */
static void *grow(void *array, size_t n, size_t size)
{
	char *grown = array;

	if ((n & (n - 1)) == 0) { /* 0, 1, 2, 4, …: full */
		grown = realloc(array, (n ? 2 * n : 1) * size);
		if (!grown)
			return NULL;
	}
	memset(grown + n * size, 0, size);
	return grown;
}

/* ---- fds ---- */

/* anon_inode:[eventfd] and anon_inode:inotify are both used by the kernel; some names are cut to
 * the word that rules use (config/rule.c). */
static char *anon_name(const char *target)
{
	static const char *const words[] = { "bpf", "landlock", "seccomp" };
	const char *at = strchr(target, ':') + 1;
	size_t len = strlen(at);

	if (*at == '[' && len > 2) {
		at++;
		len -= 2;
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strncmp(at, words[i], strlen(words[i])) == 0)
			return strdup(words[i]);
	return strndup(at, len);
}

/* "net:[4026531840]": a namespace; sockets and pipes look alike but are told by their mode. */
static bool is_namespace(const char *target)
{
	size_t letters = strspn(target, "abcdefghijklmnopqrstuvwxyz_");

	return letters && strncmp(target + letters, ":[", 2) == 0;
}

#define MQUEUE_MAGIC 0x19800202 /* ipc/mqueue.c */

static const char *file_type(const struct survey_fd *fd, const char *proc_path)
{
	struct statfs fs;

	if (strncmp(fd->target, "/memfd:", 7) == 0)
		return "memfd";
	if (is_namespace(fd->target))
		return "namespace";
	if (statfs(proc_path, &fs) == 0 && (unsigned)fs.f_type == MQUEUE_MAGIC)
		return "mqueue";
	if (strncmp(fd->target, "/secretmem", 10) == 0)
		return "secretmem";
	return "file";
}

static void set_type(struct survey_fd *fd, const char *proc_path)
{
	/* Before the mode: a pidfd is a regular file since Linux 6.9 (pidfs). */
	if (strncmp(fd->target, "anon_inode:", 11) == 0) {
		fd->owned_type = anon_name(fd->target);
		fd->type = fd->owned_type ? fd->owned_type : "anon_inode";
		return;
	}
	if (strncmp(fd->target, "pidfd:", 6) == 0) {
		fd->type = "pidfd";
		return;
	}
	switch (fd->mode & S_IFMT) {
	case S_IFREG:
		fd->type = file_type(fd, proc_path);
		return;
	case S_IFDIR:
		fd->type = "directory";
		return;
	case S_IFSOCK:
		fd->type = "socket";
		return;
	case S_IFIFO:
		fd->type = strncmp(fd->target, "pipe:", 5) == 0 ? "pipe" : "fifo";
		return;
	case S_IFCHR:
		fd->type = "device";
		if (strncmp(fd->target, "/dev/pts/", 9) == 0 ||
		    strncmp(fd->target, "/dev/tty", 8) == 0 || strcmp(fd->target, "/dev/ptmx") == 0)
			fd->type = "tty";
		return;
	case S_IFBLK:
		fd->type = "device";
		return;
	}
	fd->type = "other";
}

/* /proc/PID/fdinfo/N: "flags:\t0100000" (octal), "pos:\t0", "lock:\t1: FLOCK ADVISORY WRITE …",
 * "Pid:\t7". */
static void read_fdinfo(struct survey_fd *fd, pid_t pid, struct buf *text)
{
	char *line, *save;

	if (read_proc(text, "/proc/%d/fdinfo/%d", pid, fd->fd) < 0 || !text->data)
		return;
	for (line = strtok_r(text->data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char kind[16], how[16];

		if (strncmp(line, "flags:", 6) == 0)
			fd->flags = (int)strtol(line + 6, NULL, 8);
		else if (strncmp(line, "pos:", 4) == 0)
			fd->pos = strtoll(line + 4, NULL, 10);
		else if (strncmp(line, "Pid:", 4) == 0)
			fd->pid = (pid_t)strtol(line + 4, NULL, 10);
		else if (!fd->lock && sscanf(line, "lock: %*d: %15s %*s %15s", kind, how) == 2 &&
			 asprintf(&fd->lock, "%s %s", kind, how) < 0)
			fd->lock = NULL;
	}
}

static int read_link(char **ret, pid_t pid, int fd)
{
	char path[64], target[4096];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	*ret = strdup(target);
	return *ret ? 0 : -ENOMEM;
}

static int read_fd(struct survey_fd *fd, pid_t pid, int number, struct buf *text)
{
	char path[64];
	struct stat st;
	int r;

	fd->fd = number;
	r = read_link(&fd->target, pid, number);
	if (r < 0)
		return r; /* -ENOENT: closed meanwhile by another thread */
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, number);
	if (stat(path, &st) ==
	    0) { /* else a dead mount, FUSE without the file: open all the same */
		fd->dev = st.st_dev;
		fd->ino = st.st_ino;
		fd->mode = st.st_mode;
	}
	set_type(fd, path);
	read_fdinfo(fd, pid, text);
	if (S_ISSOCK(fd->mode)) {
		char *decoded = survey_socket(pid, number);

		if (decoded) {
			free(fd->target);
			fd->target = decoded;
		}
	}
	return 0;
}

static void fd_release(struct survey_fd *fd)
{
	free(fd->target);
	free(fd->owned_type);
	free(fd->lock);
}

static int compare_fds(const void *a, const void *b)
{
	return ((const struct survey_fd *)a)->fd - ((const struct survey_fd *)b)->fd;
}

static int take_fds(struct survey *survey, pid_t pid)
{
	struct buf text = { 0 };
	struct dirent *entry;
	char path[64];
	int r = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir))) {
		struct survey_fd *grown;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		grown = grow(survey->fds, survey->nfds, sizeof(*grown));
		if (!grown) {
			r = -ENOMEM;
			break;
		}
		survey->fds = grown;
		r = read_fd(&grown[survey->nfds], pid, atoi(entry->d_name), &text);
		if (r == 0) {
			survey->nfds++;
		} else {
			fd_release(&grown[survey->nfds]);
			r = r == -ENOENT ? 0 : r; /* closed meanwhile by another thread */
		}
	}
	closedir(dir);
	buf_done(&text);
	if (survey->nfds)
		qsort(survey->fds, survey->nfds, sizeof(*survey->fds), compare_fds);
	return r;
}

const struct survey_fd *survey_find_fd(const struct survey *survey, int fd)
{
	for (size_t i = 0; i < survey->nfds; i++)
		if (survey->fds[i].fd == fd)
			return &survey->fds[i];
	return NULL;
}

/* ---- threads and processes ---- */

char *survey_thread_comm(pid_t pid, pid_t tid)
{
	struct buf text = { 0 };

	if (read_proc(&text, "/proc/%d/task/%d/comm", pid, tid) < 0) {
		buf_done(&text);
		return NULL;
	}
	if (text.len && text.data[text.len - 1] == '\n')
		text.data[--text.len] = '\0';
	return buf_steal(&text);
}

/* The command line with blanks between the arguments; [comm] for a zombie or a kernel thread. */
static char *read_command(pid_t pid, const char *comm)
{
	struct buf text = { 0 };
	char *fallback;

	if (read_proc(&text, "/proc/%d/cmdline", pid) == 0 && text.len) {
		while (text.len && text.data[text.len - 1] == '\0')
			text.len--;
		for (size_t i = 0; i < text.len; i++)
			if (text.data[i] == '\0')
				text.data[i] = ' ';
		if (text.len)
			return buf_steal(&text);
	}
	buf_done(&text);
	return asprintf(&fallback, "[%s]", comm) < 0 ? NULL : fallback;
}

int survey_add_process(struct survey *survey, pid_t pid)
{
	struct survey_process *grown;
	struct buf text = { 0 };
	char *open, *close;
	int r;

	for (size_t i = 0; i < survey->nchildren; i++)
		if (survey->children[i].pid == pid)
			return 0;
	r = read_proc(&text, "/proc/%d/stat", pid);
	if (r == 0) {
		open = text.data ? strchr(text.data, '(') : NULL;
		close = text.data ? strrchr(text.data, ')') : NULL; /* the name may hold one */
		grown = grow(survey->children, survey->nchildren, sizeof(*grown));
		if (grown)
			survey->children = grown;
		if (!grown || !open || !close) {
			r = grown ? -EPROTO : -ENOMEM;
		} else {
			grown = &survey->children[survey->nchildren++];
			grown->pid = pid;
			grown->state = close[2];
			*close = '\0';
			grown->command = read_command(pid, open + 1);
		}
	}
	buf_done(&text);
	return r;
}

static int take_children(struct survey *survey, pid_t pid, pid_t tid, struct buf *text)
{
	char *at, *end;
	int r = read_proc(text, "/proc/%d/task/%d/children", pid, tid);

	if (r < 0)
		return r == -ENOENT || r == -ESRCH ? 0 : r;
	for (at = text->data ? text->data : (char *)""; *at; at = end) {
		long child = strtol(at, &end, 10);

		if (end == at)
			break;
		(void)survey_add_process(survey, (pid_t)child); /* gone meanwhile: nothing to say */
	}
	return 0;
}

#define PF_IO_WORKER 0x10 /* of include/linux/sched.h: io_uring's own threads, */
#define PF_USER_WORKER                                                                             \
	0x4000 /* and since Linux 6.4 those of vhost; neither can be told by its name */

/* Neither one of the kernel's nor a dead one that nobody has waited for. */
static bool is_application_thread(pid_t pid, pid_t tid, struct buf *text)
{
	unsigned flags;
	const char *at;
	char state;

	if (read_proc(text, "/proc/%d/task/%d/stat", pid, tid) < 0)
		return false;             /* gone meanwhile */
	at = strrchr(buf_str(text), ')'); /* the name may hold parentheses */
	if (!at || sscanf(at + 1, " %c %*d %*d %*d %*d %*d %u", &state, &flags) != 2)
		return true;
	return state != 'Z' && state != 'X' && !(flags & (PF_IO_WORKER | PF_USER_WORKER));
}

static int take_threads(struct survey *survey, pid_t pid)
{
	struct buf text = { 0 };
	struct dirent *entry;
	char path[64];
	int r = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);
		pid_t *grown;

		if (tid <= 0)
			continue;
		r = take_children(survey, pid, tid, &text);
		if (!is_application_thread(pid, tid, &text))
			continue;
		grown = grow(survey->threads, survey->nthreads, sizeof(*grown));
		if (!grown) {
			r = -ENOMEM;
			break;
		}
		survey->threads = grown;
		survey->threads[survey->nthreads++] = tid;
	}
	closedir(dir);
	buf_done(&text);
	return r;
}

/* ---- mappings ---- */

static void mark_code(struct survey *survey, const char *path)
{
	for (size_t i = 0; i < survey->nfds; i++)
		if (S_ISREG(survey->fds[i].mode) && strcmp(survey->fds[i].target, path) == 0)
			survey->fds[i].code = true;
}

/* "START-END rw-s OFFSET DEV INODE  PATH"; after take_fds(). */
static int take_maps(struct survey *survey, pid_t pid)
{
	struct buf text = { 0 };
	char *line, *save;
	int r = read_proc(&text, "/proc/%d/maps", pid);

	if (r < 0 || !text.data) {
		buf_done(&text);
		return r;
	}
	for (line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned long start, end;
		struct survey_map *grown;
		char perms[5];
		int at = 0;

		if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %n", &start, &end, perms, &at) < 3)
			continue;
		if (perms[2] == 'x' && at)
			mark_code(survey, line + at);
		if (perms[1] != 'w' || perms[3] != 's')
			continue;
		grown = grow(survey->maps, survey->nmaps, sizeof(*grown));
		if (!grown) {
			r = -ENOMEM;
			break;
		}
		survey->maps = grown;
		grown[survey->nmaps].start = start;
		grown[survey->nmaps].end = end;
		grown[survey->nmaps].path = strdup(at ? line + at : "");
		survey->nmaps++;
	}
	buf_done(&text);
	return r;
}

int survey_take(struct survey *ret, pid_t pid)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	r = take_fds(ret, pid);
	if (r == 0)
		r = take_threads(ret, pid);
	if (r == 0)
		r = take_maps(ret, pid);
	if (r < 0)
		survey_done(ret);
	return r;
}

void survey_done(struct survey *survey)
{
	for (size_t i = 0; i < survey->nfds; i++)
		fd_release(&survey->fds[i]);
	for (size_t i = 0; i < survey->nchildren; i++)
		free(survey->children[i].command);
	for (size_t i = 0; i < survey->nmaps; i++)
		free(survey->maps[i].path);
	free(survey->fds);
	free(survey->threads);
	free(survey->children);
	free(survey->maps);
	memset(survey, 0, sizeof(*survey));
}
