#!/usr/bin/env python3
"""Asks a running vallumd what nobody should ask. Settings: VALLUM_URL, VALLUM_TOKEN, VALLUM_CA. Exit 1 where an answer is wrong."""
import http.client
import json
import os
import socket
import ssl
import sys
import time
import urllib.parse

url = urllib.parse.urlsplit(os.environ["VALLUM_URL"])
token = os.environ["VALLUM_TOKEN"]
context = ssl.create_default_context(cafile=os.environ["VALLUM_CA"])
failures = 0


def report(name, good, why=""):
    global failures
    print(("ok " if good else "not ok ") + name + ("" if good else f"\n    {why}"), flush=True)
    failures += not good


def connect():
    return http.client.HTTPSConnection(url.hostname, url.port, timeout=30, context=context)


connection = connect()


def ask(method, target, body=None, headers=None, raw=None):
    """Status and text; the connection is kept where it can be."""
    global connection
    sent = {"Authorization": f"Bearer {token}"}
    if body is not None:
        raw = json.dumps(body).encode()
    if raw is not None:
        sent["Content-Type"] = "application/json"
    sent.update(headers or {})
    for attempt in range(2):
        try:
            connection.request(method, target, raw, sent)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            connection.close()
            connection = connect()
    return 0, "the connection was closed"


def expect(name, wanted, *args, says=None, **more):
    status, text = ask(*args, **more)
    good = status in wanted and (says is None or says in text)
    report(name, good, f"{status} {text[:300]}")
    return text


WRITES = [("POST", "/tokens"), ("POST", "/users"), ("POST", "/environments"), ("POST", "/registries"), ("PUT", "/plans/Containers"),
          ("POST", "/exemptions"), ("POST", "/disable-rules"), ("POST", "/channels"), ("PUT", "/contacts/default"),
          ("PUT", "/settings/mail"), ("PUT", "/suppression-rules/x"), ("POST", "/tasks"), ("POST", "/alerts/simulate"),
          ("POST", "/exemptions/vex"), ("POST", "/login")]
api = "/api/v1"

# --- bodies ---
WRONG = [b"", b"{", b"[]", b"null", b"1", b'"x"', b"{\"a\":}", b"\xff\xfe\x00", b"{\"name\":\"\xc3\x28\"}", b"{\"a\":1,\"a\":2}",
         b"[" * 100000, b'{"a":' * 5000 + b"1" + b"}" * 5000]
for method, path in WRITES:
    seen = {ask(method, api + path, raw=body)[0] for body in WRONG}
    report(f"{method} {path}: what is no JSON object", seen <= {400, 401, 413, 422}, f"{seen}")
    status, text = ask(method, api + path, {"noSuchField": 1})
    report(f"{method} {path}: an unknown field", status in (400, 409) and "/" in text, f"{status} {text[:200]}")
    fields = ("name", "host", "kind", "role", "justification", "emails", "pricingTier", "password", "config", "days", "bundles", "alertType")
    seen = {ask(method, api + path, {field: value})[0] for field in fields
            for value in (1, -1, 1e308, True, None, [], {}, [[]], "x" * 100000, "a\0b", 2**63, -(2**63))}
    report(f"{method} {path}: wrong types", seen <= {200, 201, 400, 401, 404, 409, 422}, f"{seen}")
status, _ = ask("POST", api + "/tokens", raw=b"name=x", headers={"Content-Type": "text/plain"})
report("another media type", status == 400, str(status))


def too_long():
    with socket.create_connection((url.hostname, url.port), timeout=30) as plain, context.wrap_socket(plain, server_hostname=url.hostname) as tls:
        tls.sendall(f"POST {api}/registries HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
                    "Content-Length: 104857600\r\n\r\n".encode())
        return tls.recv(64).decode("latin-1")


report("100 MB announced: refused before they are sent", " 413 " in too_long())


def chunked():
    piece = b"x" * 65536
    try:
        with socket.create_connection((url.hostname, url.port), timeout=30) as plain, context.wrap_socket(plain, server_hostname=url.hostname) as tls:
            tls.sendall(f"POST {api}/registries HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n".encode())
            for _ in range(1600):
                tls.sendall(b"10000\r\n" + piece + b"\r\n")
            tls.sendall(b"0\r\n\r\n")
            return tls.recv(64).decode("latin-1")
    except OSError:
        return "closed"


said = chunked()
report("100 MB in chunks: refused", " 413 " in said or said in ("closed", ""), said)

