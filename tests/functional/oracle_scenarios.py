"""The scenarios of test_control_oracle.py: a configuration, the files beside it, and steps."""
import base64
import signal

from oracle_side import HEAD
from oracle_steps import (all_are, begin, configure, ctl, ctl_at, ctl_sorted, ended, files, finish, gone, group,
                          http_raw, kill, later, life, mode, move, new_pid, program, read, read_sorted, restarted, rpc, rpc_kind,
                          rpc_sorted, until, until_file)

TERM, HUP, INT, QUIT, USR1, USR2, KILL = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT,
                                          signal.SIGUSR1, signal.SIGUSR2, signal.SIGKILL)
SLEEP = "/bin/sleep 1000"
SCENARIOS = {}


class Scenario:
    def __init__(self, config, steps, files=None, head=HEAD):
        self.config, self.steps, self.files = head + config, steps, files or {}


def scenario(name, config, *steps, files=None, head=HEAD):
    assert name not in SCENARIOS
    SCENARIOS[name] = Scenario(config, steps, files, head)


def script(name):
    return f"/bin/sh %(here)s/{name}"


# Ends with the statuses given, one at each start, and stays in the end: sh plan 1 0 2
PLAN = {"plan": """echo x >>"$0.count"
shift $(($(wc -l <"$0.count") - 1))
[ $# -gt 0 ] && exit $1
exec sleep 1000
"""}
# Ignores SIGTERM.
FAR = until_file("main.log", r"(?s)(exited: p .*?){4}", shows=False)  # p's next start is seconds away
DEAF = {"deaf": """trap '' TERM
touch "$0.ready"
while :; do sleep 0.05; done
"""}
# Notes the signals that it gets.
EARS = {"ears": """cd "${0%/*}"
for s in HUP USR1 USR2 INT; do trap "echo $s >>heard" $s; done
trap 'echo TERM >>heard; exit 7' TERM
echo ready >>heard
while :; do sleep 0.02; done
"""}
# Writes to both of its logs, and stays.
WRITER = {"writer": """printf '0123456789\\nabcdefghij\\n'
printf 'error one\\nerror two\\n' >&2
cd "${0%/*}"; touch written
exec sleep 1000
"""}
# Writes the events that it gets into `events`: name and payload.
LISTENER = {"listener.py": """import os, sys
out = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "events"), "a")
while True:
    sys.stdout.write("READY\\n"); sys.stdout.flush()
    head = dict(word.split(":", 1) for word in sys.stdin.readline().split())
    payload = sys.stdin.read(int(head["len"]))
    out.write("%s %s\\n" % (head["eventname"], payload.strip().replace("\\n", " | "))); out.flush()
    sys.stdout.write("RESULT 2\\nOK"); sys.stdout.flush()
"""}


def listener(events, **keys):
    return program("ear", "/usr/bin/python3 %(here)s/listener.py", kind="eventlistener", events=events, **keys)


# ---------------------------------------------------------------- status, pid, version

THREE = (program("one") + program("two", SLEEP) + program("three", autostart="false"))

scenario("status", THREE, until("one", "RUNNING"), until("two", "RUNNING"), ctl("status"), ctl("status", "one"),
         ctl("status", "one", "two"), ctl("status", "three"), ctl("status", "all"))
scenario("status_unknown", THREE, until("two", "RUNNING"), ctl("status", "nosuch"), ctl("status", "one", "nosuch"),
         ctl("status", "nosuch:*"), ctl("status", "one:nosuch"), ctl("status", "one:one"), ctl("status", "one:*"))
scenario("status_of_long_names", program("a_program_with_a_name_of_more_than_thirty") + program("b"),
         all_are("RUNNING"), ctl("status"))
scenario("pid", THREE, until("two", "RUNNING"), ctl("pid"), ctl("pid", "one"), ctl("pid", "three"),
         ctl("pid", "nosuch"), ctl("pid", "one", "two"), ctl("pid", "all"), rpc("getPID"))
scenario("version", THREE, ctl("version"), rpc("getAPIVersion"), rpc("getVersion"), rpc("getSupervisorVersion"),
         rpc("getIdentification"), rpc("getState"))
scenario("identifier", program("one"), until("one", "RUNNING"), rpc("getIdentification"), files(),
         head=HEAD.replace("identifier = supervisor", "identifier = other"))
scenario("process_info", THREE, until("one", "RUNNING"), until("two", "RUNNING"), rpc("getAllProcessInfo"),
         rpc("getProcessInfo", "one"), rpc("getProcessInfo", "three:three"), rpc("getProcessInfo", "nosuch"),
         rpc("getProcessInfo", "one:*"), rpc("getProcessInfo", ""), rpc("getProcessInfo", ":"))
scenario("order_of_info", program("z", priority=1) + program("a", priority=5) + program("m", priority=3)
         + program("b", priority=3) + group("g", "m,b", priority=4), all_are("RUNNING"), ctl("status"), ctl("avail"),
         life("spawned"))
scenario("available", THREE + group("g", "two", priority=7), until("one", "RUNNING"), ctl("avail"),
         configure(THREE + program("four", priority=3)), ctl("reread"), ctl("avail"))
