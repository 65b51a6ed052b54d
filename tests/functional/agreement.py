#!/usr/bin/env python3
"""Helps tests/functional/test_agreement.

agreement.py debsecan TRACKER SUITE FILE   the data that debsecan reads, of the tracker's JSON
agreement.py root TRACKER SUITE DIR        a root file system with every source package that the tracker knows in the suite, each at a
                                           version at which about half of its fixes are in
agreement.py pairs KIND FILE               (CVE, package) pairs of a report; KIND: ours, ours-deb, trivy, trivy-deb, debsecan
agreement.py compare NAME EXPLAINED PERMILLE OURS PEER...
                                           prints "ok" or "not ok": each pair that differs stands in the table of EXPLAINED ("-": none
                                           may), and no more than PERMILLE of a thousand do
"""
import json
import os
import re
import sys
import zlib

RELEASES = {"bookworm": "12", "bullseye": "11"}


def rows(tracker, suite):
    """source -> [(CVE, fixed version or None, version in the suite)]"""
    with open(tracker) as f:
        for source, cves in json.load(f).items():
            found = []
            for cve, entry in sorted(cves.items()):
                release = entry["releases"].get(suite)
                if release:
                    fixed = release["fixed_version"] if release["status"] == "resolved" else None
                    found.append((cve, fixed, release["repositories"].get(suite, "1")))
            if found:
                yield source, found


def make_debsecan(tracker, suite, out):
    """Format: fetch_data() and class Vulnerability of debsecan 0.4."""
    names, lines = {}, []
    for source, found in rows(tracker, suite):
        for cve, fixed, _ in found:
            number = names.setdefault(cve, len(names))
            lines.append(f"{source},{number},S ?{'F' if fixed else ' '},{fixed or ''},")
    text = "VERSION 1\n" + "".join(f"{n},,\n" for n in names) + "\n" + "\n".join(lines) + "\n\n\n"
    with open(out, "wb") as f:
        f.write(zlib.compress(text.encode()))


def make_root(tracker, suite, root):
    os.makedirs(f"{root}/etc")
    os.makedirs(f"{root}/var/lib/dpkg")
    number = RELEASES[suite]
    with open(f"{root}/etc/os-release", "w") as f:
        f.write(f'PRETTY_NAME="Debian GNU/Linux {number} ({suite})"\nNAME="Debian GNU/Linux"\nVERSION_ID="{number}"\n'
                f'VERSION_CODENAME={suite}\nID=debian\n')
    with open(f"{root}/etc/debian_version", "w") as f:
        f.write(number + ".0\n")
    with open(f"{root}/var/lib/dpkg/status", "w") as f:
        for source, found in rows(tracker, suite):
            fixes = [fixed for _, fixed, _ in found if fixed]
            version = fixes[len(fixes) // 2] if fixes else found[0][2]
            # A binary package of another name than its source, as most are.
            f.write(f"Package: {source}-bin\nStatus: install ok installed\nSource: {source}\nArchitecture: amd64\n"
                    f"Version: {version}\nMaintainer: x <x@example.com>\nDescription: x\n\n")


def pairs(kind, path):
    with open(path) as f:
        if kind == "debsecan":
            return {tuple(line.split()[:2]) for line in f if line.strip()}
        report = json.load(f)
    if kind.startswith("trivy"):
        return {(v["VulnerabilityID"], v["PkgName"]) if kind == "trivy-deb"
                else (v["VulnerabilityID"], v["PkgName"], v["InstalledVersion"].lstrip("v"))
                for r in report.get("Results", []) if kind == "trivy" or r["Type"] == "debian" for v in r.get("Vulnerabilities") or []}
    found = [(f["id"], f["package"]) for f in report["findings"]]
    if kind == "ours-deb":
        return {(i, p["name"]) for i, p in found if p["ecosystem"] == "deb"}
    return {(i, p["name"], p["version"].lstrip("v")) for i, p in found}


def read_pairs(path):
    with open(path) as f:
        return {tuple(line.rstrip("\n").split("\t")) for line in f}


def compare(name, table, permille, ours, peer):
    explained = set()
    if table != "-":
        with open(table) as f:
            explained = {(m[1], m[2]) for m in re.finditer(r"^\| `(\S+) (\S+)` \|", f.read(), re.M)}
    ours, peer = read_pairs(ours), read_pairs(peer)
    differ = ours ^ peer
    odd = sorted(p for p in differ if p[:2] not in explained)
    for p in sorted(differ):
        side = "ours only" if p in ours else "peer only"
        print(f"  {side}: {' '.join(p)}{'' if p[:2] in explained else '  NOT EXPLAINED'}")
    total = len(ours | peer)
    good = peer and not odd and len(differ) * 1000 <= int(permille) * total
    print(f"{'ok' if good else 'not ok'} {name}: {len(ours & peer)} of {total} pairs the same, {len(ours - peer)} ours only, "
          f"{len(peer - ours)} the peer's only, {len(odd)} not explained")
    return 0 if good else 1


def main(args):
    if len(args) == 4 and args[0] == "debsecan":
        make_debsecan(*args[1:])
    elif len(args) == 4 and args[0] == "root":
        make_root(*args[1:])
    elif len(args) == 3 and args[0] == "pairs":
        for p in sorted(pairs(*args[1:])):
            print("\t".join(p))
    elif len(args) == 6 and args[0] == "compare":
        return compare(*args[1:])
    else:
        sys.exit(__doc__)
    return 0


sys.exit(main(sys.argv[1:]))
