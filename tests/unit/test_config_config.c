/* test_config_config.c - whole files: what is read from them, and every complaint.
 * Runs in: make check. */
#include "base/buf.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/config.h"
#include "ipc/log_messages.h"
#include "ipc/messages.h"

#include <check.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];
static char path[128];
static struct config *config;
static struct buf messages;

static void write_file(const char *name, const char *text)
{
	char file[192];
	CLEANUP_FD int fd = -1;

	snprintf(file, sizeof(file), "%s/%s", directory, name);
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
}

static void start(void)
{
	strcpy(directory, "/tmp/test-config-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/main.conf", directory);
	memset(&messages, 0, sizeof(messages));
	config = NULL;
}

static void stop(void)
{
	char command[128];

	config_free(config);
	buf_done(&messages);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	ck_assert_int_eq(system(command), 0);
}

static int load(const char *text)
{
	write_file("main.conf", text);
	return config_load(path, &config, &messages);
}

static void load_clean(const char *text)
{
	ck_assert_msg(load(text) == 0, "%s", buf_str(&messages));
	ck_assert_str_eq(buf_str(&messages), "");
}

static void says(const char *text)
{
	ck_assert_msg(strstr(buf_str(&messages), text) != NULL, "\"%s\" is not in:\n%s", text,
		      buf_str(&messages));
}

START_TEST(defaults_are_supervisords)
{
	const struct config_program *p;
	char expected[128];

	load_clean("[supervisord]\n[program:cat]\ncommand = /bin/cat -u\n");
	ck_assert_str_eq(config->file, path);
	ck_assert_uint_eq(config->daemon.logfile_maxbytes, 50 << 20);
	ck_assert_uint_eq(config->daemon.logfile_backups, 10);
	ck_assert_int_eq(config->daemon.loglevel, LEVEL_INFO);
	ck_assert_int_eq(config->daemon.umask, 022);
	ck_assert_uint_eq(config->daemon.minfds, 1024);
	ck_assert_uint_eq(config->daemon.minprocs, 200);
	ck_assert(!config->daemon.nodaemon);
	ck_assert_str_eq(config->daemon.identifier, "supervisor");
	ck_assert_ptr_nonnull(getcwd(expected, sizeof(expected) - 20));
	strcat(expected, "/supervisord.log");
	ck_assert_str_eq(config->daemon.logfile, expected);
	ck_assert_uint_eq(config->nprograms, 1);
	p = &config->programs[0];
	ck_assert_str_eq(p->where.file, path);
	ck_assert_uint_eq(p->where.line, 2);
	ck_assert_int_eq(p->priority, 999);
	ck_assert_uint_eq(p->startsecs, 1);
	ck_assert_uint_eq(p->startretries, 3);
	ck_assert_uint_eq(p->stopwaitsecs, 10);
	ck_assert_int_eq(p->stopsignal, SIGTERM);
	ck_assert_int_eq(p->autorestart, RESTART_UNEXPECTED);
	ck_assert_int_eq(p->umask, -1);
	ck_assert(p->autostart && !p->stopasgroup && !p->killasgroup && !p->redirect_stderr);
	ck_assert_uint_eq(p->exitcodes[0], 1);
	ck_assert_uint_eq(p->exitcodes[1], 0);
	ck_assert_uint_eq(p->nprocesses, 1);
	ck_assert_str_eq(p->processes[0].name, "cat");
	ck_assert_uint_eq(strv_len(p->processes[0].argv), 2);
	ck_assert(p->processes[0].out.automatic && p->processes[0].err.automatic);
	ck_assert_uint_eq(p->processes[0].out.maxbytes, 50 << 20);
	ck_assert_uint_eq(config->ngroups, 1);
	ck_assert_str_eq(config->groups[0].name, "cat");
}
END_TEST

START_TEST(without_supervisord_section)
{
	load_clean("[program:cat]\ncommand=cat\n");
	ck_assert_ptr_null(config->daemon.logfile);
	ck_assert_ptr_null(config->daemon.pidfile);
	ck_assert(config->daemon.nodaemon);
	ck_assert_uint_eq(config->daemon.minfds, 1024);
}
END_TEST

START_TEST(a_zygote_and_its_workers)
{
	const struct config_zygote *z;
	const struct config_program *p;
	char expected[160];

	load_clean(
		"[zygote:shop]\n"
		"python = /srv/venv/bin/python\n"
		"path = /srv/a:/srv/b\n"
		"preload = shop.wsgi, shop.tasks\n"
		"  shop.more\n"
		"warmup = shop.boot:warm.all\n"
		"user = root\n"
		"directory = /srv\n"
		"environment = A=\"1\",H=%(ENV_HOME)s\n"
		"allow = file:/usr/share/GeoIP/*.mmdb reopen\n"
		"    thread:Timer-* at log.py:3   ; why not\n"
		"baseline = known.json\n"
		"audit = warn\n"
		"audit_mode = full\n"
		"preload_timeout = 5\n"
		"umask = 027\n"
		"thp = yes\n"
		"ksm = yes\n"
		"gc_freeze = yes\n"
		"immortalize = yes\n"
		"[socket:http]\n"
		"listen = tcp://[::1]:8000\n"
		"backlog = 7\n"
		"[socket:admin]\n"
		"listen = unix:///run/admin.sock\n"
		"mode = 0770\n"
		"owner = root:root\n"
		"[program:web]\n"
		"zygote = shop\n"
		"sockets = http, admin\n"
		"numprocs = 3\n"
		"numprocs_start = 5\n"
		"process_name = %(program_name)s_%(process_num)02d\n"
		"command = python -m app --name \"%(group_name)s %(process_num)d/%(numprocs)d\"\n"
		"environment = N=\"%(process_num)s\"\n"
		"directory = /srv/%(ENV_N)s\n"
		"stdout_logfile = /tmp/%%(process_num)d-100%%%%.log\n"
		"redirect_stderr = true\n");
	z = config_find_zygote(config, "shop");
	ck_assert_ptr_nonnull(z);
	ck_assert_str_eq(z->python, "/srv/venv/bin/python");
	ck_assert_str_eq(z->path[1], "/srv/b");
	ck_assert_uint_eq(strv_len(z->preload), 3);
	ck_assert_str_eq(z->preload[2], "shop.more");
	ck_assert_str_eq(z->warmup, "shop.boot:warm.all");
	ck_assert_str_eq(strv_getenv(z->environment, "A"), "1");
	ck_assert_str_eq(strv_getenv(z->environment, "H"), getenv("HOME"));
	ck_assert_uint_eq(strv_len(z->allow), 2);
	ck_assert_str_eq(z->allow[1], "thread:Timer-* at log.py:3");
	snprintf(expected, sizeof(expected), "%s/known.json", directory);
	ck_assert_str_eq(z->baseline, expected);
	ck_assert_uint_eq(z->policy, AUDIT_WARN);
	ck_assert_uint_eq(z->mode, AUDIT_FULL);
	ck_assert_uint_eq(z->preload_timeout, 5);
	ck_assert_int_eq(z->umask, 027);
	ck_assert(z->thp);
	ck_assert(z->ksm);
	ck_assert(z->gc_freeze);
	ck_assert(z->immortalize);
	ck_assert_int_eq(config_find_socket(config, "http")->backlog, 7);
	ck_assert_str_eq(config_find_socket(config, "http")->listen, "tcp://[::1]:8000");
	ck_assert_int_eq(config_find_socket(config, "admin")->backlog, 0);
	ck_assert_int_eq(config_find_socket(config, "admin")->mode, 0770);
	ck_assert_str_eq(config_find_socket(config, "admin")->owner, "root:root");
	ck_assert_ptr_null(config_find_socket(config, "https"));
	p = &config->programs[0];
	ck_assert_str_eq(p->zygote, "shop");
	ck_assert_uint_eq(strv_len(p->sockets), 2);
	ck_assert_uint_eq(p->nprocesses, 3);
	ck_assert_str_eq(p->processes[2].name, "web_07");
	ck_assert_uint_eq(p->processes[2].num, 7);
	ck_assert_str_eq(p->processes[2].argv[4], "web 7/3");
	ck_assert_str_eq(p->processes[2].directory, "/srv/7");
	ck_assert_str_eq(p->processes[2].out.file, "/tmp/7-100%.log");
	ck_assert_ptr_null(p->processes[2].err.file);
	ck_assert(!p->processes[2].err.automatic);
}
END_TEST

