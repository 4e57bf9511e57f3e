"""Reads of units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import Select, or_, select

from app.kernel.database import session
from app.kernel.words import fold
from app.organization.models import Unit, UnitLine, UnitPast


def unit_by_code(code: str) -> Unit | None:
    """The unit with a code."""
    return session().scalar(select(Unit).where(Unit.code == code))


def unit(unit_id: int) -> Unit | None:
    """The unit with an id; scope it with `below` where it belongs to somebody."""
    return session().get(Unit, unit_id)


def ids_below(roots: Iterable[int]) -> Select[int]:
    """Ids of some units and all below them, as a subquery for scopes."""
    return select(UnitLine.unit_id).where(UnitLine.ancestor_id.in_(list(roots)))


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


def unit_choices(roots: Iterable[int]) -> list[tuple[int, str, int]]:
    """(id, name, depth) of the units in scope, parents before children, for a select box."""
    rows = session().execute(
        select(Unit.id, Unit.name, Unit.parent_id)
        .where(Unit.id.in_(ids_below(roots)))
        .order_by(Unit.name_sort, Unit.id)
    )
    children: dict[int | None, list[tuple[int, str]]] = {}
    known: set[int] = set()
    for unit_id, name, parent_id in rows:
        children.setdefault(parent_id, []).append((unit_id, name))
        known.add(unit_id)
    result: list[tuple[int, str, int]] = []

    def walk(parent: int | None, depth: int) -> None:
        for unit_id, name in children.get(parent, ()):
            result.append((unit_id, name, depth))
            walk(unit_id, depth + 1)

    for parent in [p for p in children if p not in known]:
        walk(parent, 0)
    return result


def unit_tree(roots: Iterable[int]) -> list[tuple[Unit, int]]:
    """(unit, depth) in scope, parents before children, siblings in Vietnamese order."""
    rows = units_below(roots)
    known = {u.id: u for u in rows}
    children: dict[int | None, list[Unit]] = {}
    for row in rows:
        children.setdefault(row.parent_id if row.parent_id in known else None, []).append(row)
    result: list[tuple[Unit, int]] = []
    stack = [(u, 0) for u in reversed(children.get(None, []))]
    while stack:
        current, depth = stack.pop()
        result.append((current, depth))
        stack.extend((child, depth + 1) for child in reversed(children.get(current.id, [])))
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
