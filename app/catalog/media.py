"""Media files as pages need them: address, size, width and height."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.catalog.bundle import Bundle
from app.catalog.pictures import UnsafePicture, size_of


@dataclass(frozen=True)
class Medium:
    """A media file as a page needs it: address, size in bytes, width and height if known.

    `is_for_paper`: a drawing that says nothing about dark screens and so needs a light ground.
    """

    path: str
    address: str
    size: int
    width: int | None = None
    height: int | None = None
    is_for_paper: bool = False


def media_of(bundle: Bundle, media_address: Callable[[str], str]) -> dict[str, Medium]:
    """The media of a bundle by path; `media_address` tells where each will be served."""
    found = {}
    for path, data in bundle.files.items():
        if path.startswith("media/"):
            try:
                size = size_of(path, data)
            except UnsafePicture:
                size = None
            width, height = size or (None, None)
            is_for_paper = path.lower().endswith(".svg") and b"prefers-color-scheme" not in data
            found[path] = Medium(path, media_address(path), len(data), width, height, is_for_paper)
    return found


def file_size(size: int, language: str) -> str:
    """A file's size for people: 24 KB; 1,2 MB (in English 1.2 MB)."""
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024))} KB"
    text = f"{size / 1024**2:.1f} MB"
    return text.replace(".", ",") if language == "vi" else text
