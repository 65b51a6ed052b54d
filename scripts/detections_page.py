#!/usr/bin/env python3
"""Makes docs/detections.md of content/rules and their events: detections_page.py [--check].

Our own files are regular: a key begins a line with two blanks, a text goes on with four."""
import glob
import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs/detections.md")
HEAD = """# Detections of our own

Made by scripts/detections_page.py of [content/rules](../content/rules): do not edit. The rules are written in
[our own form](sigma.md#rules-of-our-own-form); each has events that it must see and events like them that it must not
(content/rules/tests), which `./test` runs. Alert types are Defender's where it has one that says the same.
"""


def rules_of(path):
    """The rules of a file: name, and the text of each key."""
    rules, key = [], None
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if m := re.match(r"- (rule|macro|list): (.*)", line):
                rules.append({"rule": m[2]} if m[1] == "rule" else {})
                key = None
            elif (m := re.match(r"  ([a-z_-]+):(?: (.*))?$", line)) and rules:
                key = m[1]
                rules[-1][key] = (m[2] or "").strip()
            elif line.startswith("    ") and key:
                rules[-1][key] += " " + line.strip()
    return [r for r in rules if "rule" in r]


def title_of(path):
    with open(path, encoding="utf-8") as lines:
        return lines.readline().lstrip("# ").strip().rstrip(".")


def items(text):
    return [t.strip() for t in text.split(",") if t.strip()]


def cases_of(path):
    seen = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            seen[case["rule"], case["case"]] = case["fires"]
    return seen


def page():
    out, themes, n, types, yes, no = [], [], 0, set(), 0, 0
    for path in sorted(glob.glob(os.path.join(ROOT, "content/rules/*.yaml"))):
        rules = rules_of(path)
        if not rules:
            continue
        fires = cases_of(os.path.join(ROOT, "content/rules/tests", os.path.basename(path)[:-5] + ".jsonl")).values()
        yes, no = yes + sum(fires), no + len(fires) - sum(fires)
        n += len(rules)
        rows = []
        for rule in rules:
            mitre = re.match(r"\{tactics: \[(.*?)\], techniques: \[(.*?)\]\}", rule["mitre"])
            kind = "sequence" if "sequence" in rule else "window" if "window" in rule else "one event"
            types.add(rule.get("alert_type", "-"))
            rows.append(f"| {rule['rule']} | {rule['desc']} | {kind} | {rule.get('alert_type', '-')} | {rule['severity']} | "
                        f"{', '.join(items(mitre[1]))}; {', '.join(items(mitre[2]))} |")
        themes.append(f"\n## {title_of(path)}\n\n[{os.path.basename(path)}](../content/rules/{os.path.basename(path)})\n\n"
                      "| rule | what it finds | looks at | alert type | severity | MITRE |\n|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n")
    types.discard("-")
    out.append(HEAD)
    out.append(f"\n{n} rules; {len(types)} alert types of Defender; {yes} cases that must fire, {no} that must not.\n")
    return "".join(out + themes)


def main():
    text = page()
    if "--check" in sys.argv:
        with open(PAGE, encoding="utf-8") as f:
            sys.exit(0 if f.read() == text else "docs/detections.md is not what scripts/detections_page.py makes")
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(text)


main()
