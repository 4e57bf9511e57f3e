"""The figures of a unit: counted where the facts lie, once a unit, then added up.

Whole days in Vietnam, from first to last. A person counts once in each part and once in the
whole; everything else adds up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, and_, distinct, func, literal, not_, or_, select, union_all
from sqlalchemy.orm import aliased

from app.kernel import clock
from app.kernel.database import session
from app.kernel.lists.rows import unindexed
from app.learning.models import Completion, Enrollment
from app.organization.models import Unit, UnitLine
from app.people.models import Membership, Person
from app.people.queries import holds_on
from app.reporting import rules
from app.reporting.lists import UNIT, Scope


@dataclass
class Figures:
    """What happened in a unit, all below included, in a period."""

    unit_id: int
    name: str
    people: int = 0
    active: int = 0
    enrolled: int = 0
    cohort_completed: int = 0
    completed: int = 0
    periods: int = 0
    certified: int = 0
    certified_by_month: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def periods_each(self) -> float | None:
        """Periods completed for each person who is there today."""
        return self.periods / self.people if self.people else None

    @property
    def share_completed(self) -> float | None:
        """Of the enrollments made in the period, the share that is completed."""
        return rules.share(self.cohort_completed, self.enrolled)

    def add(self, row: Any, *names: str) -> None:
        """Add a row's sums to the figures of the same names."""
        for name in names:
            setattr(self, name, getattr(self, name) + getattr(row, name))


@dataclass(frozen=True)
class Overview:
    """One unit with the units one level below, and what waits for a decision."""

    whole: Figures
    parts: tuple[Figures, ...]
    """People of a part who are active are counted for the whole only: nothing shows them."""
    waiting: int

    @property
    def rows(self) -> tuple[Figures, ...]:
        """The level below, and the whole as the last line."""
        return (*self.parts, self.whole)


def overview(unit_id: int, first: date, last: date, scope: Scope) -> Overview:
    """The figures of a unit and its level below for whole days from first to last.

    Seven statements. The caller has checked that the unit is in scope.
    """
    level = select(Unit.id, Unit.name, Unit.name_sort).where(
        or_(Unit.id == unit_id, Unit.parent_id == unit_id)
    )
    parts = {
        row.id: Figures(row.id, row.name)
        for row in session().execute(level.order_by(Unit.name_sort, Unit.id))
    }
    whole = parts.pop(unit_id)
    scope = scope.narrowed({UNIT: str(unit_id)})
    start, end = _midnight(first), _midnight(last + timedelta(days=1))

    def sums(table: Any, counted: Sequence[Any], condition: Any) -> None:
        names = [column.name for column in counted]
        for row in session().execute(_sums(table, whole.unit_id, list(parts), counted, condition)):
            whole.add(row, *names)
            if row.group in parts:
                parts[row.group].add(row, *names)

    for row in session().execute(members([*parts, unit_id], scope.on, whole=unit_id)):
        if row.group in parts:
            parts[row.group].people += row.owners + row.others
            whole.people += row.owners
        else:
            whole.people += row.owners + row.others
    sums(Enrollment, *_enrolled(start, end))
    sums(Completion, *_completed(start, end))
    sums(Completion, *_certified(first, last))
    for day, issued in session().execute(_certified_by_day(scope, first, last)):
        month = (day.year, day.month)
        whole.certified_by_month[month] = whole.certified_by_month.get(month, 0) + issued
    active, waiting = _active(scope, start, end), _waiting(scope)
    whole.active, count = (
        session().execute(select(active.scalar_subquery(), waiting.scalar_subquery())).one()
    )
    return Overview(whole, tuple(parts.values()), count)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.VIETNAM).astimezone(UTC)


_group = UnitLine.ancestor_id.label("group")


