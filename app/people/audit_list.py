"""The audit rows that a scope may read, told in sentences.

A row belongs to the unit that it was recorded in. What belongs to no unit is seen only by
whoever manages everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from app.kernel import acts
from app.kernel.audit import AuditDetail, AuditRow, AuditSeal
from app.kernel.database import session
from app.kernel.lists.columns import Column
from app.kernel.lists.filters import Choice, DateOf, Option, Options, Period, Search
from app.kernel.lists.listing import List
from app.kernel.words import Words, _l
from app.organization.models import Unit
from app.organization.queries import Breadth, in_units
from app.people.models import Person

GROUP, WHO, ABOUT = "viec", "ai", "nguoi"


@dataclass(frozen=True)
class AuditScope:
    """The units whose rows somebody may read, with all below; `person_id` asks for rows that
    one person made or that are about them."""

    roots: tuple[int, ...]
    breadth: Breadth
    person_id: int | None = None


@dataclass(frozen=True)
class Told:
    """One audit row in words."""

    row: Any
    sentence: str
    unit: str
    changes: tuple[tuple[Words | str, str, str], ...]
    """(what, before, after), where the sentence does not say it all."""


def _rows(scope: AuditScope) -> Select[Any]:
    held = in_units(AuditRow.unit_id, scope.roots, scope.breadth)
    statement = (
        select(*AuditRow.__table__.columns, AuditDetail.content, AuditSeal.sequence)
        .select_from(AuditRow)
        .outerjoin(AuditDetail, AuditDetail.audit_id == AuditRow.id)
        .outerjoin(AuditSeal, AuditSeal.audit_id == AuditRow.id)
    )
    if scope.breadth is not Breadth.ALL:
        statement = statement.where(held)
    if scope.person_id is not None:
        statement = statement.where(
            or_(
                AuditRow.actor_id == scope.person_id,
                AuditRow.subject == f"person:{scope.person_id}",
            )
        )
    return statement


def _of_group(group: str) -> Any:
    return AuditRow.action.in_([name for name, act in acts.known().items() if act.group == group])


def _done_by(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return AuditRow.actor_id.in_(select(Person.id).where(condition))


LIST = List[AuditScope](
    name="audit",
    title=_l("Nhật ký"),
    columns=(
        Column(key="at", heading=_l("Lúc"), sort=(AuditRow.id,)),
        Column(key="actor", heading=_l("Ai")),
        Column(key="action", heading=_l("Việc")),
    ),
    rows=_rows,
    row_id=AuditRow.id,
    sorted_by="-at",
    filters=(
        Choice(key=GROUP, heading=_l("Loại việc"), condition=_of_group),
        Search(key=WHO, heading=_l("Người làm"), columns=(Person.name_fold,), within=_done_by),
        Period(dates=(DateOf(key="", heading=_l("Ngày"), column=AuditRow.at, is_moment=True),)),
    ),
)


def options() -> Options:
    """The kinds of act that can be chosen."""
    return {GROUP: [Option(key, str(name)) for key, name in acts.GROUPS.items()]}


def told(rows: Iterable[Any]) -> list[Told]:
    """Audit rows in sentences, with the names that their subjects bear today. Two statements."""
    rows = list(rows)
    people, units = _numbers(rows, "person"), _numbers(rows, "unit")
    units |= {row.unit_id for row in rows if row.unit_id is not None}
    units |= {part["parent"] for row in rows for part in _parts(row) if part.get("parent")}
    names = {
        **{f"person:{id_}": name for id_, name in _named(Person.id, Person.full_name, people)},
        **{f"unit:{id_}": name for id_, name in _named(Unit.id, Unit.name, units)},
    }
    return [_told(row, names) for row in rows]


def _told(row: Any, names: dict[str, str]) -> Told:
    act, content = acts.act(row.action), row.content or {}
    subject = names.get(row.subject) or row.subject.partition(":")[2]
    before, after = _parts(row)

    def say(key: str, part: dict[str, Any]) -> str:
        if key == "parent" and part.get(key):
            return names.get(f"unit:{part[key]}", acts.UNKNOWN)
        return act.say(key, part[key]) if key in part else ""

    keys = () if act.tells_all(content) else dict.fromkeys((*before, *after))
    changes = tuple((acts.LABELS.get(key, key), say(key, before), say(key, after)) for key in keys)
    return Told(row, act.told(subject, content), names.get(f"unit:{row.unit_id}", ""), changes)


def _parts(row: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    content = row.content or {}
    return content.get("before") or {}, content.get("after") or {}


def _numbers(rows: Sequence[Any], kind: str) -> set[int]:
    found = (row.subject.partition(":") for row in rows)
    return {int(number) for name, _, number in found if name == kind and number.isdigit()}


def _named(key: Any, name: Any, ids: set[int]) -> Sequence[Any]:
    return session().execute(select(key, name).where(key.in_(ids))).all() if ids else ()
