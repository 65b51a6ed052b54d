#!/usr/bin/env python3
"""Fills the disk of PostgreSQL itself, which then refuses, or stops and starts again as often as it must: what vallumd says meanwhile, and
what is there afterwards.

full_disk_database.py VALLUMD FOLDER DISK DATABASE. DISK is a small disk of its own with PostgreSQL's data on it; vallumd's folder lies
elsewhere. Prints "ok NAME" and "not ok NAME"."""
import os
import signal
import sys
import time

import running
from running import eventually, fill, told
from writers import Writers

vallumd, folder, disk, database = sys.argv[1:5]
filler = os.path.join(disk, "filler")
UNSURE = (503,)  # the connection ended while it was stored: nobody knows


def start():
    return running.Server(vallumd, folder, database, workers=1)


def ready():
    return eventually(lambda: server.ask("GET", "/readyz")[0] == 200 and server.ask("POST", "/api/v1/tokens", {"name": "probe", "role": "reader"})[0] == 201, 60)


server = start()
if not server.port:
    told(False, "it starts", server.said())
    sys.exit(1)
server.make_token("disk")
status, other = server.ask("POST", "/api/v1/registries", {"name": "named", "host": "named.example", "include": ["full/*"]})
assert status == 201, other
write = Writers(lambda: server, other, refusals=(507, 503))
kept = write.all(0, most=20)
told(all(len(w.kept) == 20 for w in kept), "with room everything is kept", [(w.kind, len(w.kept), w.refused[:1], w.strange[:1]) for w in kept])

fill(filler, 1 << 20)
kept += (full := write.all(1, enough=20))
for w in full:
    told(w.refused and not w.strange, f"{w.kind}: refused with 507 or 503", (len(w.kept), len(w.refused), w.strange[:3]))
said = [answer for w in full for _, status, answer in w.refused if status == 507]
told(all(a.get("code") == "disk_full" and "database" in a.get("detail", "") for a in said), "507 names the database's disk", said[:1])
print("    507:", len(said), "503:", sum(status == 503 for w in full for _, status, _ in w.refused), flush=True)
status, answer = server.ask("GET", "/readyz")
told(status == 503, "/readyz tells of it", (status, answer))
told(server.ask("GET", "/healthz")[0] == 200 and server.process.poll() is None, "it goes on itself")

os.unlink(filler)
told(ready(), "with room again it is ready by itself, and writes", server.said()[-1500:])
kept += (fresh := write.all(2, most=20))
told(all(len(w.kept) == 20 and not w.strange and not w.refused for w in fresh), "... everything", [(w.kind, len(w.kept), w.refused[:1], w.strange[:1]) for w in fresh])
write.look(kept, UNSURE)

fill(filler, 1 << 20)
kept += write.all(3, enough=10)
server.end(signal.SIGKILL)
os.unlink(filler)
for _ in range(60):  # PostgreSQL may be putting itself right: then vallumd says so and ends, and its unit starts it again
    server = start()
    if server.port or "database cannot be reached" not in server.said():
        break
    time.sleep(1)
told(bool(server.port) and ready(), "full a second time, killed, started with room (as soon as PostgreSQL is there again): it writes", server.said()[-1500:])
write.look(kept, UNSURE)
told(server.end() == 0, "it ends in order")
sys.exit(1 if running.failures else 0)