START_TEST(zygote_defaults)
{
	load_clean("[zygote:z]\npreload=json\n[socket:s]\nlisten=tcp://*:80\n");
	ck_assert_uint_eq(config->zygotes[0].policy, AUDIT_ENFORCE);
	ck_assert_uint_eq(config->zygotes[0].mode, AUDIT_FILTER);
	ck_assert_uint_eq(config->zygotes[0].preload_timeout, 300);
	ck_assert_int_eq(config->zygotes[0].umask, -1);
	ck_assert(!config->zygotes[0].thp);
	ck_assert(!config->zygotes[0].ksm);
	ck_assert(config->zygotes[0].gc_freeze);
	ck_assert(!config->zygotes[0].immortalize);
	ck_assert_ptr_null(config->zygotes[0].python);
	ck_assert_str_eq(config->sockets[0].listen, "tcp://*:80");
	ck_assert_int_eq(config->sockets[0].mode, 0700);
}
END_TEST

START_TEST(supervisords_types)
{
	const struct config_program *p;

	load_clean("[supervisord]\nlogfile=syslog\nloglevel=DEBUG\nlogfile_maxbytes=1kb\nminfds= "
		   "+2_000 \n"
		   "environment=A=\"%%%%\",B=b\nchildlogdir=/\n"
		   "[program:a]\ncommand=a %(ENV_B)s\nautorestart=ON\nexitcodes=0, "
		   "2,255\nstopsignal=usr1\n"
		   "stopasgroup=1\numask=0o22\nstdout_logfile=NONE\nstderr_logfile=/dev/stderr\n"
		   "stdout_logfile_maxbytes=2GB\nstderr_syslog=true\npriority=-5\n"
		   "[program:b]\ncommand=b\nautorestart=no\nstopsignal=SIGRTMIN\nstdout_logfile="
		   "syslog\n");
	ck_assert_str_eq(config->daemon.logfile, "syslog");
	ck_assert_int_eq(config->daemon.loglevel, LEVEL_DEBUG);
	ck_assert_uint_eq(config->daemon.logfile_maxbytes, 1024);
	ck_assert_uint_eq(config->daemon.minfds, 2000);
	ck_assert_str_eq(strv_getenv(config->daemon.environment, "A"), "%");
	p = &config->programs[0];
	ck_assert_str_eq(p->processes[0].command, "a b");
	ck_assert_ptr_null(p->processes[0].environment);
	ck_assert_int_eq(p->autorestart, RESTART_ALWAYS);
	ck_assert_uint_eq(p->exitcodes[0], 5);
	ck_assert_uint_eq(p->exitcodes[31], 0x80);
	ck_assert_int_eq(p->stopsignal, SIGUSR1);
	ck_assert(p->stopasgroup && p->killasgroup);
	ck_assert_int_eq(p->umask, 022);
	ck_assert(!p->processes[0].out.automatic && !p->processes[0].out.file);
	ck_assert_str_eq(p->processes[0].err.file, "/dev/stderr");
	ck_assert(p->processes[0].err.syslog);
	ck_assert_uint_eq(p->processes[0].out.maxbytes, (uint64_t)2 << 30);
	ck_assert_int_eq(config->programs[1].autorestart, RESTART_NEVER);
	ck_assert_int_eq(config->programs[1].stopsignal, SIGRTMIN);
	ck_assert(config->programs[1].processes[0].out.syslog);
	ck_assert_int_eq(config->groups[0].priority, -5);
}
END_TEST

START_TEST(groups)
{
	load_clean("[program:a]\ncommand=%(group_name)s\n[program:b]\ncommand=b\npriority=5\n"
		   "[program:c]\ncommand=c\n[group:y]\nprograms=a,c\n[group:x]\nprograms=a\n");
	ck_assert_uint_eq(config->ngroups, 3);
	ck_assert_str_eq(config->groups[0].name, "b");
	ck_assert_str_eq(config->groups[1].name, "x");
	ck_assert_str_eq(config->groups[2].name, "y");
	ck_assert_uint_eq(config->groups[2].nprograms, 2);
	ck_assert_str_eq(config->programs[config->groups[1].programs[0]].processes[0].command, "x");
	ck_assert_str_eq(config->programs[config->groups[2].programs[0]].processes[0].command, "y");
	ck_assert_str_eq(config->programs[config->groups[2].programs[1]].name, "c");
}
END_TEST

START_TEST(includes)
{
	char here[160];

	snprintf(here, sizeof(here), "%s/conf.d", directory);
	ck_assert_int_eq(mkdir(here, 0700), 0);
	write_file("conf.d/b.conf",
		   "[program:b]\ncommand=%(here)s/b\n[program:main]\npriority=7\n");
	write_file("conf.d/a.conf", "[program:a]\ncommand=a\n[include]\nfiles=more/*\n");
	write_file("conf.d/.hidden.conf", "[program:hidden]\ncommand=x\n");
	ck_assert_msg(load("[program:main]\ncommand=%(here)s/m\n[include]\n"
			   "files = conf.d/*.conf\n   none/*.conf\n") == 0,
		      "%s", buf_str(&messages));
	says("main.conf:4: [include] files: No file matches via include");
	says("conf.d/a.conf:4: [include] files: is ignored: an included file cannot include "
	     "others");
	ck_assert_uint_eq(config->nprograms, 3);
	ck_assert_str_eq(config->programs[0].processes[0].command + strlen(directory), "/m");
	ck_assert_int_eq(config->programs[0].priority, 7);
	ck_assert_str_eq(config->programs[1].name, "a");
	ck_assert_str_eq(config->programs[2].processes[0].command + strlen(directory), "/conf.d/b");
	strcat(here, "/b.conf");
	ck_assert_str_eq(config->programs[2].where.file, here);
}
END_TEST

