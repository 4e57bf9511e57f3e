"""Enrollments, finished lessons, completions, and the news of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Float, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalog.models import Course, CourseVersion
from app.kernel.database import Base
from app.kernel.envelope import EnvelopeColumns
from app.kernel.schema import Extra, declare
from app.people.models import Person

SOURCES = ("online", "class", "paper", "claim", "equivalence")


class Enrollment(Base):
    """A person on a version of a course, once a round."""

    __tablename__ = "enrollment"
    __table_args__ = (
        UniqueConstraint("person_id", "course_id", "round"),
        # A unit's figures and the order of its list are read from this index alone.
        Index(
            "ix_enrollment_unit",
            *("unit_id", "enrolled_at", "completed_at", "last_activity_at", "person_id"),
        ),
        Index("ix_enrollment_enrolled_at", "enrolled_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    """The person's primary unit when they enrolled."""
    round: Mapped[int] = mapped_column(default=1)
    enrolled_at: Mapped[datetime]
    last_lesson_key: Mapped[str] = mapped_column(default="")
    """Where "continue" leads; set when a lesson is finished or answered, not when read."""
    last_activity_at: Mapped[datetime]
    lessons_done: Mapped[int] = mapped_column(default=0)
    completed_at: Mapped[datetime | None]
    """Its completion's moment, kept at hand for figures: the database sets it, nobody else."""

    person: Mapped[Person] = relationship()
    course: Mapped[Course] = relationship()
    version: Mapped[CourseVersion] = relationship()
    completion: Mapped[Completion | None] = relationship(back_populates="enrollment")


class FinishedLesson(EnvelopeColumns, Base):
    """A lesson that a learner marked as finished; the key survives renumbering."""

    __tablename__ = "finished_lesson"
    __table_args__ = (UniqueConstraint("enrollment_id", "lesson_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollment.id"))
    lesson_key: Mapped[str]


class Completion(Base):
    """The fact that a course was completed, with what was true then. Never undone."""

    __tablename__ = "completion"
    __table_args__ = (
        Index("ix_completion_unit", "unit_id", "completed_at", "periods"),
        Index("ix_completion_certified", "unit_id", "certified_on"),
        Index("ix_completion_certified_on", "certified_on", "unit_id"),
        Index(
            "ix_completion_waiting",
            "unit_id",
            sqlite_where=text("recognized_at IS NULL"),
            postgresql_where=text("recognized_at IS NULL"),
        ),
        Index("ix_completion_course", "course_id", "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollment.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    unit_name: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="online")
    started_at: Mapped[datetime]
    completed_at: Mapped[datetime] = mapped_column(index=True)
    percent: Mapped[float | None] = mapped_column(Float)
    """The final quiz's best passing score, 0 to 100; None where the course has no quiz."""
    periods: Mapped[int]
    recognized_at: Mapped[datetime | None]
    """When a decision recognised it; see RecognizedCompletion."""
    certified_on: Mapped[date | None]
    """The day of issue of the certificate that holds, if one does. Like `recognized_at` kept at
    hand for figures by the database, when a line is added to a register (credentials)."""

    enrollment: Mapped[Enrollment] = relationship(back_populates="completion")
    person: Mapped[Person] = relationship()
    course: Mapped[Course] = relationship()
    version: Mapped[CourseVersion] = relationship()


@dataclass(frozen=True)
class CourseCompleted:
    """News: a person completed a course."""

    completion: Completion


# Whoever writes a completion, by whatever road: its enrollment says so at once.
declare(
    Extra(
        "at-hand:enrollment",
        sqlite=(
            "DROP TRIGGER IF EXISTS completion_told",
            "CREATE TRIGGER completion_told AFTER INSERT ON completion BEGIN "
            "UPDATE enrollment SET completed_at = NEW.completed_at "
            "WHERE id = NEW.enrollment_id; END",
        ),
        postgresql=(
            "CREATE OR REPLACE FUNCTION completion_is_told() RETURNS trigger "
            "LANGUAGE plpgsql AS $$ BEGIN "
            "UPDATE enrollment SET completed_at = NEW.completed_at "
            "WHERE id = NEW.enrollment_id; RETURN NULL; END $$",
            "DROP TRIGGER IF EXISTS completion_told ON completion",
            "CREATE TRIGGER completion_told AFTER INSERT ON completion "
            "FOR EACH ROW EXECUTE FUNCTION completion_is_told()",
        ),
    )
)
