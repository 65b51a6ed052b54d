#!/usr/bin/env python3
"""Makes pictures of pages small enough for the tree: small_png.py FILE.png... rewrites each with at most 64 colours.
Reads what browsers write: 8 bits a channel, RGB or RGBA, not interlaced."""
import struct
import sys
import zlib
from collections import Counter

COLOURS = 64
MAX_BYTES = 60_000


def chunks(data):
    at = 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        yield kind, data[at + 8:at + 8 + length]
        at += 12 + length


def rows(data):
    """Width, height, and the rows as bytes of RGB or RGBA (PNG specification, section 9: filters)."""
    width, height, depth, kind, _, _, interlace = struct.unpack(">IIBBBBB", next(c for k, c in chunks(data) if k == b"IHDR"))
    if depth != 8 or kind not in (2, 6) or interlace:
        raise SystemExit("not a picture of a browser")
    size = 3 if kind == 2 else 4
    raw = zlib.decompress(b"".join(c for k, c in chunks(data) if k == b"IDAT"))
    stride, before, out = width * size, bytearray(width * size), []
    for y in range(height):
        method = raw[y * (stride + 1)]
        row = bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride if method else 0):
            left = row[x - size] if x >= size else 0
            up = before[x]
            if method == 1:
                row[x] = row[x] + left & 255
            elif method == 2:
                row[x] = row[x] + up & 255
            elif method == 3:
                row[x] = row[x] + (left + up >> 1) & 255
            else:
                corner = before[x - size] if x >= size else 0
                p = left + up - corner
                a, b, c = abs(p - left), abs(p - up), abs(p - corner)
                row[x] = row[x] + (left if a <= b and a <= c else up if b <= c else corner) & 255
        out.append([bytes(row[i:i + 3]) for i in range(0, stride, size)])
        before = row
    return width, height, out


def write(path, width, height, palette, lines):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
    data += chunk(b"PLTE", b"".join(palette)) + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + l for l in lines), 9)) + chunk(b"IEND", b"")
    with open(path, "wb") as f:
        f.write(data)
    return len(data)


for path in sys.argv[1:]:
    with open(path, "rb") as f:
        width, height, picture = rows(f.read())
    counts = Counter(p for row in picture for p in row)
    # The most frequent colour stands for those that look like it.
    palette = []
    for colour, _ in counts.most_common():
        if len(palette) < COLOURS and all(sum(abs(a - b) for a, b in zip(colour, p)) > 18 for p in palette):
            palette.append(colour)
    nearest = {c: min(range(len(palette)), key=lambda i: sum((a - b) ** 2 for a, b in zip(c, palette[i]))) for c in counts}
    size = write(path, width, height, palette, [bytes(nearest[p] for p in row) for row in picture])
    print(f"{path}: {size} bytes")
    if size > MAX_BYTES:
        sys.exit(f"{path}: more than {MAX_BYTES} bytes")
