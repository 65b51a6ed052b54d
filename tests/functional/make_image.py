#!/usr/bin/env python3
"""Makes a small image as an OCI layout out of folders, one a layer, deterministic. For tests.

make_image.py OUT TAG [--arch A] [--created-by TEXT]... [--compress gzip|zstd|none] LAYER...
Several calls with one OUT add images; those of one TAG with other --arch become one index. A file named .wh.NAME in a layer
folder is a whiteout as it stands.
"""
import argparse
import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile

MEDIA = "application/vnd.oci.image."


def blob(out, data):
    digest = hashlib.sha256(data).hexdigest()
    os.makedirs(f"{out}/blobs/sha256", exist_ok=True)
    with open(f"{out}/blobs/sha256/{digest}", "wb") as f:
        f.write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}


def tar_of(folder):
    buf = io.BytesIO()
    with tarfile.open(fileobj=buf, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for root, dirs, files in os.walk(folder):
            dirs.sort()
            for name in sorted(dirs) + sorted(files):
                path = os.path.join(root, name)
                info = tar.gettarinfo(path, os.path.relpath(path, folder))
                info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "", ""
                if info.isreg():
                    with open(path, "rb") as f:
                        tar.addfile(info, f)
                else:
                    tar.addfile(info)
    return buf.getvalue()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("out")
    p.add_argument("tag")
    p.add_argument("layers", nargs="*")
    p.add_argument("--arch", default="amd64")
    p.add_argument("--compress", default="gzip", choices=["gzip", "zstd", "none"])
    p.add_argument("--created-by", action="append", default=[])
    a = p.parse_intermixed_args()
    os.makedirs(a.out, exist_ok=True)
    layers, diff_ids, history = [], [], []
    for i, folder in enumerate(a.layers):
        data = tar_of(folder)
        diff_ids.append("sha256:" + hashlib.sha256(data).hexdigest())
        suffix = ""
        if a.compress == "gzip":
            data, suffix = gzip.compress(data, mtime=0), "+gzip"
        elif a.compress == "zstd":
            data, suffix = subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout, "+zstd"
        layers.append({"mediaType": MEDIA + "layer.v1.tar" + suffix, **blob(a.out, data)})
        by = a.created_by[i] if i < len(a.created_by) else f"COPY layer{i} /"
        history.append({"created": f"2024-01-0{i % 9 + 1}T00:00:00Z", "created_by": by})
    config = {"architecture": a.arch, "os": "linux", "created": "2024-01-09T00:00:00Z", "config": {"Cmd": ["bash"]},
              "rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": history}
    manifest = {"schemaVersion": 2, "mediaType": MEDIA + "manifest.v1+json",
                "config": {"mediaType": MEDIA + "config.v1+json", **blob(a.out, json.dumps(config).encode())}, "layers": layers}
    entry = {"mediaType": MEDIA + "manifest.v1+json", **blob(a.out, json.dumps(manifest).encode()),
             "platform": {"os": "linux", "architecture": a.arch}}
    with open(f"{a.out}/oci-layout", "w") as f:
        json.dump({"imageLayoutVersion": "1.0.0"}, f)
    path = f"{a.out}/index.json"
    index = {"schemaVersion": 2, "mediaType": MEDIA + "index.v1+json", "manifests": []}
    if os.path.exists(path):
        index = json.load(open(path))
    name = "org.opencontainers.image.ref.name"
    same = [m for m in index["manifests"] if m["annotations"][name] == a.tag]
    if same:  # one more platform: both into an index of their own
        old = same[0]
        index["manifests"].remove(old)
        if old["mediaType"].endswith("index.v1+json"):
            inner = json.load(open(f"{a.out}/blobs/sha256/" + old["digest"][7:]))
        else:
            inner = {"schemaVersion": 2, "mediaType": MEDIA + "index.v1+json",
                     "manifests": [{k: v for k, v in old.items() if k != "annotations"}]}
        inner["manifests"].append(entry)
        entry = {"mediaType": MEDIA + "index.v1+json", **blob(a.out, json.dumps(inner).encode())}
    index["manifests"].append({**entry, "annotations": {name: a.tag}})
    with open(path, "w") as f:
        json.dump(index, f)


main()
