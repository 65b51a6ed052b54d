#!/usr/bin/env python3
"""What of each parser the corpora of its fuzzers reach: line coverage by replay alone, with a floor. tests/fuzz_parsers.txt says which
fuzzer is for which parser and which functions no bytes reach. Use: tests/fuzz_coverage.py BUILD   BUILD: a gcc build with -Db_coverage=true.
   --lines FILE   also prints the lines of that source that no corpus reaches
   --every        also prints what the corpora reach of sources that the table does not name
Exit 1 where a parser is below the floor or the table does not fit the tree."""
import argparse
import concurrent.futures
import fnmatch
import glob
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = os.path.join(ROOT, "tests", "fuzz_parsers.txt")
FLOOR = 80  # percent of lines of every parser, and of all parsers of a fuzzer together


class Table:
    """The lines of tests/fuzz_parsers.txt."""

    def __init__(self, path):
        self.fuzzers = {}  # name of the fuzzer -> its sources
        self.beyond = {}  # (source, function) -> why no bytes reach it
        self.only = {}  # source -> the functions of it that are a parser, and what the others are
        self.apart = {}  # source -> why it has no fuzzer
        self.wrong = []
        fuzzer = None
        for number, line in enumerate(open(path), 1):
            line = line.split("#")[0].rstrip()
            if not line:
                continue
            if m := re.match(r"(\w+):$", line):
                fuzzer = self.fuzzers.setdefault(m[1], [])
            elif (m := re.match(r"  beyond (\S+\.c(?:pp)?):(\w+): (.+)$", line)):
                self.beyond[(m[1], m[2])] = m[3]
            elif (m := re.match(r"  only (\S+\.c(?:pp)?):(\w+(?:,\w+)*): (.+)$", line)):
                self.only[m[1]] = (m[2].split(","), m[3])
            elif (m := re.match(r"apart (\S+): (.+)$", line)):
                self.apart[m[1]] = m[2]
            elif (m := re.match(r"  (\S+\.c(?:pp)?(?: \S+\.c(?:pp)?)*)$", line)) and fuzzer is not None:
                fuzzer += m[1].split()
            else:
                self.wrong.append(f"line {number} is not understood: {line.strip()}")

    def check(self):
        """What the table says against what stands in src/."""
        there = {}
        for path in glob.glob(os.path.join(ROOT, "src", "**", "fuzz_*.c"), recursive=True):
            parts = os.path.relpath(path, os.path.join(ROOT, "src"))[:-2].split("/")
            there["_".join([*parts[:-1], parts[-1][len("fuzz_"):]])] = path
        named = {s for sources in self.fuzzers.values() for s in sources}
        self.wrong += [f"{name} has no line" for name in sorted(set(there) - set(self.fuzzers))]
        self.wrong += [f"{name} is no fuzzer" for name in sorted(set(self.fuzzers) - set(there))]
        self.wrong += [f"{name} names no parser" for name, sources in sorted(self.fuzzers.items()) if not sources]
        self.wrong += [f"{s} does not exist" for s in sorted(named | set(self.apart) | {s for s, _ in self.beyond})
                       if not glob.glob(os.path.join(ROOT, "src", s))]
        self.wrong += [f"{s} stands apart and has a fuzzer" for s in sorted(named & set(self.apart))]
        self.wrong += [f"{s} is left out of nothing" for s, _ in sorted(self.beyond) if s not in named]
        reads = re.compile(r"\b(vl_doc_parse\w*|vl_xml_parse|vl_reader_new|vl_zip_open|vl_tar_new|vl_chunk_file_open|vl_object_open)\(")
        for path in glob.glob(os.path.join(ROOT, "src", "**", "*.c"), recursive=True):
            source = os.path.relpath(path, os.path.join(ROOT, "src"))
            if re.match(r"(test|fuzz)_", os.path.basename(path)) or source in named or any(fnmatch.fnmatch(source, a) for a in self.apart):
                continue
            if m := reads.search(open(path).read()):
                self.wrong.append(f"{source} reads bytes ({m[1]}) and has no fuzzer")
        return self.wrong


