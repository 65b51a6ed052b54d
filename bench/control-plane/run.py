#!/usr/bin/env python3
"""The control plane under the load of 10,000 images: run.py BUILD ADVISORIES [NEWER] [--images N] [--database postgresql|sqlite]
[--rounds N] [--storm SECONDS]

BUILD: a release build with the targets cmd/vallumd and bench/bench-control-plane-load. ADVISORIES: a database as `vallum db` makes
it; NEWER: another one, which takes its place, so that everything is matched anew (left out: that is not measured). Needs the dpkg
status of a Debian machine for the packages, and PostgreSQL's programs for --database postgresql, which runs with its defaults.

Loads (load.c), starts vallumd on the data, and prints one JSON object: bytes on disk, memory, times of the calls that pages and
commands make most, of the score, of matching everything anew, and of a storm of pushes, of which all that were acknowledged must be
there. Everything runs on loopback; what it makes lies in a temporary folder and is removed. 10,000 images take about two minutes to
load on SQLite and four on PostgreSQL. What came out, and on what machine: docs/benchmarks.md, "The control plane"."""
import argparse
import glob
import http.client
import json
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
BUFFERS = "128MB"  # PostgreSQL's default: nobody's server has less
ROOT = os.path.dirname(os.path.dirname(HERE))


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{os.path.basename(command[0])} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout


class Server:
    def __init__(self, vallumd, data, advisories, database):
        self.data, self.log = data, open(os.path.join(data, "log"), "w+", encoding="utf-8")
        command = [vallumd, "--data", data, "--listen", "127.0.0.1:0", "--advisories", advisories] + (["--database", database] if database else [])
        self.process = subprocess.Popen(command, stderr=self.log, stdin=subprocess.DEVNULL, env={**os.environ, "VALLUM_ADVISORY_UPDATES": "off"})
        for _ in range(600):
            said = open(self.log.name, encoding="utf-8").read()
            if "listens on" in said:
                break
            if self.process.poll() is not None:
                sys.exit(said)
            time.sleep(0.1)
        self.port = int(said.split("listens on https://127.0.0.1:")[1].split(",")[0])
        self.context = ssl.create_default_context(cafile=os.path.join(data, "ca.pem"))
        made = run(vallumd, "admin", "create-token", "--role", "owner", "--name", "bench", *command[1:3], *(command[7:] if database else []))
        self.token = json.loads(made)["token"]

    def connect(self):
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=120)

    def ask(self, connection, method, path, body=None, token=None):
        headers = {"Authorization": "Bearer " + (token or self.token)}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def memory(self):
        """Resident MiB: now, and at most so far."""
        status = open(f"/proc/{self.process.pid}/status", encoding="utf-8").read()
        return [int(status.split(name)[1].split()[0]) // 1024 for name in ("VmRSS:", "VmHWM:")]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def share(times, part):
    return round(sorted(times)[min(len(times) - 1, int(len(times) * part))] * 1000, 1)


def calls(server, rounds):
    connection = server.connect()
    pick = random.Random(7)
    status, body = server.ask(connection, "GET", "/api/v1/images?limit=200")
    assert status == 200, body
    digests = [item["digest"] for item in json.loads(body)["items"]]
    names = [item["id"] for item in json.loads(server.ask(connection, "GET", "/api/v1/vulnerabilities?limit=100")[1])["items"]]
    subscription = json.loads(server.ask(connection, "GET", "/api/v1/environments")[1])["items"][0]["id"]
    security = f"/subscriptions/{subscription}/providers/Microsoft.Security"
    table = {
        "overview": lambda: "/api/v1/overview",
        "images": lambda: "/api/v1/images",
        "images with critical findings": lambda: "/api/v1/images?severity=critical&kev=true",
        "images by name": lambda: f"/api/v1/images?q=service-{pick.randrange(500)}",
        "image": lambda: "/api/v1/images/" + pick.choice(digests),
        "findings of an image": lambda: f"/api/v1/images/{pick.choice(digests)}/findings",
        "vulnerabilities": lambda: "/api/v1/vulnerabilities",
        "vulnerability": lambda: "/api/v1/vulnerabilities/" + pick.choice(names),
        "affected by": lambda: "/api/v1/images/affected-by?target=" + pick.choice(names),
        "recommendations": lambda: "/api/v1/recommendations",
        "secure score": lambda: "/api/v1/secure-score",
        "assessments (az)": lambda: f"{security}/assessments?api-version=2021-06-01",
    }
    result = {}
    for name, path in table.items():
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            status, body = server.ask(connection, "GET", path())
            times.append(time.perf_counter() - start)
            assert status == 200, (name, status, body[:300])
        result[name] = {"p50_ms": share(times, 0.5), "p95_ms": share(times, 0.95)}
    connection.close()
    return result


def until(what, limit, interval=0.2):
    start = time.perf_counter()
    while time.perf_counter() - start < limit:
        if what():
            return round(time.perf_counter() - start, 1)
        time.sleep(interval)
    return None


def idle_queue(server, kinds):
    connection = server.connect()

    def idle():
        summary = json.loads(server.ask(connection, "GET", "/api/v1/jobs/summary")[1])["byKind"]
        return all(summary.get(kind, {}).get("due", 0) + summary.get(kind, {}).get("running", 0) == 0 for kind in kinds)

    return idle


class Sender:
    """A registry's side of a connection that stays: no more than bytes out and back, since it shares the processors with the server."""

    def __init__(self, server, path, secret):
        self.socket = server.context.wrap_socket(socket.create_connection(("127.0.0.1", server.port), 120), server_hostname="127.0.0.1")
        self.head = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {secret}\r\n"
                     "Content-Type: application/vnd.docker.distribution.events.v2+json\r\nContent-Length: ")

    def post(self, body):
        self.socket.sendall(f"{self.head}{len(body)}\r\n\r\n{body}".encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(65536)
        head, _, rest = answer.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(rest) < length:
            rest += self.socket.recv(65536)
        return int(head.split()[1])


def storm(server, seconds, rate=1000, senders=32):
    """Pushes as a registry tells them: each of a digest of its own. Acknowledged ones must all be there. The registry takes
    connections and never answers, so that scans wait for it as they would for a large image: what is measured is the pushes."""
    silent = socket.create_server(("127.0.0.1", 0), backlog=64)
    connection = server.connect()
    status, body = server.ask(connection, "POST", "/api/v1/registries",
                              {"name": "storm", "host": f"127.0.0.1:{silent.getsockname()[1]}", "insecure": True, "pollSeconds": 300})
    assert status == 201, body
    made = json.loads(body)
    path, secret = f"/api/v1/registries/{made['id']}/events", made["webhookSecret"]
    counts = {"acknowledged": 0, "refused": 0}
    lock, begin = threading.Lock(), time.perf_counter()

    def send(number):
        mine, i = Sender(server, path, secret), 0
        total = rate * seconds // senders
        good = refused = 0
        while i < total:
            wait = begin + i * senders / rate - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            digest = f"sha256:{number:08x}{i:056x}"
            event = {"events": [{"id": f"{number}-{i}", "action": "push", "target": {
                "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "repository": f"shop/s{i % 50}", "tag": f"t{number}-{i}"}}]}
            if 200 <= mine.post(json.dumps(event)) < 300:
                good += 1
                i += 1
            else:
                refused += 1  # told to come again: the registry does
                time.sleep(0.05)
        with lock:
            counts["acknowledged"] += good
            counts["refused"] += refused

    threads = [threading.Thread(target=send, args=(n,)) for n in range(senders)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    took = time.perf_counter() - begin
    connection = server.connect()  # the one from before was idle for too long
    status, body = server.ask(connection, "GET", f"/api/v1/registries/{made['id']}")
    there = json.loads(body)["counts"]["images"]
    silent.close()
    return {**counts, "there": there, "seconds": round(took, 1), "per_second": round(counts["acknowledged"] / took)}


def size_of(data, database):
    if database:
        return int(run("psql", "-At", database, "-c", "VACUUM ANALYZE", "-c", "SELECT pg_database_size(current_database())").split()[-1])
    return sum(os.path.getsize(f) for f in glob.glob(os.path.join(data, "vallum.db*")))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("advisories")
    p.add_argument("newer", nargs="?", help="another database, to match everything anew")
    p.add_argument("--images", type=int, default=10000)
    p.add_argument("--rounds", type=int, default=100, help="questions a call")
    p.add_argument("--storm", type=int, default=60, metavar="SECONDS", help="1,000 pushes a second for so long; the bar says 60; 0: none")
    p.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    a = p.parse_args()
    data = tempfile.mkdtemp(prefix="vallum-bench-")
    result, database, helper, server = {"database": a.database}, None, None, None
    try:
        shutil.copy(a.advisories, os.path.join(data, "bench.vadb"))
        advisories = os.path.join(data, "bench.vadb")
        if a.database == "postgresql":
            helper = subprocess.Popen([sys.executable, os.path.join(ROOT, "tests", "servers", "postgresql.py"), BUFFERS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            database = helper.stdout.readline().strip()
        result["load"] = json.loads(run(os.path.join(a.build, "bench", "bench-control-plane-load"), data, advisories, "/var/lib/dpkg/status", str(a.images),
                                        *([database] if database else [])))
        result["disk_MB"] = round(size_of(data, database) / 1e6, 1)
        server = Server(os.path.join(a.build, "cmd", "vallumd"), data, advisories, database)
        time.sleep(5)
        result["idle_MiB"] = server.memory()[0]
        result["first_score_s"] = until(idle_queue(server, ("score",)), 600)
        result["calls"] = calls(server, a.rounds)
        result["MiB_after_calls"] = server.memory()
        connection = server.connect()
        digest = json.loads(server.ask(connection, "GET", "/api/v1/images?limit=1")[1])["items"][0]["digest"]
        start = time.perf_counter()
        status, body = server.ask(connection, "POST", "/api/v1/exemptions", {"category": "waiver", "digest": digest, "justification": "measured"})
        assert status == 201, body
        result["exemption_s"] = round(time.perf_counter() - start, 2)
        result["score_s"] = until(idle_queue(server, ("score",)), 600, 0.02)
        if a.newer:
            os.replace(shutil.copy(a.newer, advisories + ".new"), advisories)
            until(lambda: not idle_queue(server, ("rematch",))(), 60, 0.05)
            result["rematch_s"] = until(idle_queue(server, ("rematch",)), 1800)
            result["MiB_after_rematch"] = server.memory()
        if a.storm:
            result["storm"] = storm(server, a.storm)
            result["MiB_after_storm"] = server.memory()
    finally:
        print(json.dumps(result, indent=1), flush=True)  # also what there is of it where something failed
        if server:
            server.stop()
        if helper:
            helper.stdin.close()
            helper.wait()
        shutil.rmtree(data, ignore_errors=True)


main()
