"""The manager's pages: figures and rows of one's own units, and of nobody else's."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects import sqlite

from app.credentials.actions import revoke
from app.credentials.models import Certificate
from app.learning.models import Enrollment
from app.organization.models import Unit
from app.reporting import figures
from tests.reporting.story import IN_JUNE, YEAR, Province
from tests.world import NOW, TODAY, a_completion, a_person

LISTS = ("hoc-vien", "ghi-danh", "hoan-thanh", "giay-chung-nhan")


def query(**arguments: object) -> str:
    """An address's arguments, with hyphens for underscores."""
    return "?" + "&".join(f"{k.replace('_', '-')}={v}" for k, v in arguments.items())


@pytest.fixture
def province(app, database) -> Province:
    """Two trained people here, one there; one of each certified."""
    with database.unit_of_work():
        made = Province()
        anh, first = made.trained("Trần Thị Ánh", position="Viên chức")
        made.an, second = made.trained("Đỗ Văn An", made.office, at=IN_JUNE)
        made.there, third = made.trained("Phạm Quốc Ưu", made.neighbour)
        made.anh = anh
        a_completion(anh, made.digital, completed_at=IN_JUNE)
        made.recognize([first])
        made.recognize([third], unit=made.neighbour, number="9/QĐ-BG")
    return made


def test_the_overview_counts_what_happened_in_the_period(province, browser):
    browser.sign_in(province.manager)
    page = browser.get("/quan-ly" + query(**YEAR))
    figures = [element.text for element in page.all(".//dl[@class='kpis']//dd")]
    # Two people enrolled three times and completed three courses of 12, 8 and 12 periods;
    # three people are in the units, their manager among them.
    assert figures == ["2", "3", "3", "1", "10,7"]
    units = page.table("units")
    assert units[str(province.office.id)][:3] == ["Phòng Kinh tế xã Tân Lạc", "1", "1"]
    assert str(province.neighbour.id) not in units


def test_counting_people_begins_with_the_units_asked_for(app, database):
    if not database.is_sqlite:
        pytest.skip("the plan is SQLite's, which knows no better from figures of its own")
    groups = list(range(1, 101))
    asked = figures.members(groups, TODAY).compile(
        dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
    )
    with database.unit_of_work(write=False) as current:
        plan = [row[3] for row in current.execute(text(f"EXPLAIN QUERY PLAN {asked}"))]
    tables = [step for step in plan if step.startswith(("SCAN", "SEARCH"))]
    assert "unit_line" in tables[0], plan


def test_the_overview_of_a_shorter_period_counts_less(province, browser):
    browser.sign_in(province.manager)
    page = browser.get("/quan-ly" + query(tu="01/06/2026", den="30/06/2026"))
    figures = [element.text for element in page.all(".//dl[@class='kpis']//dd")]
    assert figures == ["2", "2", "2", "0", "6,7"]


def test_certificates_by_month_stand_in_a_table_too(province, browser):
    browser.sign_in(province.manager)
    page = browser.get("/quan-ly" + query(**YEAR))
    figure = page.one(".//figure")
    months = {row[0].text: row[1].text for row in figure.findall(".//tbody/tr")}
    assert len(months) == 12
    assert months["11/2026"] == "1"
    assert months["10/2026"] == "0"


def test_one_goes_down_the_units_level_by_level(province, browser):
    browser.sign_in(province.director)
    page = browser.get("/quan-ly" + query(**YEAR))
    assert set(page.table("units")) >= {str(province.centre.id), str(province.neighbour.id)}
    below = browser.follow("Trung tâm Khuyến công Minh Sơn")
    assert set(below.table("units")) == {str(province.office.id), str(province.centre.id)}


def test_what_waits_for_recognition_leads_to_those_rows(province, browser):
    browser.sign_in(province.manager)
    browser.get("/quan-ly" + query(**YEAR))
    page = browser.follow("2 lượt hoàn thành chờ công nhận")
    assert len(page.table("completions")) == 2


def test_a_wrong_date_is_said_beside_its_field(province, browser):
    browser.sign_in(province.manager)
    page = browser.get("/quan-ly" + query(tu="31/02/2026"))
    assert "Hãy nhập ngày theo dạng ngày/tháng/năm, ví dụ 23/11/2026." in page.errors()


def test_people_are_listed_with_what_they_have_done(province, browser):
    browser.sign_in(province.manager)
    rows = browser.get("/quan-ly/hoc-vien").listed("people")
    assert list(rows) == [str(p.id) for p in (province.an, province.anh, province.manager)]
    assert list(rows[str(province.anh.id)].values())[3:9] == [
        "Viên chức",
        "Trung tâm Khuyến công Minh Sơn",
        "2",
        "2",
        "20",
        "1",
    ]