def gcov(data, notes, into):
    """Source -> (lines reached or not, functions) of one object, by gcov."""
    os.symlink(notes, os.path.splitext(data)[0] + ".gcno")
    r = subprocess.run(["gcov", "--json-format", "--stdout", data], cwd=into, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = r.stdout
    if out[:2] == b"\x1f\x8b":
        out = gzip.decompress(out)
    return json.loads(out)["files"] if r.returncode == 0 and out else []


def replay(build, name):
    """Runs one replay program; source -> {line: (function, count)}."""
    program = os.path.join(build, "src", "replay_" + name)
    with tempfile.TemporaryDirectory(prefix="vallum-cover.") as prefix:
        r = subprocess.run([program, corpus_of(name)], env={**os.environ, "GCOV_PREFIX": prefix}, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=600)
        if r.returncode != 0:
            raise RuntimeError(f"replay_{name}: exit {r.returncode}\n{r.stdout[-2000:]}")
        lines = {}
        for data in glob.glob(os.path.join(prefix, "**", "*.gcda"), recursive=True):
            notes = os.path.splitext("/" + os.path.relpath(data, prefix))[0] + ".gcno"
            if "/replay_" in data:
                continue
            for file in gcov(data, notes, os.path.dirname(data)):
                path = os.path.normpath(os.path.join(build, file["file"]))
                source = os.path.relpath(path, os.path.join(ROOT, "src"))
                if not source.endswith((".c", ".cpp")) or source.startswith(".."):
                    continue
                spans = [(f["start_line"], f["end_line"], f["name"]) for f in file["functions"]]
                mine = lines.setdefault(source, {})
                for l in file["lines"]:
                    n = l["line_number"]
                    function = l.get("function_name") or next((s[2] for s in spans if s[0] <= n <= s[1]), "")
                    mine[n] = (function, mine.get(n, ("", 0))[1] + l["count"])
        return name, lines


def corpus_of(name):
    for folder in glob.glob(os.path.join(ROOT, "src/*/corpus/*")) + glob.glob(os.path.join(ROOT, "src/*/*/corpus/*")):
        parts = os.path.relpath(folder, os.path.join(ROOT, "src")).split("/")
        parts.remove("corpus")
        if "_".join(re.sub(r"\W", "_", p) for p in parts) == name:
            return folder
    raise RuntimeError(f"fuzz_{name} has no corpus")


def percent(hit, total):
    return 100 * hit / total if total else 100.0


def measure(table, source, lines):
    """Lines of a source that count, and those of them that were reached."""
    count = {n: c for n, (function, c) in lines.items() if (source, function) not in table.beyond
             and (source not in table.only or function in table.only[source][0])}
    return sum(1 for c in count.values() if c), len(count)


def ranges(numbers):
    out = []
    for n in sorted(numbers):
        if out and n == out[-1][1] + 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in out)


def main():
    p = argparse.ArgumentParser(description="Line coverage of the parsers by the corpora of their fuzzers.")
    p.add_argument("build")
    p.add_argument("--lines", action="append", default=[], metavar="FILE")
    p.add_argument("--every", action="store_true")
    p.add_argument("--only", metavar="FUZZER")
    args = p.parse_args()
    build = os.path.abspath(args.build)
    table = Table(TABLE)
    bad = list(table.check()) if not args.only else []
    names = [n for n in sorted(table.fuzzers) if not args.only or re.search(args.only, n)]
    reached = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for name, lines in pool.map(lambda n: replay(build, n), names):
            reached[name] = lines
    all_hit = all_total = 0
    everything = {}
    for name in names:
        for source, lines in reached[name].items():
            mine = everything.setdefault(source, {})
            for n, (function, c) in lines.items():
                mine[n] = (function, mine.get(n, ("", 0))[1] + c)
    # A parser that several fuzzers drive is measured by all of them that name it.
    together = {}
    for name in names:
        for source in table.fuzzers[name]:
            mine = together.setdefault(source, {})
            for n, (function, c) in reached[name].get(source, {}).items():
                mine[n] = (function, mine.get(n, ("", 0))[1] + c)
    for name in names:
        hit = total = 0
        rows = []
        for source in table.fuzzers[name]:
            h, t = measure(table, source, together[source])
            hit, total = hit + h, total + t
            rows.append((source, h, t))
            if t == 0:
                bad.append(f"{name}: {source} is not linked into the fuzzer or has no lines")
            elif percent(h, t) < FLOOR:
                bad.append(f"{name}: {source}: {percent(h, t):.1f} % of {t} lines")
        print(f"{name:34} {percent(hit, total):6.1f} %  {hit}/{total}")
        for source, h, t in rows:
            print(f"    {source:50} {percent(h, t):6.1f} %  {h}/{t}")
        for source in [s for s in table.fuzzers[name] if s in table.only]:
            print(f"        of {source} only {', '.join(table.only[source][0])}: {table.only[source][1]}")
        for source, function in sorted(table.beyond):
            if source in table.fuzzers[name]:
                print(f"        without {source}:{function}: {table.beyond[(source, function)]}")
        all_hit, all_total = all_hit + hit, all_total + total
    left_out = [*table.beyond, *((s, f) for s, (functions, _) in table.only.items() for f in functions)]
    for source, function in sorted(left_out):
        if source in together and not any(f == function for f, _ in together[source].values()):
            bad.append(f"{source} has no function {function}")
    if args.every:
        for source in sorted(set(everything) - set(together)):
            h, t = measure(table, source, everything[source])
            print(f"not in the table: {source:50} {percent(h, t):6.1f} %  {h}/{t}")
    for wanted in args.lines:
        for source in sorted(everything):
            if source.endswith(wanted):
                missing = {}
                for n, (function, c) in (together.get(source) or everything[source]).items():
                    if not c:
                        missing.setdefault(function, []).append(n)
                for function, numbers in missing.items():
                    print(f"{source}: {function}: {ranges(numbers)}")
    print(f"{len(names)} fuzzers, {len(together)} parsers, {percent(all_hit, all_total):.1f} % of their lines by the corpora alone")
    for line in bad:
        print(f"not ok {line}")
    return 1 if bad else 0


sys.exit(main())
