"""What a process under forkserver(8) can say and ask.

forkserver.notify   tell the supervisor (or systemd) READY, STATUS, WATCHDOG, STOPPING, ...
forkserver.worker   listening sockets, name, number and generation of this process; requests counted
forkserver.serve    serve a WSGI or ASGI application, or Celery, in this process, without a master

Standard library only; importing it opens nothing and starts nothing, so it may be in `preload`.
Everything works without the supervisor too: there is then nobody to tell, and there are no sockets.
"""

from forkserver.worker import request_done, requests

__all__ = ["request_done", "requests"]
