#!/usr/bin/env python3
"""A PostgreSQL server of its own for a test: a new cluster in a temporary folder, reached by a socket there and nothing else.

postgresql.py [BUFFERS [FOLDER]]: prints the URL of an empty database and ends, with everything it made, when its standard input closes. Exit 77
where no PostgreSQL is installed. BUFFERS: its shared_buffers (a measurement uses PostgreSQL's own default, 128MB). FOLDER: its data go into a folder
in there (a small disk, say). PostgreSQL refuses to run as root: then it runs as its package's user."""
import ctypes
import glob
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"), key=lambda p: int(p.split("/")[4]))
if not found:
    print("no PostgreSQL is installed", file=sys.stderr)
    sys.exit(77)
binaries = os.path.dirname(found[-1])
buffers = sys.argv[1] if len(sys.argv) > 1 else "32MB"  # a test has little in it, and several run at once
home = tempfile.mkdtemp(prefix="vallum-pg-", dir="/tmp")  # sockets have short paths
data = os.path.join(sys.argv[2] if len(sys.argv) > 2 else home, "data")
account = {}
if os.geteuid() == 0:
    user = pwd.getpwnam("postgres")
    os.chown(home, user.pw_uid, user.pw_gid)
    account = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": home, "TZ": "UTC"}


def run(*command):
    return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, **account)


def die_with_parent():
    """Where this program is killed without a chance to stop it, the server ends at once."""
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG


def start():
    return subprocess.Popen(
        [os.path.join(binaries, "postgres"), "-D", data, "-k", home, "-c", "listen_addresses=", "-c", f"shared_buffers={buffers}",
         "-c", "max_connections=150", "-c", "log_min_messages=fatal"],
        cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent, **account)


def fail(result):
    sys.exit(result.stderr or result.stdout)


server = None
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # how tests end what they started: the server and its folder go, too
try:
    made = run(os.path.join(binaries, "initdb"), "-D", data, "-U", "vallum", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions")
    if made.returncode:
        fail(made)
    server = start()
    for _ in range(300):
        created = run(os.path.join(binaries, "createdb"), "-h", home, "-U", "vallum", "vallum")
        if created.returncode == 0:
            break
        time.sleep(0.1)
    else:
        fail(created)
    print(f"postgresql://vallum@/vallum?host={home}", flush=True)
    while not select.select([sys.stdin], [], [], 0.5)[0]:
        if server.poll() is not None:  # without room it gives up while it recovers: an init system starts it again
            server = start()
finally:
    if server:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
    shutil.rmtree(home, ignore_errors=True)
