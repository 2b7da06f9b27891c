"""gthread as of gunicorn 21 to 23: a connection waits in the main loop until there is something to read."""
import functools
import selectors

from gunicorn.workers import gthread


def accept(self, server, listener):
    sock, client = listener.accept()
    conn = gthread.TConn(self.cfg, sock, client, server)
    self.nr_conns += 1
    self.poller.register(conn.sock, selectors.EVENT_READ, functools.partial(readable, self, conn))


def readable(self, conn, client):
    self.poller.unregister(client)
    if conn in self._keep:
        self._keep.remove(conn)
    self.enqueue_req(conn)


gthread.ThreadWorker.accept = accept
