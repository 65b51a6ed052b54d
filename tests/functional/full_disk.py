#!/usr/bin/env python3
"""Fills the disk of vallumd's data folder, looks at what it does, and makes room again.

full_disk.py VALLUMD FOLDER REGISTRY-PORT NAME DATABASE PUSH. FOLDER/data is a small disk of its own. Prints "ok NAME" and "not ok NAME"."""
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time

import running
from running import told

vallumd, folder, registry_port, name, database, push = sys.argv[1:7]
data, own = os.path.join(folder, "data"), database == "sqlite"


def start():
    return running.Server(vallumd, folder, database, workers=4)


def end(how=signal.SIGTERM):
    server.process.send_signal(how)
    return server.process.wait(60)


def eventually(what, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if what():
                return True
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            pass
        time.sleep(0.2)
    return False


class Writer(threading.Thread):
    """Writes things of one kind until it was refused some times, and keeps what came back."""

    def __init__(self, kind, act, phase, refusals=5, most=4000):
        super().__init__()
        self.kind, self.act, self.phase, self.refusals, self.most = kind, act, phase, refusals, most
        self.kept, self.refused, self.strange = [], [], []

    def run(self):
        for i in range(self.most):
            if len(self.refused) >= self.refusals:
                return
            label = f"{self.kind}-{self.phase}-{i}"
            try:
                key, status, answer = self.act(label)
            except (OSError, http.client.HTTPException) as error:
                self.strange.append(repr(error))
                return
            if 200 <= status < 300:
                self.kept.append(key(answer))
            elif status == 507:
                self.refused.append((label, answer))
            else:
                self.strange.append((status, answer))
                if len(self.strange) > 20:
                    return


def digest_of(label):
    return "sha256:" + "".join(f"{ord(c):02x}" for c in label).rjust(64, "0")[-64:]


TEXT = "x" * 900  # so that it is soon full


def add_token(label):
    return (lambda a: a["id"]), *server.ask("POST", "/api/v1/tokens", {"name": label, "role": "reader"})


def add_rule(label):
    return (lambda a: a["id"]), *server.ask("POST", "/api/v1/disable-rules", {"name": label, "vulnerabilities": ["CVE-1999-0001"], "justification": TEXT})


def add_exemption(label):
    return (lambda a: a["id"]), *server.ask("POST", "/api/v1/exemptions", {"category": "waiver", "vulnerability": "CVE-1999-0001", "repository": label.lower(), "justification": TEXT})


def add_push(label):
    return (lambda a: digest_of(label)), *server.ask("POST", f"/api/v1/registries/{other['id']}/events", token=other["webhookSecret"], body={"events": [
        {"id": label, "action": "push", "target": {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest_of(label), "repository": "full/r", "tag": label}}]})


def write_all(phase, **more):
    writers = [Writer(k, a, phase, **more) for k, a in (("token", add_token), ("rule", add_rule), ("exemption", add_exemption), ("push", add_push))]
    for w in writers:
        w.start()
    for w in writers:
        w.join()
    return writers


filler = os.path.join(data, "filler")


def fill(leave):
    """Until so many bytes are free; 0: to the brim."""
    with open(filler, "ab", buffering=0) as f:
        while True:
            s = os.statvfs(data)
            room = s.f_bavail * s.f_frsize - leave
            if room <= 0:
                return
            try:
                f.write(b"\0" * min(room, 1 << 20))
            except OSError:
                return


READS = ["/api/v1/me", "/api/v1/images", "/api/v1/vulnerabilities", "/api/v1/overview", "/api/v1/secure-score", "/api/v1/recommendations", "/api/v1/registries",
         "/api/v1/tokens", "/api/v1/exemptions", "/api/v1/jobs", "/api/v1/notices", "/api/v1/health", "/healthz", "/metrics"]


def reads():
    wrong = []
    for path in READS:
        status, answer = server.ask("GET", path)
        if status != 200:
            wrong.append((path, status, answer))
    return wrong


def check_of(which):
    return next(c for c in server.ask("GET", "/api/v1/health")[1]["checks"] if c["name"] == which)


server = start()
if not server.port:
    told(False, "it starts", server.said())
    sys.exit(1)
server.make_token("disk")
status, registry = server.ask("POST", "/api/v1/registries", {"name": "real", "host": f"localhost:{registry_port}", "insecure": True, "include": [name + "/*"]})
assert status == 201, registry
status, other = server.ask("POST", "/api/v1/registries", {"name": "named", "host": "named.example", "include": ["full/*"]})
assert status == 201, other


def completed():
    return {t for i in server.items(f"/api/v1/images?registry={registry['id']}") if i["state"] == "Completed" for t in i["tags"]}


told(eventually(lambda: completed() == {"1.1"}), "an image is scanned while there is room", server.said()[-1500:])
findings = [f["id"] for i in server.items(f"/api/v1/images?registry={registry['id']}") for f in server.items(f"/api/v1/images/{i['digest']}/findings")]
told(bool(findings), "... and has findings")
told(not reads(), "everything can be read", reads())

if own:
    fill(2 << 20)
    writers = write_all(1)
else:
    fill(0)
    writers = write_all(1, most=10)
for w in writers:
    if own:
        told(w.kept and w.refused and not w.strange, f"{w.kind}: some are kept, then refused with 507", (len(w.kept), len(w.refused), w.strange[:3]))
        said = w.refused[0][1] if w.refused else {}
        told(said.get("code") == "disk_full" and "disk" in said.get("detail", "") and said.get("title") == "Insufficient Storage", "... with the cause", said)
    else:
        told(len(w.kept) == 10 and not w.strange, f"{w.kind}: is kept, since the database has a disk of its own", (len(w.kept), w.strange[:3]))
fill(0)
time.sleep(2)
told(not reads(), "everything can be read while it is full", reads())
status, answer = server.ask("GET", "/readyz")
told(status == (503 if own else 200) and (not own or "disk" in json.dumps(answer)), "/readyz tells of it" if own else "/readyz: it can store", (status, answer))
disk, base = check_of("disk"), check_of("database")
told(not disk["ok"] and data in (disk["cure"] or ""), "the health page says that the disk is full, and the cure", disk)
told(base["ok"] != own and (not own or "full" in base["message"]), "... and how it is with the database", base)
told((f"\nvallum_database_full {int(own)}\n" in server.ask("GET", "/metrics")[1]), "... as do the metrics")
time.sleep(3)
lines = [line for line in server.said().splitlines() if (" error " in line or " warning " in line) and "named.example" not in line]
told(len(lines) <= 2 and sum("full" in line for line in lines) == len(lines), "the log says it once", "\n".join(lines[:20]))
subprocess.run([push, "2", name + "/a"], check=True)
status, _ = server.ask("POST", f"/api/v1/registries/{registry['id']}/discover")
told(status == (507 if own else 202), "a scan that is asked for: " + ("refused" if own else "waits"), status)
time.sleep(3)
told("1.2" not in completed(), "no scan begins without room")

killed = end(signal.SIGKILL)
server = start()
if server.port:
    told(not reads(), "killed and started without room, it reads", reads())
    os.unlink(filler)
else:
    told("space" in server.said() or "full" in server.said(), "killed, it does not start without room, and says why", server.said())
    os.unlink(filler)
    server = start()
told(eventually(lambda: server.ask("GET", "/readyz")[0] == 200, 15), "with room again it is ready by itself", server.said()[-1500:])
fresh = write_all(2, most=20)
told(all(len(w.kept) == 20 and not w.strange and not w.refused for w in fresh), "... and writes", [(w.kind, len(w.kept), w.refused[:1], w.strange[:1]) for w in fresh])
server.ask("POST", f"/api/v1/registries/{registry['id']}/discover")
told(eventually(lambda: completed() >= {"1.1", "1.2"}, 60), "... and scans what waited", server.said()[-1500:])
told(eventually(lambda: check_of("disk")["ok"] and check_of("database")["ok"]), "the health page is well again", check_of("disk"))

# Once more, without a restart in between, and while a scan may be under way.
subprocess.run([push, "3", name + "/a"], check=True)
server.ask("POST", f"/api/v1/registries/{registry['id']}/discover")
fill(0)
second = Writer("token", add_token, 3, refusals=3)
if own:
    second.run()
    told(len(second.refused) == 3 and not second.strange, "full a second time it refuses", second.strange[:3])
else:
    time.sleep(2)
os.unlink(filler)
told(eventually(lambda: server.ask("GET", "/readyz")[0] == 200 and server.ask("POST", "/api/v1/tokens", {"name": "after", "role": "reader"})[0] == 201, 15), "and goes on without a restart", server.said()[-1500:])
server.ask("POST", f"/api/v1/registries/{registry['id']}/discover")
told(eventually(lambda: completed() >= {"1.1", "1.2", "1.3"}, 90), "every image is scanned in the end", server.said()[-1500:])
told(server.said().count("there is room on the disk again") >= 1, "the log says that there is room again", server.said()[-1500:])
status, dead = server.ask("GET", "/api/v1/jobs?state=dead")
told(status == 200 and not [j for j in dead["items"] if j["kind"] in ("scan", "discover") and "named" not in json.dumps(j)], "no job of theirs was given up", dead)
told(end() == 0, "it ends in order")

server = start()
lists = {"token": [t["id"] for t in server.items("/api/v1/tokens")], "rule": [r["id"] for r in server.items("/api/v1/disable-rules")],
         "exemption": [e["id"] for e in server.items("/api/v1/exemptions")], "push": [i["digest"] for i in server.items(f"/api/v1/images?registry={other['id']}")]}
names = {"token": [t["name"] for t in server.items("/api/v1/tokens")], "rule": [r["name"] for r in server.items("/api/v1/disable-rules")],
         "exemption": [e["repository"] for e in server.items("/api/v1/exemptions")]}
for w in writers + fresh:
    there = lists[w.kind]
    told(set(w.kept) <= set(there) and len(there) == len(set(there)), f"{w.kind}: all {len(w.kept)} that were kept are there, once", sorted(map(str, set(w.kept) - set(there)))[:5])
    gone = {label for label, _ in w.refused}
    if w.kind != "push":
        told(not gone & set(names[w.kind]), f"{w.kind}: none that was refused is", sorted(gone & set(names[w.kind])))
    else:
        told(not {digest_of(label) for label in gone} & set(there), "push: none that was refused is")
end()
sys.exit(1 if running.failures else 0)
