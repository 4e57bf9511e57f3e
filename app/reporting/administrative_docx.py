"""The administrative list as DOCX: A4 landscape, the frame of Decree 30/2020/NĐ-CP.

Sizes and margins: domain.md 6.1. The table is written as XML at once: through the
library's cell objects a long list takes many times longer.
"""

from __future__ import annotations

import io
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from app.reporting.administrative import (
    ATTACHED_LINE,
    COLUMNS,
    HEAD_OF_UNIT,
    ILLUSTRATION_MARK,
    KIND,
    MOTTO,
    NATION,
    NUMBER_LINE,
    PERSON_COLUMNS,
    PREPARER,
    SUBJECT,
    TrainedList,
    TrainedPerson,
)

DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FONT = "Times New Roman"
TABLE_POINTS = 11
KEPT_TOGETHER = 8
"""A person with up to so many courses is never torn between two pages."""


def trained_list_docx(trained: TrainedList) -> bytes:
    """The document as the bytes of a DOCX file."""
    document = Document()
    _prepare(document, trained)
    _heading(document, trained)
    _title(document, trained)
    _table(document, trained)
    _signatures(document)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _prepare(document: Any, trained: TrainedList) -> None:
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(13)
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for kind in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(kind), FONT)
    language = OxmlElement("w:lang")
    for kind in ("w:val", "w:eastAsia"):
        language.set(qn(kind), "vi-VN")
    style.element.get_or_add_rPr().append(language)
    style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(0)
    style.paragraph_format.line_spacing = 1.0

    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.header_distance, section.footer_distance = Mm(10), Mm(10)
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _page_number(number)
    if trained.is_illustration:
        for footer in (section.footer, section.first_page_footer):
            mark = footer.paragraphs[0]
            mark.alignment = WD_ALIGN_PARAGRAPH.CENTER
            _say(mark, ILLUSTRATION_MARK, 10, italic=True)
    properties = document.core_properties
    properties.title = f"{KIND.capitalize()} {SUBJECT[0].lower()}{SUBJECT[1:]}"
    properties.author, properties.language = trained.issuer.unit, "vi-VN"
    properties.comments = ILLUSTRATION_MARK if trained.is_illustration else ""


def _heading(document: Any, trained: TrainedList) -> None:
    left, right = _two_cells(document, 112, 140)
    superior, unit = trained.issuer.superior, trained.issuer.unit
    if superior:
        _line(left, superior.upper(), 12)
    _line(left, unit.upper(), 12, bold=True)
    # A third to a half of the line above it, in the middle.
    _rule(left, 112, min(38, max(18, len(unit))))
    _line(left, NUMBER_LINE, 13)
    _line(right, NATION, 12, bold=True)
    _line(right, MOTTO, 13, bold=True)
    _rule(right, 140, 54)
    _line(right, trained.place_and_date, 13, italic=True)


def _title(document: Any, trained: TrainedList) -> None:
    _line(document, KIND, 14, bold=True, before=10)
    _line(document, SUBJECT, 14, bold=True)
    if trained.scope_line:
        _line(document, f"({trained.scope_line})", 13)
    _line(document, ATTACHED_LINE, 13, italic=True, after=8)


def _table(document: Any, trained: TrainedList) -> None:
    table = OxmlElement("w:tbl")
    table.append(_table_properties())
    grid = OxmlElement("w:tblGrid")
    for column in COLUMNS:
        _add(grid, "w:gridCol", w=_twips(column.millimetres))
    table.append(grid)
    table.append(_head_row())
    for person in trained.people:
        # The last person goes with the signatures: these never stand alone on a page.
        for row in _person_rows(person, is_last=person is trained.people[-1]):
            table.append(row)
    table.append(_total_row(trained))
    body = document.element.body
    body.insert(len(body) - 1, table)


def _head_row() -> Any:
    row = _row(is_head=True)
    for column in COLUMNS:
        row.append(_cell(column.head, column.millimetres, bold=True, centred=True, middle=True))
    return row


def _person_rows(person: TrainedPerson, *, is_last: bool) -> list[Any]:
    rows = []
    own, count = person.cells(), len(person.courses)
    for index, course in enumerate(person.courses):
        row = _row()
        together = count <= KEPT_TOGETHER and (is_last or index < count - 1)
        merge = "" if count == 1 else ("continue" if index else "restart")
        texts = (*(own if index == 0 else [""] * len(own)), *course.cells())
        for column, text in zip(COLUMNS, texts, strict=True):
            row.append(
                _cell(
                    text,
                    column.millimetres,
                    centred=column.is_centred,
                    merge=merge if column.is_of_person else "",
                    keep_with_next=together,
                )
            )
        rows.append(row)
    return rows


def _total_row(trained: TrainedList) -> Any:
    people, courses, periods = trained.total_cells()
    widths = [column.millimetres for column in COLUMNS]
    rest = len(COLUMNS) - PERSON_COLUMNS - 2
    row = _row()
    for text, millimetres, span, centred in (
        (people, sum(widths[:PERSON_COLUMNS]), PERSON_COLUMNS, False),
        (courses, widths[PERSON_COLUMNS], 1, False),
        (periods, widths[PERSON_COLUMNS + 1], 1, True),
        ("", sum(widths[-rest:]), rest, False),
    ):
        row.append(
            _cell(text, millimetres, bold=True, span=span, centred=centred, keep_with_next=True)
        )
    return row


