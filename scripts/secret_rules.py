#!/usr/bin/env python3
"""Turns content/secrets.tsv into the C table that the scan room is built with: secret_rules.py IN OUT."""
import re
import sys

COLUMNS = 9
SEVERITIES = {"low", "medium", "high", "critical"}
CHECKS = {"none", "crc62", "basic", "jwt", "pem", "password", "mixed"}
FLAGS = {"nocase", "inword", "generic", "config"}
KEYWORD_MIN = 2
WINDOW_MAX = 32768  # bytes before or after a keyword

# Parts that many expressions share: what stands between a name and its value in configuration files of all kinds, and the
# ends of values written in [A-Za-z0-9_-] or in base64.
MACROS = {
    "{{assign}}": r"""[\\"'`\]]{0,3}\s{0,4}(?:=>|:=|[=:,(]|\s(?i:value)\s?=)\s{0,4}[\\"'`]{0,2}""",
    "{{end}}": r"(?:[^\w\-]|$)",
    "{{end64}}": r"(?:[^\w/+]|$)",
}


def die(number, what):
    sys.exit(f"{sys.argv[1]}:{number}: {what}")


def quote(text):
    if text is None:
        return "NULL"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") + '"'


def column(text):
    return None if text == "-" else text


def options_of(text, number):
    got = {"back": 0, "reach": 512, "check": "none"}
    for option in [] if text == "-" else text.split(","):
        name, equals, value = option.partition("=")
        if name in ("back", "reach") and value.isdigit() and 0 < int(value) <= WINDOW_MAX:
            got[name] = int(value)
        elif name == "check" and value in CHECKS:
            got[name] = value
        elif name in FLAGS and not equals:
            got[name] = True
        else:
            die(number, f"no such option: {option}")
    return got


def rule_of(line, number, seen):
    fields = line.split("\t")
    if len(fields) != COLUMNS:
        die(number, f"{len(fields)} columns instead of {COLUMNS}")
    name, title, severity, keywords, expression, options, entropy, allow, paths = fields
    if not re.fullmatch(r"[a-z0-9-]+", name) or name in seen:
        die(number, f"a bad id, or one that stands twice: {name}")
    seen.add(name)
    if severity not in SEVERITIES:
        die(number, f"no such severity: {severity}")
    words = keywords.split("|")
    if any(len(w) < KEYWORD_MIN for w in words):
        die(number, "a keyword is too short")
    for macro, text in MACROS.items():
        expression = expression.replace(macro, text)
    if "{{" in expression:
        die(number, "an unknown {{part}} in the expression")
    o = options_of(options, number)
    floor = 0 if entropy == "-" else round(float(entropy) * 100)
    flags = ", ".join(f".{f} = true" for f in sorted(FLAGS) if f in o)
    text = (f"    {{.id = {quote(name)}, .title = {quote(title)}, .severity = VL_SEVERITY_{severity.upper()},\n"
            f"        .keywords = (const char *const[]){{{', '.join(quote(w) for w in words)}}}, .n_keywords = {len(words)},\n"
            f"        .expression = {quote(expression)},\n"
            f"        .allow = {quote(column(allow))}, .paths = {quote(column(paths))},\n"
            f"        .entropy = {floor}, .back = {o['back']}, .reach = {o['reach']}, "
            f".check = SECRET_CHECK_{o['check'].upper()}{', ' + flags if flags else ''}}},\n")
    return "generic" in o, text


def main():
    seen, rules = set(), []
    with open(sys.argv[1], encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if line and not line.startswith(("#", "id\t")):
                rules.append(rule_of(line, number, seen))
    rules.sort(key=lambda r: r[0])  # the place in the table is the rank
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write('/* Made by scripts/secret_rules.py. */\n#include "secret_rule.h"\n\nconst struct secret_rule secret_rules[] = {\n')
        out.writelines(text for _, text in rules)
        out.write("};\nconst size_t secret_n_rules = sizeof(secret_rules) / sizeof(secret_rules[0]);\n")


main()
