"""Checks reports whose formats have no schema in a package: SPDX 2.3 by the rules of its specification and its JSON schema, JUnit by
those of the schema that Jenkins keeps. Use: check_reports.py spdx|junit FILE... Exit 1 where a rule is broken."""
import json
import re
import sys
import xml.etree.ElementTree as tree

problems = []
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
ID = re.compile(r"SPDXRef-[A-Za-z0-9.-]+")
ALLOWED = {
    "document": ({"SPDXID", "creationInfo", "dataLicense", "name", "spdxVersion", "documentNamespace"},
                 {"packages", "relationships", "annotations", "comment", "files", "documentDescribes"}),
    "package": ({"SPDXID", "name", "downloadLocation"},
                {"annotations", "attributionTexts", "builtDate", "checksums", "comment", "copyrightText", "description", "externalRefs",
                 "filesAnalyzed", "homepage", "licenseComments", "licenseConcluded", "licenseDeclared", "licenseInfoFromFiles",
                 "originator", "packageFileName", "packageVerificationCode", "primaryPackagePurpose", "releaseDate", "sourceInfo",
                 "summary", "supplier", "validUntilDate", "versionInfo"}),
    "annotation": ({"annotationDate", "annotationType", "annotator", "comment"}, set()),
    "externalRef": ({"referenceCategory", "referenceLocator", "referenceType"}, {"comment"}),
    "relationship": ({"spdxElementId", "relatedSpdxElement", "relationshipType"}, {"comment"}),
    "checksum": ({"algorithm", "checksumValue"}, set()),
}
PURPOSES = {"OTHER", "INSTALL", "ARCHIVE", "FIRMWARE", "APPLICATION", "FRAMEWORK", "LIBRARY", "CONTAINER", "SOURCE", "DEVICE",
            "OPERATING-SYSTEM", "FILE"}
CATEGORIES = {"OTHER", "PERSISTENT-ID", "SECURITY", "PACKAGE-MANAGER"}
SECURITY_TYPES = {"cpe22Type", "cpe23Type", "advisory", "fix", "url", "swid"}


def need(truth, what):
    if not truth:
        problems.append(what)


def members(what, kind, thing):
    required, optional = ALLOWED[kind]
    need(required <= set(thing), f"{what}: {required - set(thing)} missing")
    need(set(thing) <= required | optional, f"{what}: {set(thing) - required - optional} not allowed")


def check_package(p):
    what = p.get("SPDXID", "?")
    members(what, "package", p)
    need(ID.fullmatch(what), f"{what}: not an SPDX id")
    need(p.get("primaryPackagePurpose", "OTHER") in PURPOSES, f"{what}: purpose")
    need(p.get("filesAnalyzed") is False, f"{what}: filesAnalyzed must be false without files")
    for a in p.get("annotations", []):
        members(what, "annotation", a)
        need(DATE.fullmatch(a["annotationDate"]), f"{what}: annotation date")
        need(a["annotationType"] in ("OTHER", "REVIEW"), f"{what}: annotation type")
        need(re.match(r"(Person|Organization|Tool): ", a["annotator"]), f"{what}: annotator")
    for r in p.get("externalRefs", []):
        members(what, "externalRef", r)
        need(r["referenceCategory"] in CATEGORIES, f"{what}: category")
        need(not re.search(r"\s", r["referenceLocator"]), f"{what}: locator with blanks")
        need(r["referenceCategory"] != "SECURITY" or r["referenceType"] in SECURITY_TYPES, f"{what}: type")
    for c in p.get("checksums", []):
        members(what, "checksum", c)
        need(re.fullmatch(r"[0-9a-f]+", c["checksumValue"]), f"{what}: checksum")


def check_spdx(path):
    with open(path, encoding="utf-8") as f:
        doc = json.load(f)
    members(path, "document", doc)
    need(doc["spdxVersion"] == "SPDX-2.3" and doc["dataLicense"] == "CC0-1.0" and doc["SPDXID"] == "SPDXRef-DOCUMENT", f"{path}: head")
    need("#" not in doc["documentNamespace"] and ":" in doc["documentNamespace"], f"{path}: namespace")
    need(DATE.fullmatch(doc["creationInfo"]["created"]), f"{path}: created")
    need(all(re.match(r"(Person|Organization|Tool): ", c) for c in doc["creationInfo"]["creators"]), f"{path}: creators")
    ids = [p["SPDXID"] for p in doc["packages"]] + [doc["SPDXID"]]
    need(len(ids) == len(set(ids)), f"{path}: ids are not unique")
    for p in doc["packages"]:
        check_package(p)
    known = set(ids)
    for r in doc["relationships"]:
        members(path, "relationship", r)
        need(r["spdxElementId"] in known and r["relatedSpdxElement"] in known, f"{path}: relationship to nothing")
        need(r["relationshipType"] in ("DESCRIBES", "CONTAINS"), f"{path}: relationship {r['relationshipType']}")
    need(any(r["relationshipType"] == "DESCRIBES" for r in doc["relationships"]), f"{path}: describes nothing")


ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "disabled", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "time", "disabled", "skipped", "timestamp", "hostname", "id", "package"},
    "testcase": {"name", "assertions", "time", "classname", "status"},
    "failure": {"message", "type"}, "error": {"message", "type"}, "skipped": {"type", "message"},
}
CHILDREN = {"testsuites": {"testsuite"}, "testsuite": {"testcase", "properties", "system-out", "system-err"},
            "testcase": {"skipped", "error", "failure", "system-out", "system-err"}}


def check_junit(path):
    root = tree.parse(path).getroot()
    need(root.tag == "testsuites", f"{path}: root")
    for e in root.iter():
        need(set(e.attrib) <= ATTRIBUTES[e.tag], f"{path}: {e.tag} has {set(e.attrib) - ATTRIBUTES[e.tag]}")
        need({c.tag for c in e} <= CHILDREN.get(e.tag, set()), f"{path}: {e.tag} holds {[c.tag for c in e]}")
        need(e.tag not in ("testsuite", "testcase") or e.get("name"), f"{path}: {e.tag} without a name")
    for suite in root.iter("testsuite"):
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            need(int(suite.get(name)) == sum(1 for _ in suite.iter(tag)), f"{path}: {name}")
        need(int(suite.get("tests")) == sum(1 for _ in suite.iter("testcase")), f"{path}: tests")


for file in sys.argv[2:]:
    {"spdx": check_spdx, "junit": check_junit}[sys.argv[1]](file)
print("\n".join(problems[:20]))
sys.exit(1 if problems else 0)
