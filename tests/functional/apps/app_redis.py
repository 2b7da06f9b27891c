"""A Redis client whose pool is made at import, and connected only when it is used.
Eager: it is used at import."""
import os

import redis

import app_result

CLIENT = redis.Redis(port=int(os.environ["APP_PORT"]), socket_timeout=60)
if app_result.EAGER:
    CLIENT.ping()


def work():
    key = "worker-%d" % os.getpid()
    CLIENT.set(key, "value of %d" % os.getpid())
    total = [CLIENT.incr(key + "-count") for _ in range(50)][-1]
    return {"ping": CLIENT.ping(), "own": CLIENT.get(key).decode() == "value of %d" % os.getpid(),
            "count": total, "missing": CLIENT.get("nothing")}


def run():
    app_result.run(work)
