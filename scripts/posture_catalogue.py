#!/usr/bin/env python3
"""Turns content/controls.tsv and content/assessments/*.tsv into the C tables that the posture room is built with:
posture_catalogue.py CONTROLS ASSESSMENTS… OUT."""
import re
import sys

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CATEGORIES = ("Identity", "Compute", "Storage", "Networking")
GROUPS = ("Compute", "Networking", "Data", "IdentityAndAccess", "IoT")
SEVERITIES = {"Low": "VL_SEVERITY_LOW", "Medium": "VL_SEVERITY_MEDIUM", "High": "VL_SEVERITY_HIGH"}
GRADES = ("Low", "Moderate", "High")
KINDS = ("image", "registry", "cluster", "environment", "cloud")
REGISTRIES = {"acr", "ecr", "gar", "harbor", "dockerhub", "generic"}
POINTS = 58


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") + '"'


def rows_of(path, columns):
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            fields = line.split("\t")
            if len(fields) != columns or not all(fields):
                sys.exit(f"{path}:{number}: not {columns} columns with something in them")
            yield f"{path}:{number}", fields


def want(place, value, among):
    if value not in among:
        sys.exit(f"{place}: no such value: {value}")
    return value


def key_of(place, value, of, seen):
    if not GUID.fullmatch(value) or value in seen:
        sys.exit(f"{place}: not a GUID, or one that stands twice: {value}")
    seen.add(value)
    return "true" if want(place, of, ("own", "published")) == "own" else "false"


def controls(path):
    lines, index, seen, points = [], {}, set(), 0
    for place, (guid, of, name, maximum, category, text) in rows_of(path, 6):
        own = key_of(place, guid, of, seen)
        index[name] = len(lines)
        points += int(maximum)
        lines.append(f"    {{{quote(guid)}, {quote(name)}, {int(maximum)}, "
                     f"VL_SCORE_{want(place, category, CATEGORIES).upper()}, {quote(text)}, {own}}},\n")
    if points != POINTS:
        sys.exit(f"{path}: {points} points instead of {POINTS}")
    return lines, index


def detector_of(place, text):
    name, _, kinds = text.partition(":")
    want(place, name, ("none", "image", "plan"))
    if name == "image" and not (kinds and set(kinds.split(",")) <= REGISTRIES):
        sys.exit(f"{place}: no such kinds of registries: {kinds}")
    return f"VL_DETECTOR_{name.upper()}", (f'",{kinds},"' if kinds else "NULL")


def assessments(paths, index):
    lines, seen, taken = [], set(), set()
    for path in paths:
        for place, row in rows_of(path, 14):
            key, of, name, cloud, group, severity, control, impact, effort, state, detector, kind, text, cure = row
            own = key_of(place, key, of, seen)
            detector, registries = detector_of(place, detector)
            if control != "-" and control not in index:
                sys.exit(f"{place}: no such control: {control}")
            for registry in registries.strip('",').split(",") if registries != "NULL" else []:
                if registry in taken:
                    sys.exit(f"{place}: another assessment reads registries of kind {registry}")
                taken.add(registry)
            parent = f"&vl_posture_controls[{index[control]}]" if control != "-" else "NULL"
            lines.append(f"    {{{quote(key)}, {quote(name)}, {quote(want(place, cloud, ('Azure', 'AWS', 'GCP')))}, "
                         f"{quote(want(place, group, GROUPS))}, {SEVERITIES[want(place, severity, SEVERITIES)]}, {parent}, "
                         f"{quote(want(place, impact, GRADES))}, {quote(want(place, effort, GRADES))}, "
                         f"{'true' if want(place, state, ('ga', 'preview')) == 'preview' else 'false'}, {detector}, "
                         f"{registries}, {quote(want(place, kind, KINDS))}, {quote(text)}, {quote(cure)}, {own}}},\n")
    if taken != REGISTRIES:
        sys.exit(f"no assessment reads registries of kind {', '.join(sorted(REGISTRIES - taken))}")
    return lines


def main():
    control_lines, index = controls(sys.argv[1])
    assessment_lines = assessments(sys.argv[2:-1], index)
    with open(sys.argv[-1], "w", encoding="utf-8") as out:
        out.write('/* Made by scripts/posture_catalogue.py. */\n#include "posture/catalogue.h"\n\n'
                  "const struct vl_posture_control vl_posture_controls[] = {\n")
        out.writelines(control_lines)
        out.write("};\nconst size_t vl_posture_n_controls = VL_ARRAY_LEN(vl_posture_controls);\n\n"
                  "const struct vl_posture_assessment vl_posture_assessments[] = {\n")
        out.writelines(assessment_lines)
        out.write("};\nconst size_t vl_posture_n_assessments = VL_ARRAY_LEN(vl_posture_assessments);\n")


main()
