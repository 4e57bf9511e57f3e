"""Exports: the file holds the screen, records itself, and opens to nobody else."""

from __future__ import annotations

import csv
import io
import os
import shutil
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from app.kernel import clock, jobs
from app.kernel.audit import AuditRow
from app.kernel.files import files
from app.kernel.lists import files as written
from app.kernel.lists.parts import Parts
from app.people.actions import end_role, grant_role
from app.people.queries import roles_of
from app.reporting import exporting, rules
from app.reporting.models import ReportExport
from tests.conftest import SECRET
from tests.reporting.story import IN_JUNE, Province
from tests.world import NOW, a_completion, a_manager, a_person

ROOT = Path(__file__).resolve().parents[2]

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


# CSV flows


@pytest.fixture
def line_by_line(monkeypatch):
    """Send CSV one line at a time, so that three rows are a long list."""
    monkeypatch.setattr(exporting, "LINES_AT_ONCE", 1)


def pressed(browser, address: str, form: str) -> str:
    """Export a list; returns where its file is."""
    browser.get(f"/quan-ly/{address}")
    return browser.submit("export", dang=form, follow=False, status=303).headers["Location"]


def test_a_csv_flows_while_others_write(province, browser, database, line_by_line):
    browser.sign_in(province.manager)
    address = pressed(browser, "hoan-thanh", "csv")
    answer = browser.client.get(address)
    pieces = iter(answer.response)
    first = next(pieces)
    assert "Họ và tên" in first.decode("utf-8-sig")
    assert b"\r\n" not in first.removesuffix(b"\r\n")
    next(pieces)
    with database.unit_of_work():
        a_person("Người Mới")
    assert the_export(database).finished_at is None
    rest = b"".join(pieces)
    answer.close()
    export = the_export(database)
    assert export.row_count == 3
    assert export.finished_at is not None
    assert files().read(export.file_hash).endswith(rest)


def test_a_csv_fetched_again_is_the_stored_file(province, browser, database):
    browser.sign_in(province.manager)
    address = pressed(browser, "hoan-thanh", "csv")
    first = browser.get(address).body
    with database.unit_of_work():
        province.trained("Người Đến Sau")
    assert browser.get(address).body == first
    assert browser.get(pressed(browser, "hoan-thanh", "csv")).body != first


def test_who_leaves_in_the_middle_of_a_csv_can_fetch_it_again(
    province, browser, database, line_by_line
):
    browser.sign_in(province.manager)
    address = pressed(browser, "hoan-thanh", "csv")
    answer = browser.client.get(address)
    next(iter(answer.response))
    answer.close()
    assert the_export(database).finished_at is None
    whole = browser.get(address).body
    assert files().read(the_export(database).file_hash) == whole


def test_a_csv_asked_about_without_its_body_is_not_made(province, browser, database):
    browser.sign_in(province.manager)
    address = pressed(browser, "hoan-thanh", "csv")
    answer = browser.client.head(address)
    assert (answer.status_code, answer.get_data()) == (200, b"")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert the_export(database).finished_at is None


def test_a_stored_file_is_sent_in_ranges_and_kept_by_nobody_else(province, browser):
    browser.sign_in(province.manager)
    address = pressed(browser, "hoan-thanh", "xlsx")
    whole = browser.get(address)
    assert whole.headers["Cache-Control"] == "private, no-cache"
    part = browser.client.get(address, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.get_data()) == (206, whole.body[10:20])


# Long workbooks are a job


def work(app) -> None:
    while jobs.run_next(app.extensions["database"], holder="a-worker"):
        pass


@pytest.fixture
def everything_is_long(monkeypatch):
    monkeypatch.setattr(rules, "ROWS_IN_A_REQUEST", 1)
    monkeypatch.setattr(exporting, "ROWS_A_STEP", 1)


