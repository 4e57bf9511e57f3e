"""A list as a file: CSV for Vietnamese spreadsheets, and XLSX.

Both hold the rows, columns and order of the screen, and what was asked, when and by whom.
Text stays text: a cell that a spreadsheet would run is defused.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import IO, Any

from app.kernel import clock
from app.kernel.lists.columns import Column, Kind, Value
from app.kernel.words import Words, _l, show_moment, show_number

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

RISKY = tuple("=+-@＝＋－＠")
"""First characters that make a spreadsheet compute (OWASP "CSV injection", full-width too)."""

XLSX_TEXT_LIMIT = 32_767
"""Characters that one XLSX cell can hold."""

XLSX_ROW_LIMIT = 1_048_575
"""Rows that one sheet can hold beneath its head."""

KNOWN_CELLS = 4_096
"""Values of a column whose written form is kept: units, courses and days come again and again."""

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
        known = lru_cache(KNOWN_CELLS, typed=True)(_canonical)
        for row in rows:
            self.count += 1
            line = "\x1f".join([v if v.__class__ is str else known(v) for v in row])
            self._hash.update(line.encode() + b"\x1e")
            yield row

    @property
    def sha256(self) -> str:
        """The digest of the rows so far, in hexadecimal."""
        return str(self._hash.hexdigest())


def defused(text: str) -> str:
    """Text that no spreadsheet computes: an apostrophe before what would start a formula.

    Blanks and separators before the sign count as nothing, since programs drop them.
    """
    if text[:1].isalnum():
        return text
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
    cells = [_csv_writer(c) for c in columns]
    count = 0
    for row in rows:
        count += 1
        yield _csv_line([cell(value) for cell, value in zip(cells, row, strict=True)])
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
    was asked. Codes are text, dates are dates, numbers are numbers. Raises ValueError above
    what a sheet holds, and writes nothing that can be opened then.

    The library makes the book with no rows but one, whose place ours take: of 15 s that
    100,000 of them cost it, this leaves two (docs/building/decisions/spreadsheets.md).
    """
    before, sample, _after = _around_rows(_empty_book(columns, origin, 0))
    styles = re.findall(rb' s="(\d+)"', sample)
    cells = [
        (f'<c r="{_letters(i)}', _xlsx_writer(c, style))
        for i, (c, style) in enumerate(zip(columns, map(bytes.decode, styles), strict=True))
    ]
    count = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=PACKED) as book:
        with book.open(_SHEET, "w") as sheet:
            # How far the table goes is not known yet, and nobody needs to be told.
            sheet.write(re.sub(rb"<dimension [^>]*>", b"", before))
            lines: list[str] = []
            for count, row in enumerate(rows, 1):
                if count > XLSX_ROW_LIMIT:
                    raise ValueError("more rows than a sheet holds")
                lines.append(_xlsx_row(count + 1, cells, row))
                if len(lines) == ROWS_AT_ONCE:
                    sheet.write("".join(lines).encode("utf-8", "replace"))
                    lines.clear()
            sheet.write("".join(lines).encode("utf-8", "replace"))
            # The number of rows stands in the auto filter, its name, and the second sheet.
            entries = _empty_book(columns, origin, count)
            sheet.write(_around_rows(entries)[2])
        for name, content in entries.items():
            if name != _SHEET:
                book.writestr(name, content)
    return count


ROWS_AT_ONCE = 200
PACKED = 3
"""How hard a workbook is packed: zlib's own choice, 6, takes twice as long to save a seventh."""

_SHEET = "xl/worksheets/sheet1.xml"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_LIKE_CONTROL = re.compile("(_x[0-9a-fA-F]{4}_)")
_NOT_PLAIN = re.compile("[&<>\x00-\x1f\ufffe\uffff]|_x|^\\s|\\s$")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_BEFORE_1900 = date(1899, 12, 31).toordinal()


