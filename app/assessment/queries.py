"""Reads of attempts and answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import selectinload

from app.assessment import rules
from app.assessment.models import Attempt, AttemptItem, LessonAnswer, Response
from app.catalog.editions import EditionQuestion, questions_by_id
from app.catalog.models import Course, Question, VersionQuestion
from app.kernel.database import session

# Statements of a learner's way are put together once, not for each request.
_ROUND = select(Attempt).where(
    Attempt.person_id == bindparam("person_id"),
    Attempt.course_id == bindparam("course_id"),
    Attempt.round == bindparam("round"),
)
_ATTEMPTS = _ROUND.order_by(Attempt.number).execution_options(populate_existing=True)
_LATEST = _ROUND.order_by(Attempt.number.desc()).limit(1)
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
_SEEN = select(
    exists().where(Response.uuid == bindparam("uuid")),
    select(func.max(Response.sequence))
    .where(Response.item_id == bindparam("item_id"), Response.device == bindparam("device"))
    .scalar_subquery(),
)
_ANSWERS = select(AttemptItem.answer).where(AttemptItem.attempt_id == bindparam("attempt_id"))
_LESSON_ANSWERS = (
    select(LessonAnswer)
    .where(
        LessonAnswer.person_id == bindparam("person_id"),
        LessonAnswer.course_id == bindparam("course_id"),
        LessonAnswer.lesson_key == bindparam("lesson_key"),
    )
    .order_by(LessonAnswer.id)
)


def attempts_of(person_id: int, course_id: int, round_: int) -> Sequence[Attempt]:
    """A person's attempts in one round, the first one first, without their items."""
    asked = {"person_id": person_id, "course_id": course_id, "round": round_}
    return session().scalars(_ATTEMPTS, asked).all()


def latest_attempt(person_id: int, course_id: int, round_: int) -> Attempt | None:
    """A person's last attempt in one round, without its items."""
    asked = {"person_id": person_id, "course_id": course_id, "round": round_}
    return session().scalar(_LATEST, asked)


def attempt_with_items(attempt_id: int, *, hold: bool = False) -> Attempt | None:
    """An attempt with its items, in two statements; with `hold`, locked until the transaction
    ends."""
    statement = (
        select(Attempt)
        .where(Attempt.id == attempt_id)
        .options(selectinload(Attempt.items))
        .execution_options(populate_existing=True)
    )
    return session().scalar(statement.with_for_update() if hold else statement)


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


def last_savers(attempt_id: int) -> dict[int, str]:
    """The device that saved last, by item id; empty for a plain form."""
    rows = session().execute(
        select(Response.item_id, Response.device)
        .join(AttemptItem, AttemptItem.id == Response.item_id)
        .where(AttemptItem.attempt_id == attempt_id)
        .order_by(Response.id)
    )
    return {row.item_id: row.device for row in rows}


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


def latest_sequences(attempt_id: int, device: str) -> dict[int, int]:
    """The highest sequence number that a device sent for each item of an attempt, by item id."""
    rows = session().execute(
        select(Response.item_id, func.max(Response.sequence))
        .join(AttemptItem, AttemptItem.id == Response.item_id)
        .where(AttemptItem.attempt_id == attempt_id, Response.device == device)
        .group_by(Response.item_id)
    )
    return {row[0]: row[1] for row in rows}


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


def lesson_answers(person_id: int, course_id: int, lesson_key: str) -> dict[str, LessonAnswer]:
    """A person's latest answer to each question of a lesson, by question key."""
    asked = {"person_id": person_id, "course_id": course_id, "lesson_key": lesson_key}
    rows = session().scalars(_LESSON_ANSWERS, asked)
    return {row.question_key: row for row in rows}


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
