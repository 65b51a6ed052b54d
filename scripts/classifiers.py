#!/usr/bin/env python3
"""Turns content/classifiers.tsv into the C table that the package room is built with: classifiers.py IN OUT."""
import re
import sys

FIELDS = 6
ESCAPES = {"\\0": b"\0", "\\n": b"\n", "\\s": b" "}


def die(number, what):
    sys.exit(f"{sys.argv[1]}:{number}: {what}")


def literal(text):
    """Bytes of a column."""
    if text == "-":
        return b""
    return b"".join(ESCAPES.get(part, part.encode()) for part in re.split(r"(\\[0ns])", text))


def c_string(data):
    return '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03o}" for b in data) + '"'


def main():
    rows = []
    with open(sys.argv[1], encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            fields = line.split("\t")
            if len(fields) != FIELDS:
                die(number, f"{len(fields)} columns instead of {FIELDS}")
            package, name, before, start, kind, after = fields
            if name.count("*") > 1 or start.count("*") > name.count("*"):
                die(number, 'a "*" too many')
            if kind not in ("d", "u", "v"):
                die(number, f"no class of characters: {kind}")
            before, start, after = literal(before), literal(start), literal(after)
            if len(before) + len(after) < 2 and not start:
                die(number, "nothing that could be found")
            if not before and (start or not after):
                die(number, "without text before, only the text behind can tell")
            head, star, tail = name.partition("*")
            rows.append((package, head, tail, star == "*", before, start, after) + tuple("true" if kind == k else "false" for k in "vu"))
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write('/* Made by scripts/classifiers.py. */\n#include "artifact/classify.h"\n\n'
                  "const struct art_classifier art_classifiers[] = {\n")
        for package, head, tail, star, before, start, after, letters, added in rows:
            out.write(f'    {{"{package}", "{head}", "{tail}", {"true" if star else "false"}, '
                      f"{{{c_string(before)}, {len(before)}}}, {{{c_string(start)}, {len(start)}}}, "
                      f"{{{c_string(after)}, {len(after)}}}, {letters}, {added}}},\n")
        out.write("};\nconst size_t art_n_classifiers = sizeof(art_classifiers) / sizeof(art_classifiers[0]);\n")


main()
