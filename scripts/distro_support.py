#!/usr/bin/env python3
"""Turns content/distro-support.tsv into the C table that the package room is built with: distro_support.py IN OUT."""
import datetime
import re
import sys

FIELDS = 6


def die(number, what):
    sys.exit(f"{sys.argv[1]}:{number}: {what}")


def milliseconds(text, number):
    """Start of the day in UTC; 0 for "-"."""
    if text == "-":
        return 0
    try:
        day = datetime.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        die(number, f"no date: {text}")
    return int(day.timestamp()) * 1000


def main():
    rows, seen = [], set()
    with open(sys.argv[1], encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#") or line.startswith("id\t"):
                continue
            fields = line.split("\t")
            if len(fields) != FIELDS:
                die(number, f"{len(fields)} columns instead of {FIELDS}")
            ids, version, codename, *dates = fields
            if not re.fullmatch(r"[a-z0-9_.,-]+", ids) or not re.fullmatch(r"[0-9a-z._-]*\*?", version):
                die(number, "an id or a version has other characters than allowed")
            days = [milliseconds(d, number) for d in dates]
            known = [d for d in days if d]
            if known != sorted(known):
                die(number, "dates are not in order")
            for name in ids.split(","):
                if (name, version) in seen:
                    die(number, f"{name} {version} stands twice")
                seen.add((name, version))
                rows.append((name, version, "" if codename == "-" else codename, *days))
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write('/* Made by scripts/distro_support.py. */\n#include "os/support_table.h"\n\n'
                  "const struct os_support_row os_support_rows[] = {\n")
        for name, version, codename, *days in rows:
            out.write(f'    {{"{name}", "{version}", "{codename}", {days[0]}, {days[1]}, {days[2]}}},\n')
        out.write("};\nconst size_t os_support_n_rows = sizeof(os_support_rows) / sizeof(os_support_rows[0]);\n")


main()
