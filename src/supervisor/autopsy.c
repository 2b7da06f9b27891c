/* autopsy.c - see autopsy.h. */
#include "supervisor/autopsy.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/util.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_MAX 4096

/* What a process can stand still in.  libseccomp knows all names, but the supervisor does not link
 * it; a number that is not here is shown as a number. */
struct call {
	long number;
	const char *name;
	bool fd; /* the first argument is one */
};

#define CALL(name, fd)                                                                             \
	{                                                                                          \
		SYS_##name, #name, fd                                                              \
	}
static const struct call calls[] = {
	CALL(read, true),
	CALL(readv, true),
	CALL(pread64, true),
	CALL(write, true),
	CALL(writev, true),
	CALL(pwrite64, true),
	CALL(fsync, true),
	CALL(fdatasync, true),
	CALL(flock, true),
	CALL(fcntl, true),
	CALL(ioctl, true),
	CALL(connect, true),
	CALL(accept, true),
	CALL(accept4, true),
	CALL(recvfrom, true),
	CALL(recvmsg, true),
	CALL(sendto, true),
	CALL(sendmsg, true),
	CALL(close, true),
	CALL(fallocate, true),
	CALL(ftruncate, true),
	CALL(sendfile, true),
	CALL(epoll_pwait, true),
#ifdef SYS_epoll_wait
	CALL(epoll_wait, true),
#endif
#ifdef SYS_poll
	CALL(poll, false),
#endif
#ifdef SYS_select
	CALL(select, false),
#endif
#ifdef SYS_pause
	CALL(pause, false),
#endif
#ifdef SYS_newfstatat
	CALL(newfstatat, false),
#endif
	CALL(ppoll, false),
	CALL(pselect6, false),
	CALL(openat, false),
	CALL(futex, false),
	CALL(nanosleep, false),
	CALL(clock_nanosleep, false),
	CALL(restart_syscall, false),
	CALL(wait4, false),
	CALL(waitid, false),
	CALL(rt_sigtimedwait, false),
	CALL(rt_sigsuspend, false),
	CALL(semop, false),
	CALL(semtimedop, false),
	CALL(msgrcv, false),
	CALL(msync, false),
	CALL(sync, false),
	CALL(execve, false),
	CALL(clone, false),
	CALL(munmap, false),
	CALL(mmap, false),
	CALL(exit_group, false),
};

static const struct {
	char letter;
	const char *word;
} states[] = {
	{ 'R', "running" },
	{ 'S', "sleeping" },
	{ 'D', "in uninterruptible sleep: it waits for a disk or a network file system" },
	{ 'T', "stopped by a signal" },
	{ 't', "stopped by a tracer" },
	{ 'Z', "dead" },
};

char autopsy_state(const char *stat)
{
	/* "PID (NAME) S …": the name may hold anything, so the last ) counts */
	const char *end = strrchr(stat, ')');

	return end && end[1] == ' ' ? end[2] : '\0';
}

void autopsy_syscall(const char *text, struct buf *to, int *ret_fd)
{
	unsigned long long first;
	long number;

	*ret_fd = -1;
	if (strncmp(text, "running", 7) == 0) {
		buf_addstr(to, ", running its own code");
		return;
	}
	if (sscanf(text, "%ld %llx", &number, &first) != 2 || number < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		if (calls[i].number != number)
			continue;
		buf_printf(to, ", in system call %s", calls[i].name);
		if (calls[i].fd && first <= INT_MAX) {
			*ret_fd = (int)first;
			buf_printf(to, " of fd %d", *ret_fd);
		}
		return;
	}
	buf_printf(to, ", in system call number %ld", number);
}

static const char *read_text(pid_t pid, const char *name, struct buf *text)
{
	char path[64];

	buf_clear(text);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return fd_read_path(path, text, READ_MAX) < 0 || text->failed ? "" : buf_str(text);
}

static void add_state(char letter, struct buf *to)
{
	const char *word = NULL;

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (states[i].letter == letter)
			word = states[i].word;
	if (!letter)
		buf_addstr(to, "state unknown");
	else
		buf_printf(to, "state %c%s%s%s", letter, word ? " (" : "", word ? word : "",
			   word ? ")" : "");
}

/* What the fd is: "socket:[4711]", "/var/log/shop.log". */
static void add_target(pid_t pid, int fd, struct buf *to)
{
	char path[64], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
	n = readlink(path, target, sizeof(target));
	if (n > 0)
		buf_printf(to, " (%.*s)", (int)n, target);
}

void autopsy(pid_t pid, struct buf *to)
{
	struct buf text = { 0 };
	char state = autopsy_state(read_text(pid, "stat", &text));
	const char *where;
	int fd = -1;

	add_state(state, to);
	/* `syscall` takes a lock that an execve(2) of the process holds, on a hung file system for
	 * ever; who is in that is in state D */
	if (state != 'D')
		autopsy_syscall(read_text(pid, "syscall", &text), to, &fd);
	if (fd >= 0)
		add_target(pid, fd, to);
	where = read_text(pid, "wchan", &text);
	if (*where && strcmp(where, "0") != 0)
		buf_printf(to, ", the kernel waits in %s", where);
	buf_done(&text);
}
