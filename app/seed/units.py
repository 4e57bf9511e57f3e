"""The units: the Ministry, its agency, every province with its offices and communes."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from app.kernel.words import fold
from app.organization.actions import unit_sort_key
from app.organization.models import Unit, UnitLine, UnitPast
from app.organization.provinces import Province, provinces
from app.seed.loading import Loader
from app.seed.span import DAY, HOUR, Span
from app.seed.trail import Trail

_COMMUNES = Path(__file__).parent / "vendor" / "communes_34p_3321.csv"
_COMMUNE_KINDS = {"Xã": "commune", "Phường": "ward", "Đặc khu": "special_zone"}
_WITHOUT_NETWORK = ("04", "12", "31", "46")
"""Provinces whose collaborators belong to the centre itself."""


@dataclass(slots=True, eq=False)
class Place:
    """A unit as the seed knows it while it works."""

    id: int
    code: str
    kind: str
    name: str
    parent: Place | None
    place_name: str

    def upward(self) -> Iterator[Place]:
        """The unit and all above it, nearest first."""
        here: Place | None = self
        while here is not None:
            yield here
            here = here.parent


@dataclass(slots=True, eq=False)
class ProvincePlaces:
    """A province with its offices and communes."""

    province: Place
    department: Place
    centre: Place
    network: Place
    """Where collaborators belong: the centre where there is no network."""
    communes: list[Place] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Country:
    """Every unit, those that matter by name."""

    ministry: Place
    agency: Place
    provinces: list[ProvincePlaces]
    all: list[Place]
    opened_on: date
    """One day for all: the units are samples and have no history of their own."""


def plan(span: Span) -> Country:
    """Every unit with its id, parents before children."""
    all_units: list[Place] = []

    def found(code: str, kind: str, name: str, parent: Place | None, place_name: str) -> Place:
        unit = Place(len(all_units) + 1, code, kind, name, parent, place_name)
        all_units.append(unit)
        return unit

    ministry = found("BCT", "ministry", "Bộ Công Thương", None, "Hà Nội")
    agency_name = "Cục Đổi mới sáng tạo, Chuyển đổi xanh và Khuyến công"
    agency = found("BCT-CKC", "agency", agency_name, ministry, "Hà Nội")
    country = Country(ministry, agency, [], all_units, date(span.first_day.year - 2, 1, 4))
    for row in provinces(by_code=True):
        code, short = row.code, row.short_name
        kind, name = _state_on(row, span.until)
        here = name[0].lower() + name[1:]
        province = found(code, kind, name, ministry, short)
        department = found(f"{code}-SCT", "department", f"Sở Công Thương {here}", province, short)
        centre_name = f"Trung tâm Khuyến công và Tư vấn phát triển công nghiệp {here}"
        centre = found(f"{code}-TTKC", "centre", centre_name, department, short)
        network = centre
        if code not in _WITHOUT_NETWORK:
            network_name = f"Mạng lưới cộng tác viên khuyến công {here}"
            network = found(f"{code}-CTV", "network", network_name, centre, short)
        country.provinces.append(ProvincePlaces(province, department, centre, network))
    by_code = {places.province.code: places for places in country.provinces}
    with _COMMUNES.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            places = by_code[line["province_code"]]
            type_, name = line["commune_type"], line["commune"]
            places.communes.append(
                found(
                    line["commune_code"],
                    _COMMUNE_KINDS[type_],
                    name,
                    places.province,
                    name.removeprefix(type_).strip(),
                )
            )
    return country


def write(country: Country, loader: Loader, trail: Trail, span: Span) -> None:
    """Store every unit, its lines upward, and the past of those that changed their kind."""
    add_unit = loader.into(
        Unit,
        *("id", "code", "kind", "name", "name_sort", "name_fold", "parent_id", "opened_on"),
        *("since", "place_name", "is_illustration"),
    )
    add_line = loader.into(UnitLine, "ancestor_id", "unit_id", "depth")
    changed = {row.code: row for row in provinces() if country.opened_on < row.since <= span.until}
    opened = country.opened_on.isoformat()
    pasts = defaultdict(list)
    for unit in country.all:
        since = opened
        row = changed.get(unit.code)
        if row is not None and _state_on(row, country.opened_on) != (unit.kind, unit.name):
            since = row.since.isoformat()
            pasts[unit].append(row)
        add_unit(
            (
                *(unit.id, unit.code, unit.kind, unit.name),
                *(unit_sort_key(unit.kind, unit.name), fold(unit.name)),
                *(unit.parent.id if unit.parent else None, opened, since),
                *(unit.place_name, True),
            )
        )
        for depth, above in enumerate(unit.upward()):
            add_line((above.id, unit.id, depth))
        trail.record(
            "unit.found",
            subject=f"unit:{unit.id}",
            unit_id=unit.id,
            after={"code": unit.code, "name": unit.name, "kind": unit.kind},
            at=6 * HOUR,
        )
    add_past = loader.into(
        UnitPast,
        *("id", "unit_id", "kind", "name", "parent_id", "valid_from", "valid_to", "decision"),
        "recorded_at",
    )
    for number, (unit, [row]) in enumerate(pasts.items(), 1):
        kind, name = _state_on(row, country.opened_on)
        parent_id = unit.parent.id if unit.parent else None
        recorded = span.text((row.since - span.first_day).days * DAY)
        since = row.since.isoformat()
        add_past((number, unit.id, kind, name, parent_id, opened, since, row.act, recorded))
    loader.finish()


def _state_on(row: Province, day: date) -> tuple[str, str]:
    """Kind and name on a day: the cities of 2026 were provinces before."""
    if day < row.since and row.since.year > 2025:
        return "province", f"Tỉnh {row.short_name}"
    return row.kind, row.name
