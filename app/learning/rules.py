"""Who may start a course, what completes it, and which version a learner is on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.kernel.refusals import Refusal
from app.kernel.words import _l, show_date

REVIEW_MONTHS = 6
"""The product's own custom: law and support policies change more than once a year."""


class CourseClosed(Refusal):
    """The course takes no more learners."""

    def __init__(self, closes_on: date) -> None:
        super().__init__(
            _l(
                "Khóa học này đã ngừng nhận người học từ sau ngày %(day)s.",
                day=show_date(closes_on),
            )
        )


class PrerequisiteMissing(Refusal):
    """Other courses come first."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__(_l("Anh/chị cần hoàn thành trước: %(courses)s.", courses="; ".join(names)))


class NotEnrolled(Refusal):
    """Answers and progress are kept for those who are enrolled."""

    text = _l("Anh/chị chưa ghi danh khóa học này. Hãy ghi danh rồi làm tiếp.")


class NothingAnswered(Refusal):
    """An empty answer is no answer: it would only give the right one away."""

    text = _l("Anh/chị chưa trả lời câu này.")


class NoQuiz(Refusal):
    """The course has no final quiz."""

    text = _l("Khóa học này không có bài kiểm tra cuối khóa.")


@dataclass(frozen=True)
class Point:
    """One thing that completion asks for: `done` of `needed` lessons, or percent of a quiz.

    For "quiz", `needed` is the pass mark and `done` the best score so far (None: no attempt).
    """

    kind: str
    needed: float
    done: float | None
    is_met: bool


def points(
    completion: Mapping[str, Any],
    finished: Collection[str],
    *,
    best_percent: float | None,
    has_passed: bool,
) -> list[Point]:
    """What completion asks for, and how far a learner is with each."""
    asked = []
    needed = int(completion["lessons_needed"])
    if needed:
        done = lessons_that_count(completion, finished)
        asked.append(Point("lessons", needed, min(done, needed), done >= needed))
    pass_mark = completion.get("final_quiz")
    if pass_mark is not None:
        asked.append(Point("quiz", pass_mark, best_percent, has_passed))
    return asked


def is_complete(asked: Sequence[Point]) -> bool:
    """Whether nothing is left."""
    return all(point.is_met for point in asked)


def lessons_that_count(completion: Mapping[str, Any], finished: Collection[str]) -> int:
    """How many of the finished lessons completion looks at."""
    return len(set(completion["lessons"]) & set(finished))


def percent_done(completion: Mapping[str, Any], lessons_done: int, *, has_passed: bool) -> int:
    """Progress in whole percent, rounded down, the final quiz counting as one lesson.

    It is 100 only when nothing is left.
    """
    needed = int(completion["lessons_needed"])
    has_quiz = completion.get("final_quiz") is not None
    total = needed + has_quiz
    done = min(lessons_done, needed) + (has_quiz and has_passed)
    return 100 * done // total if total else 100


def where_to_continue(lessons: Sequence[str], finished: Collection[str], last: str) -> str | None:
    """The lesson to go on with: the last one if it is unfinished, else the next unfinished one
    after it, else the first unfinished one; None when all are finished.
    """
    start = lessons.index(last) if last in lessons else 0
    ahead = [*lessons[start:], *lessons[:start]]
    return next((key for key in ahead if key not in finished), None)


def is_review_due(reviewed_on: date, *, today: date) -> bool:
    """Whether a course's last review is more than six months ago."""
    months = (today.year - reviewed_on.year) * 12 + today.month - reviewed_on.month
    return months > REVIEW_MONTHS or (months == REVIEW_MONTHS and today.day > reviewed_on.day)


def check_open(closes_on: date | None, *, today: date) -> None:
    """Raise CourseClosed after the last day on which the course takes learners."""
    if closes_on is not None and today > closes_on:
        raise CourseClosed(closes_on)


def check_prerequisites(missing: Sequence[str]) -> None:
    """Raise PrerequisiteMissing when courses that come first are not completed."""
    if missing:
        raise PrerequisiteMissing(missing)


def moves_by_itself(from_number: int, last_substantial: int) -> bool:
    """Whether a correction takes an open enrollment along: only from versions that already
    hold the last substantial change, which the learner otherwise has to accept first.
    """
    return from_number >= last_substantial
