"""A requests session made at import.  Eager: it has kept a connection open."""
import os

import requests

import app_result

URL = "http://127.0.0.1:%s/" % os.environ["APP_PORT"]
SESSION = requests.Session()
SESSION.trust_env = False
if app_result.EAGER:
    SESSION.get(URL + "first", timeout=60)


def work():
    path = "worker-%d" % os.getpid()
    return {"own": all(SESSION.get(URL + path, timeout=60).text == "/" + path for _ in range(20)),
            "status": SESSION.get(URL + "missing", timeout=60).status_code}


def run():
    app_result.run(work)
