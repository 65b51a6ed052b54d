#!/usr/bin/env python3
"""A registry on loopback that behaves well and badly on purpose, with its token servers, for the tests of src/image.

fake_registry.py [LAYOUT]: prints "PORT OTHER-PORT" and serves until it is killed or its standard input closes. LAYOUT
is an OCI image layout whose first image every repository holds; the name of the repository says how it is served (the
table at the end). OTHER-PORT is the same server under another name: what is sent there has left the registry. GET /log
gives one line a request: PORT METHOD PATH AUTHORIZATION BODY, tab-separated."""
import hashlib
import http.server
import json
import os
import socket
import sys
import threading
import time
import urllib.parse

LAYOUT = sys.argv[1] if len(sys.argv) > 1 else None
LOCK = threading.Lock()
LOG = []
SEEN = {}
PORTS = []
STORED = {}  # what was pushed: path -> (media type, bytes)
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def blob(digest):
    if not LAYOUT:
        raise OSError
    path = os.path.join(LAYOUT, "blobs", *digest.split(":", 1))
    with open(path, "rb") as f:
        return f.read()


def first_manifest():
    if not LAYOUT:
        raise OSError
    with open(os.path.join(LAYOUT, "index.json")) as f:
        return json.load(f)["manifests"][0]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", headers=(), length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def error(self, status, code, message, headers=()):
        self.answer(status, json.dumps({"errors": [{"code": code, "message": message}]}).encode(), headers)

    def own(self, other=False):
        return f"http://127.0.0.1:{PORTS[1 if other else 0]}"

    def handle_any(self):
        self.payload = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.route, _, self.query = self.path.partition("?")
        with LOCK:
            SEEN[self.route] = self.count = SEEN.get(self.route, 0) + 1
            if self.route != "/log":
                LOG.append("\t".join([str(self.server.server_address[1]), self.command, self.path,
                                      self.headers.get("Authorization") or "-", self.payload[:2000].decode("latin-1")]))
        try:
            if self.route == "/log":
                self.answer(200, "\n".join(LOG).encode())
            elif self.route.startswith("/token") or self.route.startswith("/oauth2/"):
                tokens(self)
            elif self.route.startswith("/v2/"):
                name, kind, what = self.route[4:].rsplit("/", 2) if "/uploads/" not in self.route else (
                    self.route[4:].split("/blobs/")[0], "uploads", self.route.split("/uploads/")[1])
                BEHAVIOURS.get(name.split("/")[-1], good)(self, kind, what)
            else:
                self.error(404, "NOT_FOUND", "no such path")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any


# ---- token servers: docs of distribution "token" and "oauth2", and Azure's AAD-OAuth ----

def tokens(h):
    form = dict(urllib.parse.parse_qsl(h.payload.decode()))
    query = urllib.parse.parse_qs(h.query)
    auth = h.headers.get("Authorization") or ""
    give = lambda **d: h.answer(200, json.dumps(d).encode())
    if h.route == "/token":  # anonymous or anna:pa:ss
        if auth and auth != "Basic YW5uYTpwYTpzcw==":
            return h.error(401, "UNAUTHORIZED", "incorrect username or password")
        give(token="tok-" + "+".join(query.get("scope", [])), expires_in=300)
    elif h.route == "/token/short":  # ends soon
        give(access_token=f"short-{h.count}", expires_in=1)
    elif h.route == "/token/empty":
        give(token="")
    elif h.route == "/token/html":
        h.answer(200, b"<html>Please log in</html>")
    elif h.route == "/token/busy":
        h.error(503, "UNAVAILABLE", "try later", [("Retry-After", "0")]) if h.count <= 2 else give(token="tok-busy")
    elif h.route == "/token/away":  # a form must not follow here
        h.answer(307, b"", [("Location", h.own(other=True) + "/token")])
    elif h.route == "/oauth2/exchange":
        if form.get("grant_type") == "access_token" and form.get("access_token", "").count(".") == 2:
            give(refresh_token="refresh-of-" + form["service"])
        else:
            h.error(400, "BAD", "no token of Entra ID")
    elif h.route == "/oauth2/token" and form.get("grant_type") == "refresh_token" and form.get("refresh_token"):
        give(access_token="acr-" + form["refresh_token"] + "-" + form["scope"])
    else:
        h.error(401, "UNAUTHORIZED", "not this way")


def demand(h, challenge, accepted):
    """True where the request may go on."""
    if (h.headers.get("Authorization") or "") in accepted:
        return True
    h.error(401, "UNAUTHORIZED", "authentication required", [("WWW-Authenticate", c) for c in challenge])
    return False


