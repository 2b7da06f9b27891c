"""The application of bench_memory.py: libraries, many small objects that live as long as the process, and a
request that uses every one of them.

With flask and pandas if BENCH_MODULES names them, else a plain WSGI callable.
"""
import gc
import importlib
import json
import os
import sys
import time

for name in os.environ["BENCH_MODULES"].split():
    importlib.import_module(name)

CITIES = ["Ghent", "Turin", "Porto", "Malmo", "Lodz"]
ROWS = [{"id": number, "name": f"customer {number}", "city": CITIES[number % 5], "balance": number / 8,
         "tags": [f"t{number % 1000}", f"u{number}"]} for number in range(60000)]
# A request finds any process that is free.  So that in the end all have done the same, one that has done its
# share lets the others have the next.
LOADS = int(os.environ.get("BENCH_LOADS", "3"))
REST = 0.05
done = 0

pandas = sys.modules.get("pandas")
FRAME = pandas.DataFrame(ROWS[:20000]) if pandas else None


def work():
    total = tags = 0
    for row in ROWS:
        total += row["balance"] + len(row["name"])
        for tag in row["tags"]:
            tags += len(tag)
    text = json.dumps([{"id": row["id"], "name": row["name"].title(), "city": row["city"]} for row in ROWS[::100]])
    if FRAME is not None:
        total += float(FRAME.groupby("city")["balance"].sum().sum())
    gc.collect()
    return total, tags, len(text)


def hello():
    time.sleep(REST)
    return f"{os.getpid()} 0\n"


def load():
    global done
    if done < LOADS:
        work()
        done += 1
    else:
        time.sleep(REST)
    return f"{os.getpid()} {done}\n"


def warm():
    """What forkserver's warmup key names: one request's worth, before the fork."""
    work()


def plain(environ, start_response):
    text = {"/hello": hello, "/load": load}[environ["PATH_INFO"]]()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text.encode()]


def with_flask(flask):
    app = flask.Flask("bench")
    app.add_url_rule("/hello", "hello", hello)
    app.add_url_rule("/load", "load", load)
    return app


application = with_flask(sys.modules["flask"]) if "flask" in sys.modules else plain
