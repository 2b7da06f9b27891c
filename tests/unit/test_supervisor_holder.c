/* test_supervisor_holder.c - who has an address, by tables of a /proc that the test writes, and by
 * the real one. */
#include "supervisor/holder.h"

#include "base/buf.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char proc[] = "/tmp/test_holder.XXXXXX";

static void make_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void make_directory(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

/* A process with one open socket. */
static void make_process(int pid, const char *name, unsigned uid, unsigned long inode)
{
	char path[128], text[128];

	snprintf(path, sizeof(path), "%d", pid);
	make_directory(path);
	snprintf(path, sizeof(path), "%d/fd", pid);
	make_directory(path);
	snprintf(path, sizeof(path), "%d/comm", pid);
	snprintf(text, sizeof(text), "%s\n", name);
	make_file(path, text);
	snprintf(path, sizeof(path), "%d/status", pid);
	snprintf(text, sizeof(text), "Name:\t%s\nUid:\t77777\t%u\t%u\t%u\n", name, uid, uid, uid);
	make_file(path, text);
	snprintf(path, sizeof(path), "%s/%d/fd/3", proc, pid);
	snprintf(text, sizeof(text), "socket:[%lu]", inode);
	ck_assert_int_eq(symlink(text, path), 0);
}

#define HEADING                                                                                    \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "      \
	"timeout inode\n"
#define ROW(number, local, remote, state, uid, inode)                                              \
	"   " number ": " local " " remote " " state                                               \
	" 00000000:00000000 00:00000000 00000000 " uid "        0 " inode                          \
	" 1 0000000000000000 100 0 0 10 0\n"

/* As a machine of little endian prints addresses; the tests with them are skipped elsewhere. */
static void setup(void)
{
	memcpy(proc + sizeof(proc) - 7, "XXXXXX", 7);
	ck_assert_ptr_nonnull(mkdtemp(proc));
	make_directory("net");
	make_file("net/tcp",
		  HEADING ROW("0", "0100007F:1F90", "0200007F:9999", "01", "77701",
			      "11") ROW("1", "0100007F:1F90", "00000000:0000", "0A", "77702", "12")
			  ROW("2", "00000000:1F91", "00000000:0000", "0A", "77703",
			      "13") ROW("3", "0200007F:1F92", "00000000:0000", "0A", "77704", "14")
				  ROW("4", "0100007F:1F95", "0200007F:9999", "06", "0", "0"));
	make_file("net/tcp6",
		  HEADING ROW("0", "00000000000000000000000000000000:1F93",
			      "00000000000000000000000000000000:0000", "0A", "77705", "15")
			  ROW("1", "00000000000000000000000001000000:1F94",
			      "00000000000000000000000000000000:0000", "0A", "77706", "16"));
	make_file("net/udp",
		  HEADING ROW("0", "0100007F:1F90", "00000000:0000", "07", "77707", "17"));
	make_file("net/udp6", HEADING);
	make_file("net/unix",
		  "Num       RefCount Protocol Flags    Type St Inode Path\n"
		  "0000000000000000: 00000003 00000000 00000000 0001 03    21 /run/x y.sock\n"
		  "0000000000000000: 00000002 00000000 00010000 0001 01    22 /run/x y.sock\n"
		  "0000000000000000: 00000002 00000000 00010000 0001 01    23 @name\n"
		  "0000000000000000: 00000002 00000000 00010000 0001 01    24\n");
	make_process(101, "connected", 77701, 11);
	make_process(102, "web server", 77702, 12);
	make_process(103, "web server", 77702, 12);
	make_process(104, "web server", 77702, 12);
	make_process(105, "any\x1b[31m", 77703, 13);
	make_process(106, "six", 77705, 15);
	make_process(107, "udp", 77707, 17);
	make_process(108, "accepted", 77708, 21);
	make_process(109, "local", 77709, 22);
	make_process(110, "abstract", 77710, 23);
}

static void teardown(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", proc);
	ck_assert_int_eq(system(command), 0);
}

static const struct {
	const char *host; /* a path, or @NAME, if port is 0 */
	unsigned port;
	bool stream;
	const char *expected;
} rows[] = {
	{ "127.0.0.1", 8080, true,
	  "web server (pid 102, user 77702) and 2 more processes" },   /* who listens, first */
	{ "0.0.0.0", 8080, true, "web server (pid 102, user 77702)" }, /* any meets one */
	{ "127.0.0.1", 8081, true, "any [31m (pid 105, user 77703)" }, /* one meets any */
	{ "::", 8081, true, "any [31m (pid 105, user 77703)" },
	{ "127.0.0.1", 8082, true, "somebody who cannot be found" }, /* another address */
	{ "127.0.0.2", 8082, true, "a process of user 77704 that" }, /* no such process */
	{ "127.0.0.1", 8083, true, "six (pid 106, user 77705)" },    /* for both families */
	{ "::1", 8083, true, "six (pid 106, user 77705)" },
	{ "127.0.0.1", 8084, true, "somebody who cannot be found" }, /* ::1 only */
	{ "::1", 8084, true, "a process of user 77706 that" },
	{ "127.0.0.1", 8085, true, "somebody who cannot be found" }, /* TIME_WAIT is nobody's */
	{ "127.0.0.1", 8080, false, "udp (pid 107, user 77707)" },
	{ "127.0.0.1", 8081, false, "somebody who cannot be found" },
	{ "/run/x y.sock", 0, true, "local (pid 109, user 77709)" },
	{ "@name", 0, true, "abstract (pid 110, user 77710)" },
	{ "/run/x", 0, true, "somebody who cannot be found" },
};

static void fill(struct sockaddr_storage *address, const char *host, unsigned port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	struct sockaddr_un *local = (struct sockaddr_un *)address;

	memset(address, 0, sizeof(*address));
	if (!port) {
		local->sun_family = AF_UNIX;
		memcpy(local->sun_path, host, strlen(host));
		if (*host == '@')
			local->sun_path[0] = '\0';
	} else if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
	} else {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		ck_assert_int_eq(inet_pton(AF_INET6, host, &six->sin6_addr), 1);
	}
}

