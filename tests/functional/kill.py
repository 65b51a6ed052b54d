#!/usr/bin/env python3
"""Kills vallumd again and again while it works, and asks for everything that it acknowledged.

kill.py VALLUMD FOLDER REGISTRY-PORT KILLS SEED DATABASE. Half of the kills come at a random moment; the others inside of a system call
that writes, renames or syncs (the n-th of a run, by strace). Before each, clients get tokens, rules and pushes acknowledged and scans of
images of 20 MB and more are under way. Prints "ok NAME", "not ok NAME" and figures."""
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import running
from running import told
from writers import Writers, digest_of

vallumd, folder, registry_port, kills, seed, database = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]), sys.argv[6]
data = os.path.join(folder, "data")
pick = random.Random(seed)
# PostgreSQL's server does the writing: there the talk with it is cut.
CALLS = "pwrite64,write,fdatasync,fsync,rename,renameat,renameat2,unlink,ftruncate" if database == "sqlite" else "sendto"


class Server(running.Server):
    def __init__(self, inject=None):
        before = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + CALLS, "-e", f"inject={CALLS}:signal=SIGKILL:when={inject}"] if inject else []
        # Sanitizers look for leaks by tracing, which a traced program cannot.
        super().__init__(vallumd, folder, database, workers=12, before=before, env={"ASAN_OPTIONS": "detect_leaks=0"})

    def end(self, how):
        """What it started is in its session: children of a killed server end by themselves; strace goes with it."""
        for pid in self.pids():
            try:
                os.kill(pid, how)
            except ProcessLookupError:
                pass
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def pids(self):
        """The server itself (the child of strace, where there is one)."""
        try:
            children = open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="utf-8").read().split()
        except OSError:
            children = []
        name = open(f"/proc/{self.process.pid}/comm", encoding="utf-8").read().strip() if os.path.exists(f"/proc/{self.process.pid}/comm") else ""
        return [int(c) for c in children] + [self.process.pid] if name == "strace" else [self.process.pid]


class Clients:
    """Ask for things without a pause, for tokens and rules more slowly, and keep what was acknowledged."""

    A_LIFE = 20  # tokens, and rules, at most; a life may last two minutes, and a server takes a thousand and five hundred

    def __init__(self, round_number):
        self.round, self.stop = round_number, False
        self.tokens, self.rules, self.pushes, self.in_progress = [], [], [], 0
        self.threads = [threading.Thread(target=self.loop, args=(f, i)) for f in (self.token, self.rule, self.push) for i in range(2)]
        for t in self.threads:
            t.start()

    def loop(self, act, number):
        i = 0
        while not self.stop:
            try:
                act(f"{self.round}-{number}-{i}")
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.01)  # killed: not acknowledged
            i += 1

    def slowly(self, done):
        time.sleep(0.1)
        return len(done) < self.A_LIFE

    def token(self, name):
        if self.slowly(self.tokens):
            status, answer = write.write("token", name)
            if status == 201:
                self.tokens.append((answer["id"], name))

    def rule(self, name):
        if self.slowly(self.rules):
            status, answer = write.write("rule", name)
            if status == 201:
                self.rules.append((answer["id"], name))

    def push(self, name):
        status, _ = write.write("push", name)
        if 200 <= status < 300:
            self.pushes.append(digest_of(name))

    def end(self):
        self.stop = True
        for t in self.threads:
            t.join()


def images(server):
    return server.items(f"/api/v1/images?registry={registry['id']}")


def ask_scans(server, digests):
    for digest in digests:
        try:
            server.ask("POST", f"/api/v1/images/{digest}/scan")
        except (OSError, http.client.HTTPException):
            return


def in_progress(server):
    try:
        return sum(i["state"] == "Scan in progress" for i in images(server))
    except (OSError, http.client.HTTPException, AssertionError, ValueError):
        return 0


def until_busy(server, digests):
    """Until five scans and more are under way; what was scanned meanwhile is asked for again."""
    end = time.monotonic() + 120  # on a machine that does much else
    while time.monotonic() < end:
        askers = [threading.Thread(target=ask_scans, args=(server, digests[i::5])) for i in range(5)]
        shutil.rmtree(os.path.join(data, "cache"), ignore_errors=True)
        for asker in askers:
            asker.start()
        again = time.monotonic() + 2
        while time.monotonic() < again:
            if in_progress(server) >= 5:
                return True
        for asker in askers:
            asker.join()
    return False


def until_answered(clients):
    """Until every kind of call was acknowledged a few times: on a machine that does much else that takes its time, and a kill before it
    would say nothing."""
    end = time.monotonic() + 60
    while time.monotonic() < end and min(len(clients.tokens), len(clients.rules), len(clients.pushes)) < 3:
        time.sleep(0.02)


