"""Rows laid down in parts on disk, so that a long writing goes on where it was interrupted."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from app.kernel.lists.columns import Value


class Parts:
    """A folder of numbered parts; a part is there as a whole or not at all, even after a crash."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, name: str, content: Any) -> None:
        """Lay down what JSON can hold, durably; the same name once more replaces it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f"{name}.partial"
        # `dumps`, since `dump` does in Python what this does in C: eight times as long.
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, self.folder / f"{name}.json")

    def keep_rows(self, name: str, rows: Sequence[tuple[Value, ...]]) -> None:
        """Lay down rows: column by column, since a column's values are of one kind."""
        columns = zip(*rows, strict=True)
        self.keep(name, [_packed(column) for column in columns])

    def has(self, name: str) -> bool:
        """Whether a part was laid down here."""
        return (self.folder / f"{name}.json").is_file()

    def read(self, name: str) -> list[Any]:
        """What a part holds; raises FileNotFoundError where it is not."""
        with (self.folder / f"{name}.json").open(encoding="utf-8") as file:
            found: list[Any] = json.load(file)
        return found

    def rows(self, names: Sequence[str]) -> Iterator[tuple[Value, ...]]:
        """The rows of parts, one part in memory at a time."""
        for name in names:
            columns = [_UNPACK[column["kind"]](column["values"]) for column in self.read(name)]
            yield from zip(*columns, strict=True)

    def clear(self) -> None:
        """Take the folder away with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _packed(values: Sequence[Value]) -> dict[str, Any]:
    """A column as JSON, with the kind of what JSON does not know."""
    kinds = set(map(type, values)) - {type(None)}
    if not kinds & {date, Decimal}:
        return {"kind": "", "values": values}
    if kinds == {date}:
        return {"kind": "day", "values": [v and str(v) for v in values]}
    return {"kind": "mixed", "values": [_marked(v) for v in values]}


def _marked(value: Value) -> Any:
    if isinstance(value, date):
        return {"day": str(value)}
    return {"decimal": str(value)} if isinstance(value, Decimal) else value


def _days(values: Iterable[str | None]) -> list[Value]:
    day = cache(date.fromisoformat)
    return [text and day(text) for text in values]


def _mixed(values: Iterable[Any]) -> list[Value]:
    return [_unmarked(value) if value.__class__ is dict else value for value in values]


def _unmarked(marked: dict[str, str]) -> Value:
    return date.fromisoformat(marked["day"]) if "day" in marked else Decimal(marked["decimal"])


_UNPACK: dict[str, Callable[[list[Any]], Sequence[Value]]] = {
    "": list,
    "day": _days,
    "mixed": _mixed,
}
