/* holder.c - see holder.h: from an address to an inode (/proc/net), from there to the processes
 * that have it open (/proc/PID/fd).  proc_net(5), proc_pid_fd(5). */
#include "supervisor/holder.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/util.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define TABLE_MAX ((size_t)64 << 20) /* of a machine with very many connections */
#define TCP_LISTENING 0x0a           /* TCP_LISTEN of the kernel's tcp_states.h */
#define UNIX_LISTENING 0x10000       /* __SO_ACCEPTCON of linux/net.h */

/* The socket that is in the way. */
struct found {
	unsigned long inode; /* 0: none */
	long uid;            /* -1: the table does not tell */
	int rank;            /* how likely it is that one */
};

static void note(struct found *found, int rank, unsigned long inode, long uid)
{
	if (inode && rank > found->rank)
		*found = (struct found){ inode, uid, rank };
}

/* ---- /proc/net ---- */

/* A table without its first line, which is a heading; malloc'ed, or NULL. */
static char *read_table(const char *proc, const char *name)
{
	char path[PATH_MAX];
	struct buf buf = { 0 };

	snprintf(path, sizeof(path), "%s/net/%s", proc, name);
	(void)fd_read_path(path, &buf, TABLE_MAX); /* as much as there is */
	return buf_steal(&buf);
}

static bool is_any(const struct in6_addr *address)
{
	return IN6_IS_ADDR_UNSPECIFIED(address) ||
	       (IN6_IS_ADDR_V4MAPPED(address) && !address->s6_addr32[3]);
}

/* IPv4 as a mapped address, so that both tables are compared alike. */
static struct in6_addr map(uint32_t v4)
{
	struct in6_addr mapped = { 0 };

	mapped.s6_addr[10] = mapped.s6_addr[11] = 0xff;
	mapped.s6_addr32[3] = v4;
	return mapped;
}

/* "0100007F" or four such words: what the kernel prints is each word as it is in memory. */
static bool parse_address(const char *text, struct in6_addr *ret)
{
	uint32_t words[4];
	size_t n = strspn(text, "0123456789ABCDEFabcdef") / 8;

	if (n != 1 && n != 4)
		return false;
	for (size_t i = 0; i < n; i++)
		if (sscanf(text + 8 * i, "%8" SCNx32, &words[i]) != 1)
			return false;
	if (n == 1)
		*ret = map(words[0]);
	else
		memcpy(ret, words, sizeof(*ret));
	return true;
}

/* What the holder has bound against what we wanted; 0: they do not meet. */
static int rank_address(const struct in6_addr *its, const struct in6_addr *wanted)
{
	bool same_family = !IN6_IS_ADDR_V4MAPPED(its) == !IN6_IS_ADDR_V4MAPPED(wanted);

	if (memcmp(its, wanted, sizeof(*its)) == 0)
		return 3;
	if (same_family)
		return is_any(its) || is_any(wanted) ? 2 : 0;
	/* a socket for all of IPv6 may be one for IPv4 as well: the table does not say */
	return IN6_IS_ADDR_UNSPECIFIED(its) || IN6_IS_ADDR_UNSPECIFIED(wanted) ? 1 : 0;
}

/* "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 4711 …" */
static void match_inet(struct found *found, const char *line, const struct in6_addr *wanted,
		       unsigned port)
{
	char local[40];
	struct in6_addr its;
	unsigned its_port, state;
	unsigned long uid, inode;
	int rank;

	if (sscanf(line, " %*[^:]: %39[^:]:%x %*s %x %*s %*s %*s %lu %*s %lu", local, &its_port,
		   &state, &uid, &inode) != 5 ||
	    its_port != port || !parse_address(local, &its))
		return;
	rank = rank_address(&its, wanted);
	if (rank)
		note(found, rank + (state == TCP_LISTENING ? 4 : 0), inode, (long)uid);
}

static void find_inet(const char *proc, const struct sockaddr *address, bool stream,
		      struct found *found)
{
	static const char *const tables[][2] = { { "udp", "udp6" }, { "tcp", "tcp6" } };
	struct in6_addr wanted;
	unsigned port;

	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;

		wanted = map(in->sin_addr.s_addr);
		port = ntohs(in->sin_port);
	} else {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)address;

		wanted = in->sin6_addr;
		port = ntohs(in->sin6_port);
	}
	for (size_t i = 0; i < 2; i++) {
		CLEANUP_FREE char *text = read_table(proc, tables[stream][i]);
		char *rest = text, *line;

		while (rest && (line = strsep(&rest, "\n")))
			match_inet(found, line, &wanted, port);
	}
}

/* "0000000000000000: 00000002 00000000 00010000 0001 01 4711 /run/x.sock", an abstract name behind
 * an '@'. */
