"""Verbs on units: found, change (the old state is kept)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, literal, select

from app.kernel import audit
from app.kernel.clock import local_date
from app.kernel.database import serialize, session
from app.kernel.words import fold, nfc, sort_key
from app.organization import queries, rules
from app.organization.models import Unit, UnitLine, UnitPast
from app.organization.provinces import STRUCTURE_SINCE, Province, provinces

_PREFIXES = ("Thành phố ", "Tỉnh ")


def found_unit(
    *,
    code: str,
    kind: str,
    name: str,
    parent: Unit | None,
    opened_on: date,
    by: Any,
    now: datetime,
    place_name: str = "",
    is_illustration: bool = False,
) -> Unit:
    """Add a unit below any other, or at the top.

    Raises UnitCodeInvalid or UnitCodeTaken.
    """
    serialize("unit.tree")
    code, name = nfc(code), nfc(name)
    if not rules.is_unit_code(code):
        raise rules.UnitCodeInvalid
    if queries.unit_by_code(code) is not None:
        raise rules.UnitCodeTaken
    unit = Unit(
        code=code,
        kind=kind,
        name=name,
        name_sort=unit_sort_key(kind, name),
        name_fold=fold(name),
        parent_id=parent.id if parent else None,
        opened_on=opened_on,
        since=opened_on,
        place_name=nfc(place_name),
        is_illustration=is_illustration,
    )
    session().add(unit)
    session().flush()
    _draw_lines(unit.id, unit.parent_id)
    audit.record(
        "unit.found",
        actor=by,
        subject=f"unit:{unit.id}",
        unit_id=unit.id,
        after={"code": code, "name": name, "kind": kind},
        now=now,
    )
    return unit


def change_unit(
    unit: Unit,
    *,
    name: str,
    kind: str,
    parent: Unit | None,
    since: date,
    decision: str,
    by: Any,
    now: datetime,
) -> None:
    """Give a unit a new name, kind or parent from a day on; what it was stays readable.

    `decision` is the number and date of the act that changed it. Raises UnitDatesInvalid or
    UnitWouldLoop. Changing nothing records nothing.
    """
    name, parent_id = nfc(name), parent.id if parent else None
    if (name, kind, parent_id) == (unit.name, unit.kind, unit.parent_id):
        return
    # Two moves at once could each be right and together make a ring.
    serialize("unit.tree")
    rules.check_change_date(unit.since, since, local_date(now))
    if parent is not None:
        rules.check_parent(unit.id, queries.lines_above(parent.id))
    before = {"name": unit.name, "kind": unit.kind, "parent": unit.parent_id}
    session().add(
        UnitPast(
            unit_id=unit.id,
            kind=unit.kind,
            name=unit.name,
            parent_id=unit.parent_id,
            valid_from=unit.since,
            valid_to=since,
            decision=nfc(decision),
            recorded_at=now,
        )
    )
    moved = parent_id != unit.parent_id
    unit.name, unit.kind, unit.parent_id, unit.since = name, kind, parent_id, since
    unit.name_sort, unit.name_fold = unit_sort_key(kind, name), fold(name)
    session().flush()
    if moved:
        _redraw_lines(unit.id)
    audit.record(
        "unit.change",
        actor=by,
        subject=f"unit:{unit.id}",
        unit_id=unit.id,
        before=before,
        after={"name": name, "kind": kind, "parent": parent_id, "decision": decision},
        now=now,
    )


def found_provinces(parent: Unit | None, *, by: Any, now: datetime) -> list[Unit]:
    """Add today's provinces and centrally-run cities below a unit; returns those it added.

    Doing it again adds nothing, and turns into cities those that became one meanwhile: the
    unit stays the same, what it was before is kept. Raises UnitCodeTaken where a code of the
    list names a unit of another kind.
    """
    added = []
    for province in provinces(by_code=True):
        unit = queries.unit_by_code(province.code)
        if unit is None or unit.kind not in ("province", "municipality"):
            kind, name = _state_on(province, STRUCTURE_SINCE)
            unit = found_unit(
                code=province.code,
                kind=kind,
                name=name,
                parent=parent,
                opened_on=STRUCTURE_SINCE,
                place_name=province.short_name,
                by=by,
                now=now,
            )
            added.append(unit)
        kind, name = _state_on(province, local_date(now))
        if unit.kind != kind and unit.since < province.since:
            change_unit(
                unit,
                name=name,
                kind=kind,
                parent=unit.parent,
                since=province.since,
                decision=province.act,
                by=by,
                now=now,
            )
    return added


def _state_on(province: Province, day: date) -> tuple[str, str]:
    """Kind and name on a day; the cities of 2026 were provinces before."""
    if day < province.since:
        return "province", f"Tỉnh {province.short_name}"
    return province.kind, province.name


def unit_sort_key(kind: str, name: str) -> str:
    """What units are listed by: provinces by their own name, without "Tỉnh" or "Thành phố"."""
    if kind in ("province", "municipality"):
        for prefix in _PREFIXES:
            name = name.removeprefix(prefix)
    return sort_key(name)


def _draw_lines(unit_id: int, parent_id: int | None) -> None:
    session().add(UnitLine(ancestor_id=unit_id, unit_id=unit_id, depth=0))
    if parent_id is not None:
        session().execute(
            insert(UnitLine).from_select(
                ["ancestor_id", "unit_id", "depth"],
                select(UnitLine.ancestor_id, literal(unit_id), UnitLine.depth + 1).where(
                    UnitLine.unit_id == parent_id
                ),
            )
        )
    session().flush()


def _redraw_lines(unit_id: int) -> None:
    """A moved unit takes its whole branch along."""
    branch = (
        session()
        .execute(
            select(Unit.id, Unit.parent_id, UnitLine.depth)
            .join(UnitLine, UnitLine.unit_id == Unit.id)
            .where(UnitLine.ancestor_id == unit_id)
            .order_by(UnitLine.depth)
        )
        .all()
    )
    session().execute(delete(UnitLine).where(UnitLine.unit_id.in_([row.id for row in branch])))
    session().expire_all()
    for row in branch:
        _draw_lines(row.id, row.parent_id)
