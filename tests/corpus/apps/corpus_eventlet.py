import eventlet

eventlet.monkey_patch()
import requests  # noqa: E402,F401
