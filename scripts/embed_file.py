#!/usr/bin/env python3
"""Turns a file into a C table: embed_file.py NAME HEADER IN OUT makes `const struct vl_span NAME`, which HEADER declares."""
import sys


def main():
    name, header, source, out = sys.argv[1:]
    with open(source, "rb") as f:
        data = f.read()
    rows = [", ".join(str(b) for b in data[i:i + 32]) for i in range(0, len(data), 32)]
    with open(out, "w", encoding="utf-8") as f:
        f.write(f'/* Made by scripts/embed_file.py. */\n#include "{header}"\n\n'
                "static const unsigned char bytes[] = {\n    " + ",\n    ".join(rows or ["0"]) + "};\n"
                f"const struct vl_span {name} = {{(const char *)bytes, {len(data)}}};\n")


main()
