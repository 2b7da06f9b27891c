"""Monkey-patched before anything else, as gevent asks."""
from gevent import monkey

monkey.patch_all()
import requests  # noqa: E402,F401
import gevent  # noqa: E402

gevent.spawn(len, "x").join()
