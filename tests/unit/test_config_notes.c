/* test_config_notes.c - every complaint about a whole file.
 * Runs in: make check. */
#include "config_sample.h"

#include "base/buf.h"
#include "base/util.h"
#include "config/config.h"

#include <check.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

/* A file of a few lines, and what is said about it; the first line is line 1. */
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

int main(void)
{
	Suite *suite = suite_create("config_notes");
	TCase *tcase = tcase_create("notes");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, sample_start, sample_stop);
	tcase_add_loop_test(tcase, refuses, 0, ARRAY_LEN(bad));
	tcase_add_test(tcase, users_must_agree);
	tcase_add_loop_test(tcase, warns, 0, ARRAY_LEN(odd));
	tcase_add_test(tcase, silent_about);
	tcase_add_test(tcase, tells_all);
	tcase_add_test(tcase, missing_file);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
