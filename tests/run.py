#!/usr/bin/env python3
"""Runs the tests of the tree and counts them. Called by ./test, which installs what is needed first."""
import argparse
import concurrent.futures
import fcntl
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = os.environ.get("VALLUM_SHARED") or os.path.join(os.path.dirname(ROOT), "shared")
FUZZ_SECONDS = int(os.environ.get("VALLUM_FUZZ_SECONDS", "20"))
FUZZ_RATE = 200  # inputs a second: a slower fuzzer is named
# Tests that build a peer first (Trivy, an image of 700 MB; Kubernetes' evaluator) or drive a browser: slices of their own.
HEAVY = {"test_agreement": "agreement", "test_cel_oracle": "agreement", "test_portal": "portal", "test_azure_cli": "clients",
         "test_two_servers": "kill", "test_prometheus": "clients"}
# Readers against other programs: packages and archives of strangers, which `full` of scripts/setup.sh fetches.
HEAVY.update({os.path.basename(t): "agreement" for t in glob.glob(os.path.join(ROOT, "tests/functional/test_other_readers_*"))})
HEAVY_SECONDS = 5400
COVERAGE_FLOOR = 80  # percent of lines, over all rooms


class Tally:
    """Counts cases, remembers what failed and what was skipped."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.failures = []
        self.skips = []

    def ok(self, n=1):
        self.passed += n

    def fail(self, name, detail=""):
        self.failed += 1
        self.failures.append(name)
        print(f"FAILED {name}")
        if detail:
            print("    " + "\n    ".join(detail.strip().splitlines()[-40:]))
        sys.stdout.flush()

    def skip(self, name, why=""):
        self.skipped += 1
        self.skips.append((name, why))


def strict():
    """With the foreign cases and root at hand nothing may be skipped."""
    return os.path.isdir(SHARED) and os.geteuid() == 0


def environment(build):
    env = dict(os.environ)
    env["VALLUM_CHECKOUT"] = ROOT
    env["VALLUM_BUILD"] = build
    env["VALLUM"] = os.path.join(build, "cmd", "vallum")
    env.setdefault("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=0:allocator_may_return_null=1")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    if os.path.isdir(SHARED):
        env["VALLUM_SHARED"] = SHARED
    return env


def step(what):
    print(f"== {what}")
    sys.stdout.flush()


def run(cmd, env=None, timeout=None, cwd=ROOT):
    return subprocess.run(cmd, env=env, timeout=timeout, cwd=cwd, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")


def compiler_env(cc, cxx):
    env = dict(os.environ)
    ccache = shutil.which("ccache")
    env["CC"] = f"ccache {cc}" if ccache else cc
    env["CXX"] = f"ccache {cxx}" if ccache else cxx
    return env


def build(name, options, tally, cc="gcc", cxx="g++", targets=()):
    """Configures and builds build-NAME; None where that fails."""
    folder = os.path.join(ROOT, "build-" + name)
    env = compiler_env(cc, cxx)
    os.makedirs(os.path.join(ROOT, "out"), exist_ok=True)
    with open(os.path.join(ROOT, "out", f"build-{name}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two runs at once the second waits: two ninjas spoil a folder
        if not os.path.exists(os.path.join(folder, "build.ninja")):
            r = run(["meson", "setup", folder, *options], env=env)
        else:
            r = run(["meson", "configure", folder, *[o for o in options if o.startswith("-D")]], env=env)
        if r.returncode == 0:
            r = run(["ninja", "-C", folder, *targets], env=env)
    if r.returncode != 0:
        lines = [l for l in r.stdout.splitlines() if re.search(r"error|warning|FAILED|ERROR", l)] or r.stdout.splitlines()
        tally.fail(f"build {name}", "\n".join(lines[-40:]))
        return None
    tally.ok()
    return folder


def cases_passed(output):
    """How many cases a unit test's program counts; 0 where it does not tell."""
    return sum(map(int, re.findall(r"\[  PASSED  \] (\d+) test", output)))


