"""waitress, with an end that loses nothing.

Its own run() leaves at once when it is told to, and gives its threads five seconds.  So the loop is
ours: waitress's poll function, and our idea of when it is over.
"""

import signal
import time
from typing import Any, Dict, List, Type

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.task import WSGITask

from forkserver import worker
from forkserver.serve import options
from forkserver.serve.lifeline import Lifeline, Quota


def channel_class(lifeline: Lifeline, quota: Quota, access_log: bool) -> Type[Any]:
    """waitress's connection, whose tasks count, and close it when the end has begun."""

    class Task(WSGITask):
        def build_response_header(self) -> Any:
            if lifeline.stopping:  # so that the client sends nothing more on this connection
                self.request.headers["CONNECTION"] = "close"
            return super().build_response_header()

        def service(self) -> None:
            try:
                super().service()
            finally:
                if access_log:
                    print(access_line(self), flush=True)
                if quota.done():
                    self.channel.server.pull_trigger()  # the main loop looks

    class Channel(HTTPChannel):
        task_class = Task

    return Channel


def access_line(task: Any) -> str:
    request = task.request
    query = "?" + request.query if request.query else ""
    return '%s [%s] "%s %s%s HTTP/%s" %s %d' % (
        task.channel.addr[0] if task.channel.addr else "-", time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        request.command, request.path, query, request.version,
        task.status.split(" ")[0], task.content_bytes_written,
    )


class Server:
    """What create_server() has put into a map of fds: listeners, connections and their triggers."""

    def __init__(self, settings: options.Settings, listeners: List[worker.Listener], app: Any) -> None:
        self.lifeline = Lifeline(settings.timeout, settings.graceful_timeout, settings.linger)
        self.quota = Quota(settings.max_requests)
        self.map: Dict[int, Any] = {}
        try:
            adjustments: Dict[str, Any] = {"threads": settings.threads, **settings.option}
            self.server = create_server(app, map=self.map, sockets=listeners, **adjustments)
        except ValueError as error:  # a setting that it does not know; unix sockets beside others
            options.fail("waitress: %s" % error)
        channels = channel_class(self.lifeline, self.quota, settings.access_log)
        self.acceptors = [each for each in self.map.values() if isinstance(each, BaseWSGIServer)]
        for each in self.acceptors:
            each.channel_class = channels

    def told_to_stop(self, *_: Any) -> None:
        self.lifeline.stop()
        self.acceptors[0].pull_trigger()  # else poll(2) goes on waiting (PEP 475)

    def poll(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self.map, count=1)

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.told_to_stop)
        self.lifeline.ready()
        while not (self.lifeline.stopping or self.quota.is_used_up()):
            self.lifeline.beat()
            self.poll(self.lifeline.idle_seconds)
        self.lifeline.stop()
        self.drain()
        self.server.task_dispatcher.shutdown()
        self.lifeline.done()

    def drain(self) -> None:
        """Accepts nothing new, and returns when the last answer is on its way."""
        for each in self.acceptors:
            each.del_channel()
            each.socket.close()
        while True:
            channels = [each for each in self.map.values() if isinstance(each, HTTPChannel)]
            for each in channels:
                if is_idle(each) and self.lifeline.has_lingered():
                    each.handle_close()
            if not channels:
                return
            self.lifeline.beat()
            self.poll(min(self.lifeline.idle_seconds, 0.1))


def is_idle(channel: Any) -> bool:
    """No request that is to be answered, and no answer that is to be sent."""
    return not (channel.requests or channel.request is not None or channel.total_outbufs_len)


def serve(settings: options.Settings) -> int:
    listeners = options.find_sockets(settings)
    Server(settings, listeners, options.find_app(settings.app)).run()
    return 0
