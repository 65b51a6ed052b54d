#!/usr/bin/env python3
"""Takes the pictures of pages that the portal slice made into docs/screenshots, small, and names them in docs/portal.md.

    VALLUM_SCREENSHOTS=/tmp/pictures ./test --slice portal
    scripts/portal_pictures.py /tmp/pictures
    scripts/portal_pictures.py --check      says whether docs/portal.md shows exactly the pictures that are there"""
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(ROOT, "docs", "screenshots")
PAGE = os.path.join(ROOT, "docs", "portal.md")
TITLES = {
    "login": "Login", "overview": "Overview", "inventory": "Inventory", "inventory-repositories": "Inventory: repositories", "inventory-bases": "Inventory: base images",
    "recommendations": "Recommendations", "recommendation": "A recommendation", "controls": "Controls", "tasks": "Tasks", "images": "Images", "image": "An image: findings",
    "image-packages": "An image: packages", "image-layers": "An image: layers", "image-lineage": "An image: lineage", "image-fix": "An image: fix", "image-history": "An image: history",
    "image-basis": "An image: what it rests on", "vulnerabilities": "Vulnerabilities", "vulnerability": "A vulnerability", "affected": "Blast radius", "registries": "Registries",
    "registry": "A registry", "registry-add": "Connect a registry", "alerts": "Alerts", "alert": "An alert", "plans": "Plans", "contacts": "Contacts", "channels": "Channels",
    "exemptions": "Exemptions", "rules": "Disable rules", "suppression": "Suppression rules", "environments": "Environments", "mail": "Mail server", "users": "Users", "tokens": "Tokens",
    "audit": "Audit log", "health": "Health", "jobs": "Jobs", "feeds": "Feeds", "outbox": "Outbox", "notices": "Notices", "no-page": "No such page",
    "overview-narrow": "Overview, 320 pixels", "images-narrow": "Images, 320 pixels", "image-narrow": "An image, 320 pixels",
}
HEAD = "## Pictures\n\nMade by the tests: `VALLUM_SCREENSHOTS=FOLDER ./test --slice portal`, then `scripts/portal_pictures.py FOLDER`.\n\n| page | light | dark |\n|---|---|---|\n"


def section():
    there = {name[:-10] for name in os.listdir(FOLDER) if name.endswith("-light.png")}
    rows = [f"| {title} | ![{title}, light](screenshots/{name}-light.png) | ![{title}, dark](screenshots/{name}-dark.png) |"
            for name, title in TITLES.items() if name in there]
    unknown = sorted(there - TITLES.keys())
    if unknown:
        sys.exit(f"scripts/portal_pictures.py has no title for {', '.join(unknown)}")
    return HEAD + "\n".join(rows) + "\n"


def page():
    with open(PAGE, encoding="utf-8") as f:
        text = f.read()
    return text[:text.index("## Pictures\n")] + section(), text


def take(source):
    os.makedirs(FOLDER, exist_ok=True)
    taken = []
    for name in TITLES:
        narrow = name.endswith("-narrow")
        for scheme in ("light", "dark"):
            to = os.path.join(FOLDER, f"{name}-{scheme}.png")
            shutil.copyfile(os.path.join(source, f"{name[:-7]}-{scheme}-320.png" if narrow else f"{name}-{scheme}-1280.png"), to)
            taken.append(to)
    at_work = [subprocess.Popen([sys.executable, os.path.join(ROOT, "scripts", "small_png.py"), *taken[i::2]], stdout=subprocess.DEVNULL) for i in range(2)]
    if any([p.wait() for p in at_work]):
        sys.exit(1)


def main():
    if sys.argv[1:] == ["--check"]:
        wanted, text = page()
        missing = [m for m in re.findall(r"\(screenshots/([^)]+)\)", text) if not os.path.exists(os.path.join(FOLDER, m))]
        if wanted != text or missing:
            print("docs/portal.md does not show the pictures of docs/screenshots: scripts/portal_pictures.py FOLDER", *missing)
            return 1
        return 0
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    take(sys.argv[1])
    text = page()[0]
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(text)
    return 0


sys.exit(main())
