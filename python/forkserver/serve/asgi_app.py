"""An ASGI application around another, which counts its requests and says which answer is the last."""

import asyncio
from typing import Any, Awaitable, Callable, Iterable, Optional

from forkserver.serve.lifeline import Lifeline, Quota

App = Callable[[Any, Any, Any], Awaitable[None]]

CLOSE = (b"connection", b"close")


def adapted(app: Any, lifeline: Lifeline, quota: Quota, used_up: Optional[Callable[[], None]] = None) -> App:
    """used_up is called after the last request that the process should serve."""

    async def call(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":  # a lifespan or a WebSocket is no request
            await app(scope, receive, send)
            return

        async def send_last(message: Any) -> None:
            """When the end has begun, the client is to send nothing more on this connection."""
            if message["type"] == "http.response.start" and lifeline.stopping:
                headers = [pair for pair in message.get("headers", []) if pair[0].lower() != CLOSE[0]]
                message = {**message, "headers": [*headers, CLOSE]}
            await send(message)

        # HTTP/2 has no such header, and says it in frames of its own.
        is_http1 = scope["http_version"].startswith("1")
        try:
            await app(scope, receive, send_last if is_http1 else send)
        finally:
            if quota.done() and used_up is not None:
                used_up()

    return call


async def stop_accepting(fds: Iterable[int]) -> None:
    """What has been accepted is a connection when this returns.

    asyncio makes one of it in a task of its own, which fails when the server is closed before it has run.
    """
    loop = asyncio.get_running_loop()
    for fd in fds:
        try:
            loop.remove_reader(fd)
        except (NotImplementedError, RuntimeError):
            pass  # a loop that does not wait for its listeners in this way, nor accepts in two steps
    await asyncio.sleep(0)