scenario("config_info", program("plain") + program(
    "full", SLEEP, startsecs=2, startretries=5, priority=77, autostart="false", autorestart="true",
    exitcodes="0,2,9", stopsignal="INT", stopwaitsecs=3, stopasgroup="true", directory="/tmp",
    stdout_logfile="%(here)s/out", stdout_logfile_maxbytes="3MB", stdout_logfile_backups=4, stderr_logfile="NONE",
    stdout_capture_maxbytes="1KB", stderr_events_enabled="true", stdout_syslog="true", serverurl="http://x:1",
    user="root", redirect_stderr="false") + program("ends", autorestart="false", stderr_logfile="AUTO", redirect_stderr="true")
    + program("many", numprocs=2, process_name="%(program_name)s_%(process_num)02d") + group("g", "ends", priority=5),
    until("plain", "RUNNING"), rpc("getAllConfigInfo"))

# ---------------------------------------------------------------- start

scenario("start", THREE, ctl("start", "three"), ctl("status", "three"), ctl("start", "three"), ctl("start", "one"),
         ctl("start", "nosuch"), ctl("start", "one:nosuch"), ctl("start", "nosuch:*"), ctl("start"), life("three"))
scenario("start_several", program("a", autostart="false") + program("b", autostart="false"),
         ctl("start", "a", "nosuch", "b"), ctl("status"), ctl("start", "a", "b"))
scenario("start_all", program("a", autostart="false") + program("b", autostart="false") + program("c"),
         until("c", "RUNNING"), ctl("start", "all"), ctl("status"), ctl("start", "all"), rpc("startAllProcesses"))
scenario("start_faults", program("one") + program("missing", "/nonexistent/program", autostart="false")
         + program("plainfile", "/etc/passwd", autostart="false") + program("dir", "/tmp", autostart="false")
         + program("nopath", "no-such-program-anywhere", autostart="false"), until("one", "RUNNING"),
         *[rpc("startProcess", name) for name in ("one", "missing", "plainfile", "dir", "nopath", "nosuch", "a:b:c")],
         *[ctl("start", name) for name in ("missing", "plainfile", "dir", "nopath")], ctl("status"))
scenario("start_exits_at_once", program("quick", "/bin/false", autostart="false", startsecs=30, startretries=0),
         ctl("start", "quick"), until("quick", "FATAL"), ctl("status", "quick"), rpc("getProcessInfo", "quick"))
scenario("start_without_wait", program("slow", SLEEP, autostart="false", startsecs=60),
         rpc("startProcess", "slow", False), until("slow", "STARTING"), ctl("status", "slow"),
         rpc("startProcess", "slow"), ctl("stop", "slow"))
scenario("start_is_cut_short", program("slow", SLEEP, autostart="false", startsecs=60),
         later("start", rpc("startProcess", "slow")), until("slow", "STARTING"), rpc("stopProcess", "slow"),
         finish("start"), later("again", ctl("start", "slow")), until("slow", "STARTING"), ctl("stop", "slow"),
         finish("again"))
scenario("start_waits", program("slow", SLEEP, autostart="false", startsecs=1), ctl("start", "slow"),
         ctl("status", "slow"), life("slow"))
scenario("start_chdir", program("lost", directory="/nonexistent", autostart="false", startretries=0, startsecs=1),
         rpc("startProcess", "lost"), until("lost", "FATAL"), rpc("tailProcessStderrLog", "lost", 0, 1000),
         life("lost"))
scenario("start_user", program("who", "/usr/bin/id -un", user="nobody", autorestart="false") +
         program("n", "/usr/bin/id -u", user="65534", autorestart="false"),
         until("who", "EXITED"), until("n", "EXITED"), rpc("readProcessStdoutLog", "who", 0, 0),
         rpc("readProcessStdoutLog", "n", 0, 0))
scenario("start_fatal_again", program("p", script("plan") + " 1 1", startsecs=3, startretries=0), until("p", "FATAL"),
         ctl("status", "p"), ctl("start", "p"), until("p", "FATAL"), ctl("start", "p"), until("p", "RUNNING"),
         life(), files=PLAN)

# ---------------------------------------------------------------- stop

scenario("stop", THREE, until("one", "RUNNING"), ctl("stop", "one"), ctl("stop", "one"), ctl("stop", "three"),
         ctl("stop", "nosuch"), ctl("stop"), ctl("status", "one"), rpc("stopProcess", "one"),
         rpc("stopProcess", "nosuch"), rpc("getProcessInfo", "one"), life("one"))
scenario("stop_all", THREE, until("one", "RUNNING"), until("two", "RUNNING"), ctl_sorted("stop", "all"),
         ctl("status"), ctl("stop", "all"), rpc("stopAllProcesses"))
scenario("stop_without_wait", program("deaf", script("deaf"), stopwaitsecs=30),
         until_file("deaf.ready", ""), rpc("stopProcess", "deaf", False), until("deaf", "STOPPING"),
         ctl("status", "deaf"), rpc("stopProcess", "deaf"), rpc("startProcess", "deaf"), kill("deaf", KILL),
         until("deaf", "STOPPED"), ctl("start", "deaf"), files=DEAF)
scenario("stop_kills", program("deaf", script("deaf"), stopwaitsecs=1), until_file("deaf.ready", ""),
         ctl("stop", "deaf"), rpc("getProcessInfo", "deaf"), life("deaf"), files=DEAF)
scenario("stop_signal", program("ears", script("ears"), stopsignal="TERM") , until_file("heard", "ready"),
         ctl("stop", "ears"), read("heard"), rpc("getProcessInfo", "ears"), life("ears"), files=EARS)
