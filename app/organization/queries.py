"""Reads of units."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Select, and_, distinct, func, or_, select
from sqlalchemy.orm import aliased

from app.kernel.database import session
from app.kernel.lists.rows import unindexed
from app.kernel.words import fold
from app.organization.models import Unit, UnitLine, UnitPast

MOST_CHOICES = 300
"""Units in one select box: more make a heavy page that nobody can choose from."""

MOST_FROM = 20
"""A scope of more than one in so many units is read by its order, a smaller one by its units."""


class _Row(Protocol):
    id: Any


R = TypeVar("R", bound=_Row)


def unit_by_code(code: str) -> Unit | None:
    """The unit with a code."""
    return session().scalar(select(Unit).where(Unit.code == code))


def unit(unit_id: int) -> Unit | None:
    """The unit with an id; scope it with `below` where it belongs to somebody."""
    return session().get(Unit, unit_id)


def ids_below(roots: Iterable[int]) -> Select[int]:
    """Ids of some units and all below them, as a subquery for scopes."""
    return select(UnitLine.unit_id).where(UnitLine.ancestor_id.in_(list(roots)))


class Breadth(IntEnum):
    """How much of all units a scope holds: what decides the best way to its rows."""

    PART = 0
    """Little: begin with its units."""
    MOST = 1
    """Much: begin with the order, and look at each row's unit."""
    ALL = 2
    """Everything: units need not be looked at."""


def breadth_of(roots: Iterable[int]) -> Breadth:
    """How much of all units some units hold with those below them. One statement."""
    here = select(func.count(distinct(UnitLine.unit_id))).where(
        UnitLine.ancestor_id.in_(list(roots))
    )
    every = select(func.count()).select_from(Unit)
    held, there = session().execute(select(here.scalar_subquery(), every.scalar_subquery())).one()
    if held == there:
        return Breadth.ALL
    return Breadth.MOST if held * MOST_FROM > there else Breadth.PART


def in_units(unit_id: Any, roots: Iterable[int], breadth: Breadth) -> ColumnElement[bool]:
    """Whether a column names one of some units or one below, the quick way for their breadth."""
    if breadth is Breadth.ALL:
        return and_(unit_id.is_not(None))
    if breadth is Breadth.MOST:
        return unindexed(unit_id).in_(ids_below(roots))
    return and_(unit_id.in_(ids_below(roots)))


def is_below(roots: Iterable[int], unit_id: int) -> bool:
    """Whether a unit is one of the roots or below one."""
    statement = ids_below(roots).where(UnitLine.unit_id == unit_id).limit(1)
    return session().scalar(statement) is not None


def among_below(roots: Iterable[int], unit_ids: Iterable[int]) -> set[int]:
    """Those of some units that are one of the roots or below one."""
    statement = ids_below(roots).where(UnitLine.unit_id.in_(list(unit_ids)))
    return set(session().scalars(statement))


def units_below(
    roots: Iterable[int], *, search: str = "", limit: int | None = None
) -> Sequence[Unit]:
    """Units in scope, in Vietnamese order of their names; `search` ignores diacritics."""
    statement = select(Unit).where(Unit.id.in_(ids_below(roots))).order_by(Unit.name_sort, Unit.id)
    if search:
        found = Unit.name_fold.contains(fold(search), autoescape=True)
        statement = statement.where(or_(found, Unit.code == search.strip()))
    return session().scalars(statement.limit(limit) if limit else statement).all()


@dataclass(frozen=True)
class UnitChoice:
    """A unit in a select box; `depth` indents it below those above it."""

    id: int
    name: str
    depth: int = 0


@dataclass(frozen=True)
class UnitChoices:
    """The units that a select box offers, of all in scope."""

    units: tuple[UnitChoice, ...]
    total: int
    """How many units are in scope."""

    @property
    def is_whole(self) -> bool:
        """Whether no unit in scope is missing."""
        return len(self.units) == self.total


