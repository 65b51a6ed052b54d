#!/usr/bin/env python3
"""Rules of the tree that a compiler does not check. Prints "ok RULE" or "not ok RULE: places"; exit 1 when one is broken."""
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.chdir(ROOT)

BANNED = ("strcpy strcat sprintf vsprintf strtok gets atoi atol atoll atof strncpy strncat alloca tmpnam mktemp scanf sscanf "
          "signal system popen setjmp").split()
FILE_LINES_MAX = 1200
FUNCTION_LINES_MAX = 100
COMPLEXITY_MAX = 20

# Headers of third parties, each in exactly one wrapper.
WRAPPED = {
    "yyjson.h": 1, "yaml.h": 1, "toml++/toml.h": 1, "expat.h": 1, "isa-l.h": 1, "isa-l/igzip_lib.h": 1, "zstd.h": 2, "lzma.h": 1,
    "bzlib.h": 1, "zlib.h": 1, "archive.h": 1, "curl/curl.h": 2, "sqlite3.h": 2, "hivex.h": 1, "seccomp.h": 1, "re2/re2.h": 1,
    "hs/hs.h": 1, "hs.h": 1, "openssl/evp.h": 1, "gnutls/crypto.h": 1, "libpq-fe.h": 1, "microhttpd.h": 1,
}

broken = 0


def verdict(rule, places):
    global broken
    if places:
        broken += 1
        print(f"not ok {rule}: " + "; ".join(places[:12]) + (f" and {len(places) - 12} more" if len(places) > 12 else ""))
    else:
        print(f"ok {rule}")


def tracked(*patterns):
    return [f for f in subprocess.run(["git", "ls-files", *patterns], capture_output=True, text=True).stdout.split("\n")
            if f and os.path.exists(f)]


def code_lines(path):
    """Lines with comments and strings blanked, so that words in them do not count."""
    with open(path, errors="replace") as f:
        text = f.read()
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)
    text = re.sub(r"//[^\n]*", "", text)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', lambda m: '"' + " " * (len(m[0]) - 2) + '"', text).split("\n")


c_files = tracked("src/*.c", "src/*.h", "cmd/*.c", "tests/*.c", "bench/*.c")
own = [f for f in c_files if f.startswith(("src/", "cmd/"))]
plain = [f for f in own if not re.search(r"/(test|fuzz)_[^/]*$", f)]

formatter = shutil.which("clang-format-19")
if formatter:
    r = subprocess.run([formatter, "--dry-run", "-Werror", *c_files], capture_output=True, text=True)
    verdict("formatted by clang-format-19", sorted({l.split(":")[0] for l in r.stderr.splitlines() if "error:" in l}))
else:
    verdict("formatted by clang-format-19", ["clang-format-19 is not installed"])

banned = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
verdict("no banned functions", [f"{f}:{i}" for f in plain for i, l in enumerate(code_lines(f), 1) if banned.search(l)])
# What a role in a registry hides is hidden on the request's own connections (docs/design/0019-roles-in-parts-of-an-environment.md).
verdict("handlers read as their caller sees",
        [f"{f}:{i}" for f in plain if re.search(r"src/server/(\w+/)?route_\w+\.c$", str(f))
         for i, l in enumerate(code_lines(f), 1) if "vl_store_read(" in l])

raw = {f: open(f, errors="replace").read().split("\n") for f in own}
verdict("no include of ../", [f"{f}:{i}" for f in own for i, l in enumerate(raw[f], 1) if re.match(r'\s*#\s*include\s+"\.\./', l)])
verdict("no hand-written extern prototypes",
        [f"{f}:{i}" for f in plain if f.endswith(".c") for i, l in enumerate(code_lines(f), 1) if re.match(r"\s*extern\s+(?!\"C)", l)])

wrong = []
for header, limit in WRAPPED.items():
    users = [f for f in tracked("src/*.c", "src/*.h", "src/*.cpp", "cmd/*.c") if not re.search(r"/(test|fuzz)_[^/]*$", f)
             and any(re.match(r"\s*#\s*include\s+<" + re.escape(header) + ">", l) for l in open(f, errors="replace"))]
    if len(users) > limit:
        wrong.append(f"{header} in {', '.join(users)}")
verdict("a third-party header in one wrapper only", wrong)

verdict(f"no file over {FILE_LINES_MAX} lines", [f"{f} ({len(raw[f])})" for f in own if len(raw[f]) > FILE_LINES_MAX])