def _empty_book(columns: Sequence[Column], origin: Origin, count: int) -> dict[str, bytes]:
    """The files of a book for so many rows, with one row of empty cells in their place."""
    import xlsxwriter  # 26 ms that only an export pays

    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    made_at = clock.local(origin.made_at).replace(tzinfo=None)
    book.set_properties({"title": origin.title, "comments": origin.filter, "created": made_at})
    head = book.add_format({"bold": True, "text_wrap": True, "bottom": 1, "bg_color": "#E7F0EF"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})

    sheet = book.add_worksheet(str(_l("Danh sách")))
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)
    for i, column in enumerate(columns):
        sheet.set_column(i, i, column.width)
        sheet.write_string(0, i, str(column.heading), head)
        sheet.write_blank(1, i, None, book.add_format(_xlsx_format(column)))
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
    with zipfile.ZipFile(file) as made:
        return {name: made.read(name) for name in made.namelist()}


def _around_rows(entries: dict[str, bytes]) -> tuple[bytes, bytes, bytes]:
    """The table's sheet in three: up to its head, the row of empty cells, and what follows."""
    sheet = entries[_SHEET]
    start = sheet.index(b'<row r="2"')
    end = sheet.index(b"</sheetData>")
    return sheet[:start], sheet[start:end], sheet[end:]


def _xlsx_row(
    number: int, cells: Sequence[tuple[str, Callable[[Value], str]]], row: Sequence[Value]
) -> str:
    place = str(number)
    parts = [
        start + place + cell(value)
        for (start, cell), value in zip(cells, row, strict=True)
        if value is not None
    ]
    return f'<row r="{place}">{"".join(parts)}</row>'


def _xlsx_writer(column: Column, style: str) -> Callable[[Value], str]:
    """Writes a column's cells; text with nothing to escape, nearly all of it, goes straight in."""
    before, after = f'" s="{style}" t="inlineStr"><is><t>', "</t></is></c>"
    is_odd = _NOT_PLAIN.search

    def cell(value: Value) -> str:
        if isinstance(value, str) and len(value) <= XLSX_TEXT_LIMIT and not is_odd(value):
            return f"{before}{value}{after}"
        return _xlsx_cell(column, style, value)

    return lru_cache(KNOWN_CELLS, typed=True)(cell)


def _xlsx_cell(column: Column, style: str, value: Value) -> str:
    """A cell after the number of its row (ECMA-376, 18.3.1.4)."""
    if not isinstance(value, str):
        number = None if column.kind in (Kind.CODE, Kind.TEXT, Kind.NAME) else _xlsx_number(value)
        if number is not None:
            return f'" s="{style}"><v>{number}</v></c>'
        value = column.show(value) if isinstance(value, bool | date) else str(value)
    # A string is written as a string: it is never looked at, so it cannot run.
    text = _LIKE_CONTROL.sub(r"_x005F\1", value[:XLSX_TEXT_LIMIT]).translate(_MARKUP)
    text = _CONTROL.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    space = ' xml:space="preserve"' if text != text.strip() or "\n" in text else ""
    return f'" s="{style}" t="inlineStr"><is><t{space}>{text}</t></is></c>'


def _xlsx_number(value: Value) -> str | None:
    """What stands in a cell for a number or a date; None for what is told in words."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, date):
        # Spreadsheets count a 29 February 1900 that never was, and no day before that year.
        days = value.toordinal() - _BEFORE_1900
        return None if days < 1 else str(days + (days > 59))
    if isinstance(value, int | float | Decimal) and math.isfinite(value):
        return f"{value:.16G}"
    return None


def _letters(index: int) -> str:
    """The name of a column: A, B, …, Z, AA, …"""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


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


def _csv_writer(column: Column) -> Callable[[Value], str]:
    """Numbers stand bare, with a decimal comma and no dots; all else is quoted text."""
    is_number = column.is_number

    def cell(value: Value) -> str:
        if isinstance(value, str):
            return _quoted(value)
        if is_number and isinstance(value, int | float | Decimal):
            return column.show(value).replace(".", "")
        return _quoted(column.show(value))

    return lru_cache(KNOWN_CELLS, typed=True)(cell)


def _quoted(text: str) -> str:
    return '"' + defused(text).replace('"', '""') + '"'


def _canonical(value: Value) -> str:
    """A value as the digest sees it: the same in every language of the reader."""
    if isinstance(value, float | Decimal):
        return f"{value:.6f}"
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)
