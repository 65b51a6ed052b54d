#!/usr/bin/env python3
"""An outbound HTTP proxy for tests: whatever host is asked for, what answers is the server at a port of loopback.

proxy.py PORT TARGET-PORT LOG: LOG gets a line a request, as it came ("GET http://registry.example:5000/v2/", "CONNECT registry.example:443")."""
import http.client
import select
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

port, target, log = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
HOP = {"proxy-connection", "connection", "keep-alive", "transfer-encoding", "te", "upgrade"}


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def note(self):
        with open(log, "a", encoding="utf-8") as f:
            f.write(f"{self.command} {self.path}\n")

    def do_CONNECT(self):
        self.note()
        other = socket.create_connection(("127.0.0.1", target))
        self.send_response(200)
        self.end_headers()
        ends = [self.connection, other]
        while True:
            for one in select.select(ends, [], [], 60)[0] or [None]:
                data = one.recv(65536) if one else b""
                if not data:
                    other.close()
                    self.close_connection = True
                    return
                ends[one is self.connection].sendall(data)

    def forward(self):
        self.note()
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP}
        c = http.client.HTTPConnection("127.0.0.1", target, timeout=60)
        c.request(self.command, url.path + ("?" + url.query if url.query else ""), body or None, headers)
        answer = c.getresponse()
        data = answer.read()
        self.send_response(answer.status)
        for k, v in answer.getheaders():
            if k.lower() not in HOP | {"content-length", "date", "server"}:
                self.send_header(k, v)
        self.send_header("Content-Length", answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_HEAD = do_POST = forward

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", port), Proxy).serve_forever()
