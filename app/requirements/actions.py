"""Verbs on requirements: require a course, withdraw the requirement."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.catalog.models import Course
from app.kernel import audit
from app.kernel.clock import local_date
from app.kernel.database import serialize, session
from app.organization.models import Unit
from app.requirements import rules
from app.requirements.models import Requirement


def require(
    course: Course,
    unit: Unit,
    *,
    membership_kind: str = "",
    due_on: date,
    by: Any,
    now: datetime,
) -> Requirement:
    """Ask a unit's people, and those of all units below it, to complete a course by a day.

    Raises DueInThePast or AlreadyRequired.
    """
    rules.check_due(due_on, local_date(now))
    serialize(f"require:{unit.id}:{course.id}")  # two managers at once would each find none
    held = session().scalar(
        select(Requirement.id).where(
            Requirement.unit_id == unit.id,
            Requirement.course_id == course.id,
            Requirement.membership_kind == membership_kind,
            Requirement.withdrawn_at.is_(None),
        )
    )
    if held is not None:
        raise rules.AlreadyRequired
    requirement = Requirement(
        unit_id=unit.id,
        course_id=course.id,
        membership_kind=membership_kind,
        due_on=due_on,
        made_by_id=getattr(by, "id", None),
        made_at=now,
    )
    session().add(requirement)
    session().flush()
    audit.record(
        "requirement.make",
        actor=by,
        subject=f"requirement:{requirement.id}",
        unit_id=unit.id,
        after={"course": course.slug, "due_on": due_on.isoformat()},
        now=now,
    )
    return requirement


def withdraw(requirement: Requirement, *, by: Any, now: datetime) -> None:
    """Take a requirement back; it stays on record. Doing it twice is doing it once."""
    if requirement.withdrawn_at is None:
        requirement.withdrawn_at = now
        audit.record(
            "requirement.withdraw",
            actor=by,
            subject=f"requirement:{requirement.id}",
            unit_id=requirement.unit_id,
            now=now,
        )
