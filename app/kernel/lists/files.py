"""A list as a file: CSV for Vietnamese spreadsheets, and XLSX.

Both hold the rows, columns and order of the screen, and what was asked, when and by whom.
Text stays text: a cell that a spreadsheet would run is defused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from app.kernel import clock
from app.kernel.lists.columns import NO, YES, Column, Kind, Value
from app.kernel.words import Words, _l, show_moment, show_number

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

RISKY = tuple("=+-@＝＋－＠")
"""First characters that make a spreadsheet compute (OWASP "CSV injection", full-width too)."""

XLSX_TEXT_LIMIT = 32_767
"""Characters that one XLSX cell can hold."""

ILLUSTRATION = _l("Dữ liệu minh họa")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a file says about itself: the list, the question, who asked and when."""

    title: str
    filter: str
    asked_by: str
    unit: str
    made_at: datetime
    is_illustration: bool = False

    def lines(self, count: int) -> list[tuple[str, str]]:
        """Heading and text of each line, with the number of rows that were written."""
        lines: list[tuple[Words, str]] = [
            (_l("Danh sách"), self.title),
            (_l("Bộ lọc"), self.filter),
            (_l("Người xuất"), self.asked_by),
            (_l("Đơn vị của người xuất"), self.unit),
            (_l("Thời điểm xuất"), show_moment(self.made_at)),
            (_l("Số dòng"), show_number(count)),
        ]
        if self.is_illustration:
            lines.append((_l("Ghi chú"), str(ILLUSTRATION)))
        return [(str(heading), text) for heading, text in lines]


@dataclass
class Tally:
    """Counts rows as they pass and digests them, so that a recount can be compared."""

    count: int = 0
    _hash: Any = field(default_factory=hashlib.sha256)

    def watch(self, rows: Iterable[tuple[Value, ...]]) -> Iterator[tuple[Value, ...]]:
        """The same rows, counted and digested on their way."""
        for row in rows:
            self.count += 1
            self._hash.update("\x1f".join(_canonical(v) for v in row).encode() + b"\x1e")
            yield row

    @property
    def sha256(self) -> str:
        """The digest of the rows so far, in hexadecimal."""
        return str(self._hash.hexdigest())


def defused(text: str) -> str:
    """Text that no spreadsheet computes: an apostrophe before what would start a formula.

    Blanks and separators before the sign count as nothing, since programs drop them.
    """
    bare = text.lstrip(" \t\r\n\u00a0\ufeff;；,")
    if bare.startswith(RISKY) or text.startswith(("\t", "\r", "\n")):
        return "'" + text
    return text


def csv_lines(
    columns: Sequence[Column], rows: Iterable[tuple[Value, ...]], origin: Origin
) -> Iterator[bytes]:
    """The list as CSV, line by line: UTF-8 with a mark, semicolons, decimal commas.

    The rows come first, so that a program reads a plain table; after an empty line stands
    what was asked.
    """
    yield "\ufeff".encode() + _csv_line(_quoted(str(c.heading)) for c in columns)
    count = 0
    for row in rows:
        count += 1
        yield _csv_line(_csv_cell(c, v) for c, v in zip(columns, row, strict=True))
    yield b"\r\n"
    for heading, text in origin.lines(count):
        yield _csv_line((_quoted(heading), _quoted(text)))


def write_xlsx(
    file: IO[bytes],
    columns: Sequence[Column],
    rows: Iterable[tuple[Value, ...]],
    origin: Origin,
) -> int:
    """Write the list as XLSX in constant memory; returns the number of rows.

    First sheet: the table alone, its head frozen, with an auto filter. Second sheet: what
    was asked. Codes are text, dates are dates, numbers are numbers.
    """
    import xlsxwriter  # 26 ms that only an export pays

    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    made_at = clock.local(origin.made_at).replace(tzinfo=None)
    book.set_properties({"title": origin.title, "comments": origin.filter, "created": made_at})
    head = book.add_format({"bold": True, "text_wrap": True, "bottom": 1, "bg_color": "#E7F0EF"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    formats = [book.add_format(_xlsx_format(c)) for c in columns]

    sheet = book.add_worksheet(str(_l("Danh sách")))
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)
    for i, column in enumerate(columns):
        sheet.set_column(i, i, column.width)
        sheet.write_string(0, i, str(column.heading), head)
    count = 0
    for row in rows:
        count += 1
        for i, value in enumerate(row):
            _write_cell(sheet, count, i, columns[i], value, formats[i])
    if columns:
        sheet.autofilter(0, 0, count, len(columns) - 1)
    sheet.set_footer("&L" + str(ILLUSTRATION if origin.is_illustration else "") + "&R&P/&N")

    about = book.add_worksheet(str(_l("Thông tin xuất")))
    about.set_column(0, 0, 26)
    about.set_column(1, 1, 90)
    for i, (heading, text) in enumerate(origin.lines(count)):
        about.write_string(i, 0, heading, head)
        about.write_string(i, 1, text[:XLSX_TEXT_LIMIT], wrapped)
    book.close()
    return count


def _write_cell(
    sheet: Any, row: int, index: int, column: Column, value: Value, cell_format: Any
) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_string(row, index, str(YES if value else NO), cell_format)
    elif isinstance(value, date):
        sheet.write_datetime(row, index, value, cell_format)
    elif isinstance(value, str) or column.kind in (Kind.CODE, Kind.TEXT, Kind.NAME):
        # A string is written as a string: it is never looked at, so it cannot run.
        sheet.write_string(row, index, str(value)[:XLSX_TEXT_LIMIT], cell_format)
    else:
        sheet.write_number(row, index, value, cell_format)


def _xlsx_format(column: Column) -> dict[str, Any]:
    decimals = "." + "0" * column.decimals if column.decimals else ""
    form: dict[str, Any] = {"valign": "top"}
    match column.kind:
        case Kind.DATE:
            # With its locale (Vietnamese, 42A): LibreOffice in English else shows mm/dd/yyyy.
            form["num_format"] = "[$-42A]dd/mm/yyyy"
        case Kind.NUMBER:
            form["num_format"] = "#,##0" + decimals
        case Kind.PERCENT:
            form["num_format"] = "0" + decimals + "%"
        case _:
            form |= {"num_format": "@", "text_wrap": column.kind is not Kind.CODE}
    return form


def _csv_line(cells: Iterable[str]) -> bytes:
    return (";".join(cells) + "\r\n").encode()


def _csv_cell(column: Column, value: Value) -> str:
    """Numbers stand bare, with a decimal comma and no dots; all else is quoted text."""
    if column.is_number and isinstance(value, int | float | Decimal):
        return column.show(value).replace(".", "")
    return _quoted(column.show(value))


def _quoted(text: str) -> str:
    return '"' + defused(text).replace('"', '""') + '"'


def _canonical(value: Value) -> str:
    """A value as the digest sees it: the same in every language of the reader."""
    if isinstance(value, float | Decimal):
        return f"{value:.6f}"
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)