# --- text ---
TEXTS = ["' OR 1=1--", "'; DROP TABLE image;--", "\" OR \"\"=\"", "%", "_", "\\", "$1", "<script>alert(1)</script>", "../../etc/passwd", "\u202e", "\r\nX-A: b",
         "a" * 300, "\U0001f600", "{{7*7}}", "%s%n", "NULL"]
for text in TEXTS:
    quoted = urllib.parse.quote(text)
    shown = text[:24].encode("unicode_escape").decode()
    seen = {ask("GET", api + target)[0] for target in
            (f"/images?q={quoted}", f"/images?repository={quoted}", f"/images?environment={quoted}", f"/images/{quoted}", f"/images?state={quoted}",
             f"/images?sort={quoted}", f"/images?cursor={quoted}", f"/images/affected-by?target={quoted}", f"/images/affected-by?target=pkg:{quoted}",
             f"/vulnerabilities?q={quoted}", f"/vulnerabilities/{quoted}", f"/audit?who={quoted}", f"/registries/{quoted}", f"/tokens/{quoted}",
             f"/recommendations/{quoted}", f"/alerts/{quoted}", f"/jobs?state={quoted}", f"/exemptions/{quoted}", f"/plans/{quoted}")}
    report(f"text in queries and paths: {shown}", seen <= {200, 400, 404, 405, 409}, f"{seen}")
    status, _ = ask("POST", api + "/tokens", {"name": text, "role": "reader"})
    report(f"text in a field: {shown}", status in (201, 400), str(status))
    if status == 201:
        names = [item["name"] for item in json.loads(ask("GET", api + "/tokens")[1])["items"]]
        report(f"... comes back as it was: {shown}", text in names, str(names[-3:]))
status, text = ask("GET", api + "/images?q=<script>")
report("nothing of an answer is HTML", "text/html" not in text and status == 200)

# --- paths ---
for path in ("/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "//etc/passwd", "/assets/../../etc/passwd", "/api/v1/images/%00",
             "/api/v1//images", "/api/v1/IMAGES", "/" + "a/" * 500, "/" + "a" * 60000, "/%zz", "/assets/%2e%2e/index.html"):
    status, text = ask("GET", path)
    report(f"path {path[:40]}", status in (0, 400, 404, 414, 431) and "root:" not in text, f"{status} {text[:100]}")
for method in ("TRACE", "CONNECT", "PROPFIND", "X" * 100):
    status, _ = ask(method, api + "/images")
    report(f"method {method[:16]}", status in (0, 400, 404, 405, 501), str(status))
status, _ = ask("GET", api + "/images?" + "&".join(f"a{i}=1" for i in range(1000)))
report("a thousand parameters", status in (400, 414, 431), str(status))
status, _ = ask("GET", api + "/images", headers={f"X-{i}": "a" * 1000 for i in range(100)})
report("100 kB of headers", status in (0, 400, 431), str(status))
for bearer in ("", "vlt_", "vlt_" + "a" * 40, "x" * 10000, "vlt_' OR 1=1--"):
    status, _ = ask("GET", api + "/images", headers={"Authorization": f"Bearer {bearer}"})
    report(f"a wrong token of {len(bearer)} bytes", status in (401, 431), str(status))

# --- clients ---


def slow():
    """A request line byte by byte, and never its end: others are served meanwhile."""
    held = []
    for _ in range(20):
        plain = socket.create_connection((url.hostname, url.port), timeout=30)
        tls = context.wrap_socket(plain, server_hostname=url.hostname)
        tls.sendall(b"GET /api/v1/im")
        held.append(tls)
    for tls in held:
        tls.sendall(b"a")
    begun = time.monotonic()
    status, _ = ask("GET", api + "/me")
    report("slow clients do not hold up others", status == 200 and time.monotonic() - begun < 10, str(status))
    for tls in held:
        tls.close()


def idle():
    """Connections without a handshake, up to what one address may have."""
    held = []
    try:
        for _ in range(900):
            held.append(socket.create_connection((url.hostname, url.port), timeout=30))
    except OSError:
        pass
    begun = time.monotonic()
    status, _ = ask("GET", api + "/me")
    report(f"{len(held)} idle connections do not hold up others", status == 200 and time.monotonic() - begun < 10, str(status))
    for plain in held:
        plain.close()


slow()
idle()
connection.close()
connection = connect()
status, text = ask("GET", api + "/health")
report("it is well after all of that", status == 200 and json.loads(text)["database"]["size"] > 0, f"{status} {text[:200]}")
sys.exit(1 if failures else 0)
