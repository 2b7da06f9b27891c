import http.server

server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)  # LEAK type=socket target=LISTEN
