"""An event listener as superlance's crashmail is one: nothing but supervisor.childutils.  Mails what ended unexpectedly.

usage: crashmail.py SENDMAIL"""
import os
import subprocess
import sys

from supervisor import childutils

if "SUPERVISOR_ENABLED" not in os.environ:
    sys.exit("crashmail must be run as a supervisor event listener")
while True:
    headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
    if headers["eventname"] != "PROCESS_STATE_EXITED":
        childutils.listener.ok(sys.stdout)
        continue
    fields, data = childutils.eventdata(payload + "\n")
    if int(fields["expected"]):
        childutils.listener.ok(sys.stdout)
        continue
    sys.stderr.write("unexpected exit, mailing\n")
    sys.stderr.flush()
    subprocess.run([sys.argv[1], "-t", "-i"], check=True, text=True, input=(
        f"Subject: [{fields['processname']}]: PROCESS_STATE_EXITED at {childutils.get_asctime(0)[:4]}\n\n"
        f"Process {fields['processname']} in group {fields['groupname']} exited unexpectedly (pid {fields['pid']}) "
        f"from state {fields['from_state']}"))
    childutils.listener.ok(sys.stdout)
