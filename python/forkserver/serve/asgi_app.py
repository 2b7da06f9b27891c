"""An ASGI application around another, which counts its requests."""

from typing import Any, Awaitable, Callable, Optional

from forkserver.serve.lifeline import Quota

App = Callable[[Any, Any, Any], Awaitable[None]]


def counted(app: Any, quota: Quota, used_up: Optional[Callable[[], None]] = None) -> App:
    """used_up is called after the last request that the process should serve."""

    async def count(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":  # a lifespan or a WebSocket is no request
            await app(scope, receive, send)
            return
        try:
            await app(scope, receive, send)
        finally:
            if quota.done() and used_up is not None:
                used_up()

    return count
