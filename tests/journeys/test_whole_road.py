"""The whole road: an officer earns a certificate on a phone, anyone checks it, a manager
reports it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys import papers
from tests.journeys.answers import Course, asked_on, assert_gives_nothing_away, fieldset
from tests.journeys.conftest import ROOT, Site, act, assert_sound, enter_as

pytestmark = pytest.mark.journey

NAME, BORN, WRONG_DAY = "Nguyễn Thị Hồng Ánh", "05/02/1988", "06/02/1988"


def test_an_officer_earns_a_certificate_and_a_manager_reports_it(
    shared_site: Site,
    window: Callable[..., Page],
    office: Callable[[Path, str], Path],
    tmp_path: Path,
):
    course = Course(ROOT / "courses" / "ky-nang-cong-tac-vien")
    phone = window(shared_site)
    sign_in_and_enroll(phone, course)
    for key in course.lessons:
        read_a_lesson(phone, course, key)
    pass_the_quiz(phone, course)
    code, pdf = hold_the_certificate(phone, course, tmp_path)
    look_at_what_else_a_learner_has(phone)
    compare_paper_with_page(window(shared_site), shared_site, pdf, code)

    desk = window(shared_site, desktop=True)
    manage(desk)
    export_the_row(desk, course, code, office, tmp_path)
    print_the_list(desk, course, office, tmp_path)


def sign_in_and_enroll(page: Page, course: Course) -> None:
    page.goto("/")
    assert_sound(page)
    page.goto("/dang-nhap")
    assert_sound(page)
    enter_as(page, "hoc-vien")
    assert_sound(page)
    page.locator("nav.nav a[href='/khoa-hoc']").click()
    page.get_by_role("searchbox").fill("ky nang cap xa")
    act(page, "search")
    assert_sound(page)
    first = page.locator(".card.link a").first
    expect(first).to_have_text(course.title)
    first.click()
    page.wait_for_url(f"**{course.address()}")
    expect(page.locator("aside")).to_contain_text("từ 50%")  # the mark is told before one starts
    assert_sound(page)
    act(page, "enroll")


def read_a_lesson(page: Page, course: Course, key: str) -> None:
    """Read a lesson to its end, answer what it asks, finish it."""
    is_first, is_last = key == course.lessons[0], key == course.lessons[-1]
    expect(page).to_have_url(re.compile(f"/bai/{key}$"))
    assert asked_on(page) == course.asked_in[key]
    assert_gives_nothing_away(page, course)
    if is_first:
        assert_sound(page)
    for picture in page.locator("article img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("e => e.naturalWidth") > 0, picture.get_attribute("src")
    if is_first:
        answer_in_place(page, course, course.asked_in[key][0], right=False)
    for name in course.asked_in[key]:
        answer_in_place(page, course, name)
    if is_first:
        assert_sound(page)
        page.reload()
        expect(page.locator(".outcome.right")).to_have_count(len(course.asked_in[key]))
        page.goto(course.address())
        expect(page.locator("main progress").first).to_be_visible()
        assert_sound(page)
        act_link(page, "Học tiếp")
        expect(page).to_have_url(re.compile(f"/bai/{key}$"))
    act(page, "finish-lesson")
    if is_last:
        expect(page).to_have_url(re.compile("/kiem-tra$"))


def answer_in_place(page: Page, course: Course, name: str, *, right: bool = True) -> None:
    """Answer a question: its form alone is exchanged, the page stays."""
    page.evaluate("window.stayed = true")
    course.give(page, name, right=right)
    fieldset(page, name).locator("[data-action='answer']").click()
    outcome = fieldset(page, name).locator(".outcome.right" if right else ".outcome.wrong")
    expect(outcome).to_be_focused()
    assert page.evaluate("window.stayed") is True, "the whole page was loaded again"


def act_link(page: Page, words: str) -> None:
    """Follow a link and wait for its page."""
    with page.expect_navigation():
        page.get_by_role("link", name=words, exact=True).click()


def pass_the_quiz(page: Page, course: Course) -> None:
    assert_sound(page)
    act(page, "start-quiz")
    asked = asked_on(page)
    assert len(asked) == 12
    assert_gives_nothing_away(page, course)
    assert_sound(page)
    wrong = next(name for name in asked if course.questions[name].kind == "one")
    for name in asked:
        course.give(page, name, right=name != wrong)
    expect(page.locator("[data-saved-bar]")).to_have_js_property("value", len(asked))
    expect(page.locator("[data-waiting]")).to_be_hidden()
    act(page, "submit-quiz")
    score = page.locator("[data-score]").get_attribute("data-score")
    assert float(score or "nan") == course.percent(asked, wrong=wrong)
    # Passed, so every answer may be seen now.
    expect(page.locator(".choice.wrong")).to_have_count(1)
    assert_sound(page)


def hold_the_certificate(page: Page, course: Course, folder: Path) -> tuple[str, Path]:
    """The certificate is there at once, by the unit's standing decision: its code and page."""
    page.goto(course.address())
    assert_sound(page)
    page.goto("/giay-chung-nhan")
    assert_sound(page)
    own = page.locator("[data-certificate][data-state='in-force']").filter(has_text=course.title)
    code = own.get_attribute("data-certificate")
    assert code is not None and re.fullmatch(r"[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}-..", code)
    with page.expect_download() as waiting:
        own.locator("a[download]").click()
    assert code in waiting.value.suggested_filename
    waiting.value.save_as(folder / "certificate.pdf")
    return code, folder / "certificate.pdf"