def test_completions_show_the_three_facts(province, browser):
    browser.sign_in(province.manager)
    rows = browser.get("/quan-ly/hoan-thanh").listed("completions").values()
    states = {(row["Họ và tên"], row["Khóa học"]): row["Trạng thái"] for row in rows}
    assert states == {
        ("Trần Thị Ánh", "Kỹ năng cộng tác viên khuyến công"): "Đã cấp giấy chứng nhận",
        ("Trần Thị Ánh", "Chuyển đổi số cơ bản"): "Chờ công nhận",
        ("Đỗ Văn An", "Kỹ năng cộng tác viên khuyến công"): "Chờ công nhận",
    }


def test_certificates_show_number_decision_and_state(province, browser):
    browser.sign_in(province.manager)
    (row,) = browser.get("/quan-ly/giay-chung-nhan").listed("certificates").values()
    assert (row["Số vào sổ"], row["Họ và tên"]) == ("0001/2026", "Trần Thị Ánh")
    assert (row["Quyết định công nhận"], row["Ngày quyết định"]) == ("45/QĐ-TTKC", "01/07/2026")
    assert row["Trạng thái"] == "Còn hiệu lực theo sổ cấp"
    assert browser.follow(row["Mã xác minh"]).status == 200


def test_a_withdrawn_certificate_is_counted_no_more(province, browser, database):
    with database.unit_of_work() as session:
        (certificate,) = session.scalars(
            select(Certificate).where(Certificate.person_id == province.anh.id)
        )
        revoke(certificate, by=province.manager, reason="Cấp nhầm", decision="50/QĐ-TTKC", now=NOW)
    browser.sign_in(province.manager)
    held = browser.get("/quan-ly/giay-chung-nhan" + query(trang_thai="in-force"))
    assert "Không có dòng nào" in held
    (row,) = (
        browser.get("/quan-ly/giay-chung-nhan" + query(trang_thai="revoked"))
        .table("certificates")
        .values()
    )
    assert row[-1] == "Đã bị thu hồi"
    page = browser.get("/quan-ly" + query(**YEAR))
    figures = [element.text for element in page.all(".//dl[@class='kpis']//dd")]
    assert figures[3] == "0"


@pytest.mark.parametrize("address", LISTS)
def test_rows_of_another_unit_are_not_there(province, browser, address):
    browser.sign_in(province.manager)
    page = browser.get(f"/quan-ly/{address}")
    assert "Trần Thị Ánh" in page.main
    assert "Phạm Quốc Ưu" not in page.main
    browser.get(f"/quan-ly/{address}" + query(don_vi=province.neighbour.id), status=404)
    browser.get(f"/quan-ly/{address}" + query(don_vi=province.department.id), status=404)


@pytest.mark.parametrize("address", LISTS)
def test_a_managers_list_can_be_narrowed(province, browser, address):
    browser.sign_in(province.director)
    assert "Phạm Quốc Ưu" in browser.get(f"/quan-ly/{address}").main
    page = browser.get(f"/quan-ly/{address}" + query(don_vi=province.centre.id, tim="tran anh"))
    rows = page.one(".//*[@data-table]").findall(".//*[@data-row]")
    assert rows
    assert "Trần Thị Ánh" in page.main
    assert "Phạm Quốc Ưu" not in page.main
    assert "Đơn vị: Trung tâm Khuyến công Minh Sơn; Tìm tên hoặc mã: tran anh" in page.main


def test_the_kind_of_date_decides_what_a_period_means(province, browser):
    browser.sign_in(province.manager)
    by_completion = browser.get("/quan-ly/hoan-thanh" + query(tu="01/03/2026", den="31/03/2026"))
    assert len(by_completion.table("completions")) == 1
    by_decision = browser.get(
        "/quan-ly/hoan-thanh" + query(ngay="quyet-dinh", tu="01/07/2026", den="01/07/2026")
    )
    assert len(by_decision.table("completions")) == 1
    empty = browser.get("/quan-ly/hoan-thanh" + query(ngay="cap", den="01/07/2026"))
    assert "Không có dòng nào" in empty


