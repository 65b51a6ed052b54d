#!/usr/bin/env python3
"""Fills the disk of vallumd's data folder, looks at what it does, and makes room again.

full_disk.py VALLUMD FOLDER REGISTRY-PORT NAME DATABASE PUSH. FOLDER/data is a small disk of its own. Prints "ok NAME" and "not ok NAME"."""
import http.client
import json
import os
import signal
import subprocess
import sys
import time

import running
from running import eventually, fill, told
from writers import Writers

vallumd, folder, registry_port, name, database, push = sys.argv[1:7]
data, own = os.path.join(folder, "data"), database == "sqlite"


def start():
    return running.Server(vallumd, folder, database, workers=4)


filler = os.path.join(data, "filler")
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
write = Writers(lambda: server, other)


def completed():
    return {t for i in server.items(f"/api/v1/images?registry={registry['id']}") if i["state"] == "Completed" for t in i["tags"]}


told(eventually(lambda: completed() == {"1.1"}), "an image is scanned while there is room", server.said()[-1500:])
findings = [f["id"] for i in server.items(f"/api/v1/images?registry={registry['id']}") for f in server.items(f"/api/v1/images/{i['digest']}/findings")]
told(bool(findings), "... and has findings")
told(not reads(), "everything can be read", reads())

if own:
    fill(filler, 2 << 20)
    writers = write.all(1)
else:
    fill(filler, 0)
    writers = write.all(1, most=10)
for w in writers:
    if own:
        told(w.kept and w.refused and not w.strange, f"{w.kind}: some are kept, then refused with 507", (len(w.kept), len(w.refused), w.strange[:3]))
        said = w.refused[0][2] if w.refused else {}
        told(said.get("code") == "disk_full" and "disk" in said.get("detail", "") and said.get("title") == "Insufficient Storage", "... with the cause", said)
    else:
        told(len(w.kept) == 10 and not w.strange, f"{w.kind}: is kept, since the database has a disk of its own", (len(w.kept), w.strange[:3]))
fill(filler, 0)
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

killed = server.end(signal.SIGKILL)
server = start()
if server.port:
    told(not reads(), "killed and started without room, it reads", reads())
    os.unlink(filler)
else:
    told("space" in server.said() or "full" in server.said(), "killed, it does not start without room, and says why", server.said())
    os.unlink(filler)
    server = start()
told(eventually(lambda: server.ask("GET", "/readyz")[0] == 200, 15), "with room again it is ready by itself", server.said()[-1500:])
fresh = write.all(2, most=20)
told(all(len(w.kept) == 20 and not w.strange and not w.refused for w in fresh), "... and writes", [(w.kind, len(w.kept), w.refused[:1], w.strange[:1]) for w in fresh])
server.ask("POST", f"/api/v1/registries/{registry['id']}/discover")
told(eventually(lambda: completed() >= {"1.1", "1.2"}, 60), "... and scans what waited", server.said()[-1500:])
told(eventually(lambda: check_of("disk")["ok"] and check_of("database")["ok"]), "the health page is well again", check_of("disk"))

# Once more, without a restart in between, and while a scan may be under way.
subprocess.run([push, "3", name + "/a"], check=True)
server.ask("POST", f"/api/v1/registries/{registry['id']}/discover")
fill(filler, 0)
second = write.one("token", 3, enough=3)
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
told(server.end() == 0, "it ends in order")

server = start()
write.look(writers + fresh)
server.end()
sys.exit(1 if running.failures else 0)
