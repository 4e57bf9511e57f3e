"""When an attempt may start, what it draws, and what it is worth: values in, values out."""

from __future__ import annotations

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
    if attempts is not None and len(past) >= attempts:
        raise NoAttemptsLeft
    if past and wait_hours:
        until = max(p.closed_at for p in past) + timedelta(hours=wait_hours)
        if now < until:
            raise AttemptTooSoon(until)


def draw(
    wanted: Sequence[Mapping[str, object]],
    bank: Sequence[BankQuestion],
    chance: random.Random,
) -> list[int]:
    """Question ids for one attempt: each draw takes its count from its topic, none twice.

    The draws with the fewest candidates choose first, so that a narrow draw is not starved by
    a wide one. Raises BankTooSmall.
    """
    taken: set[int] = set()
    by_place: dict[int, list[int]] = {}
    order = sorted(range(len(wanted)), key=lambda i: len(_candidates(wanted[i], bank)))
    for place in order:
        candidates = [q for q in _candidates(wanted[place], bank) if q.id not in taken]
        count = int(str(wanted[place]["count"]))
        if len(candidates) < count:
            raise BankTooSmall
        by_place[place] = [q.id for q in chance.sample(candidates, count)]
        taken.update(by_place[place])
    return [question for place in range(len(wanted)) for question in by_place[place]]


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
    """What share of all points was earned, 0 to 100, to one decimal."""
    total = sum(most)
    return round(100 * sum(points) / total, 1) if total else 0.0


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
