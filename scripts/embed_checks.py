#!/usr/bin/env python3
"""Turns the documents of content/checks and content/standards into the C table that the policy room is built with:
embed_checks.py OUT DEPFILE FOLDER..."""
import os
import sys

LINE = 100  # bytes of one literal


def literal(data):
    lines = []
    for at in range(0, len(data), LINE):
        text = ""
        for b in data[at:at + LINE]:
            c = chr(b)
            if c in '"\\?':
                text += "\\" + c
            elif c == "\n":
                text += "\\n"
            elif 32 <= b < 127:
                text += c
            else:
                text += f"\\{b:03o}"
        lines.append(f'    "{text}"')
    return "\n".join(lines) or '    ""'


def main():
    out, depfile, folders = sys.argv[1], sys.argv[2], sys.argv[3:]
    files, seen = [], []
    for folder in folders:
        seen.append(folder)
        for name in sorted(os.listdir(folder)):
            if name.endswith(".yaml"):
                files.append((os.path.basename(folder) + "/" + name, os.path.join(folder, name)))
    parts = ['/* Made by scripts/embed_checks.py. */\n#include "builtin.h"\n']
    rows = []
    for i, (name, path) in enumerate(files):
        data = open(path, "rb").read()
        parts.append(f"static const char text_{i}[] =\n{literal(data)};\n")
        rows.append(f'    {{"built-in/{name}", text_{i}, sizeof(text_{i}) - 1}},')
    parts.append("const struct policy_builtin policy_builtins[] = {\n" + "\n".join(rows) + "\n    {0},\n};\n")
    open(out, "w").write("\n".join(parts))
    open(depfile, "w").write(os.path.basename(out) + ": " + " ".join(seen + [p for _, p in files]) + "\n")


main()