def _sums(
    table: Any, whole: int, parts: Sequence[int], counted: Sequence[Any], condition: Any
) -> Any:
    """Sums for each part and, under the whole's id, of what belongs to the whole directly."""
    below = (
        select(_group, *counted)
        .join(table, table.unit_id == UnitLine.unit_id)
        .where(UnitLine.ancestor_id.in_(parts), condition)
        .group_by(UnitLine.ancestor_id)
    )
    directly = select(literal(whole).label("group"), *counted).where(
        table.unit_id == whole, condition
    )
    return union_all(below, directly)


def members(groups: Sequence[int], on: date, *, whole: int = 0) -> Any:
    """People by unit of a group: `owners` add up to the whole, `others` count in each alone.

    An owner holds a primary place without an end there, of which nobody has two
    (ux_membership_primary); the others hold some other place there and are no owners. Of the
    whole only the owners who belong to it directly are counted.
    """
    own, further, line = aliased(Membership), aliased(Membership), aliased(UnitLine)
    # Named by the few who were merged away: a join with all persons would be read from
    # their end, the whole country for one centre.
    merged = select(Person.id).where(Person.current_id.is_not(None))
    is_own = and_(own.is_primary, own.ends_on.is_(None), own.starts_on <= on)
    owners = (
        select(_group, func.count().label("owners"), literal(0).label("others"))
        .join(own, own.unit_id == UnitLine.unit_id)
        .where(
            UnitLine.ancestor_id.in_([group for group in groups if group != whole]),
            is_own,
            own.person_id.not_in(merged),
        )
        .group_by(UnitLine.ancestor_id)
    )
    directly = select(literal(whole), func.count(), literal(0)).where(
        own.unit_id == whole, is_own, own.person_id.not_in(merged)
    )
    is_owner_too = (
        select(own.id)
        .join(line, line.unit_id == unindexed(own.unit_id))
        .where(own.person_id == further.person_id, line.ancestor_id == UnitLine.ancestor_id, is_own)
        .correlate(further, UnitLine)
        .exists()
    )
    others = (
        select(_group, literal(0), func.count(distinct(further.person_id)))
        .join(further, further.unit_id == UnitLine.unit_id)
        .where(
            UnitLine.ancestor_id.in_(groups),
            or_(not_(further.is_primary), further.ends_on.is_not(None)),
            holds_on(further, on),
            further.person_id.not_in(merged),
            ~is_owner_too,
        )
        .group_by(UnitLine.ancestor_id)
    )
    return union_all(owners, directly, others)


def _enrolled(start: datetime, end: datetime) -> tuple[list[Any], Any]:
    at = Enrollment.enrolled_at
    return [
        func.count().label("enrolled"),
        func.count(Enrollment.completed_at).label("cohort_completed"),
    ], and_(at >= start, at < end)


def _completed(start: datetime, end: datetime) -> tuple[list[Any], Any]:
    at = Completion.completed_at
    return [
        func.count().label("completed"),
        func.coalesce(func.sum(Completion.periods), 0).label("periods"),
    ], and_(at >= start, at < end)


def _certified(first: date, last: date) -> tuple[list[Any], Any]:
    return [func.count().label("certified")], Completion.certified_on.between(first, last)


def _certified_by_day(scope: Scope, first: date, last: date) -> Any:
    return (
        select(Completion.certified_on, func.count())
        .where(scope.holds(Completion.unit_id), Completion.certified_on.between(first, last))
        .group_by(Completion.certified_on)
    )


def _active(scope: Scope, start: datetime, end: datetime) -> Select[Any]:
    """How many people learned in the period: enrolled before its end, active since its start."""
    return select(func.count(distinct(Enrollment.person_id))).where(
        scope.holds(Enrollment.unit_id),
        unindexed(Enrollment.enrolled_at) < end,
        Enrollment.last_activity_at >= start,
    )


def _waiting(scope: Scope) -> Select[Any]:
    return select(func.count()).where(
        scope.holds(Completion.unit_id), Completion.recognized_at.is_(None)
    )
