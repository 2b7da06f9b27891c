"""Serve an application in this process, on the sockets that the supervisor has passed, without a master.

As a program's command, each of these is a module:callable of forkserver.conf(5):

    command = forkserver.serve:wsgi shop.wsgi:app --server gthread --threads 8
    command = forkserver.serve:asgi shop.asgi:app
    command = forkserver.serve:celery shop.tasks:app

`python -m forkserver.serve wsgi ...` does the same.  forkserver-python(7) has the options.

What all servers have in common is in lifeline.py: READY=1 when requests are accepted, STOPPING=1 when
SIGTERM has come; then nothing new is accepted, what is in flight is finished, and the exit status is 0.
"""

import signal
import sys
from typing import Any, List, Optional

from forkserver.serve import options

__all__ = ["asgi", "celery", "wsgi"]


def _begin(arguments: Optional[List[str]]) -> List[str]:
    """Until the server has a handler of its own, being told to stop is a clean end too: nothing is in flight."""
    signal.signal(signal.SIGTERM, _end)
    return sys.argv[1:] if arguments is None else arguments


def _end(*_: Any) -> None:
    sys.exit(0)


def make_ready(kind: str, arguments: List[str]) -> None:
    """What the workers of this command would otherwise make each for itself, with pages of its own.

    Called in a zygote, before its first fork and under the audit.  It imports and opens nothing, and whatever is wrong
    with the command is left for the worker to say.
    """
    settings = options.make_ready(kind, arguments)
    with_gunicorn = sys.modules.get("forkserver.serve.with_gunicorn")
    if settings and with_gunicorn and getattr(settings, "server", "") in with_gunicorn.SHARED_CLASSES:
        with_gunicorn.make_ready(settings)


def wsgi(arguments: Optional[List[str]] = None) -> int:
    """Serve a WSGI application; returns the exit status."""
    settings = options.wsgi(_begin(arguments))
    if settings.server == "waitress":
        from forkserver.serve import with_waitress

        return with_waitress.serve(settings)
    from forkserver.serve import with_gunicorn

    return with_gunicorn.serve(settings)


def asgi(arguments: Optional[List[str]] = None) -> int:
    """Serve an ASGI application; returns the exit status."""
    settings = options.asgi(_begin(arguments))
    if settings.server == "hypercorn":
        from forkserver.serve import with_hypercorn

        return with_hypercorn.serve(settings)
    from forkserver.serve import with_uvicorn

    return with_uvicorn.serve(settings)


def celery(arguments: Optional[List[str]] = None) -> int:
    """Run tasks of a Celery application; returns the exit status."""
    settings = options.celery(_begin(arguments))
    from forkserver.serve import with_celery

    return with_celery.serve(settings)
