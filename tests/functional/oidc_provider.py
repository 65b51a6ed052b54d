"""An identity provider on loopback TLS that signs for real: discovery, keys, authorization, token. What it does wrong is
chosen by the file "mode" in its folder, who logs in by the file "user" (JSON claims)."""
import base64
import hashlib
import hmac
import http.server
import json
import ssl
import sys
import time
import urllib.parse

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

FOLDER, CERTIFICATE, KEY = sys.argv[1:4]
CLIENT, SECRET = "vallum", "s3cret/+ &"
RSA = {"r1": rsa.generate_private_key(65537, 2048), "r2": rsa.generate_private_key(65537, 2048)}
EC = {"e1": ec.generate_private_key(ec.SECP256R1())}
STRANGER = rsa.generate_private_key(65537, 2048)
codes = {}
published = {"r1", "e1"}
counts = {"keys": 0}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(n, size=None):
    return b64(n.to_bytes(size or (n.bit_length() + 7) // 8, "big"))


def jwks():
    keys = []
    for kid in sorted(published):
        if kid in RSA:
            n = RSA[kid].public_key().public_numbers()
            keys.append({"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": number(n.n), "e": number(n.e)})
        else:
            n = EC[kid].public_key().public_numbers()
            keys.append({"kty": "EC", "kid": kid, "use": "sig", "crv": "P-256", "x": number(n.x, 32), "y": number(n.y, 32)})
    return {"keys": keys}


def sign(claims, mode):
    alg = {"es256": "ES256", "hs256": "HS256", "none": "none"}.get(mode, "RS256")
    kid = {"es256": "e1", "newkey": "r2", "unknownkey": "r9"}.get(mode, "r1")
    if mode == "newkey":
        published.add("r2")
    text = b64(json.dumps({"alg": alg, "kid": kid}).encode()) + "." + b64(json.dumps(claims).encode())
    data = text.encode()
    if alg == "ES256":
        r, s = decode_dss_signature(EC["e1"].sign(data, ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    elif alg == "HS256":
        signature = hmac.new(SECRET.encode(), data, hashlib.sha256).digest()
    elif alg == "none":
        signature = b""
    else:
        key = STRANGER if mode in ("stranger", "unknownkey") else RSA[kid]
        signature = key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    token = text + "." + b64(signature)
    if mode == "changed":
        claims = dict(claims, groups=["platform"])
        token = ".".join([token.split(".")[0], b64(json.dumps(claims).encode()), token.split(".")[2]])
    return token


def read(name):
    with open(f"{FOLDER}/{name}", encoding="utf-8") as file:
        return file.read().strip()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body, headers=()):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/.well-known/openid-configuration":
            self.answer(200, {"issuer": ISSUER, "authorization_endpoint": ISSUER + "/authorize?tenant=1", "jwks_uri": ISSUER + "/keys",
                              "token_endpoint": ISSUER + "/token", "response_types_supported": ["code"]})
        elif url.path == "/keys":
            counts["keys"] += 1
            self.answer(200, jwks())
        elif url.path == "/counts":
            self.answer(200, counts)
        elif url.path == "/authorize":
            good = (query.get("client_id") == CLIENT and query.get("response_type") == "code" and query.get("tenant") == "1"
                    and query.get("code_challenge_method") == "S256" and "openid" in query.get("scope", "").split()
                    and query.get("redirect_uri", "").endswith("/api/v1/oidc/callback"))
            if not good:
                self.answer(400, {"error": "invalid_request"})
                return
            code = b64(hashlib.sha256(str(time.time_ns()).encode()).digest())
            codes[code] = query
            back = urllib.parse.urlencode({"code": code, "state": query["state"], "iss": ISSUER})
            self.answer(302, {}, [("Location", query["redirect_uri"] + "?" + back)])
        else:
            self.answer(404, {})

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        pair = f"{urllib.parse.quote(CLIENT, safe='')}:{urllib.parse.quote(SECRET, safe='')}"
        if self.headers["Authorization"] != "Basic " + base64.b64encode(pair.encode()).decode():
            self.answer(401, {"error": "invalid_client"})
            return
        asked = codes.pop(form.get("code"), None)
        verifier = form.get("code_verifier", "")
        if (not asked or form.get("grant_type") != "authorization_code" or form.get("redirect_uri") != asked["redirect_uri"]
                or not 43 <= len(verifier) <= 128 or b64(hashlib.sha256(verifier.encode()).digest()) != asked["code_challenge"]):
            self.answer(400, {"error": "invalid_grant"})
            return
        mode, now = read("mode"), int(time.time())
        claims = {"iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **json.loads(read("user"))}
        claims.update({"aud": {"aud": "other"}, "expired": {"iat": now - 500, "exp": now - 100}, "nonce": {"nonce": "x" * 32},
                       "iss": {"iss": ISSUER + "/"}, "early": {"nbf": now + 300}}.get(mode, {}))
        self.answer(200, {"access_token": "a", "token_type": "Bearer", "id_token": sign(claims, mode)})


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
ISSUER = f"https://localhost:{server.server_port}"
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE, KEY)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(ISSUER, flush=True)
server.serve_forever()