def test_a_list_can_be_narrowed_by_course_theme_and_state(province, browser):
    browser.sign_in(province.manager)
    by_course = browser.get("/quan-ly/hoan-thanh" + query(khoa="so-hoa"))
    assert len(by_course.table("completions")) == 1
    by_theme = browser.get("/quan-ly/ghi-danh" + query(chu_de="extension-skills"))
    assert len(by_theme.table("enrollments")) == 2
    waiting = browser.get("/quan-ly/hoan-thanh" + query(trang_thai="cho-cong-nhan"))
    assert len(waiting.table("completions")) == 2
    taken = browser.get("/quan-ly/hoc-vien" + query(khoa="so-hoa"))
    assert list(taken.table("people")) == [str(province.anh.id)]
    browser.get("/quan-ly/hoan-thanh" + query(khoa="khong-co"), status=404)


def test_every_column_that_offers_it_sorts_both_ways(province, browser):
    browser.sign_in(province.director)
    for address in LISTS:
        page = browser.get(f"/quan-ly/{address}")
        links = [a.get("href") for a in page.all(".//th//a")]
        assert len(links) >= 3
        for link in links:
            turned = browser.get(link)
            assert len(turned.all(".//*[@data-row]")) == len(page.all(".//*[@data-row]"))
            browser.get(turned.all(".//th[@aria-sort]//a")[0].get("href"))


def test_a_person_of_ones_units_is_seen_whole(province, browser):
    browser.sign_in(province.manager)
    browser.get("/quan-ly/hoc-vien")
    page = browser.follow("Trần Thị Ánh")
    assert page.heading == "Trần Thị Ánh"
    assert len(page.table("record")) == 2
    assert "Trung tâm Khuyến công Minh Sơn" in page.main


def test_a_person_of_another_unit_is_not_there(province, browser, another_browser):
    browser.sign_in(province.manager)
    browser.get(f"/quan-ly/hoc-vien/{province.there.id}", status=404)
    browser.get("/quan-ly/hoc-vien/999999", status=404)
    theirs = another_browser()
    theirs.sign_in(province.their_manager)
    assert theirs.get(f"/quan-ly/hoc-vien/{province.there.id}").heading == "Phạm Quốc Ưu"


def test_who_left_is_seen_with_what_happened_here_only(province, browser, database):
    with database.unit_of_work() as session:
        left = a_person("Vũ Thị Lan", unit=province.neighbour)
        old = a_completion(left, province.skills, unit=session.get(Unit, province.centre.id))
        a_completion(left, province.digital)
        old_enrollment = str(old.enrollment_id)
    browser.sign_in(province.manager)
    page = browser.get(f"/quan-ly/hoc-vien/{left.id}")
    assert list(page.table("record")) == [old_enrollment]
    assert "không còn thuộc đơn vị" in page.main
    assert "Nơi công tác" not in page.main


def test_progress_is_the_share_of_lessons_that_count(province, browser, database):
    with database.unit_of_work() as session:
        session.add(
            Enrollment(
                person_id=province.manager.id,
                course_id=province.digital.id,
                version_id=province.digital.current_id,
                unit_id=province.centre.id,
                enrolled_at=NOW,
                last_activity_at=NOW,
                lessons_done=1,
            )
        )
    browser.sign_in(province.manager)
    rows = browser.get("/quan-ly/ghi-danh" + query(trang_thai="dang-hoc")).listed("enrollments")
    assert [row["Tiến độ"] for row in rows.values()] == ["50%"]


def test_a_long_list_turns_its_pages(province, browser, database):
    with database.unit_of_work() as session:
        centre = session.get_one(Unit, province.centre.id)
        for number in range(60):
            a_person(f"Nguyễn Văn {chr(65 + number % 20)}", unit=centre)
    browser.sign_in(province.manager)
    first = browser.get("/quan-ly/hoc-vien")
    assert len(first.table("people")) == 50
    assert "63 dòng" in first.main
    second = browser.follow("Trang sau")
    assert len(second.table("people")) == 13
    assert not set(first.table("people")) & set(second.table("people"))
    assert browser.follow("Trang trước").table("people") == first.table("people")


def test_an_ordinary_officer_has_no_managers_pages(province, browser):
    browser.sign_in(province.anh)
    for address in ("", "/hoc-vien", "/danh-sach", "/danh-sach-boi-duong"):
        browser.get(f"/quan-ly{address}", status=403)


def test_a_learner_reads_their_own_record(province, browser):
    browser.sign_in(province.anh)
    page = browser.get("/ho-so-boi-duong")
    figures = [element.text for element in page.all(".//dl[@class='kpis']//dd")]
    assert figures == ["2", "20", "1"]
    titles = [row[0] for row in page.table("record").values()]
    assert titles[0].startswith("Chuyển đổi số cơ bản")
    assert "0001/2026" in page.main


def test_who_has_learned_nothing_yet_is_told_where_to_begin(province, browser):
    browser.sign_in(province.manager)
    assert "Xem các khóa học" in browser.get("/ho-so-boi-duong").main
