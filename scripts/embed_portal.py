#!/usr/bin/env python3
"""Turns the files of portal/dist into the C table that the portal's routes are built with: embed_portal.py OUT DEPFILE DIST.
Each file stands in it twice, as it is and by gzip. Texts of the table say what they are by the ending of the name."""
import gzip
import os
import sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8"}


def literal(name, data):
    rows = [",".join(str(b) for b in data[i:i + 64]) for i in range(0, len(data), 64)]
    return f"static const unsigned char {name}[] = {{\n" + ",\n".join(rows) + "};\n"


def main():
    out, depfile, dist = sys.argv[1:]
    folders, names = [], []
    for folder, inner, files in os.walk(dist):
        inner.sort()
        folders.append(folder)
        names += [os.path.relpath(os.path.join(folder, name), dist) for name in files]
    names.sort()
    parts = ['/* Made by scripts/embed_portal.py. */\n#include "portal/portal.h"\n']
    rows = []
    for i, name in enumerate(names):
        with open(os.path.join(dist, name), "rb") as f:
            data = f.read()
        parts.append(literal(f"plain_{i}", data))
        parts.append(literal(f"gzip_{i}", gzip.compress(data, 9, mtime=0)))
        rows.append(f'    {{"{name}", "{TYPES[os.path.splitext(name)[1]]}",\n'
                    f"        {{(const char *)plain_{i}, sizeof(plain_{i})}}, {{(const char *)gzip_{i}, sizeof(gzip_{i})}}}},")
    parts.append("const struct vl_portal_file vl_portal_files[] = {\n" + "\n".join(rows) + "\n    {0},\n};\n")
    with open(out, "w", encoding="ascii") as f:
        f.write("\n".join(parts))
    with open(depfile, "w", encoding="utf-8") as f:
        f.write(os.path.basename(out) + ": " + " ".join(folders + [os.path.join(dist, name) for name in names]) + "\n")


main()