/* A file of a few lines, and what is said about it; the first line is line 1. */
#define PROGRAM "[program:p]\ncommand=x\n"
static const struct {
	const char *text, *says;
} bad[] = {
	{ "", "does not include supervisord section" },
	{ "[socket:x]\nlisten=tcp://h:1\n", "there is nothing to do" },
	{ "x=1\n", "main.conf:1: \"x=1\" stands before the first section" },
	{ "[zygote:z]\npreload=a\nwarmpu=a:b\n",
	  "main.conf:3: [zygote:z] warmpu: no such key; did you mean \"warmup\"?" },
	{ "[zygote:z]\npreload=a\nxyzzy=1\n", "xyzzy: no such key; remove the line" },
	{ "[socket:z]\nlistne=a\n" PROGRAM, "did you mean \"listen\"?" },
	{ "[zygote:z]\npreload=a.b:c\n", "name the module only (a.b)" },
	{ "[zygote:z]\npreload=a/b.py\n", "write the module's name, a.b" },
	{ "[zygote:z]\npreload=a-b\n", "'a-b' is not a module's name" },
	{ "[zygote:z]\npreload=a\nwarmup=a.b\n", "'a.b' is not MODULE:CALLABLE" },
	{ "[zygote:z]\npreload=a\nallow=fd\n  fiel:/x\n", "rule 'fiel:/x': unknown kind \"fiel\"" },
	{ "[zygote:z]\npreload=a\naudit=enforced\n", "did you mean enforce?" },
	{ "[zygote:z]\npreload=a\naudit_mode=x\n", "'x' is none of filter, full" },
	{ "[zygote:z]\npreload=a\nuser=no-such-user\n", "Invalid user name no-such-user" },
	{ "[zygote:z]\npreload=a\npreload_timeout=-1\n", "-1 is too small; the least is 0" },
	{ "[zygote:z]\npreload=a\ngc_freeze=no\nimmortalize=yes\n",
	  "main.conf:4: [zygote:z] immortalize: needs gc_freeze = yes" },
	{ "[zygote:z]\n" PROGRAM "zygote=z\n",
	  "main.conf:1: [zygote:z] preload: no module is named" },
	{ PROGRAM "spare=2\n",
	  "main.conf:3: [program:p] spare: only workers of a zygote are forked before" },
	{ PROGRAM "spare=101\n", "101 is out of range; write a number from 0 to 100" },
	{ PROGRAM "zygote=z\n", "main.conf:3: [program:p] zygote: there is no [zygote:z]" },
	{ "[zygote:shop]\npreload=a\n" PROGRAM "zygote=shp\n", "did you mean shop?" },
	{ PROGRAM "sockets=h\n", "[program:p] sockets: there is no [socket:h]" },
	{ "[socket:h]\nlisten=tcp://h:1\n" PROGRAM "sockets=h,h\n", "h is named twice" },
	{ "[socket:h]\n" PROGRAM, "[socket:h] listen: is missing" },
	{ "[socket:h]\nlisten=8000\n" PROGRAM, "Bad socket format 8000" },
	{ "[socket:h]\nlisten=tcp://h\n" PROGRAM, "not a valid port number" },
	{ "[socket:h]\nlisten=tcp://h:0\n" PROGRAM, "a port from 1 to 65535" },
	{ "[socket:h]\nlisten=tcp://::1:80\n" PROGRAM, "needs brackets: tcp://[::1]:80" },
	{ "[socket:h]\nlisten=unix://run/x\n" PROGRAM, "is not an absolute path" },
	{ "[socket:h]\nlisten=tcp://h:1\n[socket:i]\nlisten=tcp://h:1\n" PROGRAM,
	  "main.conf:4: [socket:i] listen: tcp://h:1 is that of [socket:h] already" },
	{ "[socket:h]\nlisten=tcp://h:1\nowner=root:no-such-group\n" PROGRAM,
	  "there is no group no-such-group" },
	{ "[socket:h]\nlisten=udp://h:1\nbacklog=5\n" PROGRAM,
	  "main.conf:3: [socket:h] backlog: nothing waits to be accepted on a socket of UDP" },
	{ "[socket:h]\nlisten=tcp://h:1\nbacklog=0\n" PROGRAM, "0 is out of range" },
	{ "[socket:h]\nlisten=tcp://h:1\nmode=0600\n" PROGRAM, "only a unix socket in the file" },
	{ "[socket:h]\nlisten=unix://@h\nowner=root\n" PROGRAM, "only a unix socket in the file" },
	{ "[socket:h]\nlisten=unix:///h\nnodelay=yes\n" PROGRAM, "nodelay: it is for TCP; remove" },
	{ "[socket:h]\nlisten=udp://[::]:1\nkeepalive=5\n" PROGRAM, "keepalive: it is for TCP" },
	{ "[socket:h]\nlisten=tcp://*:1\nv6only=yes\n" PROGRAM, "it is for an address of IPv6" },
	{ "[socket:h]\nlisten=unix:///h\nreuseport=yes\n" PROGRAM, "for ports of TCP and UDP" },
	{ "[socket:h]\nlisten=systemd:h\nmode=0600\n" PROGRAM, "the .socket unit says that" },
	{ "[socket:h]\nlisten=tcp://h:1\n" PROGRAM "sockets=h:2\n",
	  "1 and 2 are standard output and error" },
	{ "[socket:h]\nlisten=tcp://h:1\n" PROGRAM "sockets=i:0\n", "there is no [socket:i]" },
	{ "[socket:h]\nlisten=tcp://h:1\n" PROGRAM "sockets=h,h:7\n", "h is named twice" },
	{ "[socket:h]\nlisten=tcp://h:1\n[socket:i]\nlisten=tcp://h:2\n" PROGRAM "sockets=h,i:3\n",
	  "i:3: the 1 without a number become 3 and up; take a number from 4 on" },
	{ "[socket:h]\nlisten=tcp://h:1\n[eventlistener:l]\ncommand=x\nevents=TICK\nsockets=h:0\n",
	  "h:0: the standard input of an event listener is taken" },
	{ "[socket:h]\nlisten=tcp://h:1\n[fcgi-program:f]\ncommand=x\nsocket=tcp://h:2\n"
	  "sockets=h:0\n",
	  "h:0: the standard input of a FastCGI program is taken" },
	{ "[socket:a b]\nlisten=tcp://h:1\n" PROGRAM, "because of character: ' '" },
	{ "[program:a/b]\ncommand=x\n", "Invalid name: 'a/b' because of character: '/'" },
	{ "[program:]\ncommand=x\n", "is empty" },
	{ "[program:a:b]\ncommand=x\n", "because of character: ':'" },
	{ "[program:p]\n", "program section program:p does not specify a command" },
	{ "[program:p]\ncommand=\n", "the command is empty" },
	{ "[program:p]\ncommand=a 'b\n", "No closing quotation" },
	{ "[program:p]\ncommand=%(x)s\n",
	  "main.conf:2: [program:p] command: Format string '%(x)s'" },
	{ PROGRAM "numprocs=2\n", "%(process_num) must be present within process_name" },
	{ PROGRAM "numprocs=2\nprocess_name=%(process_num)s x\n", "Invalid name: '0 x'" },
	{ PROGRAM "stopasgroup=true\nkillasgroup=false\n", "Cannot set stopasgroup=true and kill" },
	{ PROGRAM "autorestart=sometimes\n", "'sometimes' is none of true, false, unexpected" },
	{ PROGRAM "autostart=maybe\n", "not a valid boolean value: 'maybe'" },
	{ PROGRAM "exitcodes=0,256\n", "not a valid list of exit codes: '256'" },
	{ PROGRAM "exitcodes=0,\n", "it ends in a comma" },
	{ PROGRAM "stopsignal=TREM\n", "value 'TREM' is not a valid signal name" },
	{ PROGRAM "stopsignal=99\n", "value '99' is not a valid signal number" },
	{ PROGRAM "startsecs=1s\n", "invalid literal for int() with base 10: '1s'" },
	{ PROGRAM "startsecs=99999999999999999999\n", "invalid literal for int()" },
	{ PROGRAM "umask=9\n", "9 can not be converted to an octal type" },
	{ PROGRAM "stdout_logfile_maxbytes=50M\n", "write 50MB" },
	{ PROGRAM "stdout_logfile_maxbytes=99999999999GB\n", "is out of range" },
	{ PROGRAM "stdout_logfile=/no/such/x.log\n", "The directory named as part of the path" },
	{ PROGRAM "environment=A\n", "Unexpected end of key/value pairs" },
	{ PROGRAM "user=no-such-user\n", "Invalid user name no-such-user" },
	{ "[unix_http_server]\n" PROGRAM, "main.conf:1: [unix_http_server] file: section" },
	{ "[inet_http_server]\n" PROGRAM, "section [inet_http_server] has no port value" },
	{ "[inet_http_server]\nport=h:\n" PROGRAM, "not a valid port number: 'h:'" },
	{ "[inet_http_server]\nport=65536\n" PROGRAM, "not a valid port number: '65536'" },
	{ "[inet_http_server]\nport=1\nusername=x\n" PROGRAM, "incomplete authentication" },
	{ "[inet_http_server]\nport=1\nusername=x\npassword={SHA}x\n" PROGRAM, "sha1sum" },
	{ "[inet_http_server]\nport=1\n[inet_http_server:x]\nport=*:1\n" PROGRAM,
	  "main.conf:4: [inet_http_server:x] port: two servers cannot listen there" },
	{ "[unix_http_server]\nfile=/x\nchmod=rw\n" PROGRAM, "converted to an octal type" },
	{ "[unix_http_server]\nfile=/x\nchown=no-such-user\n" PROGRAM, "no user no-such-user" },
	{ "[rpcinterface:x]\n" PROGRAM, "or remove the section" },
	{ "[rpcinterface:x]\nsupervisor.rpcinterface_factory=a:b\n" PROGRAM,
	  "main.conf:2: [rpcinterface:x] supervisor.rpcinterface_factory: a:b cannot be used" },
	{ "[eventlistener:x]\ncommand=x\n", "[eventlistener:x] section requires an \"events\"" },
	{ "[eventlistener:x]\ncommand=x\nevents=\n", "requires an \"events\" line" },
	{ "[eventlistener:x]\ncommand=x\nevents=PROCESS_STATES\n",
	  "Unknown event type PROCESS_STATES; did you mean PROCESS_STATE?" },
	{ "[eventlistener:x]\ncommand=x\nevents=EVENT\nbuffer_size=0\n",
	  "[eventlistener:x] buffer_size: 0 is out of range" },
	{ "[eventlistener:x]\ncommand=x\nevents=EVENT\nresult_handler=a:b\n",
	  "the only value is supervisor.dispatchers:default_handler" },
	{ "[eventlistener:x]\ncommand=x\nevents=EVENT\nredirect_stderr=true\n",
	  "main.conf:4: [eventlistener:x] redirect_stderr" },
	{ "[fcgi-program:x]\ncommand=x\n", "requires a \"socket\" line" },
	{ "[fcgi-program:x]\ncommand=x\nsocket=tcp://h:1\nsocket_mode=0700\n",
	  "[fcgi-program:x] socket_mode: socket_owner and socket_mode params" },
	{ "[fcgi-program:x]\ncommand=x\nsocket=unix://x\n", "is not an absolute path" },
	{ "[fcgi-program:x]\ncommand=x\nsocket=tcp://h:1\nsocket_backlog=0\n",
	  "socket_backlog: 0 is out of range; write a number from 1 to 65535" },
	{ "[fcgi-program:p]\ncommand=x\nsocket=tcp://h:1\n" PROGRAM "[group:g]\nprograms=p\n",
	  "name p is ambiguous" },
	{ PROGRAM "process_name=%(x)s\n[program:q]\ncommand=q\n[group:g]\nprograms=p,q\n",
	  "main.conf:3: [program:p] process_name: Format string '%(x)s'" },
	{ PROGRAM "numprocs=70000\nprocess_name=%(process_num)d\n", "from 0 to 65536" },
	{ PROGRAM "numprocs=automatic\n", "invalid literal for int()" },
	{ PROGRAM "maxage=6h\n", "maxage: " },
	{ PROGRAM "recycle_jitter=101\n", "write a number from 0 to 100" },
	{ PROGRAM "scale=ondemand\n", "and it has none; write sockets = NAME" },
	{ PROGRAM "scale=auto\n", "auto" },
	{ "[eventlistener:x]\ncommand=x\nevents=EVENT\nscale=ondemand\n",
	  "only a [program:*] can be started on demand" },
	{ "[eventlistener:x]\ncommand=x\nevents=EVENT\nmaxage=60\n",
	  "[eventlistener:x] maxage: an event listener is not replaced while it runs" },
	{ PROGRAM "recycle_parallel=0\n", "write a number from 1 to 65536" },
	{ PROGRAM "logfile_rotate=dayly\n", "did you mean daily?" },
	{ PROGRAM "nice=20\n", "nice: 20 is out of range; write a number from -20 to 19" },
	{ PROGRAM "oom_score_adj=-1001\n", "from -1000 to 1000" },
	{ PROGRAM "rlimit_nofile=9:8\n", "the soft limit 9 is above the hard one, 8" },
	{ PROGRAM "rlimit_nofile=1KB\n", "SOFT or SOFT:HARD is expected" },
	{ PROGRAM "rlimit_as=infinite\n", "each a number or infinity" },
	{ PROGRAM "rlimit_as=1:\n", "SOFT or SOFT:HARD is expected" },
	{ PROGRAM "startretries=many\n", "invalid literal for int()" },
	{ PROGRAM "prestart=a 'b\n", "prestart: can't parse command 'a 'b': No closing quotation" },
	{ PROGRAM "env_file=none.env\n", "create it, or write -FILE if it may be missing" },
	{ PROGRAM "depends_on=pp\n", "main.conf:3: [program:p] depends_on: there is no program" },
	{ PROGRAM "depends_on=p\n", "as each waits for the next: p -> p; remove" },
	{ PROGRAM "depends_on=q\n[program:q]\ncommand=q\ndepends_on=r\n[program:r]\ncommand=r\n"
		  "depends_on=p\n",
	  "main.conf:9: [program:r] depends_on: none of these could ever start, as each waits for "
	  "the next: p -> q -> r -> p; remove" },
	{ PROGRAM "depends_on=g\n[group:g]\nprograms=p,q\n[program:q]\ncommand=q\n", "g:p -> g:p" },
	{ PROGRAM "[group:g]\nprograms=q\n", "names unknown program or fcgi-program q" },
	{ PROGRAM "[group:g]\nprograms=p\n[program:g]\ncommand=x\n", "two groups called g" },
	{ PROGRAM "[program:q]\ncommand=x\nprocess_name=p\n[group:g]\nprograms=p,q\n",
	  "two processes of group g are called p" },
	{ "[supervisord]\nloglevel=warning\n", "did you mean warn?" },
	{ "[supervisord]\nlogfile=/no/such/x.log\n", "create /no/such or correct the path" },
	{ "[supervisord]\ndirectory=/no/such\n", "/no/such is not an existing directory" },
	{ "[include]\n" PROGRAM, "[include] files: the section has no such line" },
};

