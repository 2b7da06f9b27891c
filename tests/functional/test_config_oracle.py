"""Small configurations, given to supervisord's own parser and to ours: both accept or refuse, and what
they accept means the same.  Where ours differs on purpose, DEVIATIONS says why."""
import socket

import pytest

from config_sides import by_supervisord, by_us

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")

EXTRA = """
[program:extra]
command=%(here)s/extra
directory=%(here)s
[supervisord]
minprocs=77
[program:cat]
priority=1
"""


VARIABLES = {"SOMEBODY": "nobody", "NUMBER": "1", "EVENT": "tick_5,PROCESS_LOG", "FLAVOUR": "sweet",
             "PERCENT": "100%d"}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """A function that writes a configuration and gives its path; there are files to include, too."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d/extra.conf").write_text(EXTRA)
    (tmp_path / "conf.d/another.conf").write_text("[program:another]\ncommand=%(here)s/another %(ENV_COLOUR)s\n")
    (tmp_path / "conf.d/nested.inc").write_text("[include]\nfiles=extra.conf\n[program:nested]\ncommand=n\n")
    (tmp_path / "conf.d/broken.inc").write_text("[program:broken\n")
    (tmp_path / "conf.d/headless.inc").write_text("x=1\n")
    (tmp_path / "conf.d/[x].inc").write_text("[program:bracket]\ncommand=b\n")
    (tmp_path / "conf.d/sub").mkdir()
    (tmp_path / "conf.d/sub/deep.conf").write_text("[program:deep]\ncommand=%(here)s\nenvironment=H=%(here)s\n")

    def write(text):
        path = tmp_path / "supervisord.conf"
        path.write_text(text)
        return path
    return write


HEAD = "[supervisord]\nenvironment=COLOUR=\"blue\",WIDE=\"a, b\"\n"
CAT = "[program:cat]\ncommand=/bin/cat\n"
P = HEAD + CAT
LISTENER = HEAD + "[eventlistener:l]\ncommand=/bin/cat\n"
FCGI = HEAD + "[fcgi-program:f]\ncommand=/bin/cat\n"
UNIX = P + "[unix_http_server]\n"
INET = P + "[inet_http_server]\n"
RPC = P + "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = "

GOOD = [
    P,
    "[supervisord]\n" + CAT,
    "[supervisord]\n",
    CAT + "[supervisord]\n",
    # [supervisord]
    HEAD + "logfile=/tmp/x.log ; comment\nlogfile_maxbytes=0\nlogfile_backups=3\nloglevel=blather\npidfile=/tmp/x.pid\n"
           "nodaemon=yes\nsilent=on\nminfds=10\nminprocs=20\nnocleanup=1\nchildlogdir=/tmp\nuser=root\ndirectory=/\n"
           "strip_ansi=true\nidentifier=x y\numask=002\n" + CAT,
    HEAD + "logfile=syslog\nloglevel=CRITICAL\n" + CAT,
    HEAD + "logfile=x.log\npidfile=./../z.pid\n" + CAT,
    HEAD + "logfile=%(here)s/%(host_node_name)s.log\n".replace("host_node_name", "ENV_FLAVOUR") + CAT,
    HEAD + "identifier=\n" + CAT,
    HEAD + "identifier=%(here)s-%%\nchildlogdir=%(here)s\n" + CAT,
    HEAD + "loglevel=Warn\numask=0o22\n" + CAT,
    HEAD + "directory=.\nchildlogdir=./..\n" + CAT,
    HEAD + "directory=~\nlogfile=~/x.log\n" + CAT,
    HEAD + "profile_options=cumulative,calls\n" + CAT,
    "[supervisord]\nenvironment=A=\"%%%%\",B='%(here)s'\n" + CAT,
    "[supervisord]\nenvironment=\n" + CAT,
    "[supervisord]\nenvironment=A=\"1\"\n[program:x]\ncommand=x\nenvironment=B=\"%(ENV_A)s\"\n",
    # expansion
    HEAD + "[program:web]\ncommand=/bin/cat %(process_num)02d %(numprocs)d %(group_name)s %(host_node_name)s\n"
           "numprocs=3\nnumprocs_start=8\nprocess_name=%(program_name)s-%(process_num)03d\n"
           "environment=N=\"%(process_num)d\",COLOUR=red\ndirectory=/tmp/%(ENV_N)s-%(ENV_WIDE)s\n"
           "stdout_logfile=/tmp/%(program_name)s%%(process_num)s.log\n",
    P + "stdout_logfile=/tmp/%%%%.log\ndirectory=/%%\n",
    P + "directory=/tmp/%(program_name)10s|%(program_name)-10s|%(program_name).2s\n",
    P + "numprocs=2\nprocess_name=%(process_num)x%(program_name)s\nstdout_logfile_backups=%(process_num)d\n",
    P + "environment=A=\"%(ENV_COLOUR)s\",B=\"%(program_name)s\"\ndirectory=/%(ENV_A)s/%(ENV_B)s\n",
    P + "environment=COLOUR=red\ndirectory=/%(ENV_COLOUR)s\n",
    P + "numprocs=2\nprocess_name=p%(process_num)d\nenvironment=X=\"%(process_num)d\"\ndirectory=/%(ENV_X)s\n",
    P + "stderr_logfile=/tmp/%(group_name)s\nstdout_logfile_maxbytes=%(numprocs)dMB\n",
    P + "serverurl=http://%(host_node_name)s:9\n", P + "directory=/%(ENV_PERCENT)s\n",
    P + "user=%(ENV_SOMEBODY)s\npriority=%(ENV_NUMBER)s\nautostart=%(ENV_FLAVOUR)s\n".replace("FLAVOUR", "NUMBER"),
    # types
    P + "priority=3\nautostart=false\nautorestart=true\nstartsecs=0\nstartretries=99\nstopsignal=INT\n"
        "stopwaitsecs=1\nstopasgroup=true\nexitcodes=0,2,255\numask=077\nuser=nobody\n",
    P + "autorestart=no\nstopsignal=9\nkillasgroup=yes\nexitcodes=\nuser=0\n",
    P + "stdout_logfile=NONE\nstderr_logfile=auto\nstdout_logfile_maxbytes=1kb\nstdout_logfile_backups=0\n"
        "stderr_logfile_maxbytes=2GB\nstdout_capture_maxbytes=1MB\nstdout_events_enabled=true\n"
        "stderr_events_enabled=1\nstderr_capture_maxbytes=7\n",
    P + "redirect_stderr=true\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n",
    P + "redirect_stderr=true\nstderr_logfile=/tmp/x\n",
    P + "stdout_syslog=true\nstderr_logfile=syslog\n",
    P + "stdout_syslog=true\nstdout_logfile=none\nstderr_logfile=OFF\nstderr_syslog=on\n",
    P + "umask=0o22\nstartsecs= 1_0 \npriority=+4\n",
    P + "stopasgroup=false\nkillasgroup=true\n",
    P + "stopasgroup=true\nkillasgroup=true\n",
    P + "exitcodes= 1 , 2,1\n",
    P + "numprocs=0\n",
    P + "numprocs=1\nnumprocs_start=5\nprocess_name=x%(process_num)d\n",
    P + "process_name= x \n",
    P + "serverurl=auto\n", P + "serverurl=AUTO\n", P + "serverurl=unix:///tmp/x.sock\n", P + "serverurl=\n",
    P + "serverurl=nonsense\n",
    P + "environment=A=1,B=2\n", P + "environment=A='x y',B=\"z,w\"\n", P + "environment=\n",
    P + "environment=A=1,\n", P + "environment=A=\"\"\n", P + "environment=PATH=/a:/b,L=x+y(z)\n",
    P + "environment=\n  A=1,\n  B=2\n", P + "environment=A=\"a;b\",B=\"c#d\"\n", P + "environment=A=1,A=2\n",
    P + "environment=A=a#b\n", P + "environment=A=1;B=2\n", P + "environment=A=1 ,\n  B = 2\n",
    P + "stopsignal=0\n", P + "stopsignal=SIGRTMIN\n", P + "stopsignal=rtmax\n", P + "stopsignal=cld\n",
    P + "stopsignal= 15 \n", P + "stopsignal=sigIOT\n", P + "stdout_logfile=\nstderr_logfile=~/x\n",
    # the dialect
    P + "[unknown]\nx=1\n[program:cat]\nunknown=1\n",
    HEAD + "[DEFAULT]\nstartsecs=7\ndirectory=/tmp\n" + CAT + "[program:b]\ncommand=b\nstartsecs=8\n",
    HEAD + "[DEFAULT]\ncommand=%(program_name)s\n[program:a]\n[program:b]\n",
    HEAD + "[program:sh]\ncommand=/bin/sh -c 'echo 100%%; sleep 1' ; comment\n",
    HEAD + "[program:long]\ncommand=/bin/echo\n  one\n  two\n ; comment\n  three\nstartsecs=2\n",
    HEAD + "[program: spaced ]\ncommand=x\n",
    HEAD + "[program:x] trailing\ncommand : y\nSTARTSECS:3\nStartRetries =4\n",
    HEAD + "[program:x]\ncommand=a=b:c\n  [not:a:section]\n",
    HEAD + "[program:x]\ncommand=a\n\n  b\n\nstartsecs=3\n",
    HEAD + "[program:x]\n   command=a\n   startsecs=3\n",
    HEAD + "[program:x]\ncommand=a #b\ndirectory=/c#d\n",
    HEAD + "# comment\n; comment\n   # comment\n" + CAT,
    P.replace("\n", "\r\n"),
    P + "[program:cat]\nstartsecs=1\nstartsecs=2\n",
    P + "[Program:dog]\ncommand=x\n[SUPERVISORD]\nminfds=1\n",
    P + "[program:wéb]\ncommand=é\n",
    P + "[program:with.dots_and-dashes+@!]\ncommand=x\n",
    # groups
    P + "[program:b]\ncommand=b %(group_name)s\n[program:c]\ncommand=c\npriority=5\n"
        "[group:g]\nprograms=cat,b\npriority=-2\n[group:h]\nprograms = b\n",
    P + "[group:g]\nprograms= cat \n",
    P + "[group:g]\nprograms=cat\n[group:cat2]\nprograms=cat\n",
    P + "[group:g]\nprograms=\n",
    P + "[group:g]\n",
    P + "[group:g]\nprograms=cat\npriority=%(ENV_NUMBER)s\n",
    P + "[group: g ]\nprograms=cat\n",
    P + "[group:cat]\nprograms=cat\n",
    # includes
    P + "[include]\nfiles = conf.d/*.conf\n",
    P + "[include]\nfiles = none/* conf.d/ex*.conf\n   %(here)s/conf.d/an*\n",
    P + "[include]\nfiles = conf.d/sub/*.conf\n",
    P + "[include]\nfiles = conf.d/nested.inc\n",
    P + "[include]\nfiles =\n",
    P + "[include]\nfiles = conf.d/*/*.conf conf.d/extra.conf\n[program:z]\ncommand=%(here)s\n",
    P + "[include]\nfiles = conf.d/[e]xtra.conf conf.d/[[]x].inc\n",
    "[include]\nfiles = conf.d/extra.conf\n" + CAT,
    # event listeners
    LISTENER + "events=EVENT\n",
    LISTENER + "events=PROCESS_STATE, tick_5 ,PROCESS_LOG_STDOUT,TICK_5\n",
    LISTENER + "events=TICK_60\nbuffer_size=1\npriority=5\n",
    LISTENER + "events=PROCESS_COMMUNICATION\nnumprocs=2\nprocess_name=%(program_name)s_%(process_num)d\n",
    LISTENER + "events=REMOTE_COMMUNICATION\nresult_handler=supervisor.dispatchers:default_handler\n",
    LISTENER + "events=SUPERVISOR_STATE_CHANGE_STOPPING,PROCESS_GROUP_ADDED\nredirect_stderr=false\n",
    LISTENER + "events=EVENT\nautorestart=true\nstderr_logfile=/tmp/x\nuser=nobody\nenvironment=A=1\n",
    LISTENER + "events=%(ENV_EVENT)s\nbuffer_size=%(ENV_NUMBER)s\npriority=%(ENV_NUMBER)s\n",
    LISTENER + "events=EVENT\n" + CAT + "[group:g]\nprograms=cat\n",
    # FastCGI
    FCGI + "socket=unix:///tmp/f.sock\n",
    FCGI + "socket=unix:///tmp/./x/../f.sock\nsocket_mode=0777\nsocket_owner=nobody\nsocket_backlog=3\n",
    FCGI + "socket=unix://%(here)s/%(program_name)s.sock\nuser=nobody\n",
    FCGI + "socket=unix:///tmp/f.sock\nsocket_owner=nobody:root\nuser=nobody\n",
    FCGI + "socket=unix:///tmp/f.sock\nsocket_owner=0:0\nsocket_mode=700\n",
    FCGI + "socket=tcp://localhost:9000\n",
    FCGI + "socket=tcp://LOCALHOST:09000\nnumprocs=2\nprocess_name=%(process_num)d\npriority=3\n",
    FCGI + "socket=tcp://127.0.0.1:1\nsocket_backlog=65535\n",
    # servers
    UNIX + "file=/tmp/x.sock\n",
    UNIX + "file=%(here)s/./a/../x.sock\nchmod=0777\nchown=nobody\n",
    UNIX + "file = x.sock \nchown=nobody:root\nusername=a\npassword=b\n",
    UNIX + "file=~/x.sock\nchmod=770\n",
    UNIX + "file=/tmp/%(ENV_COLOUR)s\nusername=\npassword=\n",
    P + "[unix_http_server:other]\nfile=/tmp/x.sock\n",
    P + "[unix_http_server]\nfile=/tmp/x.sock\n[unix_http_server:other]\nfile=/tmp/y.sock\n[inet_http_server]\nport=1\n",
    INET + "port=9001\n", INET + "port=*:9001\n", INET + "port=:9001\n", INET + "port=127.0.0.1:9001\n",
    INET + "port=LOCALHOST: 9001\n", INET + "port=65535\n", INET + "port=+1\n",
    INET + "port=9001\nusername=u%%\npassword={SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d\n",
    INET + "port=::1:9001\n",
    P + "[inet_http_server:a]\nport=h:1\n[inet_http_server:b]\nport=h:2\n",
    # what concerns others
    RPC + "supervisor.rpcinterface:make_main_rpcinterface\n",
    P + "[supervisorctl]\nserverurl=unix:///tmp/x.sock\nprompt=x\n",
    P + "[supervisorctl]\nserverurl=nonsense\nusername=%(broken\n",
    P + "[ctlplugin:x]\nsupervisor.ctl_factory = a:b\n",
    P + "[fcgi-program:f]\ncommand=f\nsocket=tcp://h:1\n[eventlistener:e]\ncommand=e\nevents=TICK\n",
]


BAD = [
    "", "x=1\n", "[supervisord]\nx\n", "\ufeff[supervisord]\n", HEAD + "[unclosed\n", CAT.replace("[", "", 1),
    # a program
    HEAD + "[program:x]\n", HEAD + "[program:a/b]\ncommand=x\n", HEAD + "[program:a b]\ncommand=x\n",
    HEAD + "[program:a:b]\ncommand=x\n",
    P + "numprocs=2\n", P + "numprocs=two\n", P + "process_name=a b\n", P + "process_name=a:b\n",
    P + "startsecs=x\n", P + "startsecs=\n", P + "startsecs=1.0\n", P + "startsecs=0x1\n", P + "priority=high\n",
    P + "startretries=1e3\n", P + "stopwaitsecs=10s\n", P + "numprocs_start=a\n",
    P + "autostart=perhaps\n", P + "autostart=\n", P + "autostart=y\n", P + "autorestart=perhaps\n", P + "autorestart=\n",
    P + "redirect_stderr=2\n", P + "stopasgroup=maybe\n", P + "killasgroup=maybe\n",
    P + "exitcodes=256\n", P + "exitcodes=a\n", P + "exitcodes=1,\n", P + "exitcodes=-1\n", P + "exitcodes=1 2\n",
    P + "stopsignal=NOSUCH\n", P + "stopsignal=77777\n", P + "stopsignal=-1\n", P + "stopsignal=\n",
    P + "umask=8\n", P + "umask=\n", P + "umask=rw\n",
    P + "stopasgroup=true\nkillasgroup=false\n", P + "user=no-such-user\n", P + "user=\n", P + "user=4294967294\n",
    P + "stdout_logfile=/no/such/directory/x\n", P + "stderr_logfile=/no/such/directory/x\n",
    P + "stdout_logfile_maxbytes=50M\n", P + "stdout_logfile_maxbytes=1.5MB\n", P + "stdout_logfile_maxbytes=\n",
    P + "stdout_logfile_maxbytes=MB\n", P + "stdout_logfile_backups=many\n", P + "stdout_capture_maxbytes=1TB\n",
    P + "stdout_events_enabled=x\n", P + "stderr_syslog=x\n",
    P + "environment=A\n", P + "environment=A=\n", P + "environment=A=1,B\n", P + "environment==1\n",
    P + "environment=A=\"x\n", P + "environment=A=a@b\n", P + "environment=A B=1\n",
    # expansion
    P + "directory=%(nope)s\n", P + "directory=100%\n", P + "directory=%(here)d\n", P + "directory=%(here\n",
    P + "directory=%(here)\n", P + "directory=%(here)q\n", P + "user=%(process_num)d\n", P + "priority=%(numprocs)d\n",
    P + "startsecs=%(process_num)d\n", P + "stdout_logfile=/tmp/%%(nope)s\n", P + "stdout_logfile=/tmp/%%\n",
    P + "environment=A=%(nope)s\n", P + "process_name=%(nope)s\n", P + "command=%(x)s\n",
    P + "priority=%\n", P + "autostart=%(here)s\n",
    P + "environment=A=1\nuser=%(ENV_A)s\n",
    HEAD + "[program:x]\ncommand=%(ENV_NO_SUCH_VARIABLE)s\n",
    HEAD + "identifier=%(program_name)s\n" + CAT, HEAD + "logfile=/tmp/%(nope)s\n" + CAT,
    "[supervisord]\nenvironment=A=%(nope)s\n" + CAT,
    # [supervisord]
    HEAD + "loglevel=loud\n" + CAT, HEAD + "loglevel=\n" + CAT, HEAD + "directory=/no/such\n" + CAT,
    HEAD + "minfds=many\n" + CAT, HEAD + "nodaemon=2\n" + CAT, HEAD + "pidfile=/no/such/x.pid\n" + CAT,
    HEAD + "umask=rw\n" + CAT, HEAD + "logfile=/no/such/x\n" + CAT, HEAD + "childlogdir=/no/such\n" + CAT,
    HEAD + "logfile_maxbytes=big\n" + CAT, HEAD + "logfile_backups=x\n" + CAT, HEAD + "silent=x\n" + CAT,
    "[supervisord]\nenvironment=A\n" + CAT, HEAD + "nocleanup=\n" + CAT, HEAD + "strip_ansi=x\n" + CAT,
    # groups and includes
    P + "[group:g]\nprograms=dog\n", P + "[group:g]\nprograms=cat\npriority=x\n", P + "[group:a b]\nprograms=cat\n",
    P + "[fcgi-program:cat]\ncommand=x\nsocket=tcp://h:1\n[group:g]\nprograms=cat\n",
    LISTENER + "events=EVENT\n[group:g]\nprograms=l\n",
    P + "[include]\n", P + "[include]\nfiles=%(nope)s\n", P + "[include]\nfiles=conf.d/broken.inc\n",
    P + "[include]\nfiles=conf.d/headless.inc\n", P + "[include]\nfiles=100%\n",
    # event listeners
    LISTENER, LISTENER + "events=\n", LISTENER + "events=NO_SUCH_EVENT\n", LISTENER + "events=EVENT\nbuffer_size=0\n",
    LISTENER + "events=EVENT\nbuffer_size=-1\n", LISTENER + "events=EVENT\nbuffer_size=x\n",
    LISTENER + "events=EVENT\nredirect_stderr=true\n", LISTENER + "events=EVENT\nresult_handler=no.such.module:x\n",
    LISTENER + "events=EVENT\npriority=x\n", HEAD + "[eventlistener:l]\nevents=EVENT\n",
    LISTENER + "events=%(program_name)s\n", LISTENER + "events=EVENT\nnumprocs=2\n",
    # FastCGI
    FCGI, FCGI + "socket=\n", FCGI + "socket=/tmp/x\n", FCGI + "socket=unix://tmp/x\n", FCGI + "socket=tcp://h\n",
    FCGI + "socket=tcp://h:x\n", FCGI + "socket=tcp://h:1 \nsocket_mode=0700\n", FCGI + "socket=udp://h:1\n",
    FCGI + "socket=tcp://h:1\nsocket_owner=nobody\n", FCGI + "socket=tcp://h:0\n", FCGI + "socket=tcp://h:65536\n",
    FCGI + "socket=unix:///tmp/x\nsocket_owner=no-such-user\n", FCGI + "socket=unix:///tmp/x\nsocket_mode=rw\n",
    FCGI + "socket=unix:///tmp/x\nsocket_owner=nobody:no-such-group\n", FCGI + "socket=unix:///tmp/x\nsocket_backlog=0\n",
    FCGI + "socket=unix:///tmp/x\nsocket_backlog=65536\n", FCGI + "socket=unix:///tmp/x\nsocket_backlog=x\n",
    FCGI + "socket=unix:///tmp/%(nope)s\n", FCGI + "socket=unix:///tmp/%(process_num)d\n",
    HEAD + "[fcgi-program:f]\nsocket=unix:///tmp/x\n",
    # servers
    UNIX, UNIX + "file=/tmp/x\nchmod=rw\n", UNIX + "file=/tmp/x\nchown=no-such-user\n",
    UNIX + "file=/tmp/x\nchown=root:no-such-group\n", UNIX + "file=/tmp/x\nusername=u\n", UNIX + "file=/tmp/x\npassword=u\n",
    UNIX + "file=%(nope)s\n", INET, INET + "port=\n", INET + "port=0\n", INET + "port=65536\n", INET + "port=http\n",
    INET + "port=h:\n", INET + "port=h:x\n", INET + "port=1\nusername=u\n", INET + "port=1\nusername=%\npassword=x\n",
    P + "[unix_http_server:x]\nchmod=0700\n", P + "[inet_http_server:x]\nport=x\n",
    # plugins
    P + "[rpcinterface:x]\n", RPC + "no.such.module:x\n", RPC + "\n",
]


# Why; what becomes of it here ("refused" here and accepted by supervisord, "accepted" here only, "other":
# accepted by both with another meaning); the configurations.
DEVIATIONS = [
    ("Python would put the whole dictionary there", "refused", [
        P + "command=date +%s\n", P + "directory=%r\n"]),
    ("no shell sees the value: $HOME would become $", "refused", [P + "environment=A=$HOME\n"]),
    ("a missing comma would swallow a word", "refused", [P + "environment=A=1 B C=2\n", P + "environment=A==1\n"]),
    ("quotes are no part of a name", "other", [P + "environment='A'=1\n"]),
    ("it would fail at every start", "refused", [
        P + "command=sh -c 'echo\n", P + "command=\n", P + "command=a \\\n", P + "directory=\n",
        HEAD + "logfile=\n" + CAT, HEAD + "pidfile=\n" + CAT, UNIX + "file=\n",
        UNIX + "file=/tmp/" + "x" * 108 + "\n", INET + "port=a b:1\n"]),
    ("a name that could not be said: empty, or with a tab", "refused", [
        P + "process_name=\n", P + "process_name=a\tb\n", HEAD + "[program:]\ncommand=x\n"]),
    ("the second process of a name would hide the first", "refused", [
        P + "[program:b]\ncommand=b\nprocess_name=cat\n[group:g]\nprograms=cat,b\n",
        P + "[program:b]\ncommand=b\n[group:b]\nprograms=cat\n",
        P + "[fcgi-program:cat]\ncommand=x\nsocket=tcp://h:1\n",
        P + "[eventlistener:cat]\ncommand=x\nevents=EVENT\n",
        P + "[group:g]\nprograms=cat,cat\n"]),
    ("counts are not below zero", "refused", [
        P + f"{key}=-1\n" for key in ("numprocs", "startsecs", "startretries", "stopwaitsecs", "stdout_logfile_maxbytes",
                                      "stdout_logfile_backups", "stderr_capture_maxbytes")] + [
        HEAD + f"{key}=-1\n" + CAT for key in ("minfds", "minprocs", "logfile_maxbytes", "logfile_backups")] + [
        P + "numprocs_start=-1\nprocess_name=x%(process_num)d\n"]),
    ("numbers have 32 bits, sizes 64, umasks twelve", "refused", [
        P + "startsecs=99999999999\n", P + "priority=-99999999999\n", P + "stdout_logfile_maxbytes=99999999999GB\n",
        P + "umask=77777\n", UNIX + "file=/tmp/x\nchmod=100000\n"]),
    ("only what Python's module `signal` happens to call SIG_", "refused", [P + "stopsignal=_DFL\n"]),
    ("every real-time signal is one, not only the first and the last", "accepted", [P + "stopsignal=40\n"]),
    ("two servers cannot listen at one address", "refused", [
        INET + "port=1\n[inet_http_server:b]\nport=*:1\n",
        UNIX + "file=/tmp/x\n[unix_http_server:b]\nfile=/tmp/../tmp/x\n"]),
    ("nobody could ever log in", "refused", [INET + "port=1\nusername=u\npassword={SHA}secret\n"]),
    ("Python plugins cannot be loaded", "refused", [
        RPC + "supervisor.options:ServerOptions\n",
        LISTENER + "events=EVENT\nresult_handler=supervisor.dispatchers:POutputDispatcher\n"]),
    ("a FastCGI program keeps its socket in a group", "other", [
        FCGI + "socket=tcp://h:1\n[group:g]\nprograms=f\n"]),
    ("for that it needs one", "refused", [FCGI + "[group:g]\nprograms=f\n"]),
    ("programs without a daemon of its own", "accepted", [CAT, LISTENER[len(HEAD):] + "events=EVENT\n"]),
    ("lists may be separated by blanks, and end in a comma", "accepted", [
        P + "[program:b]\ncommand=b\n[group:g]\nprograms=cat b\n", P + "[group:g]\nprograms=cat,\n",
        LISTENER + "events=TICK_5 TICK_60\n", LISTENER + "events=EVENT,\n"]),
    ("these know the process they are for, too", "accepted", [
        P + "stdout_events_enabled=%(process_num)d\n", P + "stderr_capture_maxbytes=%(numprocs)d\n"]),
    ("quotes can be quoted, as in supervisor 4.4", "other", [
        P + "environment=A='\"'\n", P + 'environment=A="x\\"y"\n', P + 'environment=A="x\\\\y"\n']),
    ("IPv6", "accepted", [FCGI + "socket=tcp://[::1]:9000\n"]),
    ("every address", "other", [FCGI + "socket=tcp://*:9000\n"]),
    ("so many starts as it takes", "accepted", [P + "startretries=infinite\n"]),
    ("an unknown section; supervisord looks only at how its name begins", "other", [
        P + "[inet_http_servers]\nport=1\n"]),
    ("every section knows where it is", "accepted", [
        UNIX + "file=/tmp/x\nusername=%(here)s\npassword=%(host_node_name)s\n"]),
]


def both(path):
    theirs, ours = by_supervisord(path), by_us(path)
    for group in theirs["groups"].values() if theirs else ():
        if group.get("backlog", 0) is None:
            group["backlog"] = socket.SOMAXCONN  # what the system takes
    return theirs, ours


@pytest.mark.parametrize("text", GOOD)
def test_means_the_same(text, write):
    theirs, ours = both(write(text))
    assert theirs is not None, "the file is meant to be right"
    assert ours == theirs


@pytest.mark.parametrize("text", BAD)
def test_refused_by_both(text, write):
    theirs, ours = both(write(text))
    assert theirs is None, "the file is meant to be wrong"
    assert ours is None


@pytest.mark.parametrize("what, text", [(what, text) for _, what, texts in DEVIATIONS for text in texts])
def test_deviates_on_purpose(what, text, write):
    theirs, ours = both(write(text))
    assert {"refused": theirs and ours is None, "accepted": theirs is None and ours,
            "other": theirs and ours and theirs != ours}[what], (theirs, ours)


# ---------------------------------------------------------------- every value in every key

NUMBERS = ["0", "1", " 7 ", "+3", "1_000", "007", "0x1", "0o7", "1.0", "1e3", "", "x", "1 2", "_1", "1_", "--1", "%%", "1;2",
           "1 ;2", "2147483647"]
SIZES = NUMBERS + ["1KB", "1kb", "1 KB", "1Mb", "2gB", "KB", "1K", "1B", "1KBs", "0x1KB", "1_0MB"]
BOOLEANS = ["true", "TRUE", "yes", "Yes", "on", "1", "false", "no", "off", "0", "", "y", "n", "2", "none", "tru e", "01"]
MODES = ["0", "7", "022", "0o22", "777", "8", "-", "", "0x1", "02 2", "0_2", "+07"]
VALUES = {
    "numprocs": [number for number in NUMBERS if "_000" not in number and "47" not in number and "7" not in number
                 and "3" not in number],
    "priority": NUMBERS + ["-1", "-2147483648"], "startsecs": NUMBERS, "startretries": NUMBERS, "stopwaitsecs": NUMBERS,
    "stdout_logfile_backups": NUMBERS, "stderr_logfile_maxbytes": SIZES, "stdout_capture_maxbytes": SIZES,
    "autostart": BOOLEANS, "autorestart": BOOLEANS + ["unexpected", "UNEXPECTED", "always"], "stopasgroup": BOOLEANS,
    "redirect_stderr": BOOLEANS, "stdout_syslog": BOOLEANS, "stderr_events_enabled": BOOLEANS, "umask": MODES,
    "exitcodes": ["", "0", "0,1", "0, 1 ", "0 ,1", ",", "0,,1", "255", "256", "+1", "0x1", "1;2", "a", "1_0"],
    "stopsignal": ["TERM", "term", "SIGTERM", "sigterm", "SigTerm", "15", "0", "1", "64", "65", "KILL", "STOP", "USR1",
                   "USR3", "SIG", "", "SIGSIGTERM", "HUP,INT", "WINCH", "PWR", "31", "32", "POLL", "STKFLT", "EMT"],
    "user": ["root", "0", "nobody", "65534", "no-such", "-1", " root ", "root:root", "00"],
    "stdout_logfile": ["none", "NONE", "Off", "auto", "AUTO", "syslog", "/tmp/x", "x", "../x", "/no/x", "~/x", "~nobody-x/x",
                       "/dev/null", "/tmp/", "automatic"],
    "environment": ["A=1", "A=1,B=2", "A=1,B=2,", ",A=1", "A=1,,B=2", "A='1'", "A=\"1\"", "A=\"1", "A=1'", "A='1',B=\"2\"",
                    "A=a/b.c+d-e(f):g", "A=a*b", "A=é", "A=\u4e2d", "A=1#2", "A=1 #2", "A", "=", "A=1=2", "1A=1", "A-B=1",
                    "A.B=1", "A=''", "A=' '", "A= 1", "A =1", "A=\"x,y\",B=z", "A=\"a'b\"", "A=a,b=c"],
    "process_name": ["x", " x ", "x y", "x:y", "x/y", "x_%(process_num)d", "%(program_name)s-1", "%(group_name)s", "é",
                     "%(host_node_name)s", "%%", "x%(nope)s"],
    "serverurl": ["AUTO", " auto ", "autox", "http://h:1", "", "x y"],
    "directory": ["/", "/tmp", "x", "~", "/no/such", "a b"],
}


@pytest.mark.parametrize("key", VALUES)
def test_values(key, write):
    """Any value of a key is taken, or refused, as supervisord does."""
    accepted = refused = 0
    for value in VALUES[key]:
        theirs, ours = both(write(f"{P}{key}={value}\n"))
        assert ours == theirs, (key, value)
        accepted, refused = accepted + (theirs is not None), refused + (theirs is None)
    assert accepted, "nothing was right"
    assert refused or key in ("serverurl", "directory"), "nothing was wrong"