class Kept:
    """What was acknowledged of one kind, as (id, name). A server takes so many and no more, so the oldest are taken away again, which is
    acknowledged as well: those must be gone."""

    MOST = 60

    def __init__(self, path):
        self.path, self.there, self.gone, self.all = path, [], set(), 0

    def add(self, more):
        self.there += more
        self.all += len(more)

    def take_away(self, server):
        while len(self.there) > self.MOST:
            key, name = self.there.pop(0)
            try:
                if server.ask("DELETE", f"{self.path}/{key}")[0] == 204:
                    self.gone.add(name)
            except (OSError, http.client.HTTPException):
                pass  # killed: nobody knows

    def check(self, server, what):
        names = [i["name"] for i in server.items(self.path)]
        told(len(names) == len(set(names)) and {n for _, n in self.there} <= set(names), f"every acknowledged {what} is there once", sorted({n for _, n in self.there} - set(names))[:5])
        told(not self.gone & set(names), f"every {what} whose end was acknowledged is gone", sorted(self.gone & set(names))[:5])


# --- a first, undisturbed run: what the images have ---

print(f"    seed {seed}, {kills} kills, {database.split(':')[0]}", flush=True)
server = Server()
if not server.port:
    told(False, "it starts", server.said())
    sys.exit(1)
server.make_token("kill")
status, registry = server.ask("POST", "/api/v1/registries", {"name": "real", "host": f"localhost:{registry_port}", "insecure": True, "concurrency": 10})
assert status == 201, registry
status, other = server.ask("POST", "/api/v1/registries", {"name": "named", "host": "named.example"})
assert status == 201, other
write = Writers(lambda: server, other)
for _ in range(1200):
    first = images(server)
    if len(first) >= 10 and all(i["state"] == "Completed" for i in first):
        break
    time.sleep(0.1)
told(len(first) >= 10 and all(i["state"] == "Completed" for i in first), "ten images of 20 MB and more are scanned", first)
digests = [i["digest"] for i in first]
reference = {d: sorted((f["id"], f["package"]["purl"]) for f in server.items(f"/api/v1/images/{d}/findings")) for d in digests}
told(all(reference.values()), "each has findings")
server.end(signal.SIGTERM)

tokens, rules, pushes, inside, busy = Kept("/api/v1/tokens"), Kept("/api/v1/disable-rules"), [], 0, []
for number in range(kills):
    by_call = number % 2 == 1 and shutil.which("strace") is not None
    shutil.rmtree(os.path.join(data, "cache"), ignore_errors=True)  # so that scans take their time
    server = Server(inject=pick.randrange(5, 300) if by_call else None)
    if server.port:
        clients = Clients(number)
        asker = threading.Thread(target=ask_scans, args=(server, digests))
        asker.start()
        takers = [threading.Thread(target=kept.take_away, args=(server,)) for kept in (tokens, rules)]
        for taker in takers:
            taker.start()
        if by_call:
            try:
                server.process.wait(8)
                inside += 1
            except subprocess.TimeoutExpired:
                pass
        else:
            until_answered(clients)
            if number % 4 == 0:
                if until_busy(server, digests):
                    busy.append(number)
            else:
                time.sleep(pick.random() * 2)
        server.end(signal.SIGKILL)
        clients.end()
        for thread in (asker, *takers):
            thread.join()
        tokens.add(clients.tokens)
        rules.add(clients.rules)
        pushes += clients.pushes
    else:  # killed while it started
        inside += 1
        server.end(signal.SIGKILL)

server = Server()
told(server.port is not None, f"it starts after {kills} kills", server.said())
print(f"    acknowledged: {tokens.all} tokens, {rules.all} rules, {len(pushes)} pushes, {len(tokens.gone) + len(rules.gone)} taken away; {inside} kills inside of a call;"
      f" five scans and more under way at {len(busy)} kills", flush=True)
told(tokens.all > kills and rules.all > kills and len(pushes) > kills, "the clients were busy")
told(len(busy) * 5 >= kills, "five scans and more were under way at one of five kills at least", busy)
tokens.check(server, "token")
rules.check(server, "rule")
seen = [i["digest"] for i in server.items(f"/api/v1/images?registry={other['id']}")]
told(len(seen) == len(set(seen)) and set(pushes) <= set(seen), "every acknowledged push is there once", sorted(set(pushes) - set(seen))[:5])
ask_scans(server, digests)
last = []
for _ in range(1800):
    last = images(server)
    if len(last) == len(first) and all(i["state"] == "Completed" and not i.get("stage") for i in last):
        break
    time.sleep(0.1)
told(sorted(i["digest"] for i in last) == sorted(digests) and all(i["state"] == "Completed" for i in last), "the images are Completed again, each once", last)
after = {d: sorted((f["id"], f["package"]["purl"]) for f in server.items(f"/api/v1/images/{d}/findings")) for d in digests}
told(after == reference, "their findings are those of the undisturbed run")
status, summary = server.ask("GET", "/api/v1/jobs?state=dead")
told(status == 200 and not [j for j in summary["items"] if j["kind"] == "scan" and f"named" not in json.dumps(j) and any(d in json.dumps(j) for d in digests)], "no scan of theirs was given up", summary)
server.end(signal.SIGTERM)
sys.exit(1 if running.failures else 0)
