#!/usr/bin/env python3
"""Writes the starter set of advisories out of a folder of feeds: starter_advisories.py FEEDS OUT --debian-date DAY --npm-date DAY

FEEDS is laid out as docs/advisory-feeds.md says; read are debian/*.json* (the Debian tracker's export), osv/npm/all.zip and, for
CVSS vectors and dates of CVE records, cvss/*.tsv*. OUT gets starter-debian.tsv and starter-npm.tsv, facts only, sorted: the same
feeds give the same bytes. The packages are those of the demonstration image that ./quickstart builds; a package without an
advisory gets a line of its own, so that "none known" is told apart from "never looked". DAY is the day the data is complete to.
"""
import argparse
import glob
import gzip
import json
import subprocess
import zipfile

RELEASES = {"bookworm": "debian:12", "trixie": "debian:13"}
# Source packages of the image's Debian packages.
SOURCES = {
    "debian:12": "base-files base-passwd bash ca-certificates debianutils expat gcc-12 glibc libxcrypt libzstd ncurses openssl sqlite3 tzdata zlib",
    "debian:13": "base-files base-passwd bash ca-certificates debianutils expat gcc-14 glibc libxcrypt libzstd ncurses openssl sqlite3 tzdata zlib",
}
# What npm resolves for lodash@4.17.11 minimist@0.0.8 express@4.16.0 jsonwebtoken@8.3.0 axios@0.18.0 moment@2.19.1 ejs@2.5.6
# handlebars@4.0.11, and what these resolved to when axios still had dependencies of its own.
NPM = """accepts align-text amdefine array-flatten async axios body-parser buffer-equal-constant-time bytes camelcase center-align cliui
content-disposition content-type cookie cookie-signature debug decamelize depd destroy ecdsa-sig-formatter ee-first ejs encodeurl
escape-html etag express finalhandler follow-redirects forwarded fresh handlebars http-errors iconv-lite inherits ipaddr.js is-buffer
jsonwebtoken jwa jws kind-of lazy-cache lodash lodash.includes lodash.isboolean lodash.isinteger lodash.isnumber lodash.isplainobject
lodash.isstring lodash.once longest media-typer merge-descriptors methods mime mime-db mime-types minimist moment ms negotiator
on-finished optimist parseurl path-to-regexp proxy-addr qs range-parser raw-body repeat-string right-align safe-buffer send
serve-static setprototypeof source-map statuses type-is uglify-js uglify-to-browserify unpipe utils-merge vary window-size wordwrap
yargs"""
COLUMNS = "id aliases namespace package introduced fixed last state severity cvss published cwes title".split()
WORDS = {"MODERATE": "medium", "UNIMPORTANT": "negligible"}


def read(path):
    if path.endswith(".zst"):
        return subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.PIPE).stdout
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        return f.read()


def cve_facts(feeds):
    """CVE: (published, best vector) of CVE records."""
    facts = {}
    for path in sorted(glob.glob(feeds + "/cvss/*.tsv*")):
        for line in read(path).decode().splitlines()[1:]:
            cell = line.split("\t")
            if len(cell) < 5:
                continue
            day, vector = facts.get(cell[0], ("", ""))
            facts[cell[0]] = (day or cell[1][:10], max(vector, cell[4] if cell[3].startswith("3") else ""))
    return facts


def row(**cells):
    return "\t".join(str(cells.get(c) or "-") for c in COLUMNS)


def debian_state(release):
    if release.get("status") == "undetermined":
        return "under_investigation"
    if release.get("nodsa_reason") == "ignored":
        return "will_not_fix"
    return "deferred" if "nodsa" in release else "not_fixed"


def debian(feeds, facts):
    tracker = {}
    for path in sorted(glob.glob(feeds + "/debian/*.json*")):
        tracker.update(json.loads(read(path)))
    rows = []
    for space, sources in SOURCES.items():
        codename = next(c for c, s in RELEASES.items() if s == space)
        for source in sources.split():
            before = len(rows)
            for cve, issue in tracker.get(source, {}).items():
                release = issue["releases"].get(codename)
                fixed = (release or {}).get("fixed_version")
                if not release or fixed == "0" or (release["status"] == "resolved" and not fixed):
                    continue
                urgency = release.get("urgency", "").upper()
                severity = WORDS.get(urgency, urgency.lower() if urgency in ("LOW", "MEDIUM", "HIGH") else "")
                published, vector = facts.get(cve, ("", ""))
                rows.append(row(id=cve, namespace=space, package=source, fixed=fixed, severity=severity, cvss=vector, published=published,
                                state="" if fixed else debian_state(release)))
            if len(rows) == before:
                rows.append(row(namespace=space, package=source))
    return rows


def npm(feeds):
    names = dict.fromkeys(NPM.split(), 0)
    rows = []
    with zipfile.ZipFile(feeds + "/osv/npm/all.zip") as archive:
        for member in archive.namelist():
            record = json.loads(archive.read(member))
            if record.get("withdrawn"):
                continue
            vectors = [s["score"] for s in record.get("severity", []) if s["type"] == "CVSS_V3"]
            extra = record.get("database_specific", {})
            word = extra.get("severity", "")
            cwes = " ".join(sorted(c.removeprefix("CWE-") for c in extra.get("cwe_ids", [])))
            for affected in record.get("affected", []):
                package = affected.get("package", {})
                if package.get("ecosystem") != "npm" or package.get("name") not in names:
                    continue
                for span in affected.get("ranges", []):
                    introduced = ""
                    for event in span.get("events", []):
                        introduced = event.get("introduced", introduced)
                        if "introduced" in event and event is not span["events"][-1]:
                            continue
                        names[package["name"]] += 1
                        rows.append(row(id=record["id"], aliases=" ".join(sorted(record.get("aliases", []))), namespace="npm",
                                        package=package["name"], introduced="" if introduced == "0" else introduced,
                                        fixed=event.get("fixed"), last=event.get("last_affected"), severity=WORDS.get(word, word.lower()),
                                        cvss=max(vectors, default=""), published=record.get("published", "")[:10], cwes=cwes))
    return rows + [row(namespace="npm", package=name) for name, n in names.items() if n == 0]


def write(path, what, day, rows):
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"# Starter set: {what}. Made by scripts/starter_advisories.py; facts only.\n# " + "\t".join(COLUMNS) + f"\n@date\t{day}\n")
        f.write("".join(r + "\n" for r in sorted(set(rows))))
    print(path, len(set(rows)))


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("feeds")
    p.add_argument("out")
    p.add_argument("--debian-date", required=True)
    p.add_argument("--npm-date", required=True)
    a = p.parse_args()
    write(a.out + "/starter-debian.tsv", "Debian packages of the demonstration image", a.debian_date, debian(a.feeds, cve_facts(a.feeds)))
    write(a.out + "/starter-npm.tsv", "npm packages of the demonstration image", a.npm_date, npm(a.feeds))


main()
