"""Threads that write things of several kinds into a vallumd, keep what was acknowledged, and look for it afterwards."""
import http.client
import threading

from running import told

TEXT = "x" * 900  # so that a small disk is soon full
KINDS = ("token", "rule", "exemption", "push")


def digest_of(label):
    return "sha256:" + "".join(f"{ord(c):02x}" for c in label).rjust(64, "0")[-64:]


class Writer(threading.Thread):
    """Writes things of one kind until it was refused some times, and keeps what came back. `refusals`: status codes that say so."""

    def __init__(self, owner, kind, phase, enough=5, most=4000):
        super().__init__()
        self.owner, self.kind, self.phase, self.enough, self.most = owner, kind, phase, enough, most
        self.kept, self.refused, self.strange = [], [], []

    def run(self):
        for i in range(self.most):
            if len(self.refused) >= self.enough:
                return
            label = f"{self.kind}-{self.phase}-{i}"
            try:
                status, answer = self.owner.write(self.kind, label)
            except (OSError, http.client.HTTPException) as error:
                self.strange.append(repr(error))
                return
            if 200 <= status < 300:
                self.kept.append(digest_of(label) if self.kind == "push" else answer["id"])
            elif status in self.owner.refusals:
                self.refused.append((label, status, answer))
            else:
                self.strange.append((status, answer))
                if len(self.strange) > 20:
                    return


class Writers:
    """`server()` is the one that runs at the moment; `registry`: as it was made, its pushes are told by webhook."""

    def __init__(self, server, registry, refusals=(507,)):
        self.server, self.registry, self.refusals = server, registry, refusals

    def write(self, kind, label):
        s = self.server()
        if kind == "token":
            return s.ask("POST", "/api/v1/tokens", {"name": label, "role": "reader"})
        if kind == "rule":
            return s.ask("POST", "/api/v1/disable-rules", {"name": label, "vulnerabilities": ["CVE-1999-0001"], "justification": TEXT})
        if kind == "exemption":
            return s.ask("POST", "/api/v1/exemptions", {"category": "waiver", "vulnerability": "CVE-1999-0001", "repository": label.lower(), "justification": TEXT})
        target = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest_of(label), "repository": "full/r", "tag": label}
        return s.ask("POST", f"/api/v1/registries/{self.registry['id']}/events", token=self.registry["webhookSecret"],
                     body={"events": [{"id": label, "action": "push", "target": target}]})

    def one(self, kind, phase, **more):
        return Writer(self, kind, phase, **more)

    def all(self, phase, **more):
        """One of each kind side by side, to their end."""
        writers = [self.one(kind, phase, **more) for kind in KINDS]
        for w in writers:
            w.start()
        for w in writers:
            w.join()
        return writers

    def look(self, writers, unsure=()):
        """Everything that was kept is there once; nothing that was refused is, but with a status in `unsure` nobody can know."""
        s = self.server()
        items = {"token": s.items("/api/v1/tokens"), "rule": s.items("/api/v1/disable-rules"), "exemption": s.items("/api/v1/exemptions"),
                 "push": s.items(f"/api/v1/images?registry={self.registry['id']}")}
        key = {"token": "id", "rule": "id", "exemption": "id", "push": "digest"}
        name = {"token": "name", "rule": "name", "exemption": "repository", "push": "digest"}
        for w in writers:
            there, names = [i[key[w.kind]] for i in items[w.kind]], {i[name[w.kind]] for i in items[w.kind]}
            told(set(w.kept) <= set(there) and len(there) == len(set(there)), f"{w.kind}: all {len(w.kept)} that were kept are there, once",
                 sorted(map(str, set(w.kept) - set(there)))[:5])
            gone = {digest_of(label) if w.kind == "push" else label for label, status, _ in w.refused if status not in unsure}
            told(not gone & names, f"{w.kind}: none that was refused is", sorted(gone & names))
