#!/usr/bin/env python3
"""Turns content/sigma-fields.tsv into the C table that the rule room is built with: sigma_fields.py IN OUT."""
import re
import sys

SOURCES = {"syscall": "VL_EVENT_SYSCALL", "k8s_audit": "VL_EVENT_K8S_AUDIT"}
TARGET = re.compile(r"true|[a-z][A-Za-z0-9_.]*(\[[A-Za-z0-9_./]*\])?")


def die(number, what):
    sys.exit(f"{sys.argv[1]}:{number}: {what}")


def quote(text):
    if text in ("-", ""):
        return "NULL"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def source_of(columns, number, sources):
    if len(columns) == 6:
        columns = columns + ["-"]
    if len(columns) != 7:
        die(number, f"{len(columns)} columns instead of 6 or 7")
    name, product, category, service, event_source, condition = columns[1:]
    if not re.fullmatch(r"[a-z_]+", name) or name in sources:
        die(number, f"a bad name, or one that stands twice: {name}")
    if event_source not in SOURCES:
        die(number, f"no such source of events: {event_source}")
    sources[name] = (product, category, service, SOURCES[event_source], condition, {})


def field_of(columns, number, sources):
    if len(columns) != 4:
        die(number, f"{len(columns)} columns instead of 4")
    _, source, name, targets = columns
    if source not in sources:
        die(number, f"no such source: {source}")
    fields = sources[source][5]
    if name in fields:
        die(number, f"stands twice: {name}")
    for target in targets.split(","):
        if not TARGET.fullmatch(target):
            die(number, f"no field of an event: {target}")
    fields[name] = targets


def main():
    sources = {}
    with open(sys.argv[1], encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            columns = line.split("\t")
            if columns[0] == "source":
                source_of(columns, number, sources)
            elif columns[0] == "field":
                field_of(columns, number, sources)
            else:
                die(number, f"neither source nor field: {columns[0]}")
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write('#include "sigma_source.h"\n\n')
        for name, (*_, fields) in sources.items():
            out.write(f"static const struct vl_sigma_field fields_{name}[] = {{\n")
            for field, targets in fields.items():
                out.write(f"    {{{quote(field)}, {quote(targets)}}},\n")
            out.write("};\n\n")
        out.write("const struct vl_sigma_source vl_sigma_sources[] = {\n")
        for name, (product, category, service, source, condition, _) in sources.items():
            out.write(f"    {{{quote(name)}, {quote(product)}, {quote(category)}, {quote(service)}, {source},\n")
            out.write(f"        {quote(condition)}, fields_{name}, VL_ARRAY_LEN(fields_{name})}},\n")
        out.write("};\n")
        out.write("const unsigned vl_sigma_n_sources = VL_ARRAY_LEN(vl_sigma_sources);\n")


main()
