"""When an attempt may start, what it draws, and what it is worth: values in, values out."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.kernel.refusals import Refusal
from app.kernel.words import _l, show_moment

GRACE = timedelta(seconds=15)
"""How long after the deadline the last save of a slow line is still taken."""


class NoAttemptsLeft(Refusal):
    """The course allows no further attempt."""

    text = _l("Anh/chị đã dùng hết số lượt làm bài của khóa học này.")


class AttemptTooSoon(Refusal):
    """The course asks for a pause between attempts."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__(_l("Lượt làm bài tiếp theo mở lúc %(when)s.", when=show_moment(until)))


class AlreadyPassed(Refusal):
    """A passed quiz needs no further attempt."""

    text = _l("Anh/chị đã đạt bài kiểm tra này, không cần làm lại.")


class AttemptOver(Refusal):
    """A closed attempt takes no answer."""

    text = _l("Lượt làm bài này đã kết thúc nên câu trả lời không được nhận.")


class BankTooSmall(Refusal):
    """The bank holds fewer questions than the quiz draws; the check of a course prevents it."""

    text = _l("Ngân hàng câu hỏi chưa đủ câu cho bài kiểm tra. Hãy báo cho giảng viên.")


@dataclass(frozen=True)
class PastAttempt:
    """What the rules need to know of an earlier attempt."""

    closed_at: datetime
    has_passed: bool


@dataclass(frozen=True)
class BankQuestion:
    """A question as a draw sees it."""

    id: int
    topic: str
    difficulty: str
    tags: tuple[str, ...]


def check_start(
    past: Sequence[PastAttempt], *, attempts: int | None, wait_hours: int, now: datetime
) -> None:
    """Raise AlreadyPassed, NoAttemptsLeft or AttemptTooSoon; None in `attempts` is no limit."""
    if any(p.has_passed for p in past):
        raise AlreadyPassed
    if attempts_left(len(past), attempts) == 0:
        raise NoAttemptsLeft
    until = opens_at(past, wait_hours=wait_hours)
    if until is not None and now < until:
        raise AttemptTooSoon(until)


def attempts_left(used: int, attempts: int | None) -> int | None:
    """How many attempts remain; None where there is no limit."""
    return None if attempts is None else max(0, attempts - used)


def opens_at(past: Sequence[PastAttempt], *, wait_hours: int) -> datetime | None:
    """When the next attempt opens after the last one closed; None without a pause."""
    if not past or not wait_hours:
        return None
    return max(p.closed_at for p in past) + timedelta(hours=wait_hours)


def draw(
    wanted: Sequence[Mapping[str, object]],
    bank: Sequence[BankQuestion],
    chance: random.Random,
) -> list[int]:
    """Question ids for one attempt: each draw in turn takes its count, none twice.

    In the order of the course file, for which the check of a course has made sure that no draw
    starves a later one. Raises BankTooSmall.
    """
    taken: list[int] = []
    for one in wanted:
        candidates = [q.id for q in _candidates(one, bank) if q.id not in taken]
        count = int(str(one["count"]))
        if len(candidates) < count:
            raise BankTooSmall
        taken += chance.sample(candidates, count)
    return taken


def _candidates(wanted: Mapping[str, object], bank: Sequence[BankQuestion]) -> list[BankQuestion]:
    raw_tags = wanted.get("tags") or ()
    tags = set(raw_tags) if isinstance(raw_tags, list | tuple) else set()
    difficulty = wanted.get("difficulty")
    return [
        q
        for q in bank
        if q.topic == wanted["from"]
        and tags <= set(q.tags)
        and difficulty in (None, "", q.difficulty)
    ]


def percent(points: Sequence[float], most: Sequence[float]) -> float:
    """What share of all points was earned, 0 to 100, to one decimal.

    Rounded down: 49,96 is not yet 50. What binary fractions lose is put back first.
    """
    total = sum(most)
    return math.floor(round(1000 * sum(points) / total, 4)) / 10 if total else 0.0


def replaces(
    values: Sequence[str],
    *,
    saved_at: datetime | None,
    saved_by: str,
    shown_at: datetime | None,
    device: str,
) -> bool:
    """Whether an answer that comes with a submitted form replaces the one saved before.

    A page left open elsewhere may be submitted by its clock: what it leaves empty, and what
    another device saved after it was shown, stays as saved.
    """
    if not any(value.strip() for value in values):
        return False
    is_newer_elsewhere = (
        saved_at is not None and shown_at is not None and saved_at > shown_at and saved_by != device
    )
    return not is_newer_elsewhere


def is_over(deadline: datetime | None, *, now: datetime) -> bool:
    """Whether an attempt's time has run out, the grace for slow lines included."""
    return deadline is not None and now > deadline + GRACE


def may_review(policy: str, *, has_passed: bool, can_try_again: bool) -> bool:
    """Whether right answers and explanations of a closed attempt may be seen.

    `after-pass` opens them also when no attempt is left: nothing can be spoilt any more.
    """
    if policy == "after-submit":
        return True
    if policy == "after-pass":
        return has_passed or not can_try_again
    return False
