"""The administrative list: one row a person, the frame of Decree 30/2020, blanks to fill."""

from __future__ import annotations

import io
import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn

from app.reporting import administrative, rules
from app.reporting.administrative import Issuer, TrainedList, grouped_by_person
from app.reporting.administrative_docx import trained_list_docx
from tests.reporting.story import IN_JUNE, Province
from tests.world import a_completion


def a_row(person_id: int, full_name: str, course: str = "Kỹ năng", **others: object):
    """A completion as the list's select gives it."""
    values = {
        "person_id": person_id,
        "full_name": full_name,
        "birth_date": date(1990, 5, 17),
        "position": "Chuyên viên",
        "unit_name": "Trung tâm Khuyến công",
        "course": course,
        "periods": 12,
        "completed_at": datetime(2026, 3, 4, 18, 0, tzinfo=UTC),
        "register_no": "0231/2026",
        "decision_number": "12/QĐ-TTKC",
        "decision_date": date(2026, 2, 5),
        "ended_by": None,
    }
    return SimpleNamespace(**values | others)


def a_list(*rows: SimpleNamespace, is_illustration: bool = False) -> TrainedList:
    return TrainedList(
        issuer=Issuer("Sở Công Thương tỉnh Minh Sơn", "Trung tâm Khuyến công", "Minh Sơn"),
        scope_line="Ngày hoàn thành: từ 01/01/2026 đến 23/11/2026",
        year=2026,
        people=grouped_by_person(rows or [a_row(1, "Đỗ Văn An")]),
        is_illustration=is_illustration,
    )


TWO_COURSES = (
    a_row(1, "Đỗ Văn An"),
    a_row(1, "Đỗ Văn An", "Chuyển đổi số", periods=8, register_no=None, decision_number=None,
          decision_date=None),
    a_row(2, "Trần Thị Ánh", birth_date=None, position=None),
)  # fmt: skip


def opened(trained: TrainedList):
    return Document(io.BytesIO(trained_list_docx(trained)))


def test_a_person_is_one_row_with_all_courses_inside():
    people = a_list(*TWO_COURSES).people
    assert [(p.number, p.full_name, len(p.courses)) for p in people] == [
        (1, "Đỗ Văn An", 2),
        (2, "Trần Thị Ánh", 1),
    ]
    assert people[0].cells() == (
        "1",
        "Đỗ Văn An",
        "17/05/1990",
        "Chuyên viên",
        "Trung tâm Khuyến công",
    )
    assert people[0].courses[0].cells() == (
        "Kỹ năng",
        "12",
        "05/03/2026",
        "0231/2026",
        "12/QĐ-TTKC ngày 05/02/2026",
        "",
    )
    assert people[0].courses[1].note == "Chưa cấp giấy chứng nhận"
    assert people[1].cells()[2:4] == ("", "")


def test_a_withdrawn_certificate_is_noted():
    (person,) = a_list(a_row(1, "Đỗ Văn An", ended_by="revoked")).people
    assert person.courses[0].note == "Giấy chứng nhận đã thu hồi"


def test_the_total_counts_people_completions_and_periods():
    assert a_list(*TWO_COURSES).total_cells() == ("Tổng cộng: 2 người", "3 lượt hoàn thành", "32")


def test_columns_fill_the_width_between_the_margins():
    assert sum(column.millimetres for column in administrative.COLUMNS) == 297 - 30 - 15


def test_the_document_is_a4_landscape_in_times_new_roman():
    document = opened(a_list())
    section = document.sections[0]
    assert section.orientation is WD_ORIENT.LANDSCAPE
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (297, 210)
    assert (round(section.left_margin.mm), round(section.right_margin.mm)) == (30, 15)
    fonts = document.styles["Normal"].element.rPr.rFonts
    for kind in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        assert fonts.get(qn(kind)) == "Times New Roman"


def test_pages_are_numbered_on_top_but_not_the_first():
    section = opened(a_list()).sections[0]
    assert section.different_first_page_header_footer
    assert "PAGE" in section.header._element.xml
    assert "PAGE" not in section.first_page_header._element.xml


def test_the_heading_names_both_bodies_and_the_nation():
    heads = opened(a_list()).tables[0].rows[0].cells
    left = [p.text for p in heads[0].paragraphs if p.text]
    right = [p.text for p in heads[1].paragraphs if p.text]
    assert left[:2] == ["SỞ CÔNG THƯƠNG TỈNH MINH SƠN", "TRUNG TÂM KHUYẾN CÔNG"]
    assert right[:2] == ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"]
    assert [run.bold for p in heads[0].paragraphs[:2] for run in p.runs] == [False, True]


def test_number_date_and_signatures_are_left_blank():
    document = opened(a_list())
    heads = document.tables[0].rows[0].cells
    assert heads[0].paragraphs[-1].text.startswith("Số:   ")
    assert heads[1].paragraphs[-1].text == "Minh Sơn, ngày …… tháng …… năm 2026"
    assert any(p.text.startswith("(Kèm theo …") for p in document.paragraphs)
    signatures = document.tables[-1].rows[0].cells
    assert [cell.paragraphs[0].text for cell in signatures] == [
        "NGƯỜI LẬP BIỂU",
        "THỦ TRƯỞNG ĐƠN VỊ",
    ]
    assert all(not p.text for cell in signatures for p in cell.paragraphs[2:])


