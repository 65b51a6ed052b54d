#!/usr/bin/env python3
"""Turns content/maven-groups.tsv into the C table that the package room is built with: maven_groups.py IN OUT."""
import re
import sys


def main():
    rows = {}
    with open(sys.argv[1], encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            artifact, _, group = line.partition("\t")
            if not re.fullmatch(r"[A-Za-z0-9_.-]+\*?", artifact) or not re.fullmatch(r"[A-Za-z0-9_.-]+", group):
                sys.exit(f"{sys.argv[1]}:{number}: an artifact or group has other characters than allowed")
            if artifact in rows:
                sys.exit(f"{sys.argv[1]}:{number}: {artifact} stands twice")
            rows[artifact] = group
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write('/* Made by scripts/maven_groups.py. */\n#include "artifact/jar.h"\n\n'
                  "const struct jar_group_row jar_groups[] = {\n")
        for artifact, group in rows.items():
            out.write(f'    {{"{artifact}", "{group}"}},\n')
        out.write("};\nconst size_t jar_n_groups = sizeof(jar_groups) / sizeof(jar_groups[0]);\n")


main()