scenario("stop_signal_usr1", program("p", SLEEP, stopsignal="USR1"), until("p", "RUNNING"), ctl("stop", "p"),
         rpc("getProcessInfo", "p"), life("p"))
scenario("stop_as_group", program("p", script("parent"), stopasgroup="true"), until_file("inner", "\n"),
         ctl("stop", "p"), gone("inner"), life("p"),
         files={"parent": 'sleep 1000 &\necho $! >"${0%/*}/inner"\nwait\n'})
scenario("kill_as_group", program("p", script("parent"), killasgroup="true", stopwaitsecs=1),
         until_file("inner", "\n"), ctl("stop", "p"), gone("inner"), life("p"),
         files={"parent": 'trap "" TERM\nsleep 1000 &\necho $! >"${0%/*}/inner"\nwhile :; do wait; sleep 0.1; done\n'})
scenario("stop_in_backoff", program("p", "/bin/false", startsecs=30, startretries=100),
         FAR, until("p", "BACKOFF"), ctl("stop", "p"), until("p", "STOPPED"), rpc("getProcessInfo", "p"))
scenario("restart", THREE, until("one", "RUNNING"), new_pid("one"), ctl("restart", "one"), new_pid("one"),
         ctl("restart", "three"), ctl("restart", "nosuch"), ctl("restart"), ctl("status"))
scenario("restart_all", program("a") + program("b"), all_are("RUNNING"), new_pid("a"), new_pid("b"),
         ctl_sorted("restart", "all"), new_pid("a"), new_pid("b"))

# ---------------------------------------------------------------- groups

GROUPS = (program("a", SLEEP) + program("b", SLEEP, autostart="false") + program("alone")
          + program("w", numprocs=3, process_name="%(program_name)s_%(process_num)02d")
          + program("shifted", numprocs=2, numprocs_start=5, process_name="x%(process_num)d", autostart="false")
          + group("g", "a,b", priority=10))

scenario("groups", GROUPS, until("g:a", "RUNNING"), until("w:w_02", "RUNNING"), ctl("status"), ctl("status", "g:*"),
         ctl("status", "g:"), ctl("status", "g"), ctl("status", "a"), ctl("status", "w:*"), ctl("status", "w:w_01"),
         ctl("status", "shifted:x6"), rpc("getProcessInfo", "a"), rpc("getProcessInfo", "g"))
scenario("group_start_stop", GROUPS, until("g:a", "RUNNING"), ctl("start", "g:*"), ctl("status", "g:*"),
         ctl_sorted("stop", "g:*"), ctl("stop", "g:*"), ctl("start", "g:b"), ctl("start", "b"), ctl("stop", "g"),
         ctl_sorted("restart", "w:*"), ctl("start", "shifted:"), ctl_sorted("stop", "shifted:*"))
scenario("group_rpc", GROUPS, until("g:a", "RUNNING"), rpc("startProcessGroup", "g"), rpc_sorted("stopProcessGroup", "g"),
         rpc("stopProcessGroup", "g"), rpc("startProcessGroup", "nosuch"), rpc("stopProcessGroup", "nosuch"),
         rpc("startProcess", "g:*"), rpc_sorted("stopProcess", "g:"), rpc("startProcess", "g:nosuch"),
         rpc("startProcessGroup", "shifted", False), rpc_sorted("stopAllProcesses"))
scenario("group_with_faults", program("ok", autostart="false") + program("bad", "/nonexistent", autostart="false")
         + program("quick", "/bin/false", autostart="false", startsecs=20, startretries=0) + group("g", "ok,bad,quick"),
         ctl_sorted("start", "g:*"), rpc_sorted("stopProcessGroup", "g"), until("g:quick", "FATAL"),
         rpc_sorted("startProcessGroup", "g"))
scenario("group_signal", program("a", script("ears")) + program("b", autostart="false") + group("g", "a,b"),
         until_file("heard", "ready"), rpc("signalProcessGroup", "g", "USR1"), until_file("heard", "USR1"),
         rpc("signalProcessGroup", "nosuch", "USR1"), rpc("signalProcessGroup", "g", "NONSENSE"),
         ctl("signal", "HUP", "g:*"), until_file("heard", "HUP"), rpc("signalProcess", "g:*", "USR2"),
         until_file("heard", "USR2"), files=EARS)

# ---------------------------------------------------------------- signal

scenario("signal", program("ears", script("ears")) + program("off", autostart="false"), until_file("heard", "ready"),
         ctl("signal", "HUP", "ears"), until_file("heard", "HUP"), ctl("signal", "SIGUSR1", "ears"),
         until_file("heard", "USR1"), ctl("signal", "12", "ears"), until_file("heard", "USR2"), rpc("signalProcess", "ears", 2),
         until_file("heard", "INT"), ctl("status", "ears"), files=EARS)
scenario("signal_faults", program("ears", script("ears")) + program("off", autostart="false"),
         until_file("heard", "ready"), ctl("signal", "NONSENSE", "ears"), ctl("signal", "HUP", "off"),
         ctl("signal", "HUP", "nosuch"), ctl("signal", "HUP"), ctl("signal"), ctl("signal", "9999", "ears"),
         rpc("signalProcess", "ears", "HUPP"), rpc("signalProcess", "nosuch", "HUP"), rpc("signalProcess", "off", "HUP"),
         rpc("signalProcess", "ears", ""), rpc("signalProcess", "ears", -1), ctl("signal", "HUP", "nosuch:*"),
         files=EARS)
