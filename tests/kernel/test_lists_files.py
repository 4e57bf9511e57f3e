"""Lists as files: real spreadsheets, the question written inside, nothing that runs."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
import python_calamine
from openpyxl.utils.escape import unescape

from app.kernel.lists import files
from app.kernel.lists.columns import Column, Kind, Value
from app.kernel.lists.files import Origin, Tally, csv_lines, defused, write_xlsx
from app.kernel.lists.parts import Parts
from app.kernel.words import _l

ATTACKS = (Path(__file__).parent / "data" / "formula-injection.txt").read_text("utf-8")
ATTACKS_CELLS = [line for line in ATTACKS.split("\n") if line]

COLUMNS = (
    Column(key="name", heading=_l("Họ và tên"), kind=Kind.NAME, width=28),
    Column(key="code", heading=_l("Mã cán bộ"), kind=Kind.CODE),
    Column(key="day", heading=_l("Ngày hoàn thành"), kind=Kind.DATE),
    Column(key="periods", heading=_l("Số tiết"), kind=Kind.NUMBER, decimals=1),
    Column(key="share", heading=_l("Kết quả"), kind=Kind.PERCENT, decimals=1),
    Column(key="is_open", heading=_l("Đang học"), kind=Kind.BOOLEAN),
)
ORIGIN = Origin(
    title="Người học đã hoàn thành",
    filter="Đơn vị: Trung tâm; Ngày cấp: từ 01/01/2026 đến 23/11/2026",
    asked_by="Đỗ Thị Ánh",
    unit="Sở Công Thương tỉnh Minh Sơn",
    made_at=datetime(2026, 11, 23, 1, 5, tzinfo=UTC),
)
ROWS: list[tuple[Value, ...]] = [
    ("Đỗ Văn Ưởng", "00123", date(2026, 2, 5), 1234.5, 0.875, True),
    ('Nguyễn; Thị\n"Hoà"', "01-02-2024", None, -3, 1.0, False),
    ("Người\u0323 ký", "123456789012345678", date(2026, 11, 23), 0, None, None),
]


def csv_text(rows: Iterable[tuple[Value, ...]] = ROWS) -> str:
    return b"".join(csv_lines(COLUMNS, rows, ORIGIN)).decode("utf-8-sig")


def a_workbook(tmp_path: Path, rows: Iterable[tuple[Value, ...]] = ROWS) -> Path:
    path = tmp_path / "danh-sach.xlsx"
    with path.open("wb") as file:
        write_xlsx(file, COLUMNS, rows, ORIGIN)
    return path


def as_libreoffice_reads(path: Path) -> list[list[str]]:
    """The first sheet's cells after LibreOffice has opened, computed and saved the file."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed")
    out = path.parent / "converted"
    # Reads CSV with semicolons and UTF-8 (76); writes commas, quoting all text.
    options = ["--infilter=CSV:59,34,76,1"] if path.suffix == ".csv" else []
    subprocess.run(
        [
            office,
            f"-env:UserInstallation={(path.parent / 'profile').as_uri()}",
            "--headless",
            *options,
            "--convert-to",
            "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false",
            "--outdir",
            str(out),
            str(path),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    with (out / f"{path.stem}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_csv_has_a_byte_order_mark_and_semicolons() -> None:
    raw = b"".join(csv_lines(COLUMNS, ROWS, ORIGIN))
    assert raw.startswith('\ufeff"Họ và tên";"Mã cán bộ"'.encode())


def test_csv_holds_exactly_the_columns_and_rows() -> None:
    lines = list(csv.reader(io.StringIO(csv_text()), delimiter=";"))
    assert lines[0] == [str(c.heading) for c in COLUMNS]
    assert lines[1] == ["Đỗ Văn Ưởng", "00123", "05/02/2026", "1234,5", "87,5%", "Có"]
    assert lines[2] == ['Nguyễn; Thị\n"Hoà"', "01-02-2024", "", "-3,0", "100%", "Không"]
    assert lines[4] == []


def test_csv_tells_what_was_asked_by_whom_when_and_how_many() -> None:
    end = csv_text().split("\r\n\r\n")[1]
    assert list(csv.reader(io.StringIO(end), delimiter=";")) == [
        ["Danh sách", "Người học đã hoàn thành"],
        ["Bộ lọc", "Đơn vị: Trung tâm; Ngày cấp: từ 01/01/2026 đến 23/11/2026"],
        ["Người xuất", "Đỗ Thị Ánh"],
        ["Đơn vị của người xuất", "Sở Công Thương tỉnh Minh Sơn"],
        ["Thời điểm xuất", "08:05 23/11/2026"],
        ["Số dòng", "3"],
    ]


def test_csv_flows_row_by_row() -> None:
    def rows() -> Iterable[tuple[Value, ...]]:
        yield ROWS[0]
        raise AssertionError("the second row was read before the first was sent")

    lines = csv_lines(COLUMNS, rows(), ORIGIN)
    assert "Họ và tên" in next(lines).decode("utf-8-sig")
    assert "Ưởng" in next(lines).decode()


def test_xlsx_has_real_dates_numbers_and_codes_as_text(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(a_workbook(tmp_path)).worksheets[0]
    assert [c.value for c in sheet[1]] == [str(c.heading) for c in COLUMNS]
    name, code, day, periods, share, is_open = sheet[2]
    assert (name.value, code.value, code.data_type) == ("Đỗ Văn Ưởng", "00123", "s")
    assert (day.value, day.number_format) == (datetime(2026, 2, 5), "[$-42A]dd/mm/yyyy")
    assert (periods.value, share.value, is_open.value) == (1234.5, 0.875, "Có")
    assert share.number_format == "0.0%"
    assert [row[1].value for row in sheet.iter_rows(min_row=2)] == [r[1] for r in ROWS]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:F4"


def test_a_workbook_is_what_its_library_says_that_it_is(tmp_path: Path) -> None:
    """Our rows stand where the library's own row stood: the rest of the book knows of them."""
    path = a_workbook(tmp_path)
    with zipfile.ZipFile(path) as book:
        names = book.read("xl/workbook.xml").decode()
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "$A$1:$F$4</definedName>" in names
    assert sheet.count("<row ") == 4
    # ECMA-376 orders the parts of a sheet; a spreadsheet repairs or refuses another order.
    order = ("<sheetPr", "<sheetViews", "<cols", "<sheetData", "<autoFilter", "<pageSetup")
    places = [sheet.index(part) for part in order]
    assert places == sorted(places)
    assert python_calamine.load_workbook(path).get_sheet_by_index(0).to_python()[1] == [
        "Đỗ Văn Ưởng",
        "00123",
        date(2026, 2, 5),
        1234.5,
        0.875,
        "Có",
    ]


def test_what_xml_cannot_say_is_escaped_as_spreadsheets_do(tmp_path: Path) -> None:
    odd = [
        "<b>&amp;</b>",
        " hai đầu ",
        "hai\ndòng",
        "chuông\x07",
        "_x0007_",
        "\ufffe",
        "x" * 40_000,
    ]
    rows: list[tuple[Value, ...]] = [(text, "1", None, 1, None, None) for text in odd]
    sheet = openpyxl.load_workbook(a_workbook(tmp_path, rows)).worksheets[0]
    read = [str(row[0].value) for row in sheet.iter_rows(min_row=2)]
    assert read[:3] == odd[:3]
    assert [unescape(text) for text in read[3:6]] == odd[3:6]
    assert read[6] == "x" * 32_767


def test_every_kind_of_value_has_a_cell(tmp_path: Path) -> None:
    columns = tuple(Column(key=k, heading=_l("Số tiết"), kind=Kind.NUMBER) for k in "abcd")
    days = tuple(Column(key=k, heading=_l("Ngày"), kind=Kind.DATE) for k in "efgh")
    row: tuple[Value, ...] = (Decimal("1.25"), True, float("nan"), -7)
    some_days = (date(1900, 2, 28), date(1900, 3, 1), date(1899, 12, 31), date(9999, 12, 31))
    path = tmp_path / "kinds.xlsx"
    with path.open("wb") as file:
        write_xlsx(file, columns + days, [row + some_days], ORIGIN)
    cells = openpyxl.load_workbook(path).worksheets[0][2]
    assert [c.value for c in cells[:4]] == [1.25, "Có", "nan", -7]
    # The day before spreadsheets begin to count is told in words.
    assert [c.value for c in cells[6:]] == ["31/12/1899", datetime(9999, 12, 31)]
    read = as_libreoffice_reads(path)[1]
    assert read[5:7] == ["01/03/1900", "31/12/1899"]


def test_more_columns_than_letters_have_names(tmp_path: Path) -> None:
    columns = tuple(Column(key=f"k{i}", heading=_l("Mã cán bộ")) for i in range(60))
    path = tmp_path / "wide.xlsx"
    with path.open("wb") as file:
        write_xlsx(file, columns, [tuple(str(i) for i in range(60))], ORIGIN)
    row = openpyxl.load_workbook(path).worksheets[0][2]
    assert [cell.value for cell in row] == [str(i) for i in range(60)]


def test_rows_that_no_sheet_holds_are_no_workbook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "XLSX_ROW_LIMIT", 2)
    with pytest.raises(ValueError, match="more rows"):
        a_workbook(tmp_path)


def test_parts_give_back_the_rows_that_were_laid_down(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "export-1")
    odd: list[tuple[Value, ...]] = [("a", Decimal("1.10"), date(2026, 2, 5), None, True, 0.1)]
    mixed: list[tuple[Value, ...]] = [(date(2026, 2, 5),), ("2026-02-05",), (Decimal(2),), (None,)]
    parts.keep_rows("b", ROWS)
    parts.keep_rows("a", odd)
    parts.keep_rows("c", mixed)
    parts.keep_rows("none", [])
    assert list(parts.rows(["a", "b", "none", "c"])) == odd + ROWS + mixed
    assert type(next(parts.rows(["a"]))[4]) is bool
    assert not parts.has("d")
    parts.clear()
    assert not parts.has("a")
    assert not parts.folder.exists()


def test_xlsx_tells_what_was_asked_by_whom_when_and_how_many(tmp_path: Path) -> None:
    about = openpyxl.load_workbook(a_workbook(tmp_path)).worksheets[1]
    told = {row[0].value: row[1].value for row in about.iter_rows()}
    assert told["Bộ lọc"] == ORIGIN.filter
    assert told["Người xuất"] == "Đỗ Thị Ánh"
    assert told["Thời điểm xuất"] == "08:05 23/11/2026"
    assert told["Số dòng"] == "3"


def test_a_file_of_the_demo_says_that_it_is_illustration() -> None:
    lines = dict(Origin(**(vars(ORIGIN) | {"is_illustration": True})).lines(1))
    assert lines["Ghi chú"] == "Dữ liệu minh họa"


def attacks() -> list[tuple[Value, ...]]:
    """Every attack in a text cell, a name and a code, with two more that need care."""
    cells = [*ATTACKS_CELLS, "\r=1+1", "\uff1d1+1", "x;=1+1", "-", "+84912345678"]
    return [(cell, cell, None, 1, None, None) for cell in cells]


def test_no_csv_text_starts_as_a_formula() -> None:
    lines = csv.reader(io.StringIO(csv_text(attacks()), newline=""), delimiter=";")
    for row, (literal, *_) in zip(list(lines)[1:], attacks(), strict=False):
        assert row[0].lstrip("\t\r\n ;；")[:1] not in set("=+-@＝")
        assert row[0] in (literal, f"'{literal}")


@pytest.mark.parametrize("harmless", ["Đỗ Văn An", "a=1", "", "12:30", "'=1+1", "Lê-na"])
def test_plain_text_is_left_as_it_is(harmless: str) -> None:
    assert defused(harmless) == harmless


def test_libreoffice_runs_nothing_in_a_workbook(tmp_path: Path) -> None:
    read = as_libreoffice_reads(a_workbook(tmp_path, attacks()))
    literals = [str(row[0]) for row in attacks()]
    assert [row[:2] for row in read[1:]] == [[text, text] for text in literals]


def test_libreoffice_runs_nothing_in_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "danh-sach.csv"
    path.write_bytes(b"".join(csv_lines(COLUMNS, attacks(), ORIGIN)))
    read = as_libreoffice_reads(path)[1 : len(attacks()) + 1]
    for row, (literal, *_) in zip(read, attacks(), strict=True):
        # The apostrophe of a defused cell stands before the literal text.
        assert row[0] in (f"'{literal}".replace("\r", "\n"), literal)


def test_libreoffice_reads_the_same_rows_as_the_screen(tmp_path: Path) -> None:
    read = as_libreoffice_reads(a_workbook(tmp_path))
    assert read[1] == ["Đỗ Văn Ưởng", "00123", "05/02/2026", "1234.5", "87.5%", "Có"]
    assert read[3][1] == "123456789012345678"


def test_a_recount_of_the_same_rows_has_the_same_digest() -> None:
    first, again, other = Tally(), Tally(), Tally()
    list(first.watch(ROWS)), list(again.watch(list(ROWS))), list(other.watch(ROWS[:2]))
    assert first.count == 3
    assert first.sha256 == again.sha256 != other.sha256