def bearer(realm, other=False, scope=True):
    def serve(h, kind, what):
        name = h.route[4:].rsplit("/", 2)[0]
        want = f"repository:{name}:pull"
        challenge = f'Bearer realm="{h.own(other)}{realm}",service="fake, registry"' + (f',scope="{want}"' if scope else "")
        auth = h.headers.get("Authorization") or ""
        known = auth.startswith(("Bearer tok-", "Bearer short-", "Bearer acr-", "Bearer mine"))
        if demand(h, ['Negotiate', 'Basic realm="x, y", ' + challenge], [auth] if known else []):
            good(h, kind, what)
    return serve


def basic(h, kind, what):
    if demand(h, ['Basic realm="fake"'], ["Basic YW5uYTpwYTpzcw=="]):
        good(h, kind, what)


# ---- repositories ----

def good(h, kind, what, spoil=lambda b: b):
    if kind == "manifests" and h.command == "PUT":
        STORED[h.route] = (h.headers["Content-Type"], h.payload)
        return h.answer(201, b"", [("OCI-Subject", "yes")] if "subjects" in h.route else [])
    if kind == "uploads":
        return h.answer(202, b"", [("Location", h.route + "some?state=1")]) if h.command == "POST" else h.answer(201)
    if h.route in STORED:
        return h.answer(200, STORED[h.route][1], [("Content-Type", STORED[h.route][0])])
    try:
        if kind == "manifests":
            first = first_manifest()
            digest = what if ":" in what else first["digest"]
            if ":" not in what and what != "1.0":
                raise OSError
            return h.answer(200, blob(digest), [("Content-Type", first["mediaType"] if digest == first["digest"] else MANIFEST)])
        if kind == "blobs":
            return h.answer(200, spoil(blob(what)))
    except OSError:
        pass
    h.error(404, "MANIFEST_UNKNOWN" if kind == "manifests" else "BLOB_UNKNOWN", "unknown \x1b[31m" + what)


def is_layer(h, kind, what):
    """Blobs that are no JSON: the configuration stays as it is."""
    return kind == "blobs" and h.command == "GET" and not blob(what).startswith(b"{")


def wrong_manifest(h, kind, what):
    if kind == "manifests":
        h.answer(200, blob(first_manifest()["digest"]) + b" ", [("Content-Type", first_manifest()["mediaType"])])
    else:
        good(h, kind, what)


def lying_header(h, kind, what):
    """The header's digest is not that of the bytes."""
    h.answer(200, blob(first_manifest()["digest"]), [("Docker-Content-Digest", "sha256:" + "0" * 64)])


def wrong_layer(h, kind, what):
    good(h, kind, what, (lambda b: b[:-1] + bytes([b[-1] ^ 1])) if is_layer(h, kind, what) else lambda b: b)


def long_layer(h, kind, what):
    good(h, kind, what, (lambda b: b + b"more") if is_layer(h, kind, what) else lambda b: b)


def small_layer(h, kind, what):
    good(h, kind, what, (lambda b: b[:-10]) if is_layer(h, kind, what) else lambda b: b)


def no_layer(h, kind, what):
    if is_layer(h, kind, what):
        h.error(404, "BLOB_UNKNOWN", "gone")
    else:
        good(h, kind, what)


