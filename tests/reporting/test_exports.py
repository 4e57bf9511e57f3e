"""Exports: the file holds the screen, records itself, and opens to nobody else."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from app.kernel import jobs
from app.kernel.audit import AuditRow
from app.kernel.files import files
from app.people.actions import end_role, grant_role
from app.people.queries import roles_of
from app.reporting import rules
from app.reporting.models import ReportExport
from tests.reporting.story import IN_JUNE, Province
from tests.world import NOW, a_completion, a_manager, a_person

LISTS = {
    "hoc-vien": "people",
    "ghi-danh": "enrollments",
    "hoan-thanh": "completions",
    "giay-chung-nhan": "certificates",
}


@pytest.fixture
def province(app, database) -> Province:
    """Trained people on both sides, one of them named to run in a spreadsheet."""
    with database.unit_of_work():
        made = Province()
        anh, first = made.trained("Trần Thị Ánh", staff_code="00123")
        made.trained("=1+1 Văn An", made.office, at=IN_JUNE)
        _there, third = made.trained("Phạm Quốc Ưu", made.neighbour)
        a_completion(anh, made.digital, completed_at=IN_JUNE)
        made.recognize([first])
        made.recognize([third], unit=made.neighbour, number="9/QĐ-BG")
    return made


def sheet(content: bytes) -> list[list[str]]:
    """The cells of a workbook's first sheet as a person reads them."""
    rows = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].iter_rows()
    return [[_shown(cell) for cell in row] for row in rows]


def _shown(cell) -> str:
    if cell.value is None:
        return ""
    if cell.is_date:
        return f"{cell.value:%d/%m/%Y}"
    if cell.data_type == "n":
        share = cell.number_format.endswith("%")
        return f"{cell.value * 100:g}%".replace(".", ",") if share else f"{cell.value:g}"
    return str(cell.value)


def the_export(database) -> ReportExport:
    with database.unit_of_work(write=False) as session:
        return session.scalars(select(ReportExport)).one()


@pytest.mark.parametrize("address", LISTS)
def test_a_workbook_holds_the_rows_and_columns_of_the_screen(province, browser, address):
    browser.sign_in(province.manager)
    page = browser.get(f"/quan-ly/{address}?sap-xep=-full_name")
    answer = browser.submit("export", dang="xlsx")
    cells = sheet(answer.body)
    heads, *rows = cells
    assert [dict(zip(heads, row, strict=True)) for row in rows] == list(
        page.listed(LISTS[address]).values()
    )


def test_a_filter_is_exported_as_it_stands(province, browser, database):
    browser.sign_in(province.manager)
    browser.get("/quan-ly/hoan-thanh?khoa=so-hoa&ngay=hoan-thanh&tu=01/06/2026")
    answer = browser.submit("export", dang="csv")
    text = answer.body.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert (lines[1][0], lines[1][3], lines[2]) == ("Trần Thị Ánh", "Chuyển đổi số cơ bản", [])
    told = {line[0]: line[1] for line in lines if len(line) == 2}
    assert told["Bộ lọc"] == "Khóa học: Chuyển đổi số cơ bản; Ngày hoàn thành: từ 01/06/2026"
    assert told["Số dòng"] == "1"
    assert told["Người xuất"] == "Lê Văn Quản"
    assert told["Đơn vị của người xuất"] == "Trung tâm Khuyến công Minh Sơn"


def test_an_export_records_who_what_and_how_much(province, browser, database):
    browser.sign_in(province.manager)
    browser.get("/quan-ly/hoan-thanh?khoa=so-hoa")
    answer = browser.submit("export", dang="xlsx")
    export = the_export(database)
    assert answer.address == f"/quan-ly/xuat/{export.id}"
    assert export.made_by_id == province.manager.id
    assert export.filters["roots"] == [province.centre.id]
    assert export.filters["arguments"] == {"khoa": "so-hoa"}
    assert (export.list_name, export.form, export.row_count) == ("completions", "xlsx", 1)
    assert len(export.rows_hash) == 64
    assert files().read(export.file_hash) == answer.body
    with database.unit_of_work(write=False) as session:
        audited = session.scalars(select(AuditRow).where(AuditRow.action == "export")).one()
    assert audited.actor == "Lê Văn Quản"
    assert audited.unit_id == province.centre.id


def test_a_recount_gives_the_same_rows(province, browser, database):
    browser.sign_in(province.manager)
    for form in ("xlsx", "csv"):
        browser.get("/quan-ly/hoan-thanh")
        browser.submit("export", dang=form)
    with database.unit_of_work(write=False) as session:
        first, again = session.scalars(select(ReportExport)).all()
    assert first.rows_hash == again.rows_hash


def test_pressing_twice_is_exporting_once(province, browser, database):
    browser.sign_in(province.manager)
    page = browser.get("/quan-ly/hoc-vien")
    fields = {
        c.get("name"): c.get("value") for c in page.all(".//form[@method='post']//input[@name]")
    }
    sent = {"lan": fields["lan"], "dang": "csv"}
    first = browser.post("/quan-ly/hoc-vien/xuat", sent)
    again = browser.post("/quan-ly/hoc-vien/xuat", sent)
    assert first.address == again.address
    assert the_export(database).row_count == 3


