"""Reads of attempts and answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import set_committed_value

from app.assessment import rules
from app.assessment.models import Attempt, AttemptItem, LessonAnswer, Response
from app.catalog.editions import EditionQuestion, questions_by_id
from app.catalog.models import Course, Question, VersionQuestion
from app.kernel.database import session

# Statements of a learner's way are put together once, not for each request.
_IN_ROUND = (
    Attempt.person_id == bindparam("person_id"),
    Attempt.course_id == bindparam("course_id"),
    Attempt.round == bindparam("round"),
)
_ATTEMPTS = (
    select(Attempt)
    .where(*_IN_ROUND)
    .order_by(Attempt.number)
    .execution_options(populate_existing=True)
)
_LATER = aliased(Attempt)
_LATEST = (
    select(Attempt, AttemptItem)
    .outerjoin(AttemptItem, AttemptItem.attempt_id == Attempt.id)
    .where(
        *_IN_ROUND,
        ~exists().where(
            _LATER.person_id == Attempt.person_id,
            _LATER.course_id == Attempt.course_id,
            _LATER.round == Attempt.round,
            _LATER.number > Attempt.number,
        ),
    )
    .order_by(AttemptItem.position)
)
_ATTEMPT = (
    select(Attempt).where(Attempt.id == bindparam("id")).execution_options(populate_existing=True)
)
_HELD = _ATTEMPT.with_for_update()
_ITEMS = (
    select(AttemptItem)
    .where(AttemptItem.attempt_id == bindparam("attempt_id"))
    .order_by(AttemptItem.position)
    .execution_options(populate_existing=True)
)
_OPEN_ITEM = (
    select(Attempt, AttemptItem)
    .join(Course, Course.id == Attempt.course_id)
    .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
    .join(Question, Question.id == AttemptItem.question_id)
    .where(
        Attempt.person_id == bindparam("person_id"),
        Attempt.closed_at.is_(None),
        Course.slug == bindparam("slug"),
        Question.key == bindparam("key"),
    )
    .with_for_update(of=Attempt)
    .execution_options(populate_existing=True)
)
# Columns alone are read from the table: asked of the class, they cost twice as much.
_ITEM: Any = AttemptItem.__table__.c
_SENT: Any = Response.__table__.c
_SEEN = select(
    exists().where(_SENT.uuid == bindparam("uuid")),
    select(func.max(_SENT.sequence))
    .where(_SENT.item_id == bindparam("item_id"), _SENT.device == bindparam("device"))
    .scalar_subquery(),
)
_ANSWERS = select(_ITEM.answer).where(_ITEM.attempt_id == bindparam("attempt_id"))
_JOURNAL = (
    select(_SENT.item_id, _SENT.device, _SENT.sequence)
    .join_from(Response.__table__, AttemptItem.__table__, _ITEM.id == _SENT.item_id)
    .where(_ITEM.attempt_id == bindparam("attempt_id"))
    .order_by(_SENT.id)
)
_GIVEN: Any = LessonAnswer.__table__.c
_LESSON_ANSWERS = (
    select(_GIVEN.question_key, _GIVEN.answer)
    .where(
        _GIVEN.person_id == bindparam("person_id"),
        _GIVEN.course_id == bindparam("course_id"),
        _GIVEN.lesson_key == bindparam("lesson_key"),
    )
    .order_by(_GIVEN.id)
)


def attempts_of(person_id: int, course_id: int, round_: int) -> Sequence[Attempt]:
    """A person's attempts in one round, the first one first, without their items."""
    asked = {"person_id": person_id, "course_id": course_id, "round": round_}
    return session().scalars(_ATTEMPTS, asked).all()


def latest_attempt(person_id: int, course_id: int, round_: int) -> Attempt | None:
    """A person's last attempt in one round, with its items; one statement."""
    asked = {"person_id": person_id, "course_id": course_id, "round": round_}
    rows = session().execute(_LATEST, asked).all()
    if not rows:
        return None
    attempt: Attempt = rows[0][0]
    set_committed_value(attempt, "items", [item for _attempt, item in rows if item is not None])
    return attempt


def attempt_with_items(attempt_id: int) -> Attempt | None:
    """An attempt with its items, in two statements."""
    found = session().scalar(_ATTEMPT, {"id": attempt_id})
    return with_items(found) if found else None


def with_items(attempt: Attempt) -> Attempt:
    """An attempt that was read, with its items as they are now, in one statement."""
    items = session().scalars(_ITEMS, {"attempt_id": attempt.id}).all()
    set_committed_value(attempt, "items", items)
    return attempt


