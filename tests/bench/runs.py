"""Runs as they are kept, and what became slower between two of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

LEAST = 0.15
"""No change below this share is told."""
SPREADS = 3.0
"""How many median deviations of the rounds a change must exceed."""
TO_NORMAL = 1.4826
"""What makes a median deviation comparable with a standard deviation."""

RATIOS = {
    "rate": "requests a second, beside the floor",
    "processor": "processor time, beside the floor",
    "alone": "time of one request alone, beside the floor",
}


@dataclass(frozen=True)
class Flag:
    """One page that became slower, by one measure."""

    section: str
    page: str
    measure: str
    before: float
    now: float
    limit: float
    """The share of change that noise could explain."""

    def __str__(self) -> str:
        change = (self.now / self.before - 1) * 100 if self.before else float("inf")
        return (
            f"{self.section} {self.page}: {self.measure} {self.before:.2f} -> {self.now:.2f} "
            f"(+{change:.0f} %, noise up to {self.limit * 100:.0f} %)"
        )


def slower(before: Mapping[str, Any], now: Mapping[str, Any], *, section: str = "") -> list[Flag]:
    """Pages of one section that are slower than in another one beyond the noise of their rounds.

    A ratio is slower when its median grew by more than LEAST and by more than SPREADS median
    deviations of the rounds of both, and the rounds of now lie above those of before, an
    outer quarter of each left out.
    Statements are counted, not timed: one more is more.
    """
    flags = []
    for name, row in now.get("pages", {}).items():
        was = before.get("pages", {}).get(name, {})
        if not was or "problem" in was:
            continue
        if "problem" in row:
            flags.append(Flag(section, name, f"no figure: {row['problem'][:80]}", 0.0, 0.0, 0.0))
            continue
        for ratio, says in RATIOS.items():
            old, new = was["ratios"][ratio], row["ratios"][ratio]
            limit = max(LEAST, SPREADS * max(spread(old), spread(new)))
            if median(new) > median(old) * (1 + limit) and _lie_apart(old, new):
                flags.append(Flag(section, name, says, median(old), median(new), limit))
        if row["statements"] > was["statements"]:
            flags.append(
                Flag(section, name, "statements", was["statements"], row["statements"], 0.0)
            )
    return flags


def _lie_apart(old: Iterable[float], new: Iterable[float]) -> bool:
    before, now = sorted(old), sorted(new)
    return now[len(now) // 4] > before[-1 - len(before) // 4]


def spread(values: Iterable[float]) -> float:
    """The median deviation of values, as a share of their median."""
    listed = list(values)
    centre = median(listed)
    return TO_NORMAL * median(abs(value - centre) for value in listed) / centre


def compare(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Flag]:
    """All that became slower between two runs, in the sections that both have."""
    return [
        flag
        for name, section in now["sections"].items()
        if name in before["sections"]
        for flag in slower(before["sections"][name], section, section=name)
    ]


# Files


def keep(run: Mapping[str, Any], folder: Path) -> Path:
    """Write a run into the folder of runs, named by its moment."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run['moment'].replace(':', '')}.json"
    path.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n")
    return path


def load(path: Path) -> dict[str, Any]:
    """Read a run."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def last_like(run: Mapping[str, Any], folder: Path) -> dict[str, Any] | None:
    """The last run to compare one with: same machine, same way of measuring, nothing slowed.

    One that measured all that this one is to measure goes before a later one that did not.
    """
    candidates = [kept for kept in _kept(folder) if _is_like(kept, run)]
    wanted = _asked_of(run)
    whole = [kept for kept in candidates if wanted <= _measured(kept)]
    some = [kept for kept in candidates if wanted & _measured(kept)]
    return next(iter(reversed(whole or some)), None)


def _kept(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.json")):
        try:
            yield load(path)
        except ValueError:
            continue  # a run that was cut short while it was written


def _is_like(kept: Mapping[str, Any], run: Mapping[str, Any]) -> bool:
    return (
        kept["machine"] == run["machine"]
        and kept["how"] == run["how"]
        and not kept["options"]["slow"]
    )


def _measured(run: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(name, page) for name, section in run["sections"].items() for page in section["pages"]}


def _asked_of(run: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {
        (section, page) for section in run["asked"]["sections"] for page in run["asked"]["pages"]
    }
