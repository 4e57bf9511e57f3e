"""The units of the story: the Ministry, an invented province and its neighbour."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path

from app.demo.moments import BEGINNING, moment
from app.organization.actions import change_unit, found_provinces, found_unit
from app.organization.models import Unit

MINISTRY, AGENCY = "BCT", "BCT-CKC"
DEPARTMENT, CENTRE = "MS-SCT", "MS-TTKC"
NEIGHBOUR = "VK-TTKC"
_FILE = Path(__file__).with_name("units.csv")
_FORMER_NAME = "Trung tâm Khuyến công và Tư vấn phát triển công nghiệp tỉnh Minh Sơn"
_RENAMED_ON = date(2025, 7, 1)


def found(*, now: datetime) -> dict[str, Unit]:
    """Found every unit, by code; the 34 real provinces stand below the Ministry as they are."""
    at = moment(now, BEGINNING, 8)
    units: dict[str, Unit] = {}
    with _FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            units[row["code"]] = found_unit(
                code=row["code"],
                kind=row["kind"],
                name=_FORMER_NAME if row["code"] == CENTRE else row["name"],
                parent=units.get(row["parent"]),
                opened_on=date.fromisoformat(row["opened_on"]),
                place_name=row["place"],
                is_illustration=True,
                by=None,
                now=at,
            )
            if row["code"] == CENTRE:
                _rename(units[CENTRE], row["name"], now=at)
    found_provinces(units[MINISTRY], by=None, now=now)
    return units


def _rename(centre: Unit, name: str, *, now: datetime) -> None:
    change_unit(
        centre,
        name=name,
        kind=centre.kind,
        parent=centre.parent,
        since=_RENAMED_ON,
        decision="Quyết định minh họa số 31/QĐ-UBND ngày 30/06/2025",
        by=None,
        now=now,
    )