def hold(attempt: Attempt) -> None:
    """Read an attempt and its items anew, its row locked until the transaction ends."""
    session().scalar(_HELD, {"id": attempt.id})
    with_items(attempt)


def questions_of(attempt: Attempt) -> dict[int, EditionQuestion]:
    """What an attempt asks, by question id."""
    return questions_by_id([item.question_id for item in attempt.items])


def open_item(person_id: int, slug: str, key: str) -> tuple[Attempt, AttemptItem] | None:
    """A question of the attempt that a person has open in a course, by the question's key; the
    attempt is locked until the transaction ends."""
    asked = {"person_id": person_id, "slug": slug, "key": key}
    row = session().execute(_OPEN_ITEM, asked).first()
    return (row[0], row[1]) if row else None


def answered(attempt_id: int) -> int:
    """How many questions of an attempt have an answer."""
    answers = session().scalars(_ANSWERS, {"attempt_id": attempt_id})
    return sum(answer is not None for answer in answers)


@dataclass
class Sent:
    """What was sent for one item of an attempt: the device that saved last (empty for a plain
    form), and the highest sequence number of each device."""

    saved_by: str = ""
    sequences: dict[str, int] = field(default_factory=dict)

    def latest(self, device: str) -> int:
        """The highest sequence number that a device sent, or -1."""
        return self.sequences.get(device, -1)


NOTHING_SENT = Sent()


def journal_of(attempt_id: int) -> dict[int, Sent]:
    """What was sent for the items of an attempt, by item id; one statement."""
    found: dict[int, Sent] = {}
    for item_id, device, sequence in session().execute(_JOURNAL, {"attempt_id": attempt_id}):
        sent = found.setdefault(item_id, Sent())
        sent.saved_by = device
        sent.sequences[device] = max(sequence, sent.latest(device))
    return found


def bank_of(version_id: int) -> list[rules.BankQuestion]:
    """The questions that a version's quizzes may draw."""
    rows = session().execute(
        select(
            VersionQuestion.question_id,
            VersionQuestion.topic,
            VersionQuestion.difficulty,
            VersionQuestion.tags,
        )
        .where(VersionQuestion.version_id == version_id, VersionQuestion.topic.is_not(None))
        .order_by(VersionQuestion.topic, VersionQuestion.position)
    )
    return [
        rules.BankQuestion(row.question_id, row.topic or "", row.difficulty, tuple(row.tags))
        for row in rows
    ]


def seen(uuid: str, item_id: int, device: str) -> tuple[bool, int]:
    """Whether a save with this UUID was taken already, and the highest sequence number that
    the device sent for the item, or -1."""
    asked = {"uuid": uuid, "item_id": item_id, "device": device}
    row = session().execute(_SEEN, asked).one()
    return bool(row[0]), -1 if row[1] is None else row[1]


def overdue(now: datetime, limit: int = 100) -> Sequence[int]:
    """Ids of open attempts whose time has run out."""
    return (
        session()
        .scalars(
            select(Attempt.id)
            .where(Attempt.closed_at.is_(None), Attempt.deadline < now - rules.GRACE)
            .order_by(Attempt.id)
            .limit(limit)
        )
        .all()
    )


def lesson_answers(person_id: int, course_id: int, lesson_key: str) -> dict[str, list[str]]:
    """A person's latest answer to each question of a lesson, by question key."""
    asked = {"person_id": person_id, "course_id": course_id, "lesson_key": lesson_key}
    rows = session().execute(_LESSON_ANSWERS, asked)
    return {row.question_key: row.answer for row in rows}


def lesson_answer(uuid: str) -> LessonAnswer | None:
    """The answer inside a lesson that came with this UUID."""
    return session().scalar(select(LessonAnswer).where(LessonAnswer.uuid == uuid))


def best_percent(attempts: Sequence[Attempt]) -> float | None:
    """The best score of some attempts, or None before the first is closed."""
    scores = [a.percent for a in attempts if a.percent is not None]
    return max(scores, default=None)


def passing_attempt(person_id: int, course_id: int, round_: int) -> Attempt | None:
    """The attempt with which a person passed in a round: the best one."""
    return session().scalar(
        select(Attempt)
        .where(
            Attempt.person_id == person_id,
            Attempt.course_id == course_id,
            Attempt.round == round_,
            Attempt.has_passed.is_(True),
        )
        .order_by(Attempt.percent.desc())
        .limit(1)
    )