def test_the_other_form_from_the_same_page_is_another_export(province, browser):
    """A download leaves the page where it is, with the same hidden fields."""
    browser.sign_in(province.manager)
    page = browser.get("/quan-ly/hoc-vien")
    (press,) = (c.get("value") for c in page.all(".//form[@method='post']//input[@name='lan']"))
    files = [
        browser.post("/quan-ly/hoc-vien/xuat", {"lan": press, "dang": form}).body
        for form in ("csv", "xlsx")
    ]
    assert files[0].startswith("\ufeff".encode())
    assert files[1].startswith(b"PK")


def test_the_file_opens_to_its_maker_and_to_managers_above(
    province, browser, another_browser, database
):
    browser.sign_in(province.manager)
    browser.get("/quan-ly/hoc-vien")
    address = browser.submit("export", dang="csv").address
    above = another_browser()
    above.sign_in(province.director)
    assert above.get(address).body == browser.get(address).body
    beside = another_browser()
    beside.sign_in(province.their_manager)
    beside.get(address, status=404)
    with database.unit_of_work():
        colleague = a_manager(province.centre, "Vũ Văn Đồng")
        below = a_manager(province.office, "Hồ Thị Dưới")
        officer = a_person("Lý Văn Học", unit=province.centre)
    for who, status in ((colleague, 404), (below, 404), (officer, 403)):
        theirs = another_browser()
        theirs.sign_in(who)
        theirs.get(address, status=status)


def test_who_manages_a_unit_no_more_does_not_get_its_old_files(province, browser, database):
    browser.sign_in(province.manager)
    browser.get("/quan-ly/hoc-vien")
    address = browser.submit("export", dang="csv").address
    with database.unit_of_work():
        [grant] = roles_of(province.manager.id)
        end_role(grant, by=None, within=[province.centre.id], now=NOW)
        grant_role(province.manager, "manager", province.neighbour, by=None, within=None, now=NOW)
    browser.get(address, status=404)


def test_another_units_rows_cannot_be_exported(province, browser, database):
    browser.sign_in(province.manager)
    for address in (*LISTS, "danh-sach-boi-duong"):
        form = "docx" if address == "danh-sach-boi-duong" else "xlsx"
        sent = {"dang": form, "don-vi": province.neighbour.id}
        browser.post(f"/quan-ly/{address}/xuat", sent, status=404)
    with database.unit_of_work(write=False) as session:
        assert session.scalars(select(ReportExport)).all() == []


def test_an_empty_or_unreadable_list_is_not_exported(province, browser):
    browser.sign_in(province.manager)
    for wrong in ({"tim": "không có ai"}, {"tu": "31/02/2026"}):
        page = browser.post("/quan-ly/hoan-thanh/xuat", {"dang": "csv", **wrong}, status=409)
        assert "Không có dòng nào để xuất" in page.main


def test_an_unknown_list_or_form_is_not_there(province, browser):
    browser.sign_in(province.manager)
    browser.post("/quan-ly/luong/xuat", {"dang": "csv"}, status=404)
    browser.post("/quan-ly/hoc-vien/xuat", {"dang": "docx"}, status=404)
    browser.post("/quan-ly/hoc-vien/xuat", {}, status=404)


def test_libreoffice_reads_the_export_and_runs_nothing(province, browser, tmp_path: Path):
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed")
    browser.sign_in(province.manager)
    browser.get("/quan-ly/hoc-vien")
    path = tmp_path / "hoc-vien.xlsx"
    path.write_bytes(browser.submit("export", dang="xlsx").body)
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    form = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"
    subprocess.run(
        [office, profile, "--headless", "--convert-to", form, "--outdir", str(tmp_path), path],
        check=True,
        capture_output=True,
        timeout=120,
    )
    rows = list(csv.reader((tmp_path / "hoc-vien.csv").open(encoding="utf-8-sig")))
    assert [rows[1][0], rows[2][0]] == ["=1+1 Văn An", "Trần Thị Ánh"]
    assert rows[2][1] == "00123"


def test_a_long_export_is_a_job_with_its_progress(province, browser, app, database, monkeypatch):
    monkeypatch.setattr(rules, "ROWS_IN_A_REQUEST", 1)
    browser.sign_in(province.manager)
    browser.get("/quan-ly/hoan-thanh")
    waiting = browser.submit("export", dang="xlsx")
    assert waiting.heading == "Đang lập tệp"
    assert "0 trên 3 dòng" in waiting.main
    while jobs.run_next(app.extensions["database"], holder="a-worker"):
        pass
    answer = browser.get(waiting.address)
    assert len(sheet(answer.body)) == 4
    export = the_export(database)
    assert export.row_count == 3
    assert export.finished_at is not None


def test_my_exports_are_listed(province, browser):
    browser.sign_in(province.manager)
    browser.get("/quan-ly/hoc-vien")
    address = browser.submit("export", dang="csv").address
    page = browser.get("/quan-ly/danh-sach")
    assert list(page.table("exports")) == [address.rsplit("/", 1)[1]]
    assert len(page.all(".//article")) == 5
