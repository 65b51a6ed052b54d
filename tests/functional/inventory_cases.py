#!/usr/bin/env python3
"""inventory_cases.py SHARED: runs `vallum packages` (VALLUM) over the foreign inventory cases, each as a single file under a name that
its format has and as the folder around it, and over the rpm databases. Prints the cases that fail, "ok" or "not ok", and the figures.

Which name a kind of case needs stands in the tables of src/package/test_foreign_*.c, which run the same cases through the library.
"""
import concurrent.futures
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.environ["VALLUM_CHECKOUT"]
VALLUM = os.environ["VALLUM"].split()
WORDS = {"JS": "language/javascript/", "PY": "language/python/"}


def table():
    """kind -> [(part of the file's name or None, path pattern, function that runs it)]"""
    rows = {}
    for path in sorted(glob.glob(f"{SOURCE}/src/package/test_foreign_*.c")):
        with open(path) as f:
            for m in re.finditer(r"\{(?:(JS|PY) )?\"([^\"]+)\", (?:NULL|\"([^\"]*)\"),\s*\"[^\"]+\",\s*\"([^\"]+)\",\s*\d+,\s*(\w+)\}",
                                 f.read()):
                rows.setdefault(WORDS.get(m[1], "") + m[2], []).append((m[3], m[4], m[5]))
    return rows


def wrong_cases():
    with open(f"{SOURCE}/src/package/wrong-cases.tsv") as f:
        return {line.split("\t")[0] for line in f}


def packages(target):
    r = subprocess.run([*VALLUM, "packages", target, "-o", "json"], capture_output=True, text=True, timeout=120)
    if r.returncode not in (0, 5):
        return r.returncode, None, r.stderr
    report = json.loads(r.stdout)
    return r.returncode, report["packages"], "; ".join(n.get("text", str(n)) for n in report["notes"])


def compare(case, found, how):
    """What is missing and what is too much. An expected entry without type and version may be there or not."""
    if how == "run_sbom":  # the cases have the name of a Maven purl alone, we its namespace too
        found = [dict(p, name=p["name"].split(":")[-1] if p["ecosystem"] == "maven" else p["name"]) for p in found]
    wanted = {(p["name"], p["version"]) for p in case["packages"] if p["type"] or p["version"]}
    allowed = wanted | {(p["name"], p["version"]) for p in case["packages"]}
    have = {(p["name"], p.get("version") or "") for p in found}
    return sorted(wanted - have), sorted(have - allowed)


def judge(case, target, how):
    status, found, said = packages(target)
    if found is None:
        return [] if case["want_error"] else [f"exit {status}: {said.strip()[-200:]}"]
    missing, extra = compare(case, found, how)
    why = [f"missing {m}" for m in missing[:4]] + [f"unexpected {e}" for e in extra[:4]]
    if case["want_error"] and status == 0 and not why and not said:
        why.append("neither an error nor a note")
    return why


def run_case(kind, case, row, root, real):
    part, pattern, how = row
    target = os.path.join(root, pattern.replace("%s", os.path.basename(case["file"])))
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.isdir(real):
        shutil.copytree(real, target, dirs_exist_ok=True)
        return judge(case, root, how)
    if how == "run_with_others":
        # What the file names lies beside it; the folder would give the packages of all.
        shutil.copytree(os.path.dirname(real), os.path.dirname(target), dirs_exist_ok=True)
        shutil.copy(real, target)
        return judge(case, target, how)
    shutil.copy(real, target)
    why = judge(case, target, how)
    return why or [f"as a folder: {w}" for w in judge(case, root, how)]


def run_one(kind, case, row, real):
    name = f"{kind}/{case['file']}"
    with tempfile.TemporaryDirectory() as root:
        return name, run_case(kind, case, row, root, real) if row else ["no row of the tables is for it"]


def row_for(rows, file):
    return next((r for r in rows if r[0] is None or r[0] in file), None)


def inventory(shared, pool):
    rows, wrong, jobs = table(), wrong_cases(), []
    base = f"{shared}/cases/inventory/scalibr"
    for path in sorted(glob.glob(f"{base}/**/cases.json", recursive=True)):
        kind = os.path.relpath(os.path.dirname(path), base)
        with open(path) as f:
            for case in json.load(f):
                row = row_for(rows.get(kind, []), case["file"])
                jobs.append(pool.submit(run_one, kind, case, row, f"{base}/{kind}/{case['file']}"))
    passed = bad = 0
    for job in jobs:
        name, why = job.result()
        passed += not why
        if why and name not in wrong:
            bad += 1
            print(f"  {name}: {'; '.join(why)}")
    print(f"foreign: program/inventory {passed}/{len(jobs)}")
    print(f"{'not ok' if bad or not jobs else 'ok'} inventory: {passed} of {len(jobs)} pass, {bad} fail that no list of wrong cases names")
    return bad or not jobs


def rpm_database(folder):
    with open(f"{folder}/expected.tsv") as f:
        want = sorted(tuple(line.rstrip("\n").split("\t")[:4]) for line in f if line.strip() and not line.startswith("gpg-pubkey\t"))
    database = next(p for n in ("Packages", "Packages.db", "rpmdb.sqlite") if os.path.exists(p := f"{folder}/{n}"))
    want = sorted((n, f"{e + ':' if e not in ('(none)', '0', '') else ''}{v}-{r}") for n, e, v, r in want)
    _, found, said = packages(database)
    have = sorted((p["name"], p["version"]) for p in found or [])
    return folder, len(want), sum(1 for w in want if w in have), want == have, said


def rpm(shared, pool):
    passed = total = bad = 0
    for folder, n, met, same, said in pool.map(rpm_database, sorted(glob.glob(f"{shared}/cases/rpmdb/*"))):
        passed, total, bad = passed + met, total + n, bad + (not same)
        if not same:
            print(f"  {os.path.basename(folder)}: {met} of {n} {said}")
    print(f"foreign: program/rpmdb {passed}/{total}")
    print(f"{'not ok' if bad or not total else 'ok'} rpm databases: {passed} of {total} packages")
    return bad or not total


with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as workers:
    failed = [inventory(sys.argv[1], workers), rpm(sys.argv[1], workers)]
sys.exit(1 if any(failed) else 0)
