"""Static files under an address that changes when any of them does, so browsers keep them.

Style sheets are joined in the order of css/order.txt into one app.css. Text is compressed
once, when a process first asks for it.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1] / "static"
_TEXT = ("text/", "application/json", "image/svg+xml", "application/manifest+json")
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("application/manifest+json", ".webmanifest")


@dataclass(frozen=True)
class Asset:
    """One static file as it goes over the wire."""

    body: bytes
    zipped: bytes | None
    kind: str


@lru_cache(maxsize=1)
def version() -> str:
    """The fingerprint of every static file together."""
    digest = hashlib.sha256()
    for path in sorted(p for p in ROOT.rglob("*") if p.is_file()):
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@lru_cache(maxsize=256)
def asset(name: str) -> Asset | None:
    """A static file by its name below static/, or None. `app.css` is the joined style sheet."""
    if name == "app.css":
        body = _joined_css()
    else:
        try:
            path = (ROOT / name).resolve()
            if not path.is_relative_to(ROOT) or not path.is_file():
                return None
            body = path.read_bytes()
        except (OSError, ValueError):
            return None  # a name that no file system takes
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_text = kind.startswith(_TEXT)
    zipped = gzip.compress(body, 9, mtime=0) if is_text and len(body) > 400 else None
    return Asset(body, zipped, kind)


def _joined_css() -> bytes:
    names = (ROOT / "css" / "order.txt").read_text().split()
    return b"\n".join((ROOT / "css" / name).read_bytes() for name in names)


def address(name: str) -> str:
    """Where a static file is served for ever under its present content."""
    return f"/static/{version()}/{'app.css' if name == 'css' else name}"