def test_column_heads_repeat_and_rows_stay_whole():
    table = opened(a_list(*TWO_COURSES)).tables[1]
    head, *rows = table.rows
    assert head._tr.trPr.find(qn("w:tblHeader")) is not None
    assert [cell.text for cell in head.cells] == [c.head for c in administrative.COLUMNS]
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in rows)


def test_cells_of_a_person_are_merged_over_their_courses():
    table = opened(a_list(*TWO_COURSES)).tables[1]
    first, second, third, total = table.rows[1:]
    assert first.cells[1]._tc is second.cells[1]._tc
    assert [row.cells[0].text for row in (first, second, third)] == ["1", "1", "2"]
    assert [row.cells[5].text for row in (first, second, third)] == [
        "Kỹ năng",
        "Chuyển đổi số",
        "Kỹ năng",
    ]
    assert total.cells[0].text == "Tổng cộng: 2 người"


def test_a_list_of_the_demo_says_that_it_is_illustration():
    footer = opened(a_list(is_illustration=True)).sections[0].first_page_footer
    assert "Dữ liệu minh họa" in footer.paragraphs[0].text
    plain = opened(a_list()).sections[0].first_page_footer
    assert "minh họa" not in "".join(p.text for p in plain.paragraphs)


def test_libreoffice_sets_the_document_on_pages(tmp_path: Path):
    office, text_of = shutil.which("soffice"), shutil.which("pdftotext")
    if office is None or text_of is None:
        pytest.skip("LibreOffice or poppler is not installed")
    rows = [a_row(n, f"Vũ Ẩn Ưởng{n:03}") for n in range(1, 41)]
    path = tmp_path / "danh-sach.docx"
    path.write_bytes(trained_list_docx(a_list(*rows)))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    subprocess.run(
        [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), path],
        check=True,
        capture_output=True,
        timeout=120,
    )
    subprocess.run([text_of, "-layout", path.with_suffix(".pdf")], check=True)
    *pages, _end = path.with_suffix(".txt").read_text("utf-8").split("\f")
    assert len(pages) > 1
    assert all("Họ và tên" in page for page in pages if "Vũ Ẩn" in page)
    assert all(f"Vũ Ẩn Ưởng{n:03}" in "".join(pages) for n in range(1, 41))
    assert pages[0].strip().startswith("SỞ CÔNG THƯƠNG")
    assert pages[1].split()[0] == "2"
    assert "THỦ TRƯỞNG ĐƠN VỊ" in pages[-1]


@pytest.fixture
def province(app, database) -> Province:
    """One person with two courses, one with one, and one next door."""
    with database.unit_of_work():
        made = Province()
        made.anh, first = made.trained("Trần Thị Ánh", position="Viên chức")
        a_completion(made.anh, made.digital, completed_at=IN_JUNE)
        made.an, _second = made.trained("Đỗ Văn An", made.office, at=IN_JUNE)
        made.trained("Phạm Quốc Ưu", made.neighbour)
        made.recognize([first])
    return made


def test_the_sheet_lists_each_person_once(province, browser):
    browser.sign_in(province.manager)
    page = browser.get("/quan-ly/danh-sach-boi-duong")
    rows = page.table("trained")
    assert list(rows) == [str(province.an.id), str(province.anh.id)]
    assert rows[str(province.anh.id)][1:6] == [
        "Trần Thị Ánh",
        "17/05/1990",
        "Viên chức",
        "Trung tâm Khuyến công Minh Sơn",
        "Kỹ năng cộng tác viên khuyến công",
    ]
    assert "Tổng cộng: 2 người 3 lượt hoàn thành 32" in page.main
    assert "Phạm Quốc Ưu" not in page.main


def test_the_sheet_is_issued_by_the_managers_own_unit(province, browser):
    browser.sign_in(province.director)
    page = browser.get(f"/quan-ly/danh-sach-boi-duong/in?don-vi={province.centre.id}")
    assert "Sở Công Thương tỉnh Minh Sơn" in page.main
    assert "Đơn vị: Trung tâm Khuyến công Minh Sơn" in page.main
    assert page.heading == "DANH SÁCH Cán bộ, cộng tác viên khuyến công đã được bồi dưỡng"


def test_the_sheet_follows_the_period_and_its_kind_of_date(province, browser):
    browser.sign_in(province.manager)
    page = browser.get("/quan-ly/danh-sach-boi-duong?ngay=hoan-thanh&tu=01/03/2026&den=31/03/2026")
    assert list(page.table("trained")) == [str(province.anh.id)]
    assert "(Ngày hoàn thành: từ 01/03/2026 đến 31/03/2026)" in page.main


def test_the_docx_is_the_sheet(province, browser):
    browser.sign_in(province.manager)
    browser.get("/quan-ly/danh-sach-boi-duong?ngay=hoan-thanh&tu=01/01/2026")
    answer = browser.submit("export")
    table = Document(io.BytesIO(answer.body)).tables[1]
    assert [row.cells[1].text for row in table.rows[1:4]] == [
        "Đỗ Văn An",
        "Trần Thị Ánh",
        "Trần Thị Ánh",
    ]


def test_a_sheet_longer_than_paper_is_refused(province, browser, monkeypatch):
    monkeypatch.setattr(rules, "DOCUMENT_ROWS", 2)
    browser.sign_in(province.manager)
    page = browser.post("/quan-ly/danh-sach-boi-duong/xuat", {"dang": "docx"}, status=409)
    assert "Danh sách dài quá" in page.main
    browser.get("/quan-ly/danh-sach-boi-duong/in", status=409)
