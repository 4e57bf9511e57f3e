"""Attempts at a final quiz with their items, and answers to questions inside lessons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalog.models import Question
from app.kernel.database import Base
from app.kernel.envelope import EnvelopeColumns


class Attempt(Base):
    """One go at the final quiz of a course, within one round of a person's learning."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("person_id", "course_id", "round", "number"),
        Index(
            "ux_attempt_open",
            "person_id",
            "course_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        CheckConstraint("deadline IS NULL OR deadline > started_at", name="deadline"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    round: Mapped[int]
    number: Mapped[int]
    started_at: Mapped[datetime]
    deadline: Mapped[datetime | None]
    """None where the quiz has no time limit."""
    closed_at: Mapped[datetime | None]
    """When it was submitted or, overdue, recorded as closed by the job."""
    was_overdue: Mapped[bool] = mapped_column(default=False)
    points: Mapped[float | None] = mapped_column(Float)
    max_points: Mapped[float] = mapped_column(Float)
    percent: Mapped[float | None] = mapped_column(Float)
    has_passed: Mapped[bool | None]

    items: Mapped[list[AttemptItem]] = relationship(
        back_populates="attempt", order_by="AttemptItem.position"
    )


class AttemptItem(Base):
    """One question of an attempt, its shuffled choices, and the answer saved last."""

    __tablename__ = "attempt_item"
    __table_args__ = (UniqueConstraint("attempt_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), index=True)
    position: Mapped[int]
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), index=True)
    choice_order: Mapped[list[Any]]
    max_points: Mapped[float] = mapped_column(Float)
    answer: Mapped[list[Any] | None]
    answer_sequence: Mapped[int] = mapped_column(default=-1)
    answered_at: Mapped[datetime | None]
    points: Mapped[float | None] = mapped_column(Float)

    attempt: Mapped[Attempt] = relationship(back_populates="items")
    question: Mapped[Question] = relationship()


class Response(EnvelopeColumns, Base):
    """One save of one answer, as its device sent it; appended, never changed."""

    __tablename__ = "response"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("attempt_item.id"), index=True)
    answer: Mapped[list[Any]]


@dataclass(frozen=True)
class AttemptClosed:
    """News: an attempt was submitted or ran out of time, and is marked."""

    attempt: Attempt


class LessonAnswer(EnvelopeColumns, Base):
    """One answer to a question inside a lesson, marked at once; the latest one is shown."""

    __tablename__ = "lesson_answer"
    __table_args__ = (Index("ix_lesson_answer_place", "person_id", "course_id", "question_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), index=True)
    question_key: Mapped[str]
    lesson_key: Mapped[str]
    answer: Mapped[list[Any]]
    share: Mapped[float] = mapped_column(Float)
