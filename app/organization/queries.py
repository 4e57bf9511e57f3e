"""Reads of units."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Any, NamedTuple, Protocol, TypeVar

from sqlalchemy import ColumnElement, Select, and_, distinct, false, func, or_, select, true, tuple_
from sqlalchemy.orm import aliased, joinedload

from app.kernel.database import session
from app.kernel.lists.rows import unindexed
from app.kernel.words import fold
from app.organization.models import Unit, UnitLine, UnitPast

MOST_CHOICES = 300
"""Units in one select box: more make a heavy page that nobody can choose from."""

PAGE_UNITS = 100

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


class UnitChoice(NamedTuple):
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
    search: str = ""
    """What was searched for, where these are the units found."""

    def __iter__(self) -> Iterator[UnitChoice]:
        return iter(self.units)

    @property
    def is_whole(self) -> bool:
        """Whether every unit in scope is there."""
        return not self.search and len(self.units) >= self.total

    @property
    def labelled(self) -> list[tuple[int, str]]:
        """(id, name indented by depth), as a form's select box takes them."""
        return [(unit.id, "\u00a0\u00a0" * unit.depth + unit.name) for unit in self.units]


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
    wanted: ColumnElement[bool] = Unit.id.in_(near)
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
    # Where one of several roots lies below another, units have a line from each.
    return UnitChoices(tuple(units), total if len(roots) == 1 else _total(roots))


def _total(roots: list[int]) -> int:
    statement = select(func.count(distinct(UnitLine.unit_id))).where(
        UnitLine.ancestor_id.in_(roots)
    )
    return session().scalar(statement) or 0


def _found_choices(roots: list[int], search: str, chosen: int | None) -> UnitChoices:
    above = aliased(Unit)
    rows = session().execute(
        select(Unit.id, Unit.name, above.name.label("above"))
        .outerjoin(above, above.id == Unit.parent_id)
        .where(Unit.id.in_(ids_below(roots)), or_(_named_like(search), Unit.id == chosen))
        .order_by(Unit.name_sort, Unit.id)
        .limit(MOST_CHOICES)
    )
    units = [UnitChoice(row.id, " · ".join(filter(None, (row.name, row.above)))) for row in rows]
    return UnitChoices(tuple(units), _total(roots), search)


def unit_tree(roots: Iterable[int]) -> list[tuple[Unit, int]]:
    """(unit, depth) in scope, parents before children, siblings in Vietnamese order."""
    return in_tree(units_below(roots), lambda unit: unit.parent_id)


@dataclass(frozen=True)
class UnitsPage:
    """A page of units: each with its depth and how many units lie below it."""

    rows: tuple[tuple[Unit, int, int], ...]
    way: tuple[Unit, ...] = ()
    """The units above what is shown, the highest first: the way back."""
    is_cut: bool = False
    """Whether more units follow the last one."""


def units_page(
    roots: Iterable[int],
    *,
    within: int | None = None,
    search: str = "",
    after: tuple[str, int] | None = None,
) -> UnitsPage:
    """The units in scope, or those below one of them, a page at a time.

    As a tree where they fit on a page; else the nearest level, a page by name. A search finds
    units by name or code. `after` is the name key and id of the last one seen; `within` must
    be in scope. At most four statements.
    """
    roots = list(roots)
    tops = roots if within is None else [within]
    way = _way(roots, within) if within is not None else ()
    if search:
        statement = select(Unit).where(Unit.id.in_(ids_below(tops)), _named_like(search))
        rows, is_cut = _page_of(statement, after)
        return UnitsPage(_with_below([(unit, 0) for unit in rows]), way, is_cut)
    below = select(UnitLine.unit_id).where(UnitLine.ancestor_id.in_(tops))
    near = session().scalars(
        select(Unit).where(Unit.id.in_(below)).order_by(Unit.name_sort).limit(PAGE_UNITS + 1)
    )
    units = near.all()
    if len(units) <= PAGE_UNITS:
        return UnitsPage(_with_below(in_tree(units, lambda unit: unit.parent_id)), way)
    level = Unit.parent_id.in_(tops)
    rows, is_cut = _page_of(select(Unit).where(level), after)
    first = [] if after else [session().get_one(Unit, top) for top in tops]
    shown = in_tree([*first, *rows], lambda unit: unit.parent_id)
    return UnitsPage(_with_below(shown), way, is_cut)


def _page_of(statement: Select[Unit], after: tuple[str, int] | None) -> tuple[Sequence[Unit], bool]:
    if after is not None:
        statement = statement.where(tuple_(Unit.name_sort, Unit.id) > after)
    statement = statement.order_by(Unit.name_sort, Unit.id).limit(PAGE_UNITS + 1)
    units = session().scalars(statement.options(joinedload(Unit.parent))).all()
    return units[:PAGE_UNITS], len(units) > PAGE_UNITS


def _with_below(rows: Sequence[tuple[Unit, int]]) -> tuple[tuple[Unit, int, int], ...]:
    below: dict[int, int] = {
        row[0]: row[1]
        for row in session().execute(
            select(UnitLine.ancestor_id, func.count())
            .where(UnitLine.ancestor_id.in_([unit.id for unit, _ in rows]), UnitLine.depth > 0)
            .group_by(UnitLine.ancestor_id)
        )
    }
    return tuple((unit, depth, below.get(unit.id, 0)) for unit, depth in rows)


def _way(roots: list[int], unit_id: int) -> tuple[Unit, ...]:
    return tuple(
        session().scalars(
            select(Unit)
            .join(UnitLine, UnitLine.ancestor_id == Unit.id)
            .where(UnitLine.unit_id == unit_id, Unit.id.in_(ids_below(roots)))
            .order_by(UnitLine.depth.desc())
        )
    )


def _named_like(search: str) -> ColumnElement[bool]:
    """Units whose name holds every word, whatever the diacritics, or whose code is this."""
    words = (Unit.name_fold.contains(word, autoescape=True) for word in fold(search).split())
    return or_(and_(false() if not fold(search) else true(), *words), Unit.code == search.strip())


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
