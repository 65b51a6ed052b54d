"""A vallumd that a test starts, asks and ends, and verdicts as the functional tests print them."""
import http.client
import json
import os
import signal
import ssl
import subprocess
import time

failures = 0


def told(good, what, detail=""):
    """Prints "ok WHAT" or "not ok WHAT" with the detail, and counts."""
    global failures
    print(("ok " if good else "not ok ") + what, flush=True)
    if not good:
        failures += 1
        if detail:
            print("    " + str(detail)[:2000].replace("\n", "\n    "), flush=True)


def eventually(what, seconds=30):
    """Whether it is so within that time; an answer that does not come, or is another one, is asked for again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if what():
                return True
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            pass
        time.sleep(0.2)
    return False


def fill(path, leave):
    """Makes a file larger until so many bytes of its disk are free; 0: to the brim."""
    with open(path, "ab", buffering=0) as f:
        while True:
            s = os.statvfs(os.path.dirname(path))
            room = s.f_bavail * s.f_frsize - leave
            if room <= 0:
                return
            try:
                f.write(b"\0" * min(room, 1 << 20))
            except OSError:
                return


class Server:
    """`folder`/data is its data folder; `database` a URL or "sqlite"; `before` is what stands before the program's name."""

    token = None  # of who asks; kept over restarts by the caller

    def __init__(self, vallumd, folder, database, workers, before=(), env=None):
        self.data, self.log = os.path.join(folder, "data"), os.path.join(folder, "vallumd.log")
        self.vallumd, self.of_database = vallumd, [] if database == "sqlite" else ["--database", database]
        command = [*before, vallumd, "--data", self.data, "--listen", "127.0.0.1:0", *self.of_database]
        env = {**os.environ, "VALLUM_WORKERS": str(workers), "VALLUM_ADVISORY_UPDATES": "off", **(env or {})}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log, env=env, start_new_session=True)
        self.port = None
        for _ in range(1200):
            said = self.said()
            if "listens on" in said:
                self.port = int(said.split("listens on https://127.0.0.1:")[1].split(",")[0])
                break
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        if self.port:
            self.context = ssl.create_default_context(cafile=os.path.join(self.data, "ca.pem"))

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def end(self, how=signal.SIGTERM):
        """The status with which it ended."""
        self.process.send_signal(how)
        return self.process.wait(60)

    def make_token(self, name):
        """One of an owner, which is used from now on by all servers of this test."""
        made = subprocess.run([self.vallumd, "admin", "create-token", "--role", "owner", "--name", name, "--data", self.data, *self.of_database],
                              check=True, capture_output=True, text=True).stdout
        Server.token = json.loads(made)["token"]

    def ask(self, method, path, body=None, token=None, timeout=30):
        """The status, and the answer: what JSON says, else the text."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=timeout)
        try:
            headers = {"Authorization": "Bearer " + (token or self.token)}
            if body is not None:
                headers["Content-Type"] = "application/json"
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if "json" in (answer.getheader("Content-Type") or "") else text.decode()
        finally:
            connection.close()

    def items(self, path):
        """Of a list all pages."""
        items, cursor = [], ""
        while True:
            status, answer = self.ask("GET", f"{path}{'&' if '?' in path else '?'}limit=1000{cursor}")
            assert status == 200, (path, status, answer)
            items += answer["items"]
            if not answer.get("next"):
                return items
            cursor = "&cursor=" + answer["next"]