def cut(ranges):
    """The connection ends on the way, again and again; with ranges it goes on where it was."""
    def serve(h, kind, what):
        if not is_layer(h, kind, what):
            return good(h, kind, what)
        data, start = blob(what), 0
        wanted = h.headers.get("Range")
        if wanted and ranges:
            start = int(wanted[len("bytes="):].split("-")[0])
            h.send_response(206)
            h.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        else:
            h.send_response(200)
        h.send_header("Content-Length", str(len(data) - start))
        h.end_headers()
        rest = data[start:]
        whole = len(rest) <= len(data) // 3 if ranges else h.count > 2
        h.wfile.write(rest if whole else rest[:len(data) // 5])
        h.close_connection = not whole
    return serve


def loop(h, kind, what):
    h.answer(307, b"", [("Location", f"/v2/loop/{kind}/x{h.count}")])


def slow(h, kind, what):
    if not is_layer(h, kind, what):
        return good(h, kind, what)
    h.send_response(200)
    h.send_header("Content-Length", str(len(blob(what))))
    h.end_headers()
    for _ in range(50):
        h.wfile.write(b"z")
        h.wfile.flush()
        time.sleep(0.2)
    h.close_connection = True


def endless(h, kind, what):
    h.send_response(200)
    h.send_header("Content-Type", MANIFEST)
    h.send_header("Connection", "close")
    h.end_headers()
    for _ in range(2000):
        h.wfile.write(b" " * 65536)
    h.close_connection = True


def flaky(h, kind, what):
    if h.count <= 2:
        h.error(503, "UNAVAILABLE", "later", [("Retry-After", "0")])
    else:
        good(h, kind, what)


def busy(h, kind, what):
    h.error(429, "TOOMANYREQUESTS", "rate limit", [("Retry-After", "3600")])


def down(h, kind, what):
    h.error(500, "UNKNOWN", "disk on fire", [("Retry-After", "0")])


def denied(h, kind, what):
    h.error(403, "DENIED", "access is not allowed")


def elsewhere(h, kind, what):
    """Blobs lie on another host, as with most clouds; the credentials must stay here."""
    if not demand(h, ['Basic realm="fake"'], ["Basic YW5uYTpwYTpzcw=="]):
        return
    if kind == "blobs":
        h.answer(307, b"", [("Location", f"{h.own(other=True)}/v2/open/blobs/{what}?signature=secret")])
    else:
        good(h, kind, what)


def html(h, kind, what):
    h.answer(200, b"<html>welcome</html>", [("Content-Type", "text/html")])


def schema1(h, kind, what):
    h.answer(200, b'{"schemaVersion":1,"fsLayers":[],"history":[]}',
             [("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws")])


def artifact(n):
    body = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": f"application/vnd.test.{n}",
                       "config": {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2,
                                  "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},
                       "layers": [{"mediaType": "text/plain", "size": 2,
                                   "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}]}).encode()
    return "sha256:" + hashlib.sha256(body).hexdigest(), body


def pages(where):
    """Referrers over three pages (distribution-spec: Link, rel=next); `where` says what the link names."""
    def serve(h, kind, what):
        all_ = [artifact(n) for n in range(3)]
        if kind == "manifests" and what in dict(all_):
            return h.answer(200, dict(all_)[what], [("Content-Type", MANIFEST)])
        if kind != "referrers":
            return good(h, kind, what)
        page = int(urllib.parse.parse_qs(h.query).get("page", ["0"])[0])
        digest, body = all_[page % 3]
        listing = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            {"mediaType": MANIFEST, "digest": digest, "size": len(body), "artifactType": f"application/vnd.test.{page}"}]}
        link = {"relative": f"{h.route}?page={page + 1}", "whole": f"{h.own()}{h.route}?page={page + 1}",
                "away": f"{h.own(other=True)}{h.route}?page={page + 1}", "endless": f"{h.route}?page={page + 1}"}[where]
        more = [("Link", f'<{link}>; rel="next"')] if page < 2 or where == "endless" else []
        h.answer(200, json.dumps(listing).encode(), [("Content-Type", INDEX)] + more)
    return serve


def gone(h, kind, what):
    """Lists a referrer that is not there any more."""
    if kind == "referrers":
        return h.answer(200, json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            {"mediaType": MANIFEST, "digest": "sha256:" + "1" * 64, "size": 7, "artifactType": "application/vnd.gone"}]}).encode(),
            [("Content-Type", INDEX)])
    if kind == "manifests" and "1" * 64 in what:
        return h.error(404, "MANIFEST_UNKNOWN", "gone")
    good(h, kind, what)


def upload_away(h, kind, what):
    if h.command == "POST":
        return h.answer(202, b"", [("Location", h.own(other=True) + "/v2/open/blobs/uploads/x")])
    good(h, kind, what)


BEHAVIOURS = {
    "good": good, "open": good, "subjects": good, "basic": basic,
    "bearer": bearer("/token"), "unscoped": bearer("/token", scope=False), "far": bearer("/token", other=True),
    "short": bearer("/token/short"), "empty": bearer("/token/empty"), "page": bearer("/token/html"),
    "tired": bearer("/token/busy"), "handed-on": bearer("/token/away"), "acr": bearer("/oauth2/token"),
    "acr-far": bearer("/oauth2/token", other=True),
    "wrong-manifest": wrong_manifest, "lying-header": lying_header, "wrong-layer": wrong_layer, "long-layer": long_layer,
    "small-layer": small_layer, "no-layer": no_layer, "cut": cut(True), "cut-anew": cut(False), "loop": loop, "slow": slow,
    "endless": endless, "flaky": flaky, "busy": busy, "down": down, "denied": denied, "elsewhere": elsewhere, "html": html,
    "schema1": schema1, "pages": pages("relative"), "pages-whole": pages("whole"), "pages-away": pages("away"),
    "pages-endless": pages("endless"), "gone": gone, "upload-away": upload_away,
}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    address_family = socket.AF_INET

    def handle_error(self, request, client_address):
        pass


def main():
    for _ in range(2):
        server = Server(("127.0.0.1", 0), Handler)
        PORTS.append(server.server_address[1])
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(*PORTS, flush=True)
    sys.stdin.buffer.read()  # ends with the test that started this


main()