scenario("signal_all", program("ears", script("ears")) + program("off", autostart="false"),
         until_file("heard", "ready"), ctl("signal", "USR1", "all"), until_file("heard", "USR1"),
         rpc("signalAllProcesses", "USR2"), until_file("heard", "USR2"), rpc("signalAllProcesses", "BAD"), files=EARS)
scenario("signal_ends_it", program("p", SLEEP, autorestart="false"), until("p", "RUNNING"), ctl("signal", "KILL", "p"),
         until("p", "EXITED"), ctl("status", "p"), rpc("getProcessInfo", "p"), life("p"))

# ---------------------------------------------------------------- exits and restarts

scenario("autorestart_true", program("p", script("plan") + " 0 1 2", autorestart="true"), until_file("plan.count", "(x\n){4}"),
         until("p", "RUNNING"), life(), files=PLAN)
scenario("autorestart_unexpected", program("p", script("plan") + " 1 3 2", exitcodes="0,2"), until_file("plan.count", "(x\n){3}"),
         until("p", "EXITED"), life(), files=PLAN)
scenario("autorestart_false", program("p", script("plan") + " 5", autorestart="false"), until("p", "EXITED"),
         ctl("status", "p"), rpc("getProcessInfo", "p"), life(), ctl("start", "p"), until("p", "RUNNING"), files=PLAN)
scenario("expected_exit", program("p", "/bin/true"), until("p", "EXITED"), ctl("status", "p"), life())
scenario("killed_and_back", program("p", SLEEP), new_pid("p"), kill("p", KILL), new_pid("p"), kill("p", TERM),
         new_pid("p"), life())
scenario("killed_while_starting", program("p", SLEEP, startsecs=10, startretries=0), until("p", "STARTING"),
         kill("p", KILL), until("p", "FATAL"), life())
scenario("backoff_then_fatal", program("p", "/bin/false", startsecs=30, startretries=1), until("p", "FATAL"),
         ctl("status", "p"), rpc("getProcessInfo", "p"), life())
scenario("backoff_then_running", program("p", script("plan") + " 1", startsecs=3, startretries=2), until("p", "RUNNING"),
         life(), files=PLAN)
scenario("missing_then_fatal", program("p", "/nonexistent/p", startretries=1), until("p", "FATAL"), ctl("status", "p"),
         rpc("getProcessInfo", "p"), life())
scenario("backoff_status", program("p", "/bin/false", startsecs=30, startretries=100), FAR, until("p", "BACKOFF"), ctl("pid", "p"),
         rpc("signalProcess", "p", "HUP"), rpc("startProcess", "p"), rpc("stopProcess", "p"))
scenario("exit_statuses", "".join(program(f"p{code}", script("plan") + f" {code}", autorestart="false",
                                          directory="%(here)s").replace("plan", f"plan{code}")
                                  for code in (0, 1, 77, 255)),
         all_are("EXITED"), rpc("getAllProcessInfo"), files={f"plan{code}": PLAN["plan"] for code in (0, 1, 77, 255)})

# ---------------------------------------------------------------- logs

WRITES = program("w", script("writer"))
OFFSETS = [(0, 0), (0, 5), (5, 0), (3, 4), (-5, 0), (-5, 5), (0, -1), (5, -5), (-1000, 0), (1000, 0), (22, 0), (21, 10)]

scenario("read_stdout", WRITES, until_file("written", ""), *[rpc("readProcessStdoutLog", "w", *pair) for pair in OFFSETS],
         rpc("readProcessLog", "w", 0, 3), rpc("readProcessStdoutLog", "nosuch", 0, 0),
         rpc("readProcessStdoutLog", "w:*", 0, 0), files=WRITER)
scenario("read_stderr", WRITES, until_file("written", ""), *[rpc("readProcessStderrLog", "w", *pair) for pair in OFFSETS],
         rpc("readProcessStderrLog", "nosuch", 0, 0), files=WRITER)
scenario("tail_rpc", WRITES, until_file("written", ""),
         *[rpc("tailProcessStdoutLog", "w", *pair) for pair in [*OFFSETS, (0, 22), (10, 5), (22, 22), (0, 100), (30, 5)]],
         rpc("tailProcessLog", "w", 0, 3), rpc("tailProcessStderrLog", "w", 0, 1000),
         rpc("tailProcessStdoutLog", "nosuch", 0, 1), files=WRITER)
scenario("tail", WRITES, until_file("written", ""), ctl("tail", "w"), ctl("tail", "-5", "w"), ctl("tail", "-100000", "w"),
         ctl("tail", "w", "stdout"), ctl("tail", "w", "stderr"), ctl("tail", "-4", "w", "stderr"), ctl("tail", "w", "nonsense"),
         ctl("tail", "nosuch"), ctl("tail", "w:*"), ctl("tail"), ctl("tail", "-x", "w"), ctl("tail", "w", "w"), files=WRITER)
