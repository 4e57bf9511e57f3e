"""Requirements: a course asked of a unit's people by a day."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalog.models import Course
from app.kernel.database import Base
from app.organization.models import Unit


class Requirement(Base):
    """A course required in a unit and all below it."""

    __tablename__ = "requirement"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    membership_kind: Mapped[str] = mapped_column(default="")
    """officer or collaborator; empty for everybody."""
    due_on: Mapped[date]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    unit: Mapped[Unit] = relationship()
    course: Mapped[Course] = relationship()