static void find_unix(const char *proc, const struct sockaddr_un *address, struct found *found)
{
	CLEANUP_FREE char *text = read_table(proc, "unix");
	char *rest = text, *line;
	char name[sizeof(address->sun_path) + 1] = { 0 };

	memcpy(name, address->sun_path, sizeof(address->sun_path));
	if (!name[0])
		name[0] = '@';
	while (rest && (line = strsep(&rest, "\n"))) {
		unsigned long flags, inode;
		int at = 0;

		if (sscanf(line, "%*[^:]: %*s %*s %lx %*s %*s %lu %n", &flags, &inode, &at) == 2 &&
		    at && strcmp(line + at, name) == 0)
			note(found, flags & UNIX_LISTENING ? 2 : 1, inode, -1);
	}
}

/* ---- /proc/PID ---- */

static void add_user(struct buf *text, uid_t uid)
{
	const struct passwd *entry = getpwuid(uid);

	if (entry)
		buf_addstr(text, entry->pw_name);
	else
		buf_printf(text, "%u", (unsigned)uid);
}

static long uid_of(const char *proc, pid_t pid)
{
	char path[PATH_MAX];
	struct buf status = { 0 };
	const char *line;
	long uid = -1;

	snprintf(path, sizeof(path), "%s/%d/status", proc, (int)pid);
	(void)fd_read_path(path, &status, 65536);
	line = strstr(buf_str(&status), "\nUid:");
	if (line && sscanf(line, "\nUid: %*u %ld", &uid) != 1)
		uid = -1;
	buf_done(&status);
	return uid;
}

void holder_describe_pid(const char *proc, pid_t pid, struct buf *text)
{
	char path[PATH_MAX];
	struct buf name = { 0 };
	long uid = uid_of(proc, pid);

	snprintf(path, sizeof(path), "%s/%d/comm", proc, (int)pid);
	(void)fd_read_path(path, &name, 64);
	for (size_t i = 0; i < name.len; i++) /* whoever runs there has chosen it */
		name.data[i] = isprint((unsigned char)name.data[i]) ? name.data[i] : ' ';
	while (name.len && name.data[name.len - 1] == ' ')
		name.data[--name.len] = '\0';
	buf_printf(text, "%s (pid %d", name.len ? buf_str(&name) : "a process", (int)pid);
	if (uid >= 0) {
		buf_addstr(text, ", user ");
		add_user(text, (uid_t)uid);
	}
	buf_addstr(text, pid == getpid() ? ", this forkserver itself)" : ")");
	buf_done(&name);
}

/* Whether a process has the socket open: 1 or 0, or -EACCES if it cannot be told. */
static int has_open(const char *proc, const char *pid, const char *wanted)
{
	char path[PATH_MAX], target[64];
	DIR *dir;
	const struct dirent *entry;
	int r = 0;

	snprintf(path, sizeof(path), "%s/%s/fd", proc, pid);
	dir = opendir(path);
	if (!dir)
		return errno == EACCES || errno == EPERM ? -EACCES : 0;
	while (r == 0 && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		target[n > 0 ? n : 0] = '\0';
		r = strcmp(target, wanted) == 0;
	}
	closedir(dir);
	return r;
}

/* The first process that has it, and how many more; whether some could not be looked into. */
static void find_processes(const char *proc, unsigned long inode, pid_t *ret_first, size_t *ret_n,
			   bool *ret_hidden)
{
	char wanted[64];
	const struct dirent *entry;
	DIR *dir = opendir(proc);

	*ret_first = 0;
	*ret_n = 0;
	*ret_hidden = false;
	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	while (dir && (entry = readdir(dir))) {
		pid_t pid = (pid_t)atoi(entry->d_name);
		int r;

		if (entry->d_name[strspn(entry->d_name, "0123456789")])
			continue;
		r = has_open(proc, entry->d_name, wanted);
		*ret_hidden |= r < 0;
		if (r <= 0)
			continue;
		(*ret_n)++;
		if (!*ret_first || pid < *ret_first)
			*ret_first = pid;
	}
	if (dir)
		closedir(dir);
}

/* ---- both ---- */

static void describe_unseen(const struct found *found, bool hidden, struct buf *text)
{
	if (found->uid >= 0) {
		buf_addstr(text, "a process of user ");
		add_user(text, (uid_t)found->uid);
	} else {
		buf_addstr(text, "a process");
	}
	if (hidden && geteuid() != 0)
		buf_addstr(text, " that only root may look into; as root, see ss -lpn");
	else
		buf_addstr(text, " that cannot be seen from here, as in another container");
}

void holder_describe(const char *proc, const struct sockaddr *address, bool stream,
		     struct buf *text)
{
	struct found found = { 0, -1, 0 };
	bool hidden;
	pid_t first;
	size_t n;

	if (address->sa_family == AF_UNIX)
		find_unix(proc, (const struct sockaddr_un *)(const void *)address, &found);
	else
		find_inet(proc, address, stream, &found);
	if (!found.inode) {
		buf_addstr(text, "somebody who cannot be found, such as a program that has bound "
				 "it without listening");
		return;
	}
	find_processes(proc, found.inode, &first, &n, &hidden);
	if (!n) {
		describe_unseen(&found, hidden, text);
		return;
	}
	holder_describe_pid(proc, first, text);
	if (n > 1)
		buf_printf(text, " and %zu more process%s", n - 1, n > 2 ? "es" : "");
}
