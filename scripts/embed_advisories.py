#!/usr/bin/env python3
"""Turns feeds.tsv and the starter set into the C tables that the advisory room is built with: embed_advisories.py OUT FEEDS SET..."""
import os
import sys


def literal(name, data):
    rows = [", ".join(str(b) for b in data[i:i + 32]) for i in range(0, len(data), 32)]
    return f"static const unsigned char {name}[] = {{\n    " + ",\n    ".join(rows or ["0"]) + "};\n"


def main():
    out, feeds, *sets = sys.argv[1:]
    sets.sort()
    text = ['/* Made by scripts/embed_advisories.py. */\n#include "feed/feed.h"\n\n']
    with open(feeds, "rb") as f:
        text.append(literal("feeds", f.read()))
    names = []
    for i, path in enumerate(sets):
        with open(path, "rb") as f:
            text.append(literal(f"set_{i}", f.read()))
        names.append(os.path.basename(path).removesuffix(".tsv"))
    text.append("\nstruct vl_span vl_feed_rows(void)\n{\n"
                "    return (struct vl_span){(const char *)feeds, sizeof(feeds)};\n}\n\n"
                f"size_t vl_feed_starter_count(void)\n{{\n    return {len(names)};\n}}\n\n"
                "struct vl_feed_starter vl_feed_starter_at(size_t index)\n{\n    switch (index) {\n")
    for i, name in enumerate(names):
        text.append(f'    case {i}:\n        return (struct vl_feed_starter){{"{name}", '
                    f"{{(const char *)set_{i}, sizeof(set_{i})}}}};\n")
    text.append("    default:\n        return (struct vl_feed_starter){0};\n    }\n}\n")
    with open(out, "w", encoding="utf-8") as f:
        f.write("".join(text))


main()
