"""Reading back what the product printed and exported, with other people's programmes."""

from __future__ import annotations

import csv
import re
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from unicodedata import normalize

import openpyxl
import pypdfium2
import zxingcpp
from lxml import etree


def pages_of(pdf: Path) -> list[str]:
    """The text of each page, its white space made single."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [tidy(page.get_textpage().get_text_bounded()) for page in document]
    finally:
        document.close()


def tidy(text: str) -> str:
    """Composed letters, single spaces, no soft hyphens."""
    return " ".join(normalize("NFC", text).replace("\u00ad", "").split())


def codes_on(pdf: Path) -> list[str]:
    """What a phone's camera reads from the QR codes on the first page."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        picture = document[0].render(scale=3).to_pil()
    finally:
        document.close()
    return [found.text for found in zxingcpp.read_barcodes(picture) if "QR" in str(found.format)]


def csv_parts(path: Path) -> tuple[list[list[str]], list[list[str]]]:
    """The table of a CSV file as a Vietnamese spreadsheet opens it, and what stands below it."""
    text = path.read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(StringIO(text, newline=""), delimiter=";"))
    end = rows.index([])
    return rows[:end], rows[end + 1 :]


def xlsx_parts(path: Path) -> tuple[list[list[Any]], list[list[Any]]]:
    """The cells of the first sheet, row by row, and those of the second."""
    book = openpyxl.load_workbook(BytesIO(path.read_bytes()))
    table, origin = ([list(row) for row in sheet.iter_rows()] for sheet in book.worksheets)
    return table, origin


_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"


def fods_rows(path: Path) -> list[list[tuple[str, str]]]:
    """The cells that LibreOffice saw, row by row: what kind of value, and its text."""
    rows = []
    for row in etree.parse(path).iter(f"{_TABLE}table-row"):
        cells = []
        for cell in row.iter(f"{_TABLE}table-cell"):
            text = "".join(str(part) for part in cell.itertext())
            repeated = int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
            cells += [(cell.get(f"{_OFFICE}value-type", ""), tidy(text))] * min(repeated, 50)
        rows.append(cells)
    return rows


def row_with(rows: list[list[Any]], text: str) -> list[Any]:
    """The only row that holds a text."""
    found = [row for row in rows if any(text == _text(cell) for cell in row)]
    assert len(found) == 1, f"{len(found)} rows hold {text}"
    return found[0]


def _text(cell: Any) -> str:
    if isinstance(cell, tuple):
        return str(cell[1])
    return str(getattr(cell, "value", cell))


def has(text: str, *wanted: str) -> None:
    """Every wanted piece stands in a text, however its lines were broken."""
    plain = re.sub(r"\s", "", text)
    missing = [piece for piece in wanted if re.sub(r"\s", "", normalize("NFC", piece)) not in plain]
    assert missing == [], f"{missing} not in: {text[:3000]}"
