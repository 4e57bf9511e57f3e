"""The people of the story: names of every shape, places, roles, and what became of them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from app.demo.moments import BEGINNING, Act, day_before, moment
from app.kernel import audit
from app.organization.models import Unit
from app.people.actions import grant_role, join_unit, leave_unit, register_person
from app.people.models import Membership, Person

_FILE = Path(__file__).with_name("persons.csv")
_SECOND_PLACES = {"MS-CTV-B": "collaborator", "MS-CTV-N": "collaborator"}
_FORMER_NAMES = {"MS0014": "Bùi Thị Nhung"}
RENAMED, LEFT = 120, 40
"""Days before now on which a name was changed, and on which a collaborator left the network."""


@dataclass(frozen=True)
class Somebody:
    """A person of the story: the row made for them, their places, and what they learn."""

    person: Person
    places: tuple[Membership, ...]
    story: tuple[str, ...]


def register(units: Mapping[str, Unit], *, now: datetime) -> dict[str, Somebody]:
    """Make every person known, with their places and roles, by staff code."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: _somebody(row, units, now=now) for row in csv.DictReader(file)}


def _somebody(row: dict[str, str], units: Mapping[str, Unit], *, now: datetime) -> Somebody:
    # `since` is a date, or how many days ago somebody new came.
    is_new = row["since"].isdigit()
    days = int(row["since"]) if is_new else BEGINNING
    since = day_before(now, days) if is_new else date.fromisoformat(row["since"])
    at = moment(now, days, 8, 30)
    person = register_person(
        full_name=_FORMER_NAMES.get(row["code"], row["name"]),
        staff_code=row["code"],
        birth_date=date.fromisoformat(row["born"]) if row["born"] else None,
        gender=row["gender"],
        email=row["email"],
        phone=row["phone"],
        now=at,
    )
    first = join_unit(
        person,
        units[row["unit"]],
        kind=row["kind"],
        position=row["position"],
        is_primary=True,
        starts_on=since,
        now=at,
    )
    places = [first]
    if row["second"]:
        kind = _SECOND_PLACES.get(row["second"], "officer")
        places.append(
            join_unit(
                person,
                units[row["second"]],
                kind=kind,
                position="Cộng tác viên" if kind == "collaborator" else "Công chức",
                is_primary=False,
                starts_on=max(since, units[row["second"]].opened_on),
                now=at,
            )
        )
    for given in row["roles"].split():
        role, code = given.split(":")
        grant_role(person, role, units[code], by=None, within=None, now=at)
    return Somebody(person, tuple(places), tuple(row["story"].split()))


def acts(people: Mapping[str, Somebody], *, now: datetime) -> list[Act]:
    """What changed afterwards: somebody's name, and somebody's place."""
    administrator = people["MS0921"].person
    renamed, left = people["MS0014"].person, people["MS0107"].places[0]
    return [
        Act(
            moment(now, RENAMED, 9),
            lambda at: _rename(renamed, "Bùi Thị Tuyết Nhung", by=administrator, now=at),
        ),
        Act(
            moment(now, LEFT, 9),
            lambda at: leave_unit(left, on=day_before(now, LEFT), by=administrator, now=at),
        ),
    ]


def _rename(person: Person, name: str, *, by: Person, now: datetime) -> None:
    before = person.full_name
    person.rename(name)
    audit.record(
        "person.rename",
        actor=by,
        subject=f"person:{person.id}",
        before={"name": before},
        after={"name": name},
        now=now,
    )