scenario("no_logs", program("none", SLEEP, stdout_logfile="NONE", stderr_logfile="NONE")
         + program("joined", SLEEP, redirect_stderr="true") + program("off", autostart="false"),
         until("none", "RUNNING"), until("joined", "RUNNING"),
         ctl("tail", "none"), ctl("tail", "none", "stderr"), ctl("tail", "joined"), ctl("tail", "joined", "stderr"),
         rpc("readProcessStdoutLog", "none", 0, 0), rpc("readProcessStderrLog", "joined", 0, 0),
         rpc("tailProcessStdoutLog", "none", 0, 10), rpc("tailProcessStderrLog", "joined", 0, 10),
         rpc("readProcessStdoutLog", "off", 0, 0), rpc("clearProcessLogs", "none"), rpc("getProcessInfo", "none"),
         rpc("getProcessInfo", "joined"), files())
scenario("main_log", program("p", autostart="false"), rpc("clearLog"), ctl("start", "p"), ctl("stop", "p"),
         life(), rpc("readLog", -5, 5), rpc("readLog", 0, -1), rpc("readLog", 10 ** 6, 0), rpc_kind("readLog", -10, 0),
         rpc("readMainLog", -5, 5), rpc("clearLog"), ctl("stop", "p"))
scenario("main_log_gone", program("p"), move("main.log", "elsewhere"), rpc("readLog", 0, 0), rpc("clearLog"), ctl("maintail"))
scenario("clear", WRITES + program("v", SLEEP), until_file("written", ""), ctl("tail", "w"), ctl("clear", "w"), ctl("tail", "w"),
         ctl("tail", "w", "stderr"), ctl("clear", "nosuch"), ctl("clear"), ctl("clear", "w:*"), ctl("clear", "all"),
         rpc("clearProcessLogs", "w"), rpc("clearProcessLog", "w"), rpc("clearProcessLogs", "nosuch"), rpc("clearAllProcessLogs"),
         rpc("clearProcessLogs", "w:*"), files=WRITER)
scenario("logs_given", program("cat", stdout_logfile="%(here)s/o", stderr_logfile="%(here)s/e"), until("cat", "RUNNING"),
         rpc("sendProcessStdin", "cat", "before\n"), until_file("o", "before"), rpc("clearProcessLogs", "cat"), read("o"),
         rpc("sendProcessStdin", "cat", "after\n"), until_file("o", "after"), rpc("readProcessStdoutLog", "cat", 0, 0),
         rpc("getProcessInfo", "cat"), mode("o"), files())
scenario("logs_reopened", program("cat", stdout_logfile="%(here)s/o", stderr_logfile="NONE"), until("cat", "RUNNING"),
         rpc("sendProcessStdin", "cat", "first\n"), until_file("o", "first"), move("o", "old"), move("main.log", "main.old"),
         kill("", USR2), until_file("main.log", ""), until_file("o", ""), rpc("sendProcessStdin", "cat", "second\n"),
         until_file("o", "second"), read("old"), rpc("getState"))
scenario("logs_removed", program("cat", stdout_logfile="%(here)s/o"), until("cat", "RUNNING"), move("o", "elsewhere"),
         rpc("readProcessStdoutLog", "cat", 0, 0), rpc("tailProcessStdoutLog", "cat", 0, 10), ctl("tail", "cat"),
         rpc("clearProcessLogs", "cat"), rpc("readProcessStdoutLog", "cat", 0, 0))
scenario("redirect", program("w", script("writer"), redirect_stderr="true"), until_file("written", ""),
         ctl("tail", "w"), ctl("tail", "w", "stderr"), files(), files=WRITER)
scenario("utf8", program("w", script("writer")), until_file("written", ""), rpc("readProcessStdoutLog", "w", 0, 0),
         rpc("tailProcessStdoutLog", "w", 0, 100), ctl("tail", "w"), ctl("tail", "-8", "w"),
         files={"writer": "printf 'Øresund Malmö …\\n'\ntouch \"${0%/*}/written\"\nexec sleep 1000\n"})
scenario("strip_ansi", program("w", script("writer"), stdout_logfile="%(here)s/o"), until_file("o", "end"), read("o"),
         head=HEAD.replace("nodaemon", "strip_ansi = true\nnodaemon"),
         files={"writer": "printf '\\033[31mred\\033[0m and \\033[1;32mgreen\\033[0m end\\n'\nexec sleep 1000\n"})
scenario("rotation", program("w", script("writer"), stdout_logfile="%(here)s/logs/o", stdout_logfile_maxbytes=100,
                             stdout_logfile_backups=2, stderr_logfile="NONE"),
         until_file("done", ""), files(), *[read(f"logs/o{end}") for end in ("", ".1", ".2", ".3")],
         files={"writer": """for i in 1 2 3 4 5 6 7; do
	echo "line $i ............................................................................................"
	until grep -qs "line $i" "${0%/*}"/logs/o*; do sleep 0.02; done
	sleep 0.1
done
touch "${0%/*}/done"
exec sleep 1000
"""})

# ---------------------------------------------------------------- stdin, events

scenario("stdin", program("cat") + program("off", autostart="false") + program("shut", script("shut"))
         + program("g1") + group("g", "g1"), until("cat", "RUNNING"), until_file("shut.done", ""),
         rpc("sendProcessStdin", "cat", "Øresund\n"), rpc("sendProcessStdin", "cat", ""), rpc("sendProcessStdin", "off", "x"),
         rpc("sendProcessStdin", "nosuch", "x"), rpc("sendProcessStdin", "g:*", "x"), rpc("sendProcessStdin", "cat", 5),
         rpc("sendProcessStdin", "g:g1", "hello\n"), rpc("sendProcessStdin", "cat", "last\n"),
         files={"shut": 'exec <&-\ntouch "$0.done"\nexec sleep 1000\n'})
