"""Moments of the story, counted back from now, and what happens at them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.kernel.clock import VIETNAM, local_date

SEED = "tỉnh Minh Sơn"
BEGINNING = 400
"""Days before now on which the network began to use the product."""


@dataclass(frozen=True)
class Act:
    """Something that a person does at a moment."""

    at: datetime
    do: Callable[[datetime], object]


def play(acts: Iterable[Act]) -> None:
    """Let everything happen in the order of time: registers only move forward."""
    for act in sorted(acts, key=lambda a: a.at):
        act.do(act.at)


def chance_of(*names: object) -> random.Random:
    """A source of chance of its own for each name, so that one change moves nothing else."""
    return random.Random(":".join((SEED, *map(str, names))))  # noqa: S311 (a story, no secret)


def day_before(now: datetime, days: int) -> date:
    """The calendar day so many days before now."""
    return local_date(now) - timedelta(days=days)


def moment(now: datetime, days: int, hour: int, minute: int = 0) -> datetime:
    """A moment in Vietnam so many days before now, never after now."""
    at = datetime.combine(day_before(now, days), time(hour, minute), VIETNAM)
    return min(at, now)