START_TEST(refuses)
{
	ck_assert_msg(load(bad[_i].text) == -1, "accepted:\n%s", bad[_i].text);
	ck_assert_ptr_null(config);
	says(bad[_i].says);
	says("Error: ");
}
END_TEST

START_TEST(users_must_agree)
{
	const struct passwd *nobody = getpwnam("nobody");
	char text[256];

	ck_assert_ptr_nonnull(nobody);
	snprintf(text, sizeof(text),
		 "[zygote:z]\npreload=a\nuser=nobody\n"
		 "[program:a]\ncommand=x\nzygote=z\nuser=%u\n",
		 (unsigned)nobody->pw_uid);
	load_clean(text);
	config_free(config);
	config = NULL;
	ck_assert_int_eq(load("[zygote:z]\npreload=a\nuser=nobody\n"
			      "[program:a]\ncommand=x\nzygote=z\nuser=root\n"),
			 -1);
	says("main.conf:7: [program:a] user: the program is to run as root, but its zygote z runs "
	     "as "
	     "nobody");
}
END_TEST

static const struct {
	const char *text, *says;
} odd[] = {
	{ PROGRAM "priorty=3\n", "Warning: %s:3: [program:p] priorty: no such key, the line is "
				 "ignored; did you mean \"priority\"?" },
	{ "[progam:x]\n" PROGRAM, "did you mean [program:x]?" },
	{ "[zygot:x]\n" PROGRAM, "did you mean [zygote:x]?" },
	{ "[program]\n" PROGRAM, "this section needs a name; did you mean [program:NAME]?" },
	{ "[supervisord:x]\n" PROGRAM, "this section takes no name; did you mean [supervisord]?" },
	{ "[unix_http_server:x]\nfile=/x\nmode=1\n" PROGRAM,
	  "[unix_http_server:x] mode: no such key, the line is ignored" },
	{ "[inet_http_server]\nport=9001\n" PROGRAM, "or write port = 127.0.0.1:9001" },
	{ "[inet_http_server]\nport=host:9001\nusername=\npassword=\n" PROGRAM,
	  "whoever can reach this port" },
	{ "[ctlplugin:x]\ny=%(zzz)s\n" PROGRAM, "forkserverctl has no plugins" },
	{ "[supervisorctl]\nserverurl=x\n" PROGRAM,
	  "Warning: %s:2: [supervisorctl] serverurl: 'x' is none; write http://HOST:PORT" },
	{ "[zygote:z]\n", "the zygote imports nothing" },
	{ PROGRAM "redirect_stderr=true\nstderr_logfile=/tmp/x\n", "the file is not used" },
};

