"""Runs the real supervisorctl over and over without starting Python each time: reads one JSON array of arguments a
line, forks a child that is supervisorctl with them, and answers [exit status, output].  Runs alone."""
import json
import os
import sys
import tempfile

from supervisor import supervisorctl


def run(words, text):
    """The child: supervisorctl, with its output in a file."""
    status = 0
    try:
        os.dup2(text.fileno(), 1)
        os.dup2(text.fileno(), 2)
        supervisorctl.main(words)
    except SystemExit as end:
        status = end.code or 0
        if isinstance(status, str):
            print(status, file=sys.stderr)
            status = 1
    except BaseException as error:  # what Python itself would end with
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main():
    for line in sys.stdin:
        with tempfile.TemporaryFile() as text:
            child = os.fork()
            if child == 0:
                run(json.loads(line), text)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            text.seek(0)
            print(json.dumps([status, text.read().decode("utf-8", "backslashreplace")]), flush=True)


if __name__ == "__main__":
    main()