START_TEST(holders)
{
	struct sockaddr_storage address;
	struct buf text = { 0 };

	if (htonl(1) == 1)
		return;
	fill(&address, rows[_i].host, rows[_i].port);
	holder_describe(proc, (struct sockaddr *)&address, rows[_i].stream, &text);
	ck_assert_msg(strncmp(buf_str(&text), rows[_i].expected, strlen(rows[_i].expected)) == 0,
		      "%s: %s", rows[_i].host, buf_str(&text));
	buf_done(&text);
}
END_TEST

/* The kernel's own tables. */
START_TEST(ourselves)
{
	static const char *const hosts[] = { "127.0.0.1", "::1", "@test_holder" };

	for (size_t i = 0; i < 3; i++) {
		struct sockaddr_storage address;
		socklen_t len = sizeof(address);
		struct buf text = { 0 };
		char expected[64];
		int fd;

		fill(&address, hosts[i], *hosts[i] == '@' ? 0 : 1);
		if (address.ss_family == AF_UNIX)
			len = offsetof(struct sockaddr_un, sun_path) + 12;
		else
			((struct sockaddr_in *)&address)->sin_port = 0; /* that of IPv6, too */
		fd = socket(address.ss_family, SOCK_STREAM, 0);
		if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0) {
			ck_assert_uint_eq(i, 1); /* there need not be IPv6 */
			close(fd);
			continue;
		}
		ck_assert_int_eq(listen(fd, 1), 0);
		len = sizeof(address);
		ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
		holder_describe("/proc", (struct sockaddr *)&address, true, &text);
		snprintf(expected, sizeof(expected), "(pid %d, user ", (int)getpid());
		ck_assert_msg(strstr(buf_str(&text), expected) &&
				      strstr(buf_str(&text), ", this forkserver itself)"),
			      "%s: %s", hosts[i], buf_str(&text));
		buf_done(&text);
		close(fd);
	}
}
END_TEST

START_TEST(no_proc)
{
	struct sockaddr_storage address;
	struct buf text = { 0 };

	fill(&address, "127.0.0.1", 80);
	holder_describe("/nonexistent", (struct sockaddr *)&address, true, &text);
	ck_assert_msg(strncmp(buf_str(&text), "somebody", 8) == 0, "%s", buf_str(&text));
	buf_clear(&text);
	holder_describe_pid("/nonexistent", 12, &text);
	ck_assert_str_eq(buf_str(&text), "a process (pid 12)");
	buf_done(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/holder");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, holders, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, ourselves);
	tcase_add_test(tc, no_proc);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
