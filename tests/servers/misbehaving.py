#!/usr/bin/env python3
"""An HTTP server on loopback that behaves well and badly on purpose, for the tests of clients.

Prints "PORT [TLS-PORT CA-FILE]" and serves until it is killed or its standard input closes. With --tls DIR it makes
a certificate authority there (openssl) and serves https as well. What a path does stands in the table at the end."""
import argparse
import http.server
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time

BODY = bytes(range(256)) * 400  # 102,400 bytes
SEEN = {}  # path -> number of requests
LOCK = threading.Lock()
PORTS = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", headers=()):
        if status in (204, 304):
            body = b""
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def handle_any(self):
        path, _, query = self.path.partition("?")
        with LOCK:
            SEEN[path] = SEEN.get(path, 0) + 1
            count = SEEN[path]
        name, _, rest = path[1:].partition("/")
        action = ACTIONS.get(name)
        try:
            if action:
                action(self, rest, query, count)
            else:
                self.answer(404, b"no such thing: \x1b[31m" + path.encode())
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any


def echo(h, rest, query, count):
    """What the request was, as JSON."""
    body = h.body()
    facts = {"method": h.command, "path": h.path, "body": body[:1000].decode("latin-1"), "length": len(body),
             "headers": {k.lower(): v for k, v in h.headers.items()}}
    h.answer(200, json.dumps(facts).encode(), [("X-Echo", "One"), ("x-echo-two", "  two  ")])


def status(h, rest, query, count):
    h.body()
    h.answer(int(rest), b"status " + rest.encode())


def redirect(h, rest, query, count):
    """redirect/CODE/PATH: to PATH on this server."""
    h.body()
    code, _, to = rest.partition("/")
    h.answer(int(code), b"elsewhere", [("Location", "/" + to)])


def away(h, rest, query, count):
    """away/SCHEME/HOST/PATH: to another name of this machine."""
    h.body()
    scheme, host, path = (rest.split("/", 2) + ["", ""])[:3]
    h.answer(307, b"", [("Location", f"{scheme}://{host}:{PORTS[scheme]}/{path}")])


def where(h, rest, query, count):
    """where?URL: a Location as given."""
    h.answer(302, b"", [("Location", query)])


def loop(h, rest, query, count):
    h.answer(302, b"x" * 100, [("Location", f"/loop/{count}")])


def chain(h, rest, query, count):
    n = int(rest)
    if n == 0:
        h.answer(200, b"end of the chain")
    else:
        h.answer(301, b"", [("Location", f"{n - 1}")])


def bytes_(h, rest, query, count):
    """BODY, with ranges; bytes/cut ends the connection half-way the first times; bytes/norange ignores ranges;
    bytes/wrongrange answers another one."""
    start = 0
    wanted = h.headers.get("Range")
    if wanted and rest != "norange":
        start = int(wanted[len("bytes="):].split("-")[0])
        if start >= len(BODY):
            return h.answer(416, b"beyond the end")
        h.send_response(206)
        said = start + 1 if rest == "wrongrange" else start
        h.send_header("Content-Range", f"bytes {said}-{len(BODY) - 1}/{len(BODY)}")
    else:
        h.send_response(200)
    h.send_header("Content-Length", str(len(BODY) - start))
    h.end_headers()
    part = BODY[start:]
    if rest == "cut":
        part = part[:len(part) // 2]
        h.close_connection = True
    h.wfile.write(part)


def short(h, rest, query, count):
    """Fewer bytes than promised."""
    h.send_response(200)
    h.send_header("Content-Length", "1000")
    h.end_headers()
    h.wfile.write(b"x" * 10)
    h.close_connection = True


def long(h, rest, query, count):
    """More bytes than promised: the rest is no HTTP."""
    h.send_response(200)
    h.send_header("Content-Length", "10")
    h.end_headers()
    h.wfile.write(b"0123456789 and more")
    h.close_connection = True


def endless(h, rest, query, count):
    h.send_response(int(rest or 200))
    h.send_header("Connection", "close")
    h.end_headers()
    for _ in range(20000):
        h.wfile.write(b"y" * 65536)
    h.close_connection = True


def slow(h, rest, query, count):
    """A byte now and then."""
    h.send_response(200)
    h.send_header("Content-Length", "1000")
    h.end_headers()
    for _ in range(100):
        h.wfile.write(b"z")
        h.wfile.flush()
        time.sleep(0.2)
    h.close_connection = True


def silent(h, rest, query, count):
    time.sleep(20)


def headers(h, rest, query, count):
    h.send_response(200)
    for i in range(int(rest)):
        h.send_header(f"X-Filler-{i}", "f" * 4000)
    h.send_header("Content-Length", "0")
    h.end_headers()


def garbage(h, rest, query, count):
    h.wfile.write(b"\x00\x01\x02 this is no HTTP\r\n\r\n")
    h.close_connection = True


def auth(h, rest, query, count):
    if h.headers.get("Authorization") == "Bearer secret":
        h.answer(200, b"welcome")
    elif h.headers.get("Authorization") == "Basic dXNlcjpwYTpzcw==":  # user:pa:ss
        h.answer(200, b"welcome user")
    else:
        h.answer(401, b"who are you?", [("WWW-Authenticate", 'Bearer realm="x"')])


def flaky(h, rest, query, count):
    """flaky/CODE: fails twice with CODE, then works."""
    if count <= 2:
        h.answer(int(rest), b"", [("Retry-After", "0")])
    else:
        h.answer(200, BODY)


def seen(h, rest, query, count):
    h.answer(200, str(SEEN.get("/" + rest, 0)).encode())


def early(h, rest, query, count):
    """An informational answer before the real one."""
    h.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")
    h.answer(200, b"late", [("X-Late", "yes")])


ACTIONS = {
    "echo": echo, "status": status, "redirect": redirect, "away": away, "where": where, "loop": loop, "chain": chain,
    "bytes": bytes_, "short": short, "long": long, "endless": endless, "slow": slow, "silent": silent,
    "headers": headers, "garbage": garbage, "auth": auth, "flaky": flaky, "seen": seen, "early": early,
}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    address_family = socket.AF_INET

    def handle_error(self, request, client_address):
        pass


def make_certificates(folder):
    run = lambda *cmd: subprocess.run(cmd, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
        "-subj", "/CN=Test Authority")
    run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    with open(os.path.join(folder, "ext"), "w") as f:
        f.write("subjectAltName=DNS:localhost\n")
    run("openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
        "-extfile", "ext", "-out", "server.pem")


def serve(server):
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--tls", metavar="DIR")
    args = p.parse_args()
    plain = Server(("127.0.0.1", 0), Handler)
    PORTS["http"] = plain.server_address[1]
    line = [str(PORTS["http"])]
    serve(plain)
    if args.tls:
        make_certificates(args.tls)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(args.tls, "server.pem"), os.path.join(args.tls, "server.key"))
        secure = Server(("127.0.0.1", 0), Handler)
        secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
        PORTS["https"] = secure.server_address[1]
        line += [str(PORTS["https"]), os.path.join(args.tls, "ca.pem")]
        serve(secure)
    print(*line, flush=True)
    sys.stdin.buffer.read()  # ends with the test that started this


main()
