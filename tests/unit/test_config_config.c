/* test_config_config.c - whole files: what is read from them.
 * Runs in: make check. */
#include "config_sample.h"

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
		"prefault = no\n"
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
	ck_assert(!z->prefault);
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
	ck_assert(config->zygotes[0].prefault);
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
	tcase_add_checked_fixture(tcase, sample_start, sample_stop);
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
	tcase_add_test(tcase, finds_file);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
