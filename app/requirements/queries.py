"""Reads of required training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import joinedload

from app.catalog.models import Course, CourseVersion
from app.kernel.database import session
from app.learning.models import Completion
from app.organization.models import Unit, UnitLine
from app.organization.queries import ids_below
from app.people.models import Membership
from app.requirements.models import Requirement


@dataclass(frozen=True)
class Duty:
    """A course that somebody must complete, by when, and who asks."""

    slug: str
    version: CourseVersion
    due_on: date
    asked_by: str

    def days_left(self, today: date) -> int:
        """Days until the due date; below nought when overdue."""
        return (self.due_on - today).days


def open_duties(person_id: int, today: date) -> list[Duty]:
    """The courses required of a person and not completed yet, the most urgent first."""
    reaches = and_(
        Membership.person_id == person_id,
        Membership.starts_on <= today,
        or_(Membership.ends_on.is_(None), Membership.ends_on > today),
    )
    rows = session().execute(
        select(Requirement.due_on, Unit.name, Course.slug, CourseVersion)
        .join(UnitLine, UnitLine.ancestor_id == Requirement.unit_id)
        .join(Membership, Membership.unit_id == UnitLine.unit_id)
        .join(Unit, Unit.id == Requirement.unit_id)
        .join(Course, Course.id == Requirement.course_id)
        .join(CourseVersion, CourseVersion.id == Course.current_id)
        .where(
            reaches,
            Requirement.withdrawn_at.is_(None),
            or_(
                Requirement.membership_kind == "",
                Requirement.membership_kind == Membership.kind,
            ),
            ~select(Completion.id)
            .where(Completion.person_id == person_id, Completion.course_id == Course.id)
            .exists(),
        )
        .order_by(Requirement.due_on, Course.slug, Requirement.id)
    )
    duties: dict[str, Duty] = {}
    for due_on, unit_name, slug, version in rows:
        duties.setdefault(slug, Duty(slug, version, due_on, asked_by=unit_name))
    return list(duties.values())


@dataclass(frozen=True)
class RequirementRow:
    """A requirement as its manager sees it: how many it reaches, how many are done."""

    requirement: Requirement
    reached: int
    done: int


def requirements_in(roots: Sequence[int], today: date) -> list[RequirementRow]:
    """Requirements of the units in scope with their figures, in two statements."""
    requirements = (
        session()
        .scalars(
            select(Requirement)
            .where(Requirement.unit_id.in_(ids_below(roots)), Requirement.withdrawn_at.is_(None))
            .options(
                joinedload(Requirement.unit),
                joinedload(Requirement.course).joinedload(Course.current),
            )
            .order_by(Requirement.due_on, Requirement.id)
        )
        .all()
    )
    figures = {
        row.id: (row.reached, row.done)
        for row in session().execute(
            select(
                Requirement.id,
                func.count(func.distinct(Membership.person_id)).label("reached"),
                func.count(func.distinct(Completion.person_id)).label("done"),
            )
            .join(UnitLine, UnitLine.ancestor_id == Requirement.unit_id)
            .join(Membership, Membership.unit_id == UnitLine.unit_id)
            .outerjoin(
                Completion,
                and_(
                    Completion.person_id == Membership.person_id,
                    Completion.course_id == Requirement.course_id,
                ),
            )
            .where(
                Requirement.id.in_([r.id for r in requirements]),
                Membership.starts_on <= today,
                or_(Membership.ends_on.is_(None), Membership.ends_on > today),
                or_(
                    Requirement.membership_kind == "",
                    Requirement.membership_kind == Membership.kind,
                ),
            )
            .group_by(Requirement.id)
        )
    }
    return [
        RequirementRow(
            requirement=r,
            reached=figures.get(r.id, (0, 0))[0],
            done=figures.get(r.id, (0, 0))[1],
        )
        for r in requirements
    ]


def requirement_in(requirement_id: int, roots: Sequence[int]) -> Requirement | None:
    """A requirement of the units in scope; None when not there or not theirs."""
    return session().scalar(
        select(Requirement).where(
            Requirement.id == requirement_id, Requirement.unit_id.in_(ids_below(roots))
        )
    )


def published_course(course_id: int) -> Course | None:
    """A published course by its id."""
    return session().scalar(
        select(Course).where(Course.id == course_id, Course.current_id.is_not(None))
    )


def course_choices(language: str) -> list[tuple[int, str]]:
    """(id, title) of every published course, in Vietnamese order."""
    rows = session().execute(
        select(Course.id, CourseVersion)
        .join(CourseVersion, CourseVersion.id == Course.current_id)
        .order_by(CourseVersion.title_sort)
    )
    return [(course_id, version.text("title", language)) for course_id, version in rows]