def unit_choices(
    roots: Iterable[int], *, chosen: int | None = None, search: str = ""
) -> UnitChoices:
    """The units in scope for a select box, parents before children, at most MOST_CHOICES.

    The nearest levels that fit whole; with them a chosen unit, those on the way to it and those
    one level below it, so that one goes down level by level. A search gives instead the units
    whose name or code it finds, each with the name of the unit above it. Two or three statements.
    """
    roots = list(roots)
    if search:
        return _found_choices(roots, search, chosen)
    levels = session().execute(
        select(UnitLine.depth, func.count())
        .where(UnitLine.ancestor_id.in_(roots))
        .group_by(UnitLine.depth)
        .order_by(UnitLine.depth)
    )
    deepest, fitting, total = 0, 0, 0
    for depth, count in levels:
        total += count
        if total <= MOST_CHOICES:
            deepest, fitting = depth, total
    near = select(UnitLine.unit_id).where(
        UnitLine.ancestor_id.in_(roots), UnitLine.depth <= deepest
    )
    wanted = Unit.id.in_(near)
    if chosen is not None and fitting < total:
        above = select(UnitLine.ancestor_id).where(UnitLine.unit_id == chosen)
        wanted = or_(
            wanted,
            and_(Unit.id.in_(ids_below(roots)), or_(Unit.id.in_(above), Unit.parent_id == chosen)),
        )
    rows = session().execute(
        select(Unit.id, Unit.name, Unit.parent_id)
        .where(wanted)
        .order_by(Unit.name_sort, Unit.id)
        .limit(2 * MOST_CHOICES)
    )
    units = [
        UnitChoice(row.id, row.name, depth)
        for row, depth in in_tree(list(rows), lambda row: row.parent_id)
    ]
    # Of roots one of which lies below another, a unit has a line from each.
    return UnitChoices(tuple(units), max(len(units), total) if len(roots) == 1 else _total(roots))


def _total(roots: list[int]) -> int:
    statement = select(func.count(distinct(UnitLine.unit_id))).where(
        UnitLine.ancestor_id.in_(roots)
    )
    return session().scalar(statement) or 0


def _found_choices(roots: list[int], search: str, chosen: int | None) -> UnitChoices:
    above = aliased(Unit)
    found = or_(
        and_(*(Unit.name_fold.contains(word, autoescape=True) for word in fold(search).split())),
        Unit.code == search.strip(),
    )
    rows = session().execute(
        select(Unit.id, Unit.name, above.name.label("above"))
        .outerjoin(above, above.id == Unit.parent_id)
        .where(Unit.id.in_(ids_below(roots)), or_(found, Unit.id == chosen))
        .order_by(Unit.name_sort, Unit.id)
        .limit(MOST_CHOICES)
    )
    units = [UnitChoice(row.id, " · ".join(filter(None, (row.name, row.above)))) for row in rows]
    return UnitChoices(tuple(units), _total(roots))


def in_tree(rows: Sequence[R], parent_of: Callable[[R], int | None]) -> list[tuple[R, int]]:
    """(row, depth), parents before children, siblings in the order given; rows have an `id`."""
    known: set[Any] = {row.id for row in rows}
    children: dict[int | None, list[R]] = {}
    for row in rows:
        parent = parent_of(row)
        children.setdefault(parent if parent in known else None, []).append(row)
    result: list[tuple[R, int]] = []
    stack = [(row, 0) for row in reversed(children.get(None, []))]
    while stack:
        row, depth = stack.pop()
        result.append((row, depth))
        stack.extend((child, depth + 1) for child in reversed(children.get(row.id, [])))
    return result


def provinces(*, by_code: bool = False, on: date) -> Sequence[Unit]:
    """The provinces and centrally-run cities of a day, in Vietnamese order or by code."""
    statement = (
        select(Unit)
        .where(
            Unit.kind.in_(("province", "municipality")),
            Unit.opened_on <= on,
            or_(Unit.closed_on.is_(None), Unit.closed_on > on),
        )
        .order_by(Unit.code if by_code else Unit.name_sort)
    )
    return session().scalars(statement).all()


def past_of(unit_id: int) -> Sequence[UnitPast]:
    """A unit's former states, the latest first."""
    return (
        session()
        .scalars(
            select(UnitPast).where(UnitPast.unit_id == unit_id).order_by(UnitPast.valid_from.desc())
        )
        .all()
    )


def lines_above(unit_id: int) -> list[int]:
    """Ids of a unit and all above it, nearest first."""
    return list(
        session().scalars(
            select(UnitLine.ancestor_id).where(UnitLine.unit_id == unit_id).order_by(UnitLine.depth)
        )
    )