def look_at_what_else_a_learner_has(page: Page) -> None:
    for address in ("/", "/ho-so-boi-duong", "/tai-khoan", "/khong-co-trang-nay"):
        page.goto(address)
        assert_sound(page)


def compare_paper_with_page(page: Page, site: Site, pdf: Path, code: str) -> None:
    """What the paper says is what a visitor, signed in nowhere, finds behind its QR code."""
    (address,) = papers.codes_on(pdf)
    assert address == f"{site.address}/xac-minh/{code}"
    (paper,) = papers.pages_of(pdf)
    answer = page.goto(address)
    assert answer is not None and answer.status == 200
    assert page.context.cookies() == []
    shown = page.locator("[data-certificate]")
    assert shown.get_attribute("data-certificate") == code
    facts = dict(
        zip(
            shown.locator("dl dt").all_inner_texts(),
            shown.locator("dl dd").all_inner_texts(),
            strict=True,
        )
    )
    assert facts["Người được cấp"] == NAME
    for heading in ("Khóa học", "Đơn vị cấp", "Quyết định công nhận", "Số vào sổ cấp"):
        papers.has(paper, facts[heading])
    papers.has(paper.casefold(), NAME.casefold())
    periods = re.fullmatch(r"(\d+ tiết), (.+)", facts["Thời lượng"])
    assert periods is not None
    papers.has(paper, *periods.groups(), code, "Bản điện tử chưa ký, đóng dấu", BORN)
    for day in re.findall(r"\d\d/\d\d/\d{4}", facts["Thời gian"]):
        papers.has(paper, day)
    day, month, year = facts["Ngày cấp"].split("/")
    papers.has(paper, f"ngày {day} tháng {month} năm {year}")
    told = page.locator("main").inner_text()
    assert BORN not in told
    assert "chữ ký số" not in told
    assert_sound(page)
    for typed, tone in ((BORN, "good"), (WRONG_DAY, "bad")):
        page.locator("#born").fill(typed)
        act(page, "confirm-field")
        expect(page.locator(".notices .notice")).to_have_class(re.compile(rf"\b{tone}\b"))
    page.goto("/xac-minh")
    assert_sound(page)
    page.locator("#code").fill(code.replace("-", " ").lower())
    act(page, "check-code")
    assert urlsplit(page.url).path == f"/xac-minh/{code}"
    page.goto("/xac-minh/AAAA-AAAA-AB")
    assert_sound(page)


def manage(page: Page) -> None:
    """Every page of a manager's desk."""
    enter_as(page, "quan-ly")
    for address in (
        "/quan-ly",
        "/quan-ly/hoc-vien",
        "/quan-ly/ghi-danh",
        "/quan-ly/hoan-thanh",
        "/quan-ly/cong-nhan",
        "/quan-ly/quyet-dinh",
        "/quan-ly/giao-hoc",
    ):
        answer = page.goto(address)
        assert answer is not None and answer.status == 200, address
        assert_sound(page)
    page.goto("/quan-ly/hoc-vien")
    act_link(page, NAME)
    assert_sound(page)


