#!/usr/bin/env python3
"""two_servers.py VALLUMD FOLDER REGISTRY-PORT DATABASE LATE: two servers on one database; LATE is the command that pushes one more image, of
which nobody tells them. Prints "ok NAME", "not ok NAME"."""
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

import running
from running import eventually, told

vallumd, folder, registry_port, database, late = sys.argv[1:]
IMAGES = 11


def start(name):
    return running.Server(vallumd, os.path.join(folder, name), database, workers=3)


def fetched():
    """How often each blob was sent whole, as the registry's own log has it."""
    with open(os.path.join(folder, "registry.log"), encoding="utf-8", errors="replace") as log:
        times = {}
        for m in re.finditer(r'"GET /v2/\S+/blobs/(sha256:[0-9a-f]{64}) [^"]*" 200 (\d+)', log.read()):
            if int(m[2]) > 1000000:
                times[m[1]] = times.get(m[1], 0) + 1
        return times


def images(server):
    return server.items(f"/api/v1/images?registry={registry['id']}")


def all_completed(server, n):
    found = images(server)
    return len(found) == n and all(i["state"] == "Completed" and not i.get("stage") for i in found)


a = start("a")
told(a.port is not None, "the first server starts", a.said())
a.make_token("two")
refused = start("b")
told(refused.port is None and "sealed with another key" in refused.said(), "a second one with a key of its own is refused, with the cure", refused.said())
refused.process.wait(20)
shutil.copy(os.path.join(folder, "a/data/seal.key"), os.path.join(folder, "b/data/seal.key"))
b = start("b")
told(b.port is not None, "with the key of the first it starts", b.said())
told(b.ask("GET", "/api/v1/me")[1].get("role") == "owner", "a token of the one is good at the other")

status, registry = a.ask("POST", "/api/v1/registries", {"name": "shop", "host": f"localhost:{registry_port}", "insecure": True, "concurrency": 6, "pollSeconds": 60})
told(status == 201 and [r["name"] for r in b.items("/api/v1/registries")] == ["shop"], "a registry of the one is there at the other", registry)
told(eventually(lambda: all_completed(b, IMAGES), 120), "all images are Completed", [(i["state"], i.get("error")) for i in images(b)])
times = fetched()
told(len(times) == IMAGES and set(times.values()) == {1}, "every layer was fetched once, by one of them", times)
shares = [len(os.listdir(os.path.join(folder, name, "data/cache"))) if os.path.isdir(os.path.join(folder, name, "data/cache")) else 0 for name in "ab"]
print(f"    cached by the first and the second: {shares}", flush=True)
told(all(shares), "both of them scanned", shares)

made = []
for i in range(40):
    server = (a, b)[i % 2]
    status, rule = server.ask("POST", "/api/v1/disable-rules", {"name": f"rule-{i}", "vulnerabilities": ["CVE-1999-0001"], "justification": "two servers"})
    made += [rule["id"]] if status == 201 else []
told(len(made) == 40 and all(sorted(r["id"] for r in s.items("/api/v1/disable-rules")) == sorted(made) for s in (a, b)), "what both are told is there once, at both")

# The first one is killed while it scans. Its jobs are taken up when their lease is over.
for name in "ab":
    shutil.rmtree(os.path.join(folder, name, "data/cache"), ignore_errors=True)
for image in images(a):
    (a, b)[int(image["digest"][-1], 16) % 2].ask("POST", f"/api/v1/images/{image['digest']}/scan")
a.end(signal.SIGKILL)
told(eventually(lambda: all_completed(b, IMAGES), 240), "one is killed: the other ends the scans that were under way", [(i["state"], i.get("error")) for i in images(b)])
subprocess.run(shlex.split(late), check=True)
told(eventually(lambda: all_completed(b, IMAGES + 1), 300), "... and reconciles from now on: a push that nobody told of is found", len(images(b)))
told(b.ask("GET", "/api/v1/jobs?state=dead")[1].get("items") == [], "... and nothing was given up")
a = start("a")
told(a.port is not None and all_completed(a, IMAGES + 1), "the first one is back, and knows it all", a.said())
told(a.end() == 0 and b.end() == 0, "both end in order")
sys.exit(1 if running.failures else 0)
