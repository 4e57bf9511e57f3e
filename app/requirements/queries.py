"""Reads of required training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    distinct,
    func,
    not_,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased, joinedload

from app.catalog.models import Course, CourseVersion
from app.kernel.database import session
from app.kernel.lists.paging import page_key
from app.kernel.lists.rows import unindexed
from app.learning.models import Completion
from app.organization.models import Unit, UnitLine
from app.organization.queries import ids_below
from app.people.models import Membership
from app.people.queries import holds_on
from app.requirements.models import Requirement

MANY = 2000
"""People above whom one begins with a course's completions to see who has done it."""

SHOWN = (CourseVersion.title, CourseVersion.language)


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


# Put together once: every learner's home asks it.
_DUTIES = (
    select(Requirement.due_on, Unit.name, Course.slug, CourseVersion)
    .join(UnitLine, UnitLine.ancestor_id == Requirement.unit_id)
    .join(Membership, Membership.unit_id == UnitLine.unit_id)
    .join(Unit, Unit.id == Requirement.unit_id)
    .join(Course, Course.id == Requirement.course_id)
    .join(CourseVersion, CourseVersion.id == Course.current_id)
    .where(
        Membership.person_id == bindparam("person_id"),
        Membership.starts_on <= bindparam("today"),
        or_(Membership.ends_on.is_(None), Membership.ends_on > bindparam("today")),
        Requirement.withdrawn_at.is_(None),
        or_(
            Requirement.membership_kind == "",
            Requirement.membership_kind == Membership.kind,
        ),
        ~select(Completion.id)
        .where(Completion.person_id == bindparam("person_id"), Completion.course_id == Course.id)
        .exists(),
    )
    .order_by(Requirement.due_on, Course.slug, Requirement.id)
)


def open_duties(person_id: int, today: date) -> list[Duty]:
    """The courses required of a person and not completed yet, the most urgent first."""
    rows = session().execute(_DUTIES, {"person_id": person_id, "today": today})
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


def requirements_in(
    roots: Sequence[int],
    today: date,
    *,
    after: tuple[date, int] | None = None,
    size: int | None = None,
) -> list[RequirementRow]:
    """Requirements of the units in scope with their figures, by due date, in three statements.

    `after` is the due date and id of the last one seen.
    """
    statement = (
        select(Requirement)
        .where(Requirement.unit_id.in_(ids_below(roots)), Requirement.withdrawn_at.is_(None))
        .options(
            joinedload(Requirement.unit),
            joinedload(Requirement.course).joinedload(Course.current).load_only(*SHOWN),
        )
        .order_by(Requirement.due_on, Requirement.id)
        .limit(size)
    )
    if after is not None:
        statement = statement.where(tuple_(Requirement.due_on, Requirement.id) > after)
    requirements = session().scalars(statement).all()
    reached: dict[int, int] = {}
    for row in session().execute(_reached([r.id for r in requirements], today)):
        reached[row.id] = reached.get(row.id, 0) + row.people
    many = [r.id for r in requirements if reached.get(r.id, 0) > MANY]
    few = [r.id for r in requirements if 0 < reached.get(r.id, 0) <= MANY]
    done: dict[int, int] = {}
    for ids, begin_with in ((few, Membership), (many, Completion)):
        if ids:
            found = session().execute(_done(ids, today, begin_with))
            done.update((row.id, row.people) for row in found)
    return [RequirementRow(r, reached.get(r.id, 0), done.get(r.id, 0)) for r in requirements]


def _reached(ids: Sequence[int], today: date) -> Any:
    """People whom requirements reach: rows to be added up by requirement.

    Nobody has two primary places without an end (ux_membership_primary): those are counted as
    they are. Who is there by another place only is looked at one by one.
    """
    own, further, line = aliased(Membership), aliased(Membership), aliased(UnitLine)
    is_own = and_(own.is_primary, own.ends_on.is_(None), own.starts_on <= today)
    owners = (
        select(Requirement.id, func.count().label("people"))
        .join(UnitLine, UnitLine.ancestor_id == Requirement.unit_id)
        .join(own, own.unit_id == UnitLine.unit_id)
        .where(Requirement.id.in_(ids), is_own, _asked_of(own))
        .group_by(Requirement.id)
    )
    is_owner_too = (
        select(own.id)
        .join(line, line.unit_id == own.unit_id)
        .where(
            own.person_id == further.person_id,
            line.ancestor_id == Requirement.unit_id,
            is_own,
            _asked_of(own),
        )
        .correlate(further, Requirement)
        .exists()
    )
    others = (
        select(Requirement.id, func.count(distinct(further.person_id)))
        .join(UnitLine, UnitLine.ancestor_id == Requirement.unit_id)
        .join(further, further.unit_id == UnitLine.unit_id)
        .where(
            Requirement.id.in_(ids),
            or_(not_(further.is_primary), further.ends_on.is_not(None)),
            holds_on(further, today),
            _asked_of(further),
            ~is_owner_too,
        )
        .group_by(Requirement.id)
    )
    return union_all(owners, others)


def _asked_of(place: Any) -> ColumnElement[bool]:
    return or_(Requirement.membership_kind == "", Requirement.membership_kind == place.kind)


def _done(ids: Sequence[int], today: date, begin_with: Any) -> Any:
    """People who have completed what is asked of them, by requirement.

    For few people one begins with their places, for many with the completions of the course.
    """
    by_unit = Membership.unit_id == UnitLine.unit_id
    by_root = UnitLine.ancestor_id == Requirement.unit_id
    statement = select(
        Requirement.id, func.count(distinct(Completion.person_id)).label("people")
    ).select_from(Requirement)
    if begin_with is Completion:
        held = unindexed(Membership.unit_id)
        statement = (
            statement.join(Completion, Completion.course_id == Requirement.course_id)
            .join(Membership, unindexed(Completion.person_id) == Membership.person_id)
            .join(UnitLine, and_(UnitLine.unit_id == held, by_root))
        )
    else:
        statement = (
            statement.join(UnitLine, by_root)
            .join(Membership, by_unit)
            .join(
                Completion,
                and_(
                    Completion.person_id == Membership.person_id,
                    unindexed(Completion.course_id) == Requirement.course_id,
                ),
            )
        )
    return statement.where(
        Requirement.id.in_(ids), holds_on(Membership, today), _asked_of(Membership)
    ).group_by(Requirement.id)


def after(text: str) -> tuple[date, int] | None:
    """The place in the list that an address names as id~due date; None for the beginning."""
    key = page_key(text)
    try:
        return (date.fromisoformat(key[0]), key[1]) if key else None
    except ValueError:
        return None


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
