"""Units, their former states, and the lines from each unit to all above it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.database import Base, Key

KINDS = (
    "ministry",
    "agency",
    "province",
    "municipality",
    "department",
    "centre",
    "division",
    "network",
    "commune",
    "ward",
    "special_zone",
    "enterprise",
    "other",
)


class Unit(Base):
    """A unit as it is today; what it was before is in UnitPast."""

    __tablename__ = "unit"
    __table_args__ = (
        CheckConstraint("closed_on IS NULL OR closed_on >= opened_on", name="dates"),
        CheckConstraint("parent_id IS NULL OR parent_id != id", name="own_parent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    name: Mapped[str]
    name_sort: Mapped[str] = mapped_column(index=True)
    name_fold: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    """Half-open: the first day on which the unit is no more."""
    since: Mapped[date]
    """The day from which the present name, kind and parent hold."""
    place_name: Mapped[str] = mapped_column(default="")
    """What stands before the date on its papers, for example "Minh Sơn"."""
    is_illustration: Mapped[bool] = mapped_column(default=False)

    parent: Mapped[Unit | None] = relationship(remote_side=[id])

    def is_open(self, day: date) -> bool:
        """Whether the unit exists on a day."""
        return self.opened_on <= day and (self.closed_on is None or day < self.closed_on)


class UnitPast(Base):
    """A former state of a unit, valid from `valid_from` to before `valid_to`."""

    __tablename__ = "unit_past"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    kind: Mapped[str]
    name: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    decision: Mapped[str] = mapped_column(default="")
    recorded_at: Mapped[datetime]


class UnitLine(Base):
    """One row for every unit and each unit above it, itself included at depth 0."""

    __tablename__ = "unit_line"
    __table_args__ = (Index("ix_unit_line_level", "ancestor_id", "depth", "unit_id"),)

    ancestor_id: Mapped[int] = mapped_column(Key, ForeignKey("unit.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(Key, ForeignKey("unit.id"), primary_key=True, index=True)
    depth: Mapped[int]


class UnitSetting(Base):
    """What a unit decides for itself: signer, yearly target and the like, by name."""

    __tablename__ = "unit_setting"

    unit_id: Mapped[int] = mapped_column(Key, ForeignKey("unit.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
