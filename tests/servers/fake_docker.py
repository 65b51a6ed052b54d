#!/usr/bin/env python3
"""A Docker daemon's socket for the tests: GET /images/NAME/get (Docker Engine API, "Export an image").

fake_docker.py SOCKET FOLDER: serves FOLDER/NAME.tar as image NAME ('/' and ':' in NAME are '_'), prints "ready" and
ends when its standard input closes. Names in "cut/" and "broken/" misbehave."""
import http.server
import json
import os
import socketserver
import sys
import threading
import urllib.parse

SOCKET, FOLDER = sys.argv[1:3]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def address_string(self):
        return "socket"

    def answer(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def chunks(self, parts):
        """As the daemon sends it: chunked, its length unknown."""
        self.send_response(200)
        self.send_header("Content-Type", "application/x-tar")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in parts:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))

    def do_GET(self):
        parts = urllib.parse.unquote(self.path).split("/images/")
        name = parts[-1].removesuffix("/get")
        path = os.path.join(FOLDER, name.replace("/", "_").replace(":", "_") + ".tar")
        if len(parts) != 2 or not self.path.endswith("/get"):
            self.answer(400, b'{"message":"bad request"}')
        elif name.startswith("broken/"):
            self.answer(500, json.dumps({"message": "layer store: input/output error"}).encode())
        elif name.startswith("cut/"):
            self.chunks([b"x" * 1000])
            self.close_connection = True
        elif not os.path.exists(path):
            self.answer(404, json.dumps({"message": "No such image: " + name}).encode())
        else:
            with open(path, "rb") as f:
                data = f.read()
            self.chunks([data[i:i + 3000] for i in range(0, len(data), 3000)] + [b""])


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


server = Server(SOCKET, Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("ready", flush=True)
sys.stdin.buffer.read()
