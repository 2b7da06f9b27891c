"""A plain script: takes its listener from LISTEN_FDS and answers with the standard library."""
import http.server
import os
import socket

import server_app


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = server_app.answer(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    assert os.environ["LISTEN_PID"] == str(os.getpid())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=3)
    server.serve_forever()
