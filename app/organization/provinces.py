"""The 34 provinces and centrally-run cities of today, as shipped data.

Source: Decision 19/2025/QĐ-TTg and the three resolutions of 2026, as recorded with their
certainty in domain.md 3.2. Before `since`, the three cities of 2026 were provinces.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.kernel.words import sort_key

STRUCTURE_SINCE = date(2025, 7, 1)
_FILE = Path(__file__).with_name("provinces.csv")


@dataclass(frozen=True)
class Province:
    """One provincial unit: its code is text, leading zeros count."""

    code: str
    kind: str
    name: str
    since: date
    act: str

    @property
    def short_name(self) -> str:
        """The name without "Tỉnh" or "Thành phố": what lists are sorted by."""
        return self.name.removeprefix("Thành phố ").removeprefix("Tỉnh ")


def provinces(*, by_code: bool = False) -> list[Province]:
    """All 34, in Vietnamese order of their names, or by code (north to south)."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        rows = [
            Province(r["code"], r["kind"], r["name"], date.fromisoformat(r["since"]), r["act"])
            for r in csv.DictReader(file)
        ]
    return sorted(rows, key=lambda p: p.code if by_code else sort_key(p.short_name))