if shutil.which("pmccabe"):
    long_ones = []
    for l in subprocess.run(["pmccabe", *[f for f in plain if f.endswith(".c")]], capture_output=True, text=True).stdout.splitlines():
        parts = l.split("\t")
        # modified complexity (a switch counts once), complexity, statements, first line, lines, "path(line): name"
        if int(parts[0]) > COMPLEXITY_MAX or int(parts[4]) > FUNCTION_LINES_MAX:
            path, line, name = re.match(r"(.*?)\((\d+)\): (\S+)", " ".join(parts[5:])).groups()
            before = "\n".join(raw.get(path, [])[max(0, int(line) - 12):int(line)])
            if "lint: waive" not in before:
                long_ones.append(f"{path}:{line} {name} (complexity {parts[0]}, {parts[4]} lines)")
    verdict(f"no function over {FUNCTION_LINES_MAX} lines or complexity {COMPLEXITY_MAX}", long_ones)

rooms = sorted(d for d in os.listdir("src") if os.path.isdir("src/" + d) and tracked(f"src/{d}/*.c"))
verdict("every room has a README", [r for r in rooms if not os.path.exists(f"src/{r}/README.md")])

untested = []
for f in plain:
    if not f.startswith("src/") or not f.endswith(".c") or f.startswith("src/cli/"):
        continue
    folder, base = os.path.split(f)
    room = folder.split("/")[1]
    stem = base[:-2]
    tests = [t for t in tracked(f"src/{room}/*.c") if re.search(r"/test_[^/]*$", t)]
    if any(os.path.basename(t) == "test_" + base for t in tests):
        continue
    if any(re.search(r"tests:(?:(?!\*/).)*\b" + re.escape(base), open(t, errors="replace").read(4000), re.S) for t in tests):
        continue
    if base in ("table.c", "tables.c") or "lint: no test" in "\n".join(raw[f][:12]):
        continue
    untested.append(f)
verdict("a test beside every source", untested)

verdict("every test asserts", [f for f in tracked("src/*.c") if re.search(r"/test_[^/]*\.c$", f) and "support" not in f
                               and not re.search(r"assert_|fail_msg|foreign_|_suite\(", open(f, errors="replace").read())])

early = []
for f in plain:
    text = "\n".join(code_lines(f))
    for m in re.finditer(r"VL_CLEANUP\(vl_\w+_done\)\s*struct \w+ (\w+);", text):
        rest = text[m.end():]
        used, left = re.search(r"&" + m[1] + r"\b", rest), re.search(r"\breturn\b", rest)
        if left and (not used or left.start() < used.start()):
            early.append(f"{f}:{text[:m.start()].count(chr(10)) + 1}")
verdict("what is cleaned up is set up before the first return", early)

hosts = re.compile(r"registry\.npmjs|deb\.debian\.org|/(?:work|farm)/[a-z]")
verdict("no machine paths or package hosts",
        [f"{f}:{i}" for f in tracked() if not f.endswith((".png", ".zst", ".gz", ".bin")) and "/corpus/" not in f and f != "scripts/lint.py"
         for i, l in enumerate(open(f, errors="replace"), 1) if hosts.search(l)])

r = subprocess.run([sys.executable, "scripts/coverage_page.py", "--check"], capture_output=True, text=True)
verdict("docs/coverage.md is what its script makes", (r.stdout + r.stderr).strip().splitlines() if r.returncode else [])
r = subprocess.run([sys.executable, "scripts/standards_page.py", "--check"], capture_output=True, text=True)
verdict("docs/standards.md is what its script makes", (r.stdout + r.stderr).strip().splitlines() if r.returncode else [])
r = subprocess.run([sys.executable, "scripts/detections_page.py", "--check"], capture_output=True, text=True)
verdict("docs/detections.md is what its script makes", (r.stdout + r.stderr).strip().splitlines() if r.returncode else [])

r = subprocess.run([sys.executable, "scripts/portal_pictures.py", "--check"], capture_output=True, text=True)
verdict("docs/portal.md shows the pictures that are there", (r.stdout + r.stderr).strip().splitlines() if r.returncode else [])

unfinished = re.compile(r"\b(TODO|FIXME|XXX|HACK|unimplemented|not yet implemented)\b")
verdict("nothing marked unfinished", [f"{f}:{i}" for f in tracked("src/*", "cmd/*", "bench/*", "scripts/*.sh") if "/corpus/" not in f
                                      for i, l in enumerate(open(f, errors="replace"), 1) if unfinished.search(l)])
sys.exit(1 if broken else 0)
