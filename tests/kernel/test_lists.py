"""The list engine: one question, the same rows on the page and in the files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Date,
    Integer,
    MetaData,
    Numeric,
    Select,
    String,
    Table,
    create_engine,
    event,
    select,
)
from sqlalchemy import (
    Column as TableColumn,
)
from sqlalchemy.orm import Session

from app.kernel.database import UtcDateTime
from app.kernel.lists.columns import Column, Kind
from app.kernel.lists.filters import Choice, DateOf, NotThere, Option, Period, Search
from app.kernel.lists.listing import AFTER, BEFORE, COUNT, EVERY, SORT, Asked, List
from app.kernel.words import _l, fold, name_sort_key

notes = Table(
    "notes",
    MetaData(),
    TableColumn("id", Integer, primary_key=True),
    TableColumn("unit", Integer, nullable=False),
    TableColumn("name", String, nullable=False),
    TableColumn("name_sort", String, nullable=False),
    TableColumn("name_fold", String, nullable=False),
    TableColumn("code", String),
    TableColumn("finished_at", UtcDateTime),
    TableColumn("decided_on", Date),
    TableColumn("periods", Numeric(5, 1), nullable=False),
    TableColumn("share", Integer, nullable=False),
    TableColumn("is_open", Boolean, nullable=False),
)

COLUMNS = (
    Column(
        key="name", heading=_l("Họ và tên"), kind=Kind.NAME, width=28, sort=(notes.c.name_sort,)
    ),
    Column(key="code", heading=_l("Mã"), kind=Kind.CODE, sort=(notes.c.code,), nullable=True),
    Column(
        key="finished_at",
        heading=_l("Ngày hoàn thành"),
        kind=Kind.DATE,
        sort=(notes.c.finished_at,),
        nullable=True,
    ),
    Column(
        key="periods",
        heading=_l("Số tiết"),
        kind=Kind.NUMBER,
        decimals=1,
        sort=(notes.c.periods,),
    ),
    Column(
        key="share",
        heading=_l("Tỷ lệ"),
        kind=Kind.PERCENT,
        decimals=1,
        value=lambda row: row.share / 1000,
    ),
    Column(key="is_open", heading=_l("Đang mở"), kind=Kind.BOOLEAN),
)


def _rows(units: frozenset[int]) -> Select[Any]:
    return select(*(c for c in notes.c if c.name != "id")).where(notes.c.unit.in_(units))


NOTES: List[frozenset[int]] = List(
    name="notes",
    title=_l("Ghi chú"),
    columns=COLUMNS,
    rows=_rows,
    row_id=notes.c.id,
    sorted_by="name",
    filters=(
        Choice(
            key="don-vi", heading=_l("Đơn vị"), condition=lambda value: notes.c.unit == int(value)
        ),
        Search(columns=(notes.c.name_fold,)),
        Period(
            dates=(
                DateOf(
                    key="hoan-thanh",
                    heading=_l("Ngày hoàn thành"),
                    column=notes.c.finished_at,
                    is_moment=True,
                ),
                DateOf(key="quyet-dinh", heading=_l("Ngày quyết định"), column=notes.c.decided_on),
            )
        ),
    ),
)
MINE = frozenset({1, 2})
OPTIONS = {"don-vi": [Option("1", "Trung tâm"), Option("2", "Cụm Bắc", depth=1)]}


@pytest.fixture
def db() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    notes.metadata.create_all(engine)
    with Session(engine) as session:
        yield session


def put(db: Session, name: str, **values: Any) -> None:
    """One row; what a test does not care about has a plain value."""
    db.execute(
        notes.insert().values(
            {
                "unit": 1,
                "name": name,
                "name_sort": name_sort_key(name),
                "name_fold": fold(name),
                "periods": 1,
                "share": 0,
                "is_open": True,
            }
            | values
        )
    )


def ask(scope: frozenset[int] = MINE, **arguments: str) -> Asked[frozenset[int]]:
    return NOTES.ask({k.replace("_", "-"): v for k, v in arguments.items()}, scope, OPTIONS)


def names(db: Session, asked: Asked[frozenset[int]]) -> list[Any]:
    return [row[0] for row in asked.rows(db)]


def all_pages(db: Session, **arguments: str) -> list[str]:
    """Every name, by turning the pages forward with the addresses that they give."""
    found: list[str] = []
    address: dict[str, str] | None = arguments
    while address is not None:
        page = NOTES.ask(address, MINE, OPTIONS).page(db)
        assert len(page.rows) <= 50
        found += [row.texts[0] for row in page.rows]
        address = page.next
    return found


def test_people_stand_in_vietnamese_order_by_given_name(db: Session) -> None:
    for name in ("Trần Thị Ánh", "Lê Văn Đức", "Đỗ Văn An", "Nguyễn Văn Ân", "Bùi Thị Dung"):
        put(db, name)
    assert names(db, ask()) == [
        "Đỗ Văn An",
        "Trần Thị Ánh",
        "Nguyễn Văn Ân",
        "Bùi Thị Dung",
        "Lê Văn Đức",
    ]


def test_rows_of_another_unit_are_not_there(db: Session) -> None:
    put(db, "Của mình", unit=1)
    put(db, "Của người", unit=3)
    assert names(db, ask()) == ["Của mình"]
    with pytest.raises(NotThere):
        ask(don_vi="3")


def test_a_search_finds_words_without_marks_in_any_order(db: Session) -> None:
    put(db, "Đào Thị Hòa")
    put(db, "Nguyễn Văn Tạo")
    assert names(db, ask(tim="hoa dao")) == ["Đào Thị Hòa"]
    assert names(db, ask(tim="Đào")) == ["Đào Thị Hòa"]


def test_a_search_takes_wildcards_as_letters(db: Session) -> None:
    put(db, "Đào Thị Hòa")
    put(db, "Tổ 100% nữ")
    assert names(db, ask(tim="100%")) == ["Tổ 100% nữ"]
    assert names(db, ask(tim="_")) == []


def test_a_day_of_completion_is_a_day_in_vietnam(db: Session) -> None:
    put(db, "Trước", finished_at=datetime(2026, 11, 22, 16, 59, tzinfo=UTC))
    put(db, "Sớm", finished_at=datetime(2026, 11, 22, 17, 0, tzinfo=UTC))
    put(db, "Muộn", finished_at=datetime(2026, 11, 23, 16, 59, tzinfo=UTC))
    put(db, "Sau", finished_at=datetime(2026, 11, 23, 17, 0, tzinfo=UTC))
    asked = ask(tu="23/11/2026", den="2026-11-23")
    assert sorted(names(db, asked)) == ["Muộn", "Sớm"]
    assert asked.description() == "Ngày hoàn thành: từ 23/11/2026 đến 23/11/2026"


def test_the_kind_of_date_is_a_stated_choice(db: Session) -> None:
    put(db, "Trong", decided_on=date(2026, 3, 1))
    put(db, "Ngoài", decided_on=date(2026, 3, 2), finished_at=datetime(2026, 3, 1, tzinfo=UTC))
    asked = ask(ngay="quyet-dinh", den="01/03/2026")
    assert names(db, asked) == ["Trong"]
    assert asked.description() == "Ngày quyết định: đến 01/03/2026"
    with pytest.raises(NotThere):
        ask(ngay="sinh-nhat")


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [("31/02/2026", "", "tu"), ("", "hôm nay", "den"), ("02/01/2026", "01/01/2026", "den")],
)
def test_an_unreadable_period_shows_no_rows_and_says_why(
    db: Session, first: str, last: str, field: str
) -> None:
    put(db, "Một")
    asked = ask(tu=first, den=last)
    assert list(asked.problems) == [field]
    assert asked.page(db).rows == ()
    assert asked.arguments.get("tu", "") == first


def test_no_filter_is_said_in_words() -> None:
    assert ask().description() == "không lọc"
    assert ask(don_vi="2", tim="an").description() == "Đơn vị: Cụm Bắc; Tìm: an"


def test_turning_pages_meets_every_row_once_in_order(db: Session) -> None:
    for number in range(120):
        put(db, f"Nguyễn Văn {'AB'[number % 2]}", periods=number % 7, code=str(number))
    assert all_pages(db) == names(db, ask())
    assert len(all_pages(db, **{SORT: "-periods"})) == 120
    forward = NOTES.ask({SORT: "periods"}, MINE, OPTIONS)
    assert names(db, forward) == all_pages(db, **{SORT: "periods"})


@pytest.mark.parametrize("sort", ["code", "-code", "finished_at", "-finished_at"])
def test_rows_without_a_value_come_last_and_pages_still_turn(db: Session, sort: str) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(130):
        put(
            db,
            f"Người {number}",
            code=None if number % 3 else f"{number // 6:04}",
            finished_at=None if number % 3 else start + timedelta(days=number // 6),
        )
    asked = NOTES.ask({SORT: sort}, MINE, OPTIONS)
    rows = list(asked.rows(db))
    values = [row[1 if "code" in sort else 2] for row in rows]
    filled = [v for v in values if v is not None]
    assert values == filled + [None] * (130 - len(filled))
    assert filled == sorted(filled, reverse=sort.startswith("-"))
    assert all_pages(db, **{SORT: sort}) == [row[0] for row in rows]


@pytest.mark.parametrize("sort", ["name", "-code", "finished_at"])
def test_going_back_shows_the_page_that_one_came_from(db: Session, sort: str) -> None:
    for number in range(130):
        put(db, f"Người {number:03}", code=None if number % 2 else str(number))
    first = NOTES.ask({SORT: sort}, MINE, OPTIONS).page(db)
    assert first.previous is None
    assert first.next is not None
    second = NOTES.ask(first.next, MINE, OPTIONS).page(db)
    assert second.next is not None
    assert second.previous is not None
    third = NOTES.ask(second.next, MINE, OPTIONS).page(db)
    assert len(third.rows) == 30
    assert third.next is None
    assert third.previous is not None
    back = NOTES.ask(third.previous, MINE, OPTIONS).page(db)
    assert [r.id for r in back.rows] == [r.id for r in second.rows]
    assert back.previous is not None
    start = NOTES.ask(back.previous, MINE, OPTIONS).page(db)
    assert [r.id for r in start.rows] == [r.id for r in first.rows]
    assert start.previous is None
    assert start.next is not None


def test_a_row_that_arrives_in_between_shifts_nothing(db: Session) -> None:
    for number in range(60):
        put(db, f"Người {number:03}")
    first = ask().page(db)
    put(db, "Người 0005")
    assert first.next is not None
    second = NOTES.ask(first.next, MINE, OPTIONS).page(db)
    assert second.rows[0].texts[0] == "Người 050"


def test_a_page_asks_two_statements_and_never_an_offset(db: Session) -> None:
    for number in range(300):
        put(db, f"Người {number:03}")
    asked: list[tuple[str, Any]] = []
    event.listen(
        db.get_bind(),
        "before_cursor_execute",
        lambda c, cursor, text, values, *rest: asked.append((text, values)),
    )
    page = ask().page(db)
    assert page.total == 300
    assert len(page.rows) == 50
    assert page.next is not None
    NOTES.ask(page.next, MINE, OPTIONS).page(db)
    assert len(asked) == 4
    # SQLite is always told an offset: it must be nought.
    assert [values[-1] for text, values in asked if "OFFSET" in text] == [0] * 4


@pytest.mark.parametrize(
    "cursor", ["x", "ééé", "W10", "bnVsbA", "W1sicyIsIDFdXQ", "W1sicyIsImEiXSxbInMiLCJiIl1d"]
)
def test_a_forged_cursor_is_not_there(cursor: str) -> None:
    for key in (AFTER, BEFORE):
        with pytest.raises(NotThere):
            NOTES.ask({key: cursor}, MINE, OPTIONS)


@pytest.mark.parametrize("sort", ["share", "khong-co", "--name"])
def test_an_unknown_order_is_not_there(sort: str) -> None:
    with pytest.raises(NotThere):
        NOTES.ask({SORT: sort}, MINE, OPTIONS)


def test_a_heading_turns_its_own_order() -> None:
    name, code = COLUMNS[0], COLUMNS[1]
    assert ask().sorting(code) == {SORT: "code"}
    assert ask().sorting(name) == {SORT: "-name"}
    assert ask(sap_xep="code", tim="an").sorting(code) == {SORT: "-code", "tim": "an"}
    assert ask(sap_xep="-name", tim="an").sorting(name) == {"tim": "an"}


def test_values_are_shown_as_vietnamese_write_them(db: Session) -> None:
    put(
        db,
        "Đỗ Văn An",
        code="007",
        finished_at=datetime(2026, 2, 4, 17, 30, tzinfo=UTC),
        periods=1234.5,
        share=875,
        is_open=False,
    )
    assert list(ask().page(db).rows[0].texts) == [
        "Đỗ Văn An",
        "007",
        "05/02/2026",
        "1.234,5",
        "87,5%",
        "Không",
    ]


def test_a_page_counts_up_to_a_thousand_and_says_when_there_are_more(db: Session) -> None:
    for number in range(1000):
        put(db, f"Người {number:04}")
    exactly = ask().page(db)
    assert (exactly.total, exactly.counting) == (1000, None)
    put(db, "Người thứ một nghìn lẻ một")
    more = ask(tim="nguoi", sap_xep="-name").page(db)
    assert more.total == 1000
    assert more.counting == {"tim": "nguoi", SORT: "-name", COUNT: EVERY}
    assert ask(tim="nguoi").count(db) == 1001


def test_all_rows_are_counted_where_the_address_says_so(db: Session) -> None:
    for number in range(1001):
        put(db, f"Người {number:04}")
    first = ask().page(db)
    assert first.next is not None
    second = NOTES.ask(first.next, MINE, OPTIONS).page(db)
    assert second.counting == {**first.next, COUNT: EVERY}
    counted = NOTES.ask(second.counting, MINE, OPTIONS).page(db)
    assert [row.id for row in counted.rows] == [row.id for row in second.rows]
    assert (counted.total, counted.counting) == (1001, None)
    # Further pages are quick again.
    assert COUNT not in (counted.next or {COUNT: ""})
    with pytest.raises(NotThere):
        ask(dem="mai")
