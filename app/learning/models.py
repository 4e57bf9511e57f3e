"""Enrollments, finished lessons, completions, and the news of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Float, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalog.models import Course, CourseVersion
from app.kernel.database import Base
from app.kernel.envelope import EnvelopeColumns
from app.people.models import Person

SOURCES = ("online", "class", "paper", "claim", "equivalence")


class Enrollment(Base):
    """A person on a version of a course, once a round."""

    __tablename__ = "enrollment"
    __table_args__ = (UniqueConstraint("person_id", "course_id", "round"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    """The person's primary unit when they enrolled."""
    round: Mapped[int] = mapped_column(default=1)
    enrolled_at: Mapped[datetime]
    last_lesson_key: Mapped[str] = mapped_column(default="")
    """Where "continue" leads; set when a lesson is finished or answered, not when read."""
    last_activity_at: Mapped[datetime]
    lessons_done: Mapped[int] = mapped_column(default=0)

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

    id: Mapped[int] = mapped_column(primary_key=True)
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollment.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    unit_name: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="online")
    started_at: Mapped[datetime]
    completed_at: Mapped[datetime] = mapped_column(index=True)
    percent: Mapped[float | None] = mapped_column(Float)
    """The final quiz's best passing score, 0 to 100; None where the course has no quiz."""
    periods: Mapped[int]

    enrollment: Mapped[Enrollment] = relationship(back_populates="completion")
    person: Mapped[Person] = relationship()
    course: Mapped[Course] = relationship()
    version: Mapped[CourseVersion] = relationship()


@dataclass(frozen=True)
class CourseCompleted:
    """News: a person completed a course."""

    completion: Completion
