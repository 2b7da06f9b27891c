"""What every application here shares: work in a worker, and a result that the test reads.

Each app_NAME.py imports a library as an application does, is audited so, and has work(), which a worker
runs.  With APP_EAGER set in the environment its import does, besides, what such applications often do
too early and what the audit has to find.
"""
import json
import os
import signal
import time
import traceback

IMPORT_PID = os.getpid()
EAGER = bool(os.environ.get("APP_EAGER"))
PATIENCE = 120  # seconds to wait for the other worker


def place(name):
    return os.path.join(os.environ["APP_RESULTS"], name)


def write(name, data):
    """Whole or not at all."""
    with open(place(name + ".tmp"), "w") as file:
        json.dump(data, file)
    os.rename(place(name + ".tmp"), place(name + ".json"))


def meet():
    """Returns when as many workers are here as there are: they work at the same time."""
    write("here-%d" % os.getpid(), None)
    end = time.monotonic() + PATIENCE
    while sum(name.startswith("here-") and name.endswith(".json")
              for name in os.listdir(os.environ["APP_RESULTS"])) < int(os.environ["APP_WORKERS"]):
        if time.monotonic() > end:
            raise TimeoutError("the other worker did not come")
        time.sleep(0.005)


def run(work):
    """Writes what work() returns, or its traceback; then waits for the end."""
    seen = {"pid": os.getpid(), "import_pid": IMPORT_PID}
    try:
        meet()
        seen["result"] = work()
    except BaseException:
        seen["error"] = traceback.format_exc()
    write("done-%d" % os.getpid(), seen)
    while True:
        signal.pause()
