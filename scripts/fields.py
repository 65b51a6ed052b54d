#!/usr/bin/env python3
"""Turns content/fields.tsv and content/event-types.txt into the C tables of the event room: fields.py FIELDS TYPES OUT."""
import re
import sys

SOURCES = ["syscall", "k8s_audit", "log"]
TYPES = "string path int uint double bool time duration ip net port bytes".split()
FORMS = {"evt.time": 1, "evt.time.s": 2, "evt.time.iso8601": 3, "evt.datetime": 4, "evt.datetime.s": 5}
KEYS_MAX = 8  # EVENT_PATH_MAX in audit.h
TYPES_MAX = 512  # VL_EVENT_TYPES_MAX in event.h


def die(path, number, what):
    sys.exit(f"{path}:{number}: {what}")


def read_lines(path):
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if line and not line.startswith("#"):
                yield number, line


def c_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def keys_of(pointer):
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def read_fields(path):
    rows = []
    for number, line in read_lines(path):
        columns = line.split("\t")
        if len(columns) not in (6, 7):
            die(path, number, f"{len(columns)} columns instead of 6 or 7")
        source, name, kind, arg, flags, description = columns[:6]
        where = columns[6].split(" ") if len(columns) == 7 else [""]
        if kind not in TYPES:
            die(path, number, f"unknown type {kind}")
        if not re.fullmatch(r"-|(index|key)!?", arg):
            die(path, number, f"unknown argument {arg}")
        if not re.fullmatch(r"-|[leaort]+", flags):
            die(path, number, f"unknown flags {flags}")
        if not re.fullmatch(r"[a-z][A-Za-z0-9_.]*", name):
            die(path, number, f"no name: {name}")
        keys = keys_of(where[1]) if len(where) > 1 and where[1].startswith("/") else where[1:]
        if len(keys) >= KEYS_MAX:
            die(path, number, "too many keys")
        for s in ["syscall", "k8s_audit"] if source == "both" else [source]:
            if s not in SOURCES:
                die(path, number, f"unknown source {s}")
            rows.append((SOURCES.index(s), name, kind, arg, flags, description, where[0] or "none", keys))
    rows.sort(key=lambda r: (r[0], r[1].encode()))
    for a, b in zip(rows, rows[1:]):
        if a[:2] == b[:2]:
            sys.exit(f"{path}: {a[1]} stands twice")
    return rows


def c_field(i, row):
    source, name, kind, arg, flags, description, _, _ = row
    word = lambda flag: "true" if flag in flags else "false"
    index = {"-": "NONE", "index": "INDEX", "key": "KEY"}[arg.rstrip("!")]
    return (f"    {{.name = {c_string(name)}, .description = {c_string(description)}, .id = {i}, .source = {source}, "
            f".type = {TYPES.index(kind)}, .arg = VL_FIELD_ARG_{index}, .arg_required = {'true' if arg.endswith('!') else 'false'}, "
            f".is_list = {word('l')}, .filterable = true, .printable = {'false' if 'o' in flags else 'true'}, "
            f".either = {word('e')}, .any_ancestor = {word('a')}, .no_right = {word('r')}, .no_transformer = {word('t')}, "
            f".form = {FORMS.get(name, 0)}}},\n")


def main():
    rows = read_fields(sys.argv[1])
    types = sorted((line for _, line in read_lines(sys.argv[2])), key=lambda n: n.encode())
    if len(types) != len(set(types)) or len(types) + 2 > TYPES_MAX:
        sys.exit(f"{sys.argv[2]}: too many event types, or one stands twice")
    with open(sys.argv[3], "w", encoding="utf-8") as out:
        out.write('/* Made by scripts/fields.py. */\n#include "audit.h"\n#include "field_table.h"\n\n'
                  "const struct vl_field event_fields[] = {\n")
        out.writelines(c_field(i, row) for i, row in enumerate(rows))
        out.write(f"}};\nconst uint16_t event_n_fields = {len(rows)};\nconst uint16_t event_source_starts[] = {{")
        out.write(", ".join(str(sum(1 for r in rows if r[0] < s)) for s in range(len(SOURCES) + 1)) + "};\n\n")
        out.write("const struct event_path event_paths[] = {\n")
        for row in rows:
            out.write(f"    {{EVENT_PATH_{row[6].upper()}, {{{', '.join(map(c_string, row[7])) or 'NULL'}}}}},\n")
        out.write("};\n\nconst char *const event_type_names[] = {\n")
        out.writelines(f"    {c_string(t)},\n" for t in types)
        out.write(f"}};\nconst uint16_t event_n_types = {len(types)};\n")


main()
