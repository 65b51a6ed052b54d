#!/usr/bin/env python3
"""Writes the demonstration image as an OCI layout: demo_image.py DEBS APP OUT.

Layer one is a root file system as dpkg would leave it: the files of the .deb files in DEBS, and dpkg's own records of them.
Layer two is the folder APP as /srv/orders. The same input gives the same bytes."""
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile

SYSTEM_DATE = "2026-09-01T00:00:00Z"
APP_DATE = "2026-11-02T00:00:00Z"
EPOCH = 1788220800  # SYSTEM_DATE, for every entry
MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")  # links into usr on every supported Debian
ARCHITECTURES = {"amd64": "amd64", "arm64": "arm64", "i386": "386", "armhf": "arm", "ppc64el": "ppc64le", "s390x": "s390x",
                 "riscv64": "riscv64"}


def dpkg_deb(*args):
    return subprocess.run(["dpkg-deb", *args], check=True, stdout=subprocess.PIPE).stdout


def merged(path):
    """The place of a path where /bin, /lib … are links into /usr."""
    first, slash, rest = path.partition("/")
    return f"usr/{first}/{rest}" if first in MERGED and slash else path


class Root:
    """A file tree in memory: path without leading slash -> (TarInfo, bytes)."""

    def __init__(self):
        self.entries = {}

    def put(self, info, data=b""):
        if info.name in self.entries and info.isdir():
            return
        self.entries[info.name] = (info, data)

    def file(self, path, data, mode=0o644):
        self.folders(path)
        info = tarfile.TarInfo(path)
        info.size, info.mode = len(data), mode
        self.put(info, data)

    def folders(self, path):
        parts = path.split("/")[:-1]
        for i in range(1, len(parts) + 1):
            info = tarfile.TarInfo("/".join(parts[:i]))
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            self.put(info)

    def link(self, path, target):
        info = tarfile.TarInfo(path)
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
        self.put(info)

    def tar(self):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
            # Hard links last: what they name must stand before them.
            for _, (info, data) in sorted(self.entries.items(), key=lambda e: (e[1][0].islnk(), e[0])):
                info.mtime = EPOCH
                info.uname = info.gname = ""
                tar.addfile(info, io.BytesIO(data) if info.isreg() else None)
        return out.getvalue()


def unpack(deb, root):
    """Puts the files of a package into the tree; gives its list of paths, as dpkg keeps it."""
    paths = []
    with tarfile.open(fileobj=io.BytesIO(dpkg_deb("--fsys-tarfile", deb))) as tar:
        for info in tar:
            name = info.name.removeprefix("./").rstrip("/")
            paths.append("/" + name if name not in ("", ".") else "/.")
            if name in ("", ".") or name in MERGED:
                continue
            data = tar.extractfile(info).read() if info.isreg() else b""
            info.name = merged(name)
            if info.islnk():
                info.linkname = merged(info.linkname.removeprefix("./"))
            root.folders(info.name)
            root.put(info, data)
    return paths


def status_of(control, conffiles, root):
    """The package's paragraph in var/lib/dpkg/status."""
    lines = []
    for line in control.rstrip("\n").split("\n"):
        lines.append(line)
        if line.startswith("Package:"):
            lines.append("Status: install ok installed")
    if conffiles:
        lines.append("Conffiles:")
        for path in conffiles:
            entry = root.entries.get(merged(path.lstrip("/")))
            if entry:
                lines.append(f" {path} {hashlib.md5(entry[1], usedforsecurity=False).hexdigest()}")
    return "\n".join(lines) + "\n"


def install(deb, root):
    """Unpacks a package and records it; gives its name and its status paragraph."""
    field = lambda name: dpkg_deb("-f", deb, name).decode().strip()
    name, arch = field("Package"), field("Architecture")
    prefix = "var/lib/dpkg/info/" + (f"{name}:{arch}" if field("Multi-Arch") == "same" else name)
    paths = unpack(deb, root)
    root.file(prefix + ".list", ("\n".join(paths) + "\n").encode())
    conffiles = []
    with tarfile.open(fileobj=io.BytesIO(dpkg_deb("--ctrl-tarfile", deb))) as tar:
        for info in tar:
            part = info.name.removeprefix("./")
            if not info.isreg() or part == "control":
                continue
            data = tar.extractfile(info).read()
            root.file(f"{prefix}.{part}", data, info.mode & 0o777)
            if part == "conffiles":
                conffiles = [l for l in data.decode().split("\n") if l.startswith("/")]
    return name, status_of(dpkg_deb("-f", deb).decode(), conffiles, root)