def _signatures(document: Any) -> None:
    _line(document, "", 6, keep_with_next=True)
    for cell, (office, hint) in zip(
        _two_cells(document, 126, 126), (PREPARER, HEAD_OF_UNIT), strict=True
    ):
        _line(cell, office, 13, bold=True, keep_with_next=True)
        _line(cell, hint, 12, italic=True, keep_with_next=True)
        for _ in range(5):
            _line(cell, "", 13, keep_with_next=True)


def _two_cells(document: Any, left: int, right: int) -> tuple[Any, Any]:
    """A table without lines whose two cells hold no paragraph yet but the one they must."""
    table = document.add_table(rows=1, cols=2)
    table.autofit = False
    for cell, width in zip(table.rows[0].cells, (left, right), strict=True):
        cell.width = Mm(width)
    for column, width in zip(table.columns, (left, right), strict=True):
        column.width = Mm(width)
    properties = table.rows[0]._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    return table.rows[0].cells[0], table.rows[0].cells[1]


def _line(
    place: Any,
    text: str,
    points: int,
    *,
    bold: bool = False,
    italic: bool = False,
    before: int = 0,
    after: int = 0,
    keep_with_next: bool = False,
) -> Any:
    """One centred line at the end of a cell or of the document."""
    first = place.paragraphs[0] if place.paragraphs else None
    is_unused = first is not None and len(place.paragraphs) == 1 and not first.runs
    paragraph: Any = first if is_unused and hasattr(place, "_tc") else place.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_before = Pt(before)
    paragraph.paragraph_format.space_after = Pt(after)
    paragraph.paragraph_format.keep_with_next = keep_with_next
    _say(paragraph, text, points, bold=bold, italic=italic)
    return paragraph


def _say(
    paragraph: Any, text: str, points: int, *, bold: bool = False, italic: bool = False
) -> None:
    run = paragraph.add_run(text)
    run.font.size, run.font.bold, run.font.italic = Pt(points), bold, italic


def _rule(cell: Any, cell_millimetres: int, millimetres: int) -> None:
    """A thin line of a length in the middle of a cell, under what stands above it."""
    paragraph = cell.add_paragraph()
    inner = cell_millimetres - 4
    paragraph.paragraph_format.left_indent = Mm((inner - millimetres) / 2)
    paragraph.paragraph_format.right_indent = Mm((inner - millimetres) / 2)
    paragraph.paragraph_format.space_after = Pt(4)
    paragraph.paragraph_format.space_before = Pt(3)
    paragraph.paragraph_format.line_spacing = Pt(3)
    mark = OxmlElement("w:rPr")
    _add(mark, "w:sz", val=4)
    properties = paragraph._p.get_or_add_pPr()
    borders = OxmlElement("w:pBdr")
    _add(borders, "w:top", val="single", sz=6, space=0, color="000000")
    properties.insert_element_before(
        borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )
    properties.append(mark)


def _page_number(paragraph: Any) -> None:
    run = paragraph.add_run()
    run.font.size = Pt(13)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        if kind:
            _add(run._r, "w:fldChar", fldCharType=kind)
        else:
            instruction = OxmlElement("w:instrText")
            instruction.set(qn("xml:space"), "preserve")
            instruction.text = text
            run._r.append(instruction)


def _table_properties() -> Any:
    properties = OxmlElement("w:tblPr")
    _add(properties, "w:tblW", w=sum(_twips(c.millimetres) for c in COLUMNS), type="dxa")
    borders = _add(properties, "w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        _add(borders, f"w:{side}", val="single", sz=4, space=0, color="000000")
    _add(properties, "w:tblLayout", type="fixed")
    margins = _add(properties, "w:tblCellMar")
    for side in ("left", "right"):
        _add(margins, f"w:{side}", w=57, type="dxa")
    return properties


def _row(*, is_head: bool = False) -> Any:
    row = OxmlElement("w:tr")
    properties = _add(row, "w:trPr")
    _add(properties, "w:cantSplit")
    if is_head:
        _add(properties, "w:tblHeader")
    return row


def _cell(
    text: str,
    millimetres: int,
    *,
    bold: bool = False,
    centred: bool = False,
    middle: bool = False,
    merge: str = "",
    span: int = 1,
    keep_with_next: bool = False,
) -> Any:
    cell = OxmlElement("w:tc")
    properties = _add(cell, "w:tcPr")
    _add(properties, "w:tcW", w=_twips(millimetres), type="dxa")
    if span > 1:
        _add(properties, "w:gridSpan", val=span)
    if merge:
        _add(properties, "w:vMerge", val=merge)
    if middle:
        _add(properties, "w:vAlign", val="center")
    paragraph = _add(cell, "w:p")
    form = _add(paragraph, "w:pPr")
    if keep_with_next:
        _add(form, "w:keepNext")
    _add(form, "w:spacing", before=30, after=30)
    if centred:
        _add(form, "w:jc", val="center")
    if text:
        run = _add(paragraph, "w:r")
        shape = _add(run, "w:rPr")
        if bold:
            _add(shape, "w:b")
        _add(shape, "w:sz", val=TABLE_POINTS * 2)
        content = _add(run, "w:t")
        content.set(qn("xml:space"), "preserve")
        content.text = _printable(text)
    return cell


def _printable(text: str) -> str:
    """Text without the control characters that XML cannot hold."""
    return "".join(c if c.isprintable() else " " for c in text)


def _add(parent: Any, name: str, **attributes: object) -> Any:
    child = OxmlElement(name)
    for key, value in attributes.items():
        child.set(qn(f"w:{key}"), str(value))
    parent.append(child)
    return child


def _twips(millimetres: int) -> int:
    """Twentieths of a point."""
    return round(millimetres / 25.4 * 1440)
