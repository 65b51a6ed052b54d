#!/usr/bin/env python3
"""Makes docs/standards.md of content/standards and content/checks: which items of each standard are assessed by checks, which need
a person, which no object can tell. standards_page.py [--check]: with --check only compares."""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def field(text, name):
    m = re.search(rf"^{name}: (.*)$", text, re.M)
    return m.group(1).strip().strip('"') if m else ""


def part(line, name):
    m = re.search(rf'\b{name}: ("(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^,}}]+)', line)
    return m.group(1).strip().strip('"') if m else ""


def items_of(text):
    for line in text.splitlines():
        if not line.startswith("  - {id: "):
            continue
        state = "automated" if "checks:" in line else "manual" if "manual:" in line else "not assessable"
        why = part(line, "checks").strip("[]") or part(line, "manual") or part(line, "notAssessable")
        yield part(line, "id"), part(line, "title"), state, why


def page():
    checks = sorted(glob.glob(os.path.join(ROOT, "content/checks/*.yaml")))
    out = ["# Standards\n",
           "Made by `scripts/standards_page.py`. An item is *automated* where checks assess it from cluster objects, *manual* where a person has to look, "
           "*not assessable* where nothing that is seen can tell. A standard is never told as one percentage.\n",
           f"Built-in checks: {len(checks)}; `vallum policy test content/checks` runs their examples.\n",
           "| standard | `--standard` | automated | manual | not assessable |", "|---|---|---|---|---|"]
    sections = []
    for path in sorted(glob.glob(os.path.join(ROOT, "content/standards/*.yaml"))):
        text = open(path).read()
        items = list(items_of(text))
        count = {s: sum(1 for i in items if i[2] == s) for s in ("automated", "manual", "not assessable")}
        name = f"{field(text, 'title')} {field(text, 'version')}"
        out.append(f"| {name} | `{field(text, 'id')}` | {count['automated']} | {count['manual']} | {count['not assessable']} |")
        sections.append(f"\n## {name}\n\n| item | title | state | by |\n|---|---|---|---|")
        sections += [f"| {i} | {t} | {s} | {w} |" for i, t, s, w in items]
    return "\n".join(out + sections) + "\n"


def main():
    path = os.path.join(ROOT, "docs/standards.md")
    text = page()
    if "--check" in sys.argv:
        sys.exit(0 if os.path.exists(path) and open(path).read() == text else "docs/standards.md is not what scripts/standards_page.py makes")
    open(path, "w").write(text)


main()