def system_layer(folder):
    root = Root()
    for name in MERGED[:3] + (("lib64",) if os.uname().machine == "x86_64" else ()):
        root.folders(f"usr/{name}/x")
        root.link(name, f"usr/{name}")
    debs = sorted(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith(".deb"))
    installed = dict(install(deb, root) for deb in debs)
    root.file("var/lib/dpkg/status", "\n".join(installed[n] for n in sorted(installed)).encode())
    root.file("var/lib/dpkg/info/format", b"1\n")  # names of files there may carry an architecture
    root.file("var/lib/dpkg/available", b"")
    # What base-passwd does when it is configured.
    for name in ("passwd", "group"):
        master = root.entries.get(f"usr/share/base-passwd/{name}.master")
        if master:
            root.file(f"etc/{name}", master[1])
    return root.tar(), len(installed)


def app_layer(folder):
    root = Root()
    for where, folders, files in os.walk(folder):
        folders.sort()
        inside = os.path.relpath(where, folder)
        target = "srv/orders" if inside == "." else f"srv/orders/{inside}"
        root.folders(target + "/x")
        for name in sorted(files) + [f for f in folders if os.path.islink(os.path.join(where, f))]:
            path = os.path.join(where, name)
            if os.path.islink(path):
                root.link(f"{target}/{name}", os.readlink(path))
                continue
            with open(path, "rb") as f:
                root.file(f"{target}/{name}", f.read(), 0o755 if os.access(path, os.X_OK) else 0o644)
    return root.tar()


class Layout:
    """An OCI image layout in a folder."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(os.path.join(folder, "blobs", "sha256"))

    def blob(self, data, media_type):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(self.folder, "blobs", "sha256", digest), "wb") as f:
            f.write(data)
        return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(data)}

    def json_blob(self, value, media_type):
        return self.blob(json.dumps(value, indent=1).encode(), media_type)

    def write(self, name, value):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
            json.dump(value, f, indent=1)


def release_of(app):
    """"1.1" of the version "1.1.0" in its package.json; "1.0" where it has none."""
    try:
        with open(os.path.join(app, "package.json"), encoding="utf-8") as f:
            return ".".join(json.load(f)["version"].split(".")[:2])
    except (OSError, KeyError):
        return "1.0"


def config_of(layers, arch, release):
    return {
        "created": APP_DATE,
        "architecture": ARCHITECTURES.get(arch, arch),
        "os": "linux",
        "config": {
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "NODE_ENV=production"],
            "Cmd": ["node", "server.js"],
            "WorkingDir": "/srv/orders",
            "User": "www-data",
            "ExposedPorts": {"8080/tcp": {}},
            "Labels": {"org.opencontainers.image.title": "orders", "org.opencontainers.image.version": release},
        },
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(l).hexdigest() for l in layers]},
        "history": [
            {"created": SYSTEM_DATE, "created_by": "ADD rootfs.tar / # Debian packages", "comment": "demonstration"},
            {"created": APP_DATE, "created_by": "ENV NODE_ENV=production", "empty_layer": True},
            {"created": APP_DATE, "created_by": "WORKDIR /srv/orders", "empty_layer": True},
            {"created": APP_DATE, "created_by": "COPY . /srv/orders # buildkit"},
            {"created": APP_DATE, "created_by": "CMD [\"node\" \"server.js\"]", "empty_layer": True},
        ],
    }


def main():
    debs, app, out = sys.argv[1:]
    arch = subprocess.run(["dpkg", "--print-architecture"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    base, packages = system_layer(debs)
    layers = [base, app_layer(app)]
    release = release_of(app)
    part = out + ".part"
    shutil.rmtree(part, ignore_errors=True)
    layout = Layout(part)
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": layout.json_blob(config_of(layers, arch, release), "application/vnd.oci.image.config.v1+json"),
        "layers": [layout.blob(gzip.compress(l, 6, mtime=0), "application/vnd.oci.image.layer.v1.tar+gzip") for l in layers],
        "annotations": {"org.opencontainers.image.created": APP_DATE, "org.opencontainers.image.title": "orders"},
    }
    entry = layout.json_blob(manifest, manifest["mediaType"])
    entry["annotations"] = {"org.opencontainers.image.ref.name": release}
    layout.write("index.json", {"schemaVersion": 2, "manifests": [entry]})
    layout.write("oci-layout", {"imageLayoutVersion": "1.0.0"})
    with open(os.path.join(part, "complete"), "w", encoding="utf-8") as f:
        f.write(f"{packages} Debian packages\n")
    shutil.rmtree(out, ignore_errors=True)
    os.rename(part, out)


main()
