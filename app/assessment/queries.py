"""Reads of attempts and answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.assessment import rules
from app.assessment.models import Attempt, AttemptItem, LessonAnswer, Response
from app.catalog.models import Question, VersionQuestion
from app.kernel.database import session


def attempts_of(person_id: int, course_id: int, round_: int) -> Sequence[Attempt]:
    """A person's attempts in one round, the first one first, without their items."""
    return (
        session()
        .scalars(
            select(Attempt)
            .where(
                Attempt.person_id == person_id,
                Attempt.course_id == course_id,
                Attempt.round == round_,
            )
            .order_by(Attempt.number)
            .execution_options(populate_existing=True)
        )
        .all()
    )


def questions_by_id(ids: Sequence[int]) -> dict[int, Question]:
    """Questions by their row ids."""
    found = session().scalars(select(Question).where(Question.id.in_(ids)))
    return {question.id: question for question in found}


def attempt_with_items(attempt_id: int) -> Attempt | None:
    """An attempt with its items and their questions, in two statements."""
    return session().scalar(
        select(Attempt)
        .where(Attempt.id == attempt_id)
        .options(selectinload(Attempt.items).joinedload(AttemptItem.question))
        .execution_options(populate_existing=True)
    )


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


def has_response(uuid: str) -> bool:
    """Whether a save with this UUID was taken already."""
    return session().scalar(select(Response.id).where(Response.uuid == uuid)) is not None


def latest_sequence(item_id: int, device: str) -> int:
    """The highest sequence number that a device sent for an item, or -1."""
    found = session().scalar(
        select(Response.sequence)
        .where(Response.item_id == item_id, Response.device == device)
        .order_by(Response.sequence.desc())
        .limit(1)
    )
    return -1 if found is None else found


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
    rows = session().scalars(
        select(LessonAnswer)
        .where(
            LessonAnswer.person_id == person_id,
            LessonAnswer.course_id == course_id,
            LessonAnswer.lesson_key == lesson_key,
        )
        .order_by(LessonAnswer.id)
    )
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
