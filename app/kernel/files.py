"""Files by the hash of their content: stored once, never changed, safe to store again."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO
from urllib.parse import unquote, urlsplit

_HASH = re.compile(r"[0-9a-f]{64}")


class FileStore:
    """A folder of files named by SHA-256, two levels deep."""

    def __init__(self, url: str) -> None:
        self.folder = Path(unquote(urlsplit(url).path))

    def path(self, digest: str) -> Path:
        """Where the file with this hash lies (it may not exist)."""
        if not _HASH.fullmatch(digest):
            raise ValueError("not a SHA-256 in hexadecimal")
        return self.folder / digest[:2] / digest

    def has(self, digest: str) -> bool:
        """Whether a file with this hash is stored."""
        return bool(_HASH.fullmatch(digest)) and self.path(digest).is_file()

    def store(self, content: bytes) -> str:
        """Store bytes durably and return their SHA-256. Storing twice is storing once."""
        digest = hashlib.sha256(content).hexdigest()
        target = self.path(digest)
        if not target.is_file():
            self._place(target, lambda copy: copy.write(content))
        return digest

    def store_file(self, file: IO[bytes]) -> str:
        """Store all that a file holds, whatever its size, as `store` does with bytes."""
        file.seek(0)
        hashed = hashlib.sha256()
        while piece := file.read(256 * 1024):
            hashed.update(piece)
        digest = hashed.hexdigest()
        target = self.path(digest)
        if not target.is_file():
            file.seek(0)
            self._place(target, lambda copy: shutil.copyfileobj(file, copy, 256 * 1024))
        return digest

    def workplace(self, name: str) -> Path:
        """A folder for what is not finished yet; whoever works there clears it away."""
        return self.folder / "unfinished" / name

    def read(self, digest: str) -> bytes:
        """The content; raises FileNotFoundError when it is not stored."""
        return self.path(digest).read_bytes()

    def _place(self, target: Path, write: Callable[[IO[bytes]], object]) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=target.parent, delete=False) as file:
            try:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                os.unlink(file.name)
                raise
        os.replace(file.name, target)
        # The file's name, and that of a folder just made, must outlive a power cut too.
        _sync(target.parent)
        _sync(self.folder)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_store: FileStore | None = None


def use(store: FileStore) -> None:
    """Make a store the process's own (create_app does)."""
    global _store
    _store = store


def files() -> FileStore:
    """The store this process was given."""
    if _store is None:
        raise RuntimeError("no file store was given")
    return _store