@pytest.fixture
def broken(monkeypatch):
    """No workbook can be written."""

    def write(*_given) -> int:
        raise OSError("no space left on device")

    monkeypatch.setattr(exporting, "write_xlsx", write)


def test_a_long_workbook_is_a_job_with_its_progress(
    province, browser, app, database, everything_is_long
):
    browser.sign_in(province.manager)
    short = browser.get(pressed(browser, "hoan-thanh", "csv"))
    browser.get("/quan-ly/hoan-thanh")
    waiting = browser.submit("export", dang="xlsx")
    assert waiting.heading == "Đang lập tệp"
    assert "0 trên 3 dòng" in waiting.main
    assert waiting.one(".//progress").get("max") == "3"
    again = waiting.one(".//head/noscript/meta").get("content", "")
    assert again == f"5; url={waiting.address}/tien-do"
    work(app)
    made = browser.get(waiting.address + "/tien-do")
    assert made.heading == "Tệp đã sẵn sàng"
    assert not made.all(".//noscript")
    answer = browser.get(made.link("Tải tệp"))
    assert len(sheet(answer.body)) == 4
    with database.unit_of_work(write=False) as session:
        csv_export, export = session.scalars(select(ReportExport)).all()
    assert export.rows_hash == csv_export.rows_hash
    assert len(short.body) > 0
    assert not list(files().workplace("").iterdir())


def test_a_long_workbook_holds_the_rows_in_the_order_of_the_screen(
    province, browser, app, everything_is_long
):
    browser.sign_in(province.manager)
    page = browser.get("/quan-ly/hoan-thanh?sap-xep=full_name")
    waiting = browser.submit("export", dang="xlsx")
    work(app)
    heads, *rows = sheet(browser.get(waiting.address).body)
    shown = page.listed("completions").values()
    assert [dict(zip(heads, row, strict=True)) for row in rows] == list(shown)


KILLED = """
import os, signal, sys
from app import create_app
from app.kernel import jobs
from app.kernel.lists.parts import Parts
from app.reporting import exporting
exporting.ROWS_A_STEP = 1
keep = Parts.keep
def keep_and_die(parts, name, rows):
    keep(parts, name, rows)
    if name == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)
Parts.keep = keep_and_die
database = create_app().extensions["database"]
while jobs.run_next(database, holder="to-be-killed"):
    pass
"""


def test_a_worker_killed_in_mid_export_leaves_the_rest_to_another(
    province, browser, app, database, settings, everything_is_long, monkeypatch
):
    browser.sign_in(province.manager)
    address = pressed(browser, "hoan-thanh", "xlsx")
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "INSTANCE_PATH": str(settings.instance_path),
        "SECRET_KEY": SECRET,
    }
    died = subprocess.run(
        [sys.executable, "-c", KILLED, "columns-1"], cwd=ROOT, env=environment, timeout=120
    )
    assert died.returncode == -signal.SIGKILL
    export = the_export(database)
    assert export.finished_at is None
    with database.unit_of_work() as session:
        job = jobs.find(exporting.job_key(export.id))
        assert job.done == 1, "the second part was laid down, but its step did not end"
        job.lease_until = clock.now() - timedelta(seconds=1)
        session.flush()
        province.trained("Người Đến Sau")
    laid = []
    keep = Parts.keep
    monkeypatch.setattr(Parts, "keep", lambda *given: (laid.append(given[1]), keep(*given)))
    work(app)
    assert laid == ["columns-1", "columns-2"]
    rows = sheet(browser.get(address).body)
    assert len(rows) == 4, "which rows there are was settled before the interruption"
    assert not list(files().workplace("").iterdir())


def test_parts_that_are_gone_are_made_anew(
    province, browser, app, database, everything_is_long, monkeypatch
):
    browser.sign_in(province.manager)
    address = pressed(browser, "hoan-thanh", "xlsx")
    export = the_export(database)
    with database.unit_of_work():
        job = jobs.find(exporting.job_key(export.id))
        job.cursor = {"columns": ["columns-0", "columns-1"]}
    work(app)
    assert len(sheet(browser.get(address).body)) == 4