scenario("stdin_is_echoed", program("cat", stdout_logfile="%(here)s/o"), until("cat", "RUNNING"),
         rpc("sendProcessStdin", "cat", "Øresund <&> \"q\"\n"), until_file("o", "q"), rpc("readProcessStdoutLog", "cat", 0, 0))
scenario("events_of_states", listener("PROCESS_STATE") + program("p", SLEEP, autostart="false", startsecs=1)
         + program("q", script("plan") + " 3", autostart="false", autorestart="unexpected"),
         until("ear", "RUNNING"), ctl("start", "p"), ctl("stop", "p"), until_file("events", "STOPPED.*:p "),
         ctl("start", "q"), until_file("events", "(RUNNING.*:q [^~]*){2}"), read("events"), files={**LISTENER, **PLAN})
scenario("events_of_failure", listener("PROCESS_STATE_BACKOFF,PROCESS_STATE_FATAL,PROCESS_STATE_STARTING")
         + program("p", "/bin/false", startsecs=30, startretries=1, autostart="false"), until("ear", "RUNNING"),
         rpc("startProcess", "p", False), until("p", "FATAL"), until_file("events", "FATAL"), files=LISTENER)
scenario("events_of_kill", listener("PROCESS_STATE_EXITED,PROCESS_STATE_STOPPING,PROCESS_STATE_STOPPED")
         + program("p", SLEEP, autorestart="false", autostart="false"), until("ear", "RUNNING"), ctl("start", "p"), kill("p", KILL),
         until_file("events", "EXITED"), ctl("start", "p"), ctl("stop", "p"), until_file("events", "STOPPED"), files=LISTENER)
scenario("events_remote", listener("REMOTE_COMMUNICATION"), until("ear", "RUNNING"),
         rpc("sendRemoteCommEvent", "kind", "some data"), until_file("events", "some"),
         rpc("sendRemoteCommEvent", "second", "Øre\nsund"), until_file("events", "sund"),
         rpc("sendRemoteCommEvent", "only one"), files=LISTENER)
scenario("events_of_logs", listener("PROCESS_LOG") + program("w", script("writer"), stdout_events_enabled="true",
                                                             stderr_events_enabled="true", autostart="false"),
         until("ear", "RUNNING"), ctl("start", "w"), until_file("events", "STDOUT", shows=False),
         until_file("events", "STDERR", shows=False), read_sorted("events"), files=WRITER | LISTENER)
scenario("events_of_communication", listener("PROCESS_COMMUNICATION") + program(
    "w", script("writer"), stdout_capture_maxbytes="1KB", autostart="false", stdout_logfile="%(here)s/o"),
    until("ear", "RUNNING"), ctl("start", "w"), until_file("events", "inside"), until_file("o", "more"),
    files={**LISTENER, "writer": "printf 'before\\n<!--XSUPERVISOR:BEGIN-->inside<!--XSUPERVISOR:END-->after\\n'\n"
           "until grep -qs inside ${0%/*}/events; do sleep 0.05; done\necho more than a token of text has to come\nexec sleep 1000\n"})
scenario("events_of_groups", listener("PROCESS_GROUP") + program("a"), until("ear", "RUNNING"), until_file("events", "ADDED groupname:a"),
         ctl("stop", "a"), ctl("remove", "a"), until_file("events", "REMOVED"), ctl("add", "a"),
         until_file("events", "REMOVED(.*\n)+.*ADDED"), files=LISTENER)

# ---------------------------------------------------------------- reread, update, add, remove

A, B = program("a"), program("b")

scenario("reread", A + B, ctl("reread"), configure(A), ctl("reread"), configure(A + B + program("c")), ctl("reread"),
         configure(program("a", SLEEP) + B), ctl("reread"), ctl("status"), rpc("reloadConfig"))
scenario("reread_error", A + B, until("a", "RUNNING"), configure(A + "[program:broken]\n"), ctl("reread"), rpc("reloadConfig"),
         ctl("update"), ctl("status"), configure(A + program("b", startsecs="x")), rpc("reloadConfig"),
         configure(A + B), ctl("reread"))
scenario("update", A + B, all_are("RUNNING"), new_pid("a"), configure(A + program("b", SLEEP) + program("c")),
         ctl("update"), until("c", "RUNNING"), until("b", "RUNNING"), ctl("status"), rpc("getAllConfigInfo"), ctl("update"),
         configure(program("c")), ctl("update"), ctl("status"))
scenario("update_named", A + B, all_are("RUNNING"), configure(A + program("b", SLEEP) + program("c") + program("d")),
         ctl("update", "c"), until("c", "RUNNING"), ctl("status"), ctl("update", "nosuch"), ctl("update", "b", "d"), until("d", "RUNNING"),
         ctl("status"), ctl("update", "all"))
scenario("update_group", A + B + group("g", "a,b"), all_are("RUNNING"), configure(A + B + program("c") + group("g", "a,b,c")),
         ctl("reread"), ctl_sorted("update"), until("g:c", "RUNNING"), ctl("status"))
