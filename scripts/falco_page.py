#!/usr/bin/env python3
"""Makes docs/falco.md: how Falco's own rule files load here, by running `vallum rules check` over them.

falco_page.py           writes the page (needs a built vallum and the folder `shared` beside the checkout, or VALLUM_SHARED)
falco_page.py --check   the page is what this script makes; without vallum or the rule files nothing is checked
"""
import glob
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs/falco.md")
SHARED = os.environ.get("VALLUM_SHARED") or os.path.join(os.path.dirname(ROOT), "shared")
VALLUM = os.environ.get("VALLUM") or os.path.join(ROOT, "build-asan", "cmd", "vallum")

SETS = (("Falco's rules for system calls", "falco-rules", "falcosecurity/rules"),
        ("k8saudit's rules for the Kubernetes audit log", "plugin-rules", "falcosecurity/plugins"))

# Fields of the source syscall that name something no recording can say by itself.
RESOLVED = {
    "fd.sip.name": "names are resolved in the background by a sensor; a recording brings the answer, else the field is missing",
    "fd.cip.name": "names are resolved in the background by a sensor; a recording brings the answer, else the field is missing",
}

HEAD = """# Falco's rules here

Made by `scripts/falco_page.py` of what `vallum rules check` says of Falco's files, unmodified; not edited by hand.
[Rules](rules.md) tells how to bring your own, and what differs.
"""

NOTES = """## What is the same, what is not

- Read as Falco's engine {engine} reads them: several YAML documents, lists as text, macros, exceptions (also with `oneof`, `anyof`,
  `allof`), `override` and `append`, `enabled`, priorities, `required_engine_version` (up to {engine}), `required_plugin_versions`, all
  operators and transformers, `output` with arguments, widths and transformers, `skip-if-unknown-filter`, `warn_evttypes`. Problems carry Falco's
  codes (`LOAD_ERR_…`, `LOAD_…`), and file, line, column and a hint besides. All errors of a file are told, not only the first.
- The sources are `syscall`, `k8s_audit` and `log`. Rules of other sources load and are skipped with the warning `LOAD_UNKNOWN_SOURCE`, as in
  Falco without the plugin. In place of the plugins container, k8saudit and json stand our own fields; another plugin that a file asks for is warned of.
- Two equal keys in one mapping are refused (`LOAD_ERR_YAML_PARSE`): Falco's reader takes the first in silence, other readers the last.
- `falco.yaml` may stand among the rule files: `append_output` (`match` by source, tags and rule; `extra_output`, `extra_fields`,
  `suggested_output`), `rules` (`enable`, `disable` by rule or tag), `rule_matching` and `priority` work as in Falco; its other keys are named in a warning, and
  variables of the environment stay as they are written.
- `capture` and `capture_duration` are read and shown; nothing is captured.
- `vallum rules eval` tells every rule that an event fires; with `--first` only the first one, which is Falco's default (`rule_matching: first`).
- `%container.info` expands to nothing, as in Falco since the container plugin; the fields that plugin suggests are added where a `falco.yaml` says `suggested_output: true`.
- Until a sensor feeds them, rules for system calls fire on recorded events: [recorded events](rules.md#replay).
"""


def check(files):
    r = subprocess.run([VALLUM, "rules", "check", "-o", "json", *files], capture_output=True, text=True)
    return json.loads(r.stdout)


def base(path):
    return os.path.basename(path)


def engine():
    with open(os.path.join(ROOT, "src/rule/include/rule/ruleset.h")) as f:
        return re.search(r'VL_RULE_ENGINE_VERSION "([^"]+)"', f.read())[1]


def reasons(rule):
    if rule.get("skipped_because"):
        return rule["skipped_because"]
    if not rule["enabled"]:
        return "disabled in its file (`enabled: false`)"
    if rule.get("never_fires"):
        return "its condition is false for every event, as its file has it"
    unresolved = [f for f in rule["fields"] if f in RESOLVED]
    if unresolved:
        return "`" + "`, `".join(unresolved) + "`: " + RESOLVED[unresolved[0]]
    return ""


def section(title, folder, origin):
    files = sorted(glob.glob(os.path.join(SHARED, "cases", folder, "*.yaml")))
    out = [f"## {title}\n", f"From {origin}; each file by itself, and all together.\n",
           "| file | rules | load | enabled | warnings | errors |", "|---|---|---|---|---|---|"]
    for path in files:
        d = check([path])
        c = d["counts"]
        with open(path) as f:
            written = len(re.findall(r"^- rule:", f.read(), re.M))
        out.append(f"| {base(path)} | {written} | {c['rules']} | {c['enabled']} | {c['warnings']} | {c['errors']} |")
    d = check(files)
    c = d["counts"]
    if len(files) > 1:
        out.append(f"| all | | {c['rules']} | {c['enabled']} | {c['warnings']} | {c['errors']} |")
    cannot = [(r["name"], reasons(r)) for r in d["rules"] if reasons(r)]
    out.append(f"\n{c['rules']} rules load, {c['enabled']} are enabled. Those that do not fire here as they are, and why:\n")
    out += ["| rule | why |", "|---|---|"] if cannot else ["None.\n"]
    out += [f"| {name} | {why} |" for name, why in cannot]
    fields = {re.sub(r"\[.*", "", f) for r in d["rules"] for f in r["fields"]}
    out.append(f"\nTheir conditions look at {len(fields)} fields, all of them known here.\n")
    return out


def page():
    out = [HEAD]
    for entry in SETS:
        out += section(*entry)
    out.append(NOTES.format(engine=engine()))
    return "\n".join(out)


def main():
    there = os.access(VALLUM, os.X_OK) and all(glob.glob(os.path.join(SHARED, "cases", s[1], "*.yaml")) for s in SETS)
    if not there:
        print("docs/falco.md: not checked, vallum or the rule files are not there")
        return 0
    text = page()
    if "--check" in sys.argv:
        with open(PAGE) as f:
            if f.read() != text:
                print("docs/falco.md is not what scripts/falco_page.py makes")
                return 1
        return 0
    with open(PAGE, "w") as f:
        f.write(text)
    return 0


sys.exit(main())
