#!/usr/bin/env python3
"""Joins rows of the peer's database that have one key: merge_rows.py <ROWS >ROWS, a JSON object {"p": bucket, "k": key, "v": value} a line.

The peer's store keeps one value a key, the last one written. A feed that tells of a vulnerability in several entries (one range of
versions each, as RetireJS and OSV do) would lose all ranges but the last: their lists are put together instead.
"""
import json
import sys

LISTS = ("VulnerableVersions", "PatchedVersions")
rows = {}
lost = 0
for line in sys.stdin:
    row = json.loads(line)
    key = (tuple(row["p"]), row["k"])
    before = rows.get(key)
    if before and LISTS[0] in before and LISTS[0] in row["v"]:
        for name in LISTS:
            before[name] += [v for v in row["v"].get(name, []) if v not in before[name]]
        lost += 1
    else:
        rows[key] = row["v"]
for (bucket, key), value in rows.items():
    print(json.dumps({"p": bucket, "k": key, "v": value}))
print(f"{len(rows)} rows, {lost} joined to others", file=sys.stderr)