def count_meson(folder, tally, results):
    """Adds the outcome of a `meson test` run, case by case where the program tells."""
    path = os.path.join(folder, "meson-logs", "testlog.json")
    with open(path) as f:
        for line in f:
            r = json.loads(line)
            name = r["name"].strip()
            out = (r.get("stdout") or "") + (r.get("stderr") or "")
            results.append((name, r["result"], out))
            if r["result"] == "OK":
                tally.ok(cases_passed(out) or 1)
            elif r["result"] == "SKIP":
                tally.skip(name, (out.strip().splitlines() or [""])[-1])
            else:
                tally.fail(f"{name} ({r['result']})", out)


def meson_test(folder, tally, only=None, wrapper=None, suites=(), multiplier=1, extra_env=None):
    cmd = ["meson", "test", "-C", folder, "--no-rebuild", "-t", str(multiplier), "--num-processes", str(os.cpu_count() or 2)]
    for s in suites:
        cmd += ["--suite", s]
    if wrapper:
        cmd += ["--wrapper", wrapper]
    if only:
        listed = run(["meson", "test", "-C", folder, "--no-rebuild", "--list"]).stdout.splitlines()
        names = [l.split(" / ")[-1].strip() for l in listed if only in l]
        if not names:
            return []
        cmd += names
    log = os.path.join(folder, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.unlink(log)
    r = run(cmd, env={**environment(folder), **(extra_env or {})})
    results = []
    if not os.path.exists(log):
        tally.fail("meson test", r.stdout)
    else:
        count_meson(folder, tally, results)
    return results


def on_postgresql(folder, tally, only=None):
    """The server's unit tests once more, each on a database of its own of a PostgreSQL that runs for them."""
    names = []
    for source in sorted(glob.glob(os.path.join(ROOT, "src/server/**/test_*.c"), recursive=True)):
        name = "test_" + os.path.relpath(source, os.path.join(ROOT, "src")).replace("/test_", "_").replace("/", "_")[:-2]
        with open(source) as f:
            # backups are files of another kind there: tests/functional/test_vallumd has them
            if "vl_test_server_start" in f.read() and (not only or only in name) and name not in ("test_server_server", "test_server_backup"):
                names.append(name)
    if not names:
        return
    step("the server's unit tests on PostgreSQL")
    with subprocess.Popen([sys.executable, "tests/servers/postgresql.py"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        url = server.stdout.readline().strip()

        def one(name):
            mine = url.replace("/vallum?", f"/{name}?")
            made = run(["psql", "-q", url, "-c", f"CREATE DATABASE {name}"])
            if made.returncode:
                return name, made
            try:
                return name, run([os.path.join(folder, "src", name)], env={**environment(folder), "VALLUM_TEST_DATABASE": mine}, timeout=600)
            except subprocess.TimeoutExpired as e:
                return name, subprocess.CompletedProcess(e.cmd, -1, "no end within its time")

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            for name, r in pool.map(one, names if url else []):
                if r.returncode == 0 and cases_passed(r.stdout):
                    tally.ok(cases_passed(r.stdout))
                else:
                    tally.fail(f"{name} on PostgreSQL (exit {r.returncode})", r.stdout)
        if not url:
            tally.skip("the server's unit tests on PostgreSQL", "no PostgreSQL is installed")
        server.stdin.close()


def runs_vallumd(script):
    with open(script) as f:
        text = f.read()
    return "vallumd" in text or "client.sh" in text


def functional(folder, tally, only=None, extra_env=None, heavy=None, chosen=lambda script: True):
    """Each script in tests/functional prints "ok NAME", "not ok NAME" or "skip NAME: why" a case."""
    results = []
    scripts = sorted(filter(chosen, glob.glob(os.path.join(ROOT, "tests/functional/test_*"))))
    for script in scripts:
        name = os.path.basename(script)
        if (only and only not in name) or HEAVY.get(name) != heavy:
            continue
        env = environment(folder)
        env.update(extra_env or {})
        began = time.time()
        try:
            r = run([script], env=env, timeout=HEAVY_SECONDS if heavy else 1500)
        except subprocess.TimeoutExpired:
            tally.fail(name, "no end within its time")
            continue
        cases = 0
        results.append((name, r.returncode, r.stdout))
        for line in r.stdout.splitlines():
            m = re.match(r"(ok|not ok|skip) (.*)", line)
            if not m:
                continue
            cases += 1
            if m[1] == "ok":
                tally.ok()
            elif m[1] == "skip":
                tally.skip(f"{name}: {m[2]}")
            else:
                tally.fail(f"{name}: {m[2]}", r.stdout)
        if r.returncode == 77:
            tally.skip(name, (r.stdout.strip().splitlines() or [""])[-1])
        elif r.returncode != 0 and "not ok " not in r.stdout:
            tally.fail(f"{name} (exit {r.returncode})", r.stdout)
        elif cases == 0:
            tally.fail(name, "reported no case\n" + r.stdout)
        print(f"   {name}: {cases} cases, {time.time() - began:.0f} s")
        sys.stdout.flush()
    return results


def lint(tally, only=None):
    if only and only not in "lint":
        return
    r = run([sys.executable, "scripts/lint.py"])
    for line in r.stdout.splitlines():
        if line.startswith("ok "):
            tally.ok()
        elif line.startswith("not ok "):
            tally.fail("lint: " + line[7:])
    if r.returncode not in (0, 1):
        tally.fail("lint", r.stdout)


SANITIZED = ["-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dbuildtype=debugoptimized", "-Dwerror=true"]


def quick(tally, only=None):
    step("build with sanitizers")
    folder = build("asan", SANITIZED, tally)
    if not folder:
        return
    step("unit tests and corpora")
    results = meson_test(folder, tally, only)
    on_postgresql(folder, tally, only)
    step("functional tests")
    results += functional(folder, tally, only)
    write_foreign(results, only)
    step("lint")
    lint(tally, only)


def write_foreign(results, only):
    """Keeps the lines about foreign cases, which docs/coverage.md is generated from; a part of the tests renews its lines, and what the
    slices count ("reader/…") stays."""
    path = os.path.join(ROOT, "out", "foreign.txt")
    kept = {}
    old = open(path).read().splitlines() if os.path.exists(path) else []
    if not only:
        old = [line for line in old if line.startswith("foreign: reader/")]
    for line in old + [l for _, _, out in results for l in out.splitlines()]:
        if m := re.match(r"foreign: (\S+) \d+/\d+$", line):
            kept[m[1]] = line
    if kept:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write("\n".join(kept[name] for name in sorted(kept)) + "\n")


def slice_clang(tally):
    step("clang-19 with sanitizers: build and unit tests")
    folder = build("clang", SANITIZED, tally, "clang-19", "clang++-19")
    if folder:
        meson_test(folder, tally)


def slice_analyzer(tally):
    step("gcc -fanalyzer over the C sources")
    # gcc 12 loses what is stored in an element of an array and calls it leaked; LeakSanitizer and valgrind watch leaks.
    build("analyzer", ["-Dbuildtype=debug", "-Dtests=false", "-Dwerror=true",
                       "-Dc_args=-fanalyzer -Wno-analyzer-use-of-uninitialized-value -Wno-analyzer-malloc-leak"], tally)


def slice_static(tally):
    step("clang-tidy and cppcheck")
    folder = build("clang", SANITIZED, tally, "clang-19", "clang++-19")
    if not folder:
        return
    sources = sorted(s for s in run(["git", "ls-files", "src/*.c", "cmd/*.c"]).stdout.split()
                     if not re.search(r"/(test|fuzz)_[^/]*$", s))
    r = run(["run-clang-tidy-19", "-quiet", "-p", folder, "-j", str(os.cpu_count() or 2), *[f"^{ROOT}/{s}$" for s in sources]])
    bad = [l for l in r.stdout.splitlines() if re.search(r": (warning|error): ", l)]
    tally.fail("clang-tidy", "\n".join(bad)) if bad or r.returncode else tally.ok()
    includes = [f"-I{d}" for d in sorted(glob.glob(os.path.join(ROOT, "src/*/include")) + glob.glob(os.path.join(ROOT, "src/*/")))]
    r = run(["cppcheck", "--quiet", "--enable=warning,portability", "--std=c11", "--inline-suppr", "--error-exitcode=1",
             "--suppress=missingIncludeSystem", "-j", str(os.cpu_count() or 2), "-D_GNU_SOURCE", '-DVL_VERSION="x"', *includes, *sources])
    tally.fail("cppcheck", r.stdout) if r.returncode else tally.ok()


def under_valgrind(tally, chosen):
    folder = build("valgrind", ["-Dbuildtype=debugoptimized", "-Dtests=false"], tally)
    if folder:
        functional(folder, tally, chosen=chosen, extra_env={
            "VALLUM_WRAPPER": "valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite "
                              f"--trace-children=yes --suppressions={ROOT}/tests/valgrind.supp"})


def slice_valgrind(tally):
    step("functional tests of the commands under valgrind")
    under_valgrind(tally, lambda script: not runs_vallumd(script))


def slice_valgrind_server(tally):
    step("functional tests with a vallumd under valgrind")
    under_valgrind(tally, runs_vallumd)


def slice_coverage(tally):
    step("coverage")
    folder = build("coverage", ["-Db_coverage=true", "-Dbuildtype=debug"], tally)
    if not folder:
        return
    meson_test(folder, tally)
    on_postgresql(folder, tally)
    functional(folder, tally)
    r = run(["gcovr", "--root", ROOT, "--object-directory", folder, "--filter", "src/", "--exclude", r".*/(test|fuzz)_.*",
             "--gcov-ignore-parse-errors", "--print-summary", f"--fail-under-line={COVERAGE_FLOOR}"])
    print("\n".join(r.stdout.splitlines()[-4:]))
    tally.fail(f"coverage under {COVERAGE_FLOOR} %", r.stdout) if r.returncode else tally.ok()
    step("what the corpora alone reach of every parser")
    r = run([sys.executable, "tests/fuzz_coverage.py", folder])
    print(r.stdout.rstrip())
    tally.fail("corpora", "\n".join(l for l in r.stdout.splitlines() if l.startswith("not ok")) or r.stdout) if r.returncode else tally.ok()


def slice_fuzz(tally):
    step(f"fuzzing, {FUZZ_SECONDS} s a target")
    folder = build("fuzz", ["-Dfuzzers=true", "-Dtests=false", "-Db_sanitize=address,undefined", "-Db_lundef=false"], tally,
                   "clang-19", "clang++-19")
    if not folder:
        return
    targets = sorted(t for t in glob.glob(os.path.join(folder, "src", "fuzz_*")) if os.access(t, os.X_OK) and not os.path.isdir(t))
    if not targets:
        tally.fail("fuzz", "no fuzz target was built")
    # Short stacks of allocations and a small quarantine take a sixth to a quarter less processor time.
    env = environment(folder)
    env["ASAN_OPTIONS"] += ":malloc_context_size=4:quarantine_size_mb=16"
    running = []
    rates = []  # inputs a second, and the fuzzer
    queue = list(targets)
    work = os.path.join(folder, "found")
    os.makedirs(work, exist_ok=True)

    def corpus_of(target):
        name = os.path.basename(target)[5:]
        for folder_ in glob.glob(os.path.join(ROOT, "src/*/corpus/*")) + glob.glob(os.path.join(ROOT, "src/*/*/corpus/*")):
            parts = os.path.relpath(folder_, os.path.join(ROOT, "src")).split("/")
            parts.remove("corpus")
            if "_".join(re.sub(r"\W", "_", p) for p in parts) == name:
                return folder_
        return None

    while queue or running:
        while queue and len(running) < (os.cpu_count() or 2):
            t = queue.pop(0)
            scratch = os.path.join(work, os.path.basename(t))
            os.makedirs(scratch, exist_ok=True)
            corpus = corpus_of(t)
            # Names of new functions are not printed: a symbolizer that starts again and again took most of the time of some.
            cmd = [t, f"-max_total_time={FUZZ_SECONDS}", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1", "-print_funcs=0",
                   f"-artifact_prefix={scratch}/crash-", scratch] + ([corpus] if corpus else [])
            log = open(os.path.join(work, os.path.basename(t) + ".log"), "w+")
            running.append((t, log, subprocess.Popen(cmd, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=env)))
        time.sleep(0.3)
        for item in [i for i in running if i[2].poll() is not None]:
            running.remove(item)
            t, log, p = item
            log.seek(0)
            text = log.read()
            log.close()
            tally.fail(os.path.basename(t), text) if p.returncode else tally.ok()
            if m := re.search(r"stat::average_exec_per_sec: *(\d+)", text):
                rates.append((int(m[1]), os.path.basename(t)))
    rates.sort()
    if rates:
        slow = ", ".join(f"{name[5:]} {rate}" for rate, name in rates if rate < FUZZ_RATE) or "none"
        print(f"inputs a second, of {len(rates)} fuzzers: median {rates[len(rates) // 2][0]}; below {FUZZ_RATE}: {slow}")
    step("planted bugs, 60 s each at most")
    r = run(["scripts/planted_bugs.sh", os.path.join(folder, "planted")])
    print(r.stdout.rstrip())
    tally.fail("planted bugs", r.stdout) if r.returncode else tally.ok()


# What the sandbox tests print under qemu-user. They run natively on an arm64 machine and in ./test.
EMULATED_LACKS = r"no seccomp|cannot start itself"


def slice_arm64(tally):
    step("arm64: cross build and unit tests under qemu-user")
    r = run(["scripts/arm64.sh"])
    print("\n".join(r.stdout.splitlines()[-5:]))
    folder = os.path.join(ROOT, "build-arm64")
    if r.returncode != 0:
        tally.fail("arm64 build", r.stdout)
        return
    tally.ok()
    meson_test(folder, tally, multiplier=10, extra_env={"VALLUM_EMULATED": "1"})
    excused = [s for s in tally.skips if re.search(EMULATED_LACKS, s[1])]
    for name, why in excused:
        print(f"may be skipped here: {name}: qemu-user has no seccomp and starts no program of a foreign architecture: {why}")
        tally.skips.remove((name, why))


def slice_agreement(tally):
    step("agreement with other scanners and evaluators")
    folder = build("asan", SANITIZED, tally)
    if folder:
        write_foreign(functional(folder, tally, heavy="agreement"), "agreement")


def slice_portal(tally):
    step("the portal in a browser")
    folder = build("asan", SANITIZED, tally)
    if folder:
        functional(folder, tally, heavy="portal")


def slice_clients(tally):
    step("Azure's command line")
    folder = build("asan", SANITIZED, tally)
    if folder:
        functional(folder, tally, heavy="clients")


def slice_kill(tally):
    step("a hundred kills a database")
    folder = build("asan", SANITIZED, tally)
    if folder:
        functional(folder, tally, only="test_kill", extra_env={"VALLUM_KILLS": "100"})
        functional(folder, tally, heavy="kill")


SLICES = {
    "clang": slice_clang,
    "analyzer": slice_analyzer,
    "static": slice_static,
    "valgrind": slice_valgrind,
    "valgrind-server": slice_valgrind_server,
    "coverage": slice_coverage,
    "fuzz": slice_fuzz,
    "arm64": slice_arm64,
    "agreement": slice_agreement,
    "portal": slice_portal,
    "clients": slice_clients,
    "kill": slice_kill,
}


def main():
    p = argparse.ArgumentParser(description="Runs the tests of the tree.")
    p.add_argument("--all", action="store_true", help="the quick run and every slice")
    p.add_argument("--slice", choices=sorted(SLICES), help="one slice of the long run")
    p.add_argument("--list", action="store_true", help="names of the slices")
    p.add_argument("--only", metavar="WORD", help="of the quick run, only what has WORD in its name")
    args = p.parse_args()
    if args.list:
        print("\n".join(SLICES))
        return 0
    began = time.time()
    tally = Tally()
    if not args.slice:
        quick(tally, args.only)
    for name in [args.slice] if args.slice else list(SLICES) if args.all else []:
        SLICES[name](tally)
    for name, why in tally.skips:
        print(f"skipped {name}" + (f": {why}" if why else ""))
    if tally.skips and strict() and not args.only:
        for name, _ in tally.skips:
            tally.fail(f"{name} was skipped, although the foreign cases and root are here")
    if not os.path.isdir(SHARED):
        print("the foreign cases (a folder `shared` beside the checkout, or VALLUM_SHARED) are absent: tests that need them are skipped")
    for name in tally.failures:
        print(f"failed: {name}")
    print(f"took {time.time() - began:.0f} s")
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 1 if tally.failed or not tally.passed else 0


sys.exit(main())