START_TEST(warns)
{
	char expected[256];

	ck_assert_msg(load(odd[_i].text) == 0, "%s", buf_str(&messages));
	snprintf(expected, sizeof(expected), strstr(odd[_i].says, "%s") ? odd[_i].says : "%s",
		 strstr(odd[_i].says, "%s") ? path : odd[_i].says);
	says(expected);
}
END_TEST

START_TEST(silent_about)
{
	load_clean("[supervisorctl]\nserverurl=http://h:1\n[rpcinterface:supervisor]\n"
		   "supervisor.rpcinterface_factory = "
		   "supervisor.rpcinterface:make_main_rpcinterface\n[DEFAULT]\nanything=1\n" PROGRAM
		   "serverurl=AUTO\n");
}
END_TEST

/* All errors at once, each on one line of its own, none twice. */
START_TEST(tells_all)
{
	size_t lines = 0;

	ck_assert_int_eq(load("[zygote:z]\npreload=a b/c.py\naudit=x\n" PROGRAM
			      "numprocs=3\nprocess_name=p%(process_num)d\nstartsecs=x\n"
			      "stdout_logfile_backups=\n\ty\nuser=no-such-user\n"),
			 -1);
	says("main.conf:2: [zygote:z] preload");
	says("main.conf:3: [zygote:z] audit");
	says("main.conf:8: [program:p] startsecs");
	says("main.conf:9: [program:p] stdout_logfile_backups: invalid literal for int() with base "
	     "10: "
	     "'\\ny'");
	says("main.conf:11: [program:p] user");
	for (const char *p = buf_str(&messages); (p = strchr(p, '\n')); p++)
		lines++;
	ck_assert_uint_eq(lines, 5);
}
END_TEST

START_TEST(missing_file)
{
	ck_assert_int_eq(config_load("/no/such/file.conf", &config, &messages), -1);
	ck_assert_str_eq(buf_str(&messages),
			 "Error: could not find config file /no/such/file.conf\n");
	buf_clear(&messages);
	ck_assert_int_eq(config_load("/", &config, &messages), -1);
	says("Error: could not read config file /: Is a directory");
}
END_TEST

