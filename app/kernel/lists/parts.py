"""Rows laid down in parts on disk, so that a long writing goes on where it was interrupted."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.kernel.lists.columns import Value


class Parts:
    """A folder of numbered parts; a part is there as a whole or not at all, even after a crash."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, name: str, rows: Sequence[Any]) -> None:
        """Lay down a part durably; the same name once more replaces it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f"{name}.partial"
        # `dumps`, since `dump` does in Python what this does in C: eight times as long.
        content = json.dumps(rows, default=_packed, ensure_ascii=False, separators=(",", ":"))
        with partial.open("w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, self.folder / f"{name}.json")

    def has(self, name: str) -> bool:
        """Whether a part was laid down here."""
        return (self.folder / f"{name}.json").is_file()

    def read(self, name: str) -> list[Any]:
        """What a part holds; raises FileNotFoundError where it is not."""
        with (self.folder / f"{name}.json").open(encoding="utf-8") as file:
            found: list[Any] = json.load(file, object_hook=_unpacked)
        return found

    def rows(self, names: Sequence[str]) -> Iterator[tuple[Value, ...]]:
        """The rows of parts, one part in memory at a time."""
        for name in names:
            yield from map(tuple, self.read(name))

    def clear(self) -> None:
        """Take the folder away with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _packed(value: Any) -> dict[str, str]:
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    raise TypeError(f"a part cannot hold a {type(value).__name__}")


def _unpacked(packed: dict[str, str]) -> date | Decimal:
    if "day" in packed:
        return date.fromisoformat(packed["day"])
    return Decimal(packed["decimal"])