scenario("update_numprocs", program("w", numprocs=2, process_name="w%(process_num)d"), all_are("RUNNING"),
         configure(program("w", numprocs=3, process_name="w%(process_num)d")), ctl("reread"), ctl_sorted("update"),
         until("w:w2", "RUNNING"), ctl("status"))
scenario("add_remove", A + B, all_are("RUNNING"), ctl("add", "a"), ctl("add", "nosuch"), ctl("remove", "a"), ctl("remove", "nosuch"),
         ctl("stop", "a"), ctl("remove", "a"), ctl("status"), ctl("avail"), ctl("add", "a"), until("a", "RUNNING"), ctl("status"),
         ctl("add"), ctl("remove"))
scenario("add_remove_rpc", A + B, all_are("RUNNING"), rpc("addProcessGroup", "a"), rpc("addProcessGroup", "nosuch"),
         rpc("removeProcessGroup", "a"), rpc("removeProcessGroup", "nosuch"), rpc("stopProcess", "a"), rpc("removeProcessGroup", "a"),
         rpc("getProcessInfo", "a"), rpc("startProcess", "a"), rpc("addProcessGroup", "a"), until("a", "RUNNING"))

# ---------------------------------------------------------------- XML-RPC itself

METHODS = """addProcessGroup clearAllProcessLogs clearLog clearProcessLog clearProcessLogs getAPIVersion getAllConfigInfo
getAllProcessInfo getIdentification getPID getProcessInfo getState getSupervisorVersion getVersion readLog readMainLog
readProcessLog readProcessStderrLog readProcessStdoutLog reloadConfig removeProcessGroup restart sendProcessStdin
sendRemoteCommEvent shutdown signalAllProcesses signalProcess signalProcessGroup startAllProcesses startProcess
startProcessGroup stopAllProcesses stopProcess stopProcessGroup tailProcessLog tailProcessStderrLog
tailProcessStdoutLog""".split()

scenario("list_methods", A, rpc("system.listMethods"), *[rpc("system.methodSignature", "supervisor." + name) for name in METHODS],
         *[rpc_kind("system.methodHelp", "supervisor." + name) for name in METHODS],
         *[rpc(f"system.{method}", name) for method in ("methodHelp", "methodSignature")
           for name in ("supervisor.nosuch", "nosuch", "")],
         *[rpc("system.methodSignature", "system." + name) for name in ("listMethods", "methodHelp", "methodSignature", "multicall")])
scenario("unknown_methods", A, *[rpc(name) for name in (
    "supervisor.nosuch", "system.nosuch", "nosuch.method", "supervisor._update", "supervisor.__init__", "a.b.c",
    "supervisor.supervisord.options", "supervisor.", ".getState", "getState.")])
scenario("wrong_parameters", A, until("a", "RUNNING"), rpc("getState", 1), rpc("startProcess"), rpc("startProcess", "a", True, 1),
         rpc("getProcessInfo"), rpc("readLog"), rpc("readLog", 1), rpc("readProcessStdoutLog", "a", 0), rpc("getProcessInfo", "a", "b"),
         rpc("stopProcess"), rpc("signalProcess", "a"), rpc("addProcessGroup"), rpc("sendProcessStdin", "a"), rpc("system.multicall"),
         rpc("system.methodHelp"), rpc("readProcessStdoutLog", "a", "0", "0"))
scenario("multicall", A + program("b", autostart="false", startsecs=1), until("a", "RUNNING"), rpc("system.multicall", [
    {"methodName": "supervisor.getState", "params": []}, {"methodName": "supervisor.getProcessInfo", "params": ["nosuch"]},
    {"methodName": "supervisor.startProcess", "params": ["b"]}, {"methodName": "supervisor.stopProcess", "params": ["a"]},
    {"methodName": "supervisor.startProcess", "params": ["b"]}, {"methodName": "nosuch", "params": []},
    {"methodName": "system.multicall", "params": [[]]}, {"methodName": "supervisor.getAPIVersion"}, {"params": []},
    {"methodName": "supervisor.getState", "params": [1]}]), rpc("system.multicall", []), ctl("status"))


def request(body, method="POST", path="/RPC2", headers=b"", length=True):
    size = b"Content-Length: %d\r\n" % len(body) if length else b""
    return b"%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s%s\r\n%s" % (method.encode(), path.encode(), size, headers, body)


def post(method, params=b"<params></params>"):
    return request(b"<?xml version='1.0'?><methodCall><methodName>%s</methodName>%s</methodCall>" % (method, params))


scenario("http", A, until("a", "RUNNING"), http_raw(post(b"supervisor.getVersion"), "Content-Type", body=True),
         http_raw(post(b"supervisor.getVersion", b""), body=True), http_raw(post(b"")), http_raw(request(b"garbage")),
         http_raw(request(b"<methodCall><methodName>supervisor.getVersion</methodName>")),
         http_raw(request(b"", "GET")), http_raw(request(b"x", length=False)), http_raw(request(b"", "GET", "/nosuch")),
         http_raw(request(b"", "GET", "/logtail/nosuch")), http_raw(request(b"", "GET", "/logtail/a/nosuch")),
         http_raw(b"nonsense\r\n\r\n"), rpc("getState"))