START_TEST(finds_file)
{
	char program[128], expected[160];
	char *found;

	snprintf(program, sizeof(program), "%s/sbin/forkserver", directory);
	write_file("supervisord.conf", "");
	found = config_find(program);
	snprintf(expected, sizeof(expected), "%s/supervisord.conf", directory);
	ck_assert_pstr_eq(found, expected);
	free(found);
	write_file("forkserver.conf", "");
	found = config_find(program);
	snprintf(expected, sizeof(expected), "%s/forkserver.conf", directory);
	ck_assert_pstr_eq(found, expected);
	free(found);
	snprintf(expected, sizeof(expected), "%s/etc", directory);
	ck_assert_int_eq(mkdir(expected, 0700), 0);
	write_file("etc/supervisord.conf", "");
	found = config_find(program);
	strcat(expected, "/supervisord.conf");
	ck_assert_pstr_eq(found, expected);
	free(found);
	ck_assert_int_eq(chdir(directory), 0);
	found = config_find("forkserver");
	ck_assert_pstr_eq(found, "etc/supervisord.conf");
	free(found);
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(servers)
{
	const struct config_http *s;

	load_clean("[unix_http_server]\nfile= %(here)s/../x.sock\nchmod=0770\nchown=root:root\n"
		   "username=\npassword=\n[inet_http_server:b]\nport=[::1]:9002\nusername=%(ENV_"
		   "HOME)s\npassword={SHA}0123456789abcdef0123456789ABCDEF01234567\n"
		   "[inet_http_server:a]\nport=LocalHost:9001\n[inet_http_server:c]\nport=*:9003\n"
		   "username=u\npassword=%%\n"
		   "[supervisorctl]\nserverurl=unix:///tmp/./a/../b.sock\nprompt=shop\n"
		   "history_file=/tmp/h\n" PROGRAM);
	ck_assert_uint_eq(config->nservers, 4);
	s = config->servers;
	ck_assert(s[0].local && !s[0].name && !s[0].address && !s[0].port);
	ck_assert_str_eq(s[0].file, "/tmp/x.sock");
	ck_assert_int_eq(s[0].mode, 0770);
	ck_assert_str_eq(s[0].owner, "root:root");
	ck_assert_str_eq(s[0].username, "");
	ck_assert(!s[1].local && s[1].port == 9002);
	ck_assert_str_eq(s[1].address, "::1");
	ck_assert_str_eq(s[1].name, "b");
	ck_assert_str_eq(s[1].username, getenv("HOME"));
	ck_assert_str_eq(s[2].address, "localhost");
	ck_assert_ptr_null(s[2].username);
	ck_assert_ptr_null(s[3].address);
	ck_assert_str_eq(s[3].password, "%");
	ck_assert_str_eq(config->ctl.serverurl, "unix:///tmp/b.sock");
	ck_assert_str_eq(config->ctl.prompt, "shop");
	ck_assert_str_eq(config->ctl.history_file, "/tmp/h");
	ck_assert_ptr_null(config->ctl.username);
}
END_TEST

START_TEST(listeners_and_fcgi)
{
	const struct config_program *p;

	load_clean("[eventlistener:l]\ncommand=l\nevents=PROCESS_STATE, tick_5\nnumprocs=2\n"
		   "process_name=%(program_name)s%(process_num)d\nresult_handler="
		   "supervisor.dispatchers:default_handler\n"
		   "[eventlistener:m]\ncommand=l\nevents=EVENT\nbuffer_size=1\npriority=7\n"
		   "[fcgi-program:f]\ncommand=f\nsocket=unix:///tmp/%(program_name)s.sock\n"
		   "socket_mode=0777\nsocket_owner=root\nsocket_backlog=5\nserverurl=Auto\n"
		   "[fcgi-program:g]\ncommand=f\nsocket=tcp://localhost:9000\nserverurl=\n"
		   "[group:fs]\nprograms=g\n");
	ck_assert_uint_eq(config->ngroups, 4);
	ck_assert_str_eq(config->groups[0].name, "l");
	ck_assert_int_eq(config->groups[0].priority, -1);
	ck_assert_str_eq(config->groups[1].name, "m");
	ck_assert_int_eq(config->groups[1].priority, 7);
	ck_assert_str_eq(config->groups[3].name, "fs");
	p = &config->programs[config->groups[0].programs[0]];
	ck_assert_int_eq(p->kind, KIND_LISTENER);
	ck_assert_int_eq(p->priority, 999);
	ck_assert_uint_eq(p->nprocesses, 2);
	ck_assert_uint_eq(strv_len(p->listener.events), 2);
	ck_assert_str_eq(p->listener.events[1], "TICK_5");
	ck_assert_uint_eq(p->listener.buffer_size, 10);
	p = &config->programs[config->groups[1].programs[0]];
	ck_assert_uint_eq(p->listener.buffer_size, 1);
	ck_assert_ptr_null(p->listener.result_handler);
	p = &config->programs[config->groups[2].programs[0]];
	ck_assert_int_eq(p->kind, KIND_FCGI);
	ck_assert_str_eq(p->fcgi.socket, "unix:///tmp/f.sock");
	ck_assert_int_eq(p->fcgi.mode, 0777);
	ck_assert_str_eq(p->fcgi.owner, "root");
	ck_assert_uint_eq(p->fcgi.backlog, 5);
	ck_assert_ptr_null(p->serverurl);
	p = &config->programs[config->groups[3].programs[0]];
	ck_assert_int_eq(p->kind, KIND_FCGI);
	ck_assert_str_eq(p->fcgi.socket, "tcp://localhost:9000");
	ck_assert_int_eq(p->fcgi.mode, 0700);
	ck_assert_uint_eq(p->fcgi.backlog, SOMAXCONN);
	ck_assert_str_eq(p->serverurl, "");
}
END_TEST

START_TEST(defaults_of_ours)
{
	const struct config_program *p;

	load_clean(PROGRAM);
	p = &config->programs[0];
	ck_assert_uint_eq(p->logfile_period, LOG_NEVER);
	ck_assert_uint_eq(p->logfile_format, LOG_RAW);
	ck_assert_uint_eq(p->logfile_stall, LOG_BLOCK);
	ck_assert(!p->logfile_compress && !p->processes[0].out.journald);
	ck_assert_ptr_null(p->depends_on);
	ck_assert_int_eq(p->backoff, BACKOFF_LINEAR);
	ck_assert_uint_eq(p->backoff_max, 0);
	ck_assert(!p->retry_for_ever && !p->essential && !p->has_nice && !p->has_oom);
	ck_assert_uint_eq(p->memory_max, 0);
	ck_assert_uint_eq(p->nrlimits, 0);
	ck_assert_uint_eq(p->hooksecs, 60);
	ck_assert_ptr_null(p->prestart);
	ck_assert_ptr_null(p->processes[0].env_file);
	ck_assert_uint_eq(config->daemon.logfile_period, LOG_NEVER);
	ck_assert_ptr_null(config->ctl.serverurl); /* the first server: forkserverctl(1) */
	ck_assert_str_eq(config->ctl.prompt, "supervisor");
}
END_TEST

START_TEST(keys_of_ours)
{
	const struct config_program *p;

	write_file("p0.env", "A=1\nB='two words'\n");
	load_clean("[supervisord]\nlogfile_rotate=weekly\nlogfile_compress=yes\n" PROGRAM
		   "logfile_rotate=Daily\nlogfile_compress=true\nlogfile_format=json\n"
		   "logfile_stall=drop\nstdout_journald=on\nstderr_journald=on\ndepends_on=q, g\n"
		   "backoff=exponential\nstartretries=INFINITE\nessential=yes\nnice=-5\n"
		   "oom_score_adj=-1000\nmemory_max=1GB\nrlimit_as=1GB:infinity\n"
		   "rlimit_core=0\nrlimit_nofile=100:200\nrlimit_cpu=unlimited\n"
		   "env_file=%(program_name)s%(process_num)d.env\nenvironment=C=%(ENV_A)s,B=b\n"
		   "directory=/%(ENV_A)s\nprestart=mkdir -p /tmp/%(group_name)s\npoststop=rm x\n"
		   "hooksecs=5\n"
		   "[program:q]\ncommand=q\nbackoff=exponential\nbackoff_max=9\n"
		   "env_file=-none.env\n[program:r]\ncommand=r\n[group:g]\nprograms=r\n");
	ck_assert_uint_eq(config->daemon.logfile_period, LOG_WEEKLY);
	ck_assert(config->daemon.logfile_compress);
	p = &config->programs[config->groups[1].programs[0]];
	ck_assert_str_eq(p->name, "p");
	ck_assert_uint_eq(p->logfile_period, LOG_DAILY);
	ck_assert_uint_eq(p->logfile_format, LOG_JSON);
	ck_assert_uint_eq(p->logfile_stall, LOG_DROP);
	ck_assert(p->logfile_compress && p->essential && p->retry_for_ever);
	ck_assert(p->processes[0].out.journald && p->processes[0].err.journald);
	ck_assert_uint_eq(strv_len(p->depends_on), 2);
	ck_assert_int_eq(p->backoff, BACKOFF_EXPONENTIAL);
	ck_assert_uint_eq(p->backoff_max, 300);
	ck_assert(p->has_nice && p->nice == -5 && p->has_oom && p->oom_score_adj == -1000);
	ck_assert_uint_eq(p->memory_max, 1 << 30);
	ck_assert_uint_eq(p->nrlimits, 4);
	ck_assert_int_eq(p->rlimits[0].resource, RLIMIT_AS);
	ck_assert_uint_eq(p->rlimits[0].soft, 1 << 30);
	ck_assert_uint_eq(p->rlimits[0].hard, UINT64_MAX);
	ck_assert_int_eq(p->rlimits[1].resource, RLIMIT_CORE);
	ck_assert_uint_eq(p->rlimits[1].hard, 0);
	ck_assert_int_eq(p->rlimits[2].resource, RLIMIT_CPU);
	ck_assert_uint_eq(p->rlimits[2].soft, UINT64_MAX);
	ck_assert_uint_eq(p->rlimits[3].soft, 100);
	ck_assert_uint_eq(p->rlimits[3].hard, 200);
	ck_assert_str_eq(strv_getenv(p->processes[0].environment, "A"), "1");
	ck_assert_str_eq(strv_getenv(p->processes[0].environment, "B"), "b");
	ck_assert_str_eq(strv_getenv(p->processes[0].environment, "C"), "1");
	ck_assert_str_eq(p->processes[0].directory, "/1");
	ck_assert_str_eq(p->prestart, "mkdir -p /tmp/p");
	ck_assert_str_eq(p->poststop, "rm x");
	ck_assert_uint_eq(p->hooksecs, 5);
	p = &config->programs[config->groups[2].programs[0]];
	ck_assert_uint_eq(p->backoff_max, 9);
	ck_assert_ptr_null(p->processes[0].environment);
	ck_assert_int_eq(p->processes[0].env_file[0], '-');
}
END_TEST

START_TEST(overrides)
{
	static const struct config_override right[] = {
		{ "-l", "logfile", "/tmp/%(x)s.log" }, { "--umask", "umask", "027" },
		{ "-e", "loglevel", "debug" },         { "-n", "nodaemon", "true" },
		{ "-y", "logfile_maxbytes", "1KB" },   { "-q", "childlogdir", "/" },
	};
	static const struct config_override wrong[] = {
		{ "--logfile", "logfile", "/no/such/x.log" },
		{ "-z", "logfile_backups", "-1" },
	};

	write_file("main.conf", "[supervisord]\nlogfile=/tmp/a\nloglevel=info\n" PROGRAM);
	ck_assert_int_eq(config_load_with(path, right, ARRAY_LEN(right), &config, &messages), 0);
	ck_assert_str_eq(config->daemon.logfile, "/tmp/%(x)s.log");
	ck_assert_int_eq(config->daemon.umask, 027);
	ck_assert_int_eq(config->daemon.loglevel, LEVEL_DEBUG);
	ck_assert(config->daemon.nodaemon);
	ck_assert_uint_eq(config->daemon.logfile_maxbytes, 1024);
	ck_assert_str_eq(config->daemon.childlogdir, "/");
	config_free(config);
	config = NULL;
	ck_assert_int_eq(config_load_with(path, wrong, ARRAY_LEN(wrong), &config, &messages), -1);
	says("Error: --logfile: The directory named as part of the path /no/such/x.log does not");
	says("Error: -z: -1 is too small; the least is 0");
	/* without the section there is no log, unless somebody asks for one */
	write_file("main.conf", PROGRAM);
	ck_assert_int_eq(config_load_with(path, right, 1, &config, &messages), 0);
	ck_assert_str_eq(config->daemon.logfile, "/tmp/%(x)s.log");
	ck_assert_ptr_null(config->daemon.pidfile);
}
END_TEST

START_TEST(reloads)
{
	static const struct config_override override = { "-j", "pidfile", "x.pid" };
	struct config *again = NULL;
	char expected[160], *now;

	write_file("main.conf", "[supervisord]\nlogfile=x.log\n" PROGRAM);
	ck_assert_int_eq(chdir(directory), 0);
	ck_assert_int_eq(config_load_with("main.conf", &override, 1, &config, &messages), 0);
	write_file("main.conf", "[supervisord]\nlogfile=x.log\n" PROGRAM "priority=1\n");
	ck_assert_int_eq(chdir("/usr"), 0);
	ck_assert_int_eq(config_reload(config, NULL, &again, &messages), 0);
	snprintf(expected, sizeof(expected), "%s/x.log", directory);
	ck_assert_str_eq(again->daemon.logfile, expected);
	snprintf(expected, sizeof(expected), "%s/x.pid", directory);
	ck_assert_str_eq(again->daemon.pidfile, expected);
	ck_assert_int_eq(again->programs[0].priority, 1);
	ck_assert_str_eq(again->file, path);
	ck_assert_str_eq(buf_str(&messages), "");
	now = getcwd(NULL, 0);
	ck_assert_str_eq(now, "/usr");
	free(now);
	config_free(again);
	write_file("main.conf", "[supervisord]\nlogfile=x.log\n[program:p]\n");
	ck_assert_int_eq(config_reload(config, NULL, &again, &messages), -1);
	says("does not specify a command");
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

/* From what was read, not from what the file is by now. */
START_TEST(other_numbers_of_processes)
{
	struct config_scale all[] = { { (char *)"g", (char *)"p", 2, 3 },
				      { (char *)"q", (char *)"q", 1, 0 },
				      { (char *)"r", (char *)"r", 7, 9 } };
	struct config_scales scales = { all, ARRAY_LEN(all) }, none = { NULL, 0 };
	struct config *scaled = NULL, *again = NULL;

	load_clean(
		"[group:g]\nprograms=p\n"
		"[program:p]\ncommand=x %(numprocs)d\nnumprocs=2\nprocess_name=p%(process_num)d\n"
		"[program:q]\ncommand=x\n[program:r]\ncommand=x\n");
	write_file("main.conf", "nonsense");
	ck_assert_int_eq(config_scaled(config, NULL, &scales, &scaled, &messages), 0);
	ck_assert_str_eq(buf_str(&messages), "");
	ck_assert_uint_eq(config->programs[0].nprocesses, 2);
	ck_assert_uint_eq(scaled->programs[0].nprocesses, 3);
	ck_assert_uint_eq(scaled->programs[0].numprocs, 2);
	ck_assert_str_eq(scaled->programs[0].processes[2].name, "p2");
	ck_assert_str_eq(scaled->programs[0].processes[0].command, "x 3");
	ck_assert_uint_eq(scaled->programs[1].nprocesses, 0);
	ck_assert_uint_eq(scaled->programs[2].nprocesses, 1); /* it is not 7 */
	ck_assert_str_eq(scaled->file, path);
	config_free(config); /* what the other one needs of it stays */
	config = NULL;
	ck_assert_int_eq(config_scaled(scaled, NULL, &none, &again, &messages), 0);
	config_free(scaled);
	ck_assert_uint_eq(again->programs[0].nprocesses, 2);
	ck_assert_uint_eq(again->programs[1].nprocesses, 1);
	all[1].to = 2;
	ck_assert_int_eq(config_scaled(again, NULL, &scales, &scaled, &messages), -1);
	says("[program:q] process_name: %(process_num) must be present");
	config_free(again);
}
END_TEST

/* A client's file may hold nothing else, and programs of users that this machine does not have. */
START_TEST(only_supervisorctl)
{
	struct config *client = NULL;

	write_file("main.conf", "[program:x]\nuser=no-such-user\n[supervisorctl]\n"
				"serverurl=unix://%(here)s/s\nusername=a\npassword=b\n");
	ck_assert_int_eq(config_load_ctl(path, &client, &messages), 0);
	ck_assert_str_eq(client->ctl.serverurl + strlen("unix://") + strlen(directory), "/s");
	ck_assert_str_eq(client->ctl.username, "a");
	ck_assert_str_eq(client->ctl.prompt, "supervisor");
	ck_assert_uint_eq(client->nprograms, 0);
	config_free(client);
	write_file("main.conf", "[supervisorctl]\nserverurl=ftp://x\n");
	ck_assert_int_eq(config_load_ctl(path, &client, &messages), -1);
	says("Error: ");
	says("main.conf:2: [supervisorctl] serverurl: 'ftp://x' is none");
	write_file("main.conf",
		   "[unix_http_server]\nfile=%(here)s/s\n[inet_http_server]\nport=x\n");
	buf_clear(&messages);
	ck_assert_int_eq(config_load_ctl(path, &client, &messages), 0);
	ck_assert_ptr_null(client->ctl.serverurl);
	ck_assert_uint_ge(client->nservers, 1);
	ck_assert(client->servers[0].local);
	config_free(client);
}
END_TEST

/* For an audit: what else is in the file is for another machine. */
START_TEST(only_zygotes)
{
	struct config *found = NULL;

	write_file("main.conf",
		   "[supervisord]\nlogfile=/nonexistent/x.log\nenvironment=PLACE=\"/srv\"\n"
		   "[program:x]\nuser=no-such-user\nstdout_logfile=/nonexistent/y.log\n"
		   "[zygote:z]\npreload=a\nuser=no-such-user\npath=%(ENV_PLACE)s\n");
	ck_assert_int_eq(config_load_zygotes(path, &found, &messages), 0);
	ck_assert_uint_eq(found->nzygotes, 1);
	ck_assert_str_eq(found->zygotes[0].preload[0], "a");
	ck_assert_str_eq(found->zygotes[0].path[0], "/srv");
	ck_assert_ptr_null(found->zygotes[0].user);
	ck_assert_ptr_nonnull(found->daemon.environment);
	ck_assert_uint_eq(found->nprograms, 0);
	says("Warning: ");
	says("main.conf:9: [zygote:z] user: Invalid user name no-such-user");
	ck_assert_ptr_null(strstr(buf_str(&messages), "nonexistent"));
	config_free(found);
	write_file("main.conf", "[zygote:z]\npreload=a\naudit=perhaps\n");
	ck_assert_int_eq(config_load_zygotes(path, &found, &messages), -1);
	says("main.conf:3: [zygote:z] audit: ");
}
END_TEST

/* Each rule that a report proposes is pasted as it is; other keys keep supervisord's meaning. */
START_TEST(repeated_rules_add_up)
{
	const struct config_zygote *z;

	ck_assert_int_eq(load("[zygote:z]\npreload = a\nallow = fd\npreload = b\n"
			      "allow = thread keep\n  lock\n[zygote:z]\nallow = pipe\n"),
			 0);
	z = config_find_zygote(config, "z");
	ck_assert_ptr_nonnull(z);
	ck_assert_uint_eq(strv_len(z->preload), 1);
	ck_assert_str_eq(z->preload[0], "b");
	ck_assert_uint_eq(strv_len(z->allow), 4);
	ck_assert_str_eq(z->allow[0], "fd");
	ck_assert_str_eq(z->allow[3], "pipe");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_config");
	TCase *tcase = tcase_create("config");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, start, stop);
	tcase_add_test(tcase, defaults_are_supervisords);
	tcase_add_test(tcase, without_supervisord_section);
	tcase_add_test(tcase, a_zygote_and_its_workers);
	tcase_add_test(tcase, zygote_defaults);
	tcase_add_test(tcase, repeated_rules_add_up);
	tcase_add_test(tcase, supervisords_types);
	tcase_add_test(tcase, groups);
	tcase_add_test(tcase, servers);
	tcase_add_test(tcase, listeners_and_fcgi);
	tcase_add_test(tcase, defaults_of_ours);
	tcase_add_test(tcase, overrides);
	tcase_add_test(tcase, reloads);
	tcase_add_test(tcase, other_numbers_of_processes);
	tcase_add_test(tcase, only_supervisorctl);
	tcase_add_test(tcase, only_zygotes);
	tcase_add_test(tcase, keys_of_ours);
	tcase_add_test(tcase, includes);
	tcase_add_loop_test(tcase, refuses, 0, ARRAY_LEN(bad));
	tcase_add_test(tcase, users_must_agree);
	tcase_add_loop_test(tcase, warns, 0, ARRAY_LEN(odd));
	tcase_add_test(tcase, silent_about);
	tcase_add_test(tcase, tells_all);
	tcase_add_test(tcase, missing_file);
	tcase_add_test(tcase, finds_file);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