def test_an_export_that_fails_says_so_and_is_made_again_at_a_press(
    province, browser, app, database, everything_is_long, broken, monkeypatch
):
    browser.sign_in(province.manager)
    browser.get("/quan-ly/hoan-thanh")
    address = browser.submit("export", dang="xlsx").address
    work(app)
    page = browser.get(address)
    assert page.heading == "Chưa lập được tệp"
    assert "Hệ thống tự lập lại lúc" in page.main
    key = exporting.job_key(the_export(database).id)
    with database.unit_of_work():
        job = jobs.find(key)
        job.failed_at, job.tries = clock.now(), jobs.MAX_TRIES
    page = browser.get(address)
    assert "Không lập được tệp này" in page.main
    monkeypatch.setattr(exporting, "write_xlsx", written.write_xlsx)
    page = browser.submit("export-again")
    assert page.heading == "Đang lập tệp"
    work(app)
    assert len(sheet(browser.get(address).body)) == 4


def test_another_managers_export_is_not_watched_or_made_again(province, browser, another_browser):
    browser.sign_in(province.manager)
    address = pressed(browser, "hoan-thanh", "xlsx")
    beside = another_browser()
    beside.sign_in(province.their_manager)
    beside.get(f"{address}/tien-do", status=404)
    beside.post(f"{address}/lap-lai", {}, status=404)


def test_the_parts_of_an_export_that_was_given_up_are_swept(
    province, browser, app, database, everything_is_long, broken
):
    browser.sign_in(province.manager)
    pressed(browser, "hoan-thanh", "xlsx")
    work(app)
    key = exporting.job_key(the_export(database).id)

    def swept() -> None:
        with database.unit_of_work() as session:
            session.query(jobs.Job).filter(jobs.Job.name == "sweep-exports").delete()
            jobs.enqueue("sweep-exports", key="sweep", now=clock.now())
        work(app)

    swept()
    assert list(files().workplace("").iterdir()), "it will be tried again"
    with database.unit_of_work():
        jobs.find(key).failed_at = clock.now()
    swept()
    assert not list(files().workplace("").iterdir())


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_file_speaks_the_language_of_whoever_asked(
    province, browser, another_browser, app, everything_is_long, form
):
    english = another_browser()
    english.sign_in(province.manager)
    english.client.set_cookie("lang", "en")
    address = pressed(english, "hoan-thanh", form)
    work(app)
    # Fetched by somebody who reads Vietnamese: the file stays what it was asked to be.
    browser.sign_in(province.director)
    body = browser.get(address).body
    if form == "csv":
        lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig")), delimiter=";"))
        head, row, filters = lines[0], lines[1], lines[6][0]
    else:
        cells = sheet(body)
        head, row = cells[0], cells[1]
        filters = openpyxl.load_workbook(io.BytesIO(body)).worksheets[1]["A2"].value
    assert (head[0], head[3], filters) == ("Full name", "Course", "Filters")
    assert "Online" in row
    assert row[3].startswith("Course ")


def test_more_rows_than_a_sheet_holds_are_not_exported_to_one(province, browser, monkeypatch):
    monkeypatch.setattr(exporting, "XLSX_ROW_LIMIT", 2)
    browser.sign_in(province.manager)
    browser.get("/quan-ly/hoan-thanh")
    page = browser.submit("export", dang="xlsx", status=409)
    assert "Hãy xuất ra CSV" in page.main


def test_my_exports_are_listed(province, browser):
    browser.sign_in(province.manager)
    browser.get("/quan-ly/hoc-vien")
    address = browser.submit("export", dang="csv").address
    page = browser.get("/quan-ly/danh-sach")
    assert list(page.table("exports")) == [address.rsplit("/", 1)[1]]
    assert len(page.all(".//article")) == 5
