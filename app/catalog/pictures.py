"""How wide and high a picture is, and whether an SVG is safe: read from the file's head."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from xml.etree import ElementTree

Size = tuple[int, int]

_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:px)?\s*")
_OUTSIDE = re.compile(r"(?i)\s*(?:javascript|data:text|https?:|//|file:|vbscript)")
_STYLE_OUTSIDE = re.compile(r"(?i)@import|url\(\s*['\"]?\s*(?!#|data:image/)[^'\")\s]")


class UnsafePicture(ValueError):
    """An SVG that holds a script, an outside address or is no SVG."""


def size_of(path: str, data: bytes) -> Size | None:
    """(width, height) in CSS pixels; None where the file does not say."""
    reader = _READERS.get(path.rpartition(".")[2].lower())
    try:
        return reader(data) if reader else None
    except (struct.error, IndexError, ValueError):
        return None


def check_svg(data: bytes) -> None:
    """Raises UnsafePicture for what a drawing does not need: scripts, handlers, addresses."""
    root = _svg(data)
    for element in root.iter():
        name = _local(element.tag)
        if name in ("script", "foreignobject", "iframe", "handler", "set", "animate"):
            raise UnsafePicture(name)
        if name == "style" and _STYLE_OUTSIDE.search(element.text or ""):
            raise UnsafePicture("style")
        for attribute, value in element.attrib.items():
            bare = _local(attribute)
            if bare.startswith("on"):
                raise UnsafePicture(bare)
            if bare in ("href", "src") and name != "a" and _OUTSIDE.match(value):
                raise UnsafePicture(bare)
            if bare == "href" and name == "a":
                raise UnsafePicture("a")
            if bare != "href" and _STYLE_OUTSIDE.search(value):
                raise UnsafePicture(bare)


def _local(name: object) -> str:
    return str(name).rpartition("}")[2].lower()


def _svg(data: bytes) -> ElementTree.Element:
    # Entities are where XML parsers break; a drawing needs none.
    if b"<!ENTITY" in data or b"<!DOCTYPE" in data or len(data) > 5 * 1024 * 1024:
        raise UnsafePicture("doctype")
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, RecursionError) as wrong:
        raise UnsafePicture("xml") from wrong
    if _local(root.tag) != "svg":
        raise UnsafePicture("root")
    return root


def _svg_size(data: bytes) -> Size | None:
    root = _svg(data)
    sides = [_LENGTH.fullmatch(root.get(side, "")) for side in ("width", "height")]
    if sides[0] and sides[1]:
        return round(float(sides[0][1])), round(float(sides[1][1]))
    box = root.get("viewBox", "").replace(",", " ").split()
    return (round(float(box[2])), round(float(box[3]))) if len(box) == 4 else None


def _png_size(data: bytes) -> Size | None:
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _gif_size(data: bytes) -> Size | None:
    if not data.startswith((b"GIF87a", b"GIF89a")):
        return None
    width, height = struct.unpack("<HH", data[6:10])
    return width, height


def _jpeg_size(data: bytes) -> Size | None:
    at = 2
    while data.startswith(b"\xff\xd8") and at + 9 < len(data):
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return None


def _webp_size(data: bytes) -> Size | None:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    if data[12:16] == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        return width, int.from_bytes(data[27:30], "little") + 1
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    width, height = struct.unpack("<HH", data[26:30])
    return width & 0x3FFF, height & 0x3FFF


_READERS: dict[str, Callable[[bytes], Size | None]] = {
    "svg": _svg_size,
    "png": _png_size,
    "gif": _gif_size,
    "jpg": _jpeg_size,
    "jpeg": _jpeg_size,
    "webp": _webp_size,
}
