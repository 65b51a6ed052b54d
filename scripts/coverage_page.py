#!/usr/bin/env python3
"""Makes docs/coverage.md of out/foreign.txt (which tests/run.py writes), content/coverage.tsv and the parsers of src/package.

coverage_page.py           writes the page
coverage_page.py --check   the page is what this script makes of the figures in it; where out/foreign.txt is, its figures are those
                           of the page (for sets of cases of equal size: another collection of cases has other figures)
"""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs/coverage.md")
FOREIGN = os.path.join(ROOT, "out/foreign.txt")

HEAD = """# What is covered

Made by `scripts/coverage_page.py` of what the tests counted; not edited by hand.

A foreign case is a file, a row or a record that nobody of this project wrote, with an answer that nobody of this project worked
out. There are two kinds. Most come with the answer that their authors expect: they lie in a folder `shared` beside the checkout
and are no part of the tree. The others, `reader/…`, are files of other projects' packages, or files that the real program wrote,
and another program that reads the same file gives the answer at run time (`./test --slice agreement`): how many there are goes
with the machine; `@npm`: out of npm's packages, the others out of Debian's. A format without a foreign case of either kind counts as **not built**:
what is there was tested with files of ours alone, or with what real programs wrote, and nobody else's answer confirms it.
Cases that do not pass are listed in `src/*/wrong-cases.tsv`, each with a second source that says the case is wrong.
"""

ROOMS = (("version", "Versions: orders and constraints"), ("advisory", "CVSS"), ("model", "Package URLs"), ("image", "Image layers"),
         ("scan", "Scans"), ("program", "Through the program"), ("package", "Packages"),
         ("reader", "Package readers: what other programs read in other people's files"), ("cel", "CEL"), ("policy", "Policies"), ("rule", "Detection rules"))

# Why cases do not pass that no wrong-cases.tsv tells of: they ask for what is not built, or is not ours; the tests list each.
OUTSIDE = {
    "rule/falco-filter-eval/cases.jsonl": "outside: 221 ask for what Falco's capture library keeps from call to call (no sensor yet), 24 for fields of "
                                          "plugins; all conditions pass but those of plugins",
    "rule/falco-filter-eval/formatter_strings.json": "outside: an option of the library that Falco never sets (stop at a missing value)",
    "rule/falco-rule-loader": "outside: assertions on several rule sets in one engine, and on objects of its C++ interface",
}


def read(path):
    with open(os.path.join(ROOT, path), errors="replace") as f:
        return f.read()


def figures(text):
    return {m[1]: (int(m[2]), int(m[3])) for m in re.finditer(r"^foreign: (\S+) (\d+)/(\d+)$", text, re.M)}


def page_figures(text):
    return {m[1]: (int(m[2]), int(m[3])) for m in re.finditer(r"^\| `([^`|]+)` \| (\d+)/(\d+) \|", text, re.M)}


def parsers():
    """name of a parser -> kinds of foreign cases that are run through it"""
    found = {}
    for path in sorted(glob.glob(os.path.join(ROOT, "src/package/*/*.c"))):
        if not re.search(r"/(test|fuzz)_", path):
            for m in re.finditer(r"struct vl_package_parser \w+ = \{\s*(?:\.name = )?\"([^\"]+)\"", read(path)):
                found[m[1]] = set()
    words = {"JS": "language/javascript/", "PY": "language/python/"}
    for path in sorted(glob.glob(os.path.join(ROOT, "src/package/test_foreign_*.c"))):
        for m in re.finditer(r"\{(?:(JS|PY) )?\"([^\"]+)\", (?:NULL|\"[^\"]*\"),\s*\"([^\"]+)\"", read(path)):
            if m[3] in found:
                found[m[3]].add("package/" + words.get(m[1], "") + m[2])
    found.get("rpm", set()).add("package/rpmdb")
    for name, kinds in found.items():
        kinds.update(("reader/" + name, f"reader/{name}@npm"))
    return found


def row(name, counts, note=""):
    return f"| `{name}` | {counts[0]}/{counts[1]} | {note} |"


def page(counts):
    out = [HEAD]
    total = [sum(c[i] for c in counts.values()) for i in (0, 1)]
    out.append(f"{total[0]} of {total[1]} foreign cases pass.\n")
    readers = parsers()
    for room, title in ROOMS:
        names = sorted(n for n in counts if n.startswith(room + "/"))
        if not names:
            continue
        out.append(f"## {title}\n\n| cases | passed/total | |\n|---|---|---|")
        for n in names:
            read_by = "" if room == "reader" else ", ".join(sorted(p for p, kinds in readers.items() if n in kinds))
            note = "not built: no foreign case" if counts[n][1] == 0 else f"read by {read_by}" if read_by else OUTSIDE.get(n, "")
            out.append(row(n, counts[n], note))
        out.append("")
    none = sorted(p for p, kinds in readers.items() if not any(counts.get(k, (0, 0))[1] for k in kinds))
    out.append("## Package formats without a foreign case: not built, in the sense of this page\n")
    out.append("These readers exist and run in every scan; only tests of ours, and files of real programs, speak for them.\n")
    out.append("\n".join(f"- `{p}`" for p in none) + "\n")
    out.append("## Sources\n\n- real: the thing itself, or its unchanged data\n- recorded exchange: what the thing once sent or left on disk")
    out.append("- untried: at most a server or a document of ours, written from the published description\n")
    out.append("| kind | source | tried | with what |\n|---|---|---|---|")
    for line in read("content/coverage.tsv").splitlines():
        if line and not line.startswith("#"):
            kind, name, tried, what = line.split("\t")
            if tried not in ("real", "recorded exchange", "untried"):
                sys.exit(f"content/coverage.tsv: {name}: {tried!r} is none of the three words")
            out.append(f"| {kind} | {name} | {tried} | {what} |")
    return "\n".join(out) + "\n"


def check():
    text = read("docs/coverage.md")
    shown = page_figures(text)
    wrong = [] if page(shown) == text else ["docs/coverage.md is not what scripts/coverage_page.py makes"]
    if os.path.exists(FOREIGN):
        for name, counts in sorted(figures(read(FOREIGN)).items()):
            if name not in shown:
                wrong.append(f"{name} is not in docs/coverage.md")
            elif counts[1] == shown[name][1] and counts != shown[name]:
                wrong.append(f"{name}: {counts[0]} passed, the page says {shown[name][0]}")
    print("\n".join(wrong))
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--check"]:
        return check()
    if sys.argv[1:]:
        sys.exit(__doc__)
    counts = figures(read(FOREIGN))
    if not counts:
        sys.exit("out/foreign.txt has no figures: run ./test with the foreign cases beside the checkout")
    with open(PAGE, "w") as f:
        f.write(page(counts))
    return 0


sys.exit(main())
