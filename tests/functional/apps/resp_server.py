"""The little of a Redis server that the tests need."""
import socketserver


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while line := self.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                length = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(length + 2)[:-2])
            self.wfile.write(self.answer(*words))

    def answer(self, name, *words):
        data = self.server.data
        name = name.upper()
        if name == b"PING":
            return b"+PONG\r\n"
        if name == b"SET":
            data[words[0]] = words[1]
            return b"+OK\r\n"
        if name == b"INCRBY":
            data[words[0]] = b"%d" % (int(data.get(words[0], b"0")) + int(words[1]))
            return b":" + data[words[0]] + b"\r\n"
        if name == b"GET":
            value = data.get(words[0])
            return b"$-1\r\n" if value is None else b"$%d\r\n%s\r\n" % (len(value), value)
        return b"-ERR unknown command\r\n"


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.data = {}
        self.port = self.server_address[1]