scenario("http_values", program("cat", stdout_logfile="%(here)s/o"), until("cat", "RUNNING"), *[
    http_raw(post(b"supervisor." + name, b"<params>" + b"".join(b"<param><value>%s</value></param>" % value for value in values)
                  + b"</params>"), body=True)
    for name, values in [
        (b"sendProcessStdin", [b"<string>cat</string>", b"<string>a&amp;b&lt;c&#10;</string>"]),
        (b"sendProcessStdin", [b"cat", b"untyped\n"]),
        (b"sendProcessStdin", [b"<string>cat</string>", b"<base64>aGVsbG8K</base64>"]),
        (b"startProcess", [b"<string>cat</string>", b"<boolean>1</boolean>"]),
        (b"startProcess", [b"<string>cat</string>", b"<int>0</int>"]),
        (b"readProcessStdoutLog", [b"<string>cat</string>", b"<i4>-1</i4>", b"<int>1</int>"])]],
    until_file("o", "hello"))


def authorized(name, password):
    return b"Authorization: Basic " + base64.b64encode(f"{name}:{password}".encode()) + b"\r\n"


LOCKED = HEAD.replace("[rpcinterface", "username = user\npassword = secret\n[rpcinterface")
scenario("authentication", A, http_raw(request(b"", "GET"), "WWW-Authenticate"),
         http_raw(request(b"", "GET", headers=authorized("user", "wrong"))), http_raw(request(b"", "GET", headers=authorized("user", "secret"))),
         http_raw(request(b"", "GET", headers=b"Authorization: Basic !!!\r\n")), http_raw(request(b"", "GET", headers=b"Authorization: Digest x\r\n")),
         ctl("status"), ctl("-u", "user", "-p", "secret", "pid", "a"), ctl("-u", "user", "-p", "bad", "status"),
         head=LOCKED)
scenario("authentication_sha", A, http_raw(request(b"", "GET", headers=authorized("user", "thepassword"))),
         http_raw(request(b"", "GET", headers=authorized("user", "other"))), ctl("-u", "user", "-p", "thepassword", "pid", "nosuch"),
         head=LOCKED.replace("= secret", "= {SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d"))
scenario("socket_mode", A, mode("s"), head=HEAD.replace("[rpcinterface", "chmod = 0660\n[rpcinterface"))
scenario("socket_mode_default", A, mode("s"), mode("pid"), read("pid"))
scenario("nobody_there", A, ctl_at("unix:///nonexistent/s", "status"), ctl_at("http://127.0.0.1:1", "status"),
         ctl_at("unix://{dir}/s", "pid", "nosuch"), ctl_at("http://", "status"), ctl("nonsense"), ctl("nonsense", "x"))

# ---------------------------------------------------------------- the end, and the beginning again

SLOW = program("slow", script("deaf"), stopwaitsecs=10)
scenario("shutdown", A, until("a", "RUNNING"), ctl("shutdown"), ended(), life(), begin(), until("a", "RUNNING"))
scenario("shutdown_state", SLOW, until_file("deaf.ready", ""), rpc("shutdown"),
         *[rpc(name, *parameters) for name, parameters in (
             ("getState", ()), ("getAllProcessInfo", ()), ("startProcess", ("slow",)), ("stopProcess", ("slow",)), ("getPID", ()),
             ("reloadConfig", ()), ("shutdown", ()))],
         ctl("status"), ended(), files=DEAF)
scenario("shutdown_order", program("a", priority=1) + program("b", priority=3) + program("c", priority=2), all_are("RUNNING"),
         kill("", TERM), ended(), life())
scenario("shutdown_int", A, until("a", "RUNNING"), kill("", INT), ended(), life())
scenario("shutdown_quit", A, until("a", "RUNNING"), kill("", QUIT), ended())
scenario("reload", A + B, all_are("RUNNING"), new_pid("a"), configure(A + program("c")), ctl("reload"), new_pid("a"), restarted(),
         until("c", "RUNNING"), ctl("status"))
scenario("restart_rpc", A, until("a", "RUNNING"), new_pid("a"), rpc("restart"), new_pid("a"), rpc("getState"))
# supervisord restarts everything; here what has not changed is left alone.
scenario("hangup", A, until("a", "RUNNING"), configure(A + B), kill("", HUP), until("b", "RUNNING"), until("a", "RUNNING"),
         ctl("status"))

# ---------------------------------------------------------------- what a child is given

scenario("environment", program("env", "/usr/bin/env", environment='B="two words",C=%(program_name)s', autorestart="false",
                                stdout_logfile="%(here)s/o") + program("env2", "/usr/bin/env", autorestart="false",
                                                                      stdout_logfile="%(here)s/o2", serverurl="http://given:1"),
         until("env", "EXITED"), until("env2", "EXITED"), until_file("o", "PROCESS_NAME", shows=False), read_sorted("o"),
         until_file("o2", "PROCESS_NAME", shows=False), read_sorted("o2"),
         head=HEAD.replace("nodaemon", "environment = A=1,B=0\nnodaemon"))
scenario("surroundings", program("p", script("tell"), directory="/usr", umask="027", stdout_logfile="%(here)s/o", autorestart="false"),
         until("p", "EXITED"), until_file("o", "end"),
         files={"tell": "pwd\numask\nls /proc/self/fd | wc -w\n[ -p /proc/self/fd/0 ] && echo pipe\n"
                        "awk '/^(Uid|SigBlk)/' /proc/self/status\necho end\n"})