def export_the_row(
    page: Page,
    course: Course,
    code: str,
    office: Callable[[Path, str], Path],
    folder: Path,
) -> None:
    """The row on the screen is the row in each file, codes as text."""
    page.goto("/quan-ly/giay-chung-nhan")
    page.get_by_label("Khóa học").select_option(label=course.title)
    act(page, "filter")
    assert_sound(page)
    table = page.locator("[data-table='certificates']")
    seen = row_on_screen(table, code)
    assert seen["Họ và tên"] == NAME
    count = table.locator("[data-row]").count()

    rows, origin = papers.csv_parts(exported(page, "csv", folder))
    assert len(rows) == count + 1
    assert dict(zip(rows[0], papers.row_with(rows, code), strict=True)) == seen
    papers.has(str(origin), "Bộ lọc", course.title)

    book = exported(page, "xlsx", folder)
    cells, notes = papers.xlsx_parts(book)
    assert len(cells) == count + 1
    heads = [head.value for head in cells[0]]
    assert sorted(heads) == sorted(seen)
    found = dict(zip(heads, papers.row_with(cells, code), strict=True))
    opened = dict(
        zip(heads, papers.row_with(papers.fods_rows(office(book, "fods")), code), strict=False)
    )
    for head in ("Mã cán bộ", "Số vào sổ", "Mã xác minh", "Họ và tên", "Khóa học"):
        assert (found[head].data_type, found[head].value) == ("s", seen[head])
        assert opened[head] == ("string", seen[head])
    papers.has(str([[cell.value for cell in row] for row in notes]), "Bộ lọc", course.title)
    page.goto("/quan-ly/danh-sach")
    expect(page.locator("[data-table='exports'] [data-row]")).to_have_count(2)
    assert_sound(page)
    page.goto(f"/quan-ly/giay-chung-nhan/{code}")
    assert_sound(page)


def row_on_screen(table: Locator, text: str) -> dict[str, str]:
    """The only row of a table that holds a text, by its headings; some stand under another."""
    pieces = """row => [...row.children].flatMap(cell => {
        const lower = [...cell.querySelectorAll("small")].map(small => small.textContent);
        const upper = [...cell.childNodes].filter(node => node.nodeName !== "SMALL");
        return [upper.map(node => node.textContent).join(""), ...lower];
    }).map(text => text.replace(/[↓↑]/g, "").trim())"""
    heads = table.locator("thead tr").evaluate(pieces)
    cells = table.locator("[data-row]").filter(has_text=text).evaluate(pieces)
    return {head: papers.tidy(cell) for head, cell in zip(heads, cells, strict=True)}


def exported(page: Page, form: str, folder: Path) -> Path:
    """Export the open list in a form and keep the file."""
    if page.locator("#dang").count():
        page.locator("#dang").select_option(form)
    with page.expect_download() as waiting:
        page.locator("[data-action='export']").click()
    path = folder / f"list.{form}"
    waiting.value.save_as(path)
    return path


def print_the_list(
    page: Page, course: Course, office: Callable[[Path, str], Path], folder: Path
) -> None:
    """The administrative list of Decree 30, once round through a word processor."""
    page.goto("/quan-ly/danh-sach-boi-duong")
    assert_sound(page)
    pages = papers.pages_of(office(exported(page, "docx", folder), "pdf"))
    whole = " ".join(pages)
    papers.has(
        pages[0],
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "TRUNG TÂM KHUYẾN CÔNG",
        "DANH SÁCH",
        "(Kèm theo",
        "ngày …… tháng ……",
    )
    papers.has(pages[-1], "NGƯỜI LẬP BIỂU", "THỦ TRƯỞNG ĐƠN VỊ", "Tổng cộng")
    # Two courses, one row: she had another before this one.
    squeezed = re.sub(r"\s", "", whole)
    assert squeezed.count(re.sub(r"\s", "", NAME)) == 1
    papers.has(whole, BORN, course.title)
    for sheet in pages[:-1]:
        papers.has(sheet, "STT", "Ngày, tháng, năm sinh", "Quyết định công nhận")
    act_link(page, "Xem bản in")
    assert_sound(page)
    expect(page.locator("[data-table='trained'] [data-row]").filter(has_text=NAME)).to_have_count(1)
