"""Certificates as people meet them: the desk, one's own, the page behind the QR code."""

import hashlib
from datetime import timedelta

import pypdfium2
import pytest
import time_machine
import zxingcpp
from sqlalchemy import select

from app.credentials import actions, codes, rules
from app.credentials.models import CertificateFile
from app.kernel import jobs, site
from app.kernel.database import Database, session
from tests import world
from tests.credentials.story import NOW, SITE, Province, a_decision

NAMES = ["Nguyễn Thị Hồng Ánh", "Đặng Văn Đông"]
DECISION = {
    "number": "45/QĐ-TTKC",
    "day": "18/11/2026",
    "signer_name": "Trần Quốc Ưng",
    "signer_title": "Giám đốc",
}


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def province(app):
    site.use(SITE)
    with unit_of_work(app):
        made = Province()
        made.done = made.completions(NAMES)
        # Read outside this unit of work, so loaded inside it.
        made.anh, made.dong = (completion.person for completion in made.done)
    return made


def unit_of_work(app):
    database: Database = app.extensions["database"]
    return database.unit_of_work()


def issue_all(app, province, **decision):
    with unit_of_work(app):
        made = actions.recognize(
            province.centre,
            [completion.id for completion in province.done],
            a_decision(**decision),
            roots=[province.centre.id],
            by=province.manager,
            now=NOW,
        )
        return made.id


def own_code(browser, person):
    browser.sign_in(person)
    [found] = browser.get("/giay-chung-nhan").all(".//*[@data-certificate]")
    return found.get("data-certificate")


def test_a_manager_chooses_previews_and_issues(browser, province):
    browser.sign_in(province.manager)
    desk = browser.get("/quan-ly/cong-nhan")
    assert [row[0] for row in desk.table("awaiting").values()] == NAMES
    both = [str(completion.id) for completion in province.done]
    seen = browser.submit("recognize", completions=both, **DECISION)
    assert [row[:3] for row in seen.table("preview").values()] == [
        [name, "17/05/1990", "Phòng Kinh tế xã Tân Lạc"] for name in NAMES
    ]
    assert "lấy số tiếp theo" in seen.main
    done = browser.submit("issue")
    assert [row[:2] for row in done.table("issued").values()] == [
        ["0001/2026", NAMES[0]],
        ["0002/2026", NAMES[1]],
    ]
    assert "Đã công nhận và cấp 2 giấy chứng nhận." in done
    assert "Không có ai đang chờ" in browser.get("/quan-ly/cong-nhan")


def test_a_preview_takes_no_number_and_can_be_seen_as_it_will_print(browser, province):
    browser.sign_in(province.manager)
    browser.get("/quan-ly/cong-nhan")
    seen = browser.submit("recognize", completions=[str(province.done[0].id)], **DECISION)
    printed = browser.get(seen.link("Xem bản in thử"))
    text = text_of(printed.body)
    assert "BẢN XEM TRƯỚC · chưa cấp, chưa có số" in text
    assert NAMES[0] in text
    browser.get("/quan-ly/cong-nhan")
    browser.submit("recognize", completions=[str(province.done[1].id)], **DECISION)
    done = browser.submit("issue")
    assert [row[:2] for row in done.table("issued").values()] == [["0001/2026", NAMES[1]]]


def test_pressing_issue_twice_issues_once(browser, province):
    browser.sign_in(province.manager)
    browser.get("/quan-ly/cong-nhan")
    preview = browser.submit("recognize", completions=[str(province.done[0].id)], **DECISION)
    first = browser.submit("issue")
    browser.page = preview
    again = browser.submit("issue")
    assert again.address == first.address
    assert len(again.table("issued")) == 1


def test_choosing_all_ticks_whoever_lacks_nothing(browser, province, app):
    with unit_of_work(app):
        person = world.a_person("Hoàng Văn Thụ", unit=province.office, birth_date=None)
        province.completion(person)
    browser.sign_in(province.manager)
    browser.get("/quan-ly/cong-nhan")
    desk = browser.follow("Chọn tất cả trong trang")
    assert len(desk.all(".//input[@name='completions']")) == 2
    assert all(box.get("checked") is not None for box in desk.all(".//input[@name='completions']"))
    [row] = [row for row in desk.table("awaiting").values() if row[0] == "Hoàng Văn Thụ"]
    assert row[-1] == "thiếu ngày sinh"


def test_a_form_that_is_wrong_keeps_what_was_entered(browser, province):
    browser.sign_in(province.manager)
    browser.get("/quan-ly/cong-nhan")
    chosen = [str(province.done[0].id)]
    late = {**DECISION, "day": "14/11/2026"}
    again = browser.submit("recognize", completions=chosen, status=422, **late)
    assert "hoàn thành sau ngày quyết định" in again
    assert again.one(".//input[@name='number']").get("value") == "45/QĐ-TTKC"
    ticked = [b for b in again.all(".//input[@name='completions']") if b.get("checked") is not None]
    assert [box.get("value") for box in ticked] == chosen
    none = browser.submit("recognize", completions=[], status=422, day="18/11/2026")
    assert "Chưa chọn người nào" in none


def test_another_units_people_and_certificates_are_not_there(browser, province, app):
    issue_all(app, province)
    with unit_of_work(app):
        other = world.a_manager(province.neighbour, "Quản Bên Cạnh")
        waiting = province.completions(["Lò Thị Mai"])[0]
    code = own_code(browser, province.anh)
    browser.sign_in(other)
    desk = browser.get("/quan-ly/cong-nhan")
    assert "Lò Thị Mai" not in desk
    browser.get(f"/quan-ly/giay-chung-nhan/{code}", status=404)
    browser.get(f"/giay-chung-nhan/{code}.pdf", status=404)
    browser.get("/quan-ly/cong-nhan/1", status=404)
    refused = browser.post(
        "/quan-ly/cong-nhan",
        {**DECISION, "unit_id": province.neighbour.id, "completions": waiting.id},
        status=422,
    )
    assert "Chưa chọn người nào" in refused
    browser.post(
        "/quan-ly/cong-nhan",
        {**DECISION, "unit_id": province.centre.id, "completions": waiting.id},
        status=422,
    )
    browser.post(f"/quan-ly/giay-chung-nhan/{code}/thu-hoi", {"reason": "x"}, status=404)


def test_a_commune_manager_sees_who_waits_but_does_not_issue(browser, province, app):
    with unit_of_work(app):
        local = world.a_manager(province.office, "Quản Cấp Xã")
    browser.sign_in(local)
    desk = browser.get("/quan-ly/cong-nhan")
    assert len(desk.table("awaiting")) == 2
    assert not desk.has_action("recognize")


def test_a_learner_holds_the_certificate_and_downloads_the_same_bytes_again(browser, province, app):
    issue_all(app, province)
    code = own_code(browser, province.anh)
    first = browser.get(f"/giay-chung-nhan/{code}.pdf")
    again = browser.get(f"/giay-chung-nhan/{code.replace('-', '').lower()}.pdf")
    assert first.headers["Content-Type"] == "application/pdf"
    assert hashlib.sha256(first.body).digest() == hashlib.sha256(again.body).digest()
    text = text_of(first.body)
    for words in (NAMES[0], "Lập đề án khuyến công", "0001/2026", code, "số 45/QĐ-TTKC"):
        assert words in text
    picture = pypdfium2.PdfDocument(first.body)[0].render(scale=2).to_pil()
    [qr] = zxingcpp.read_barcodes(picture)
    assert qr.text == f"{SITE}/xac-minh/{code}"


def test_a_renamed_unit_changes_no_printed_page(browser, province, app):
    issue_all(app, province)
    code = own_code(browser, province.anh)
    with unit_of_work(app) as session:
        session.merge(province.centre).name = "Trung tâm mới"
    page = browser.get(f"/giay-chung-nhan/{code}.pdf")
    assert "TRUNG TÂM KHUYẾN CÔNG MINH SƠN" in text_of(page.body)


def test_what_waits_for_recognition_is_shown_to_its_learner(browser, province):
    browser.sign_in(province.anh)
    page = browser.get("/giay-chung-nhan")
    assert "Đã hoàn thành, chờ công nhận" in page
    assert "Hoàn thành ngày 15/11/2026" in page
    assert not page.all(".//*[@data-certificate]")


def test_another_learner_does_not_get_the_page(browser, province, app):
    issue_all(app, province)
    code = own_code(browser, province.anh)
    browser.sign_in(province.dong)
    browser.get(f"/giay-chung-nhan/{code}.pdf", status=404)


def test_the_page_behind_the_qr_code_is_open_to_all(browser, another_browser, province, app):
    issue_all(app, province)
    code = own_code(browser, province.anh)
    visitor = another_browser()
    page = visitor.get(f"/xac-minh/{code}")
    for words in (
        "Còn hiệu lực theo sổ cấp",
        NAMES[0],
        "Lập đề án khuyến công",
        "08 tiết, học trực tuyến",
        "từ 01/11/2026 đến 15/11/2026",
        "Trung tâm Khuyến công Minh Sơn",
        "số 45/QĐ-TTKC ngày 18 tháng 11 năm 2026",
        "0001/2026",
        "20/11/2026",
        "Nội dung không thay đổi kể từ ngày cấp",
    ):
        assert words in page.main
    for private in ("17/05/1990", "Phòng Kinh tế xã Tân Lạc", "Đạt", "Trần Quốc Ưng", "chữ ký số"):
        assert private not in page.main
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert visitor.get(f"/xac-minh/{code.lower().replace('-', ' ')}").main == page.main


def test_a_typed_code_leads_to_the_page(browser, province, app):
    issue_all(app, province)
    code = own_code(browser, province.anh)
    browser.get("/xac-minh")
    page = browser.submit("check-code", code=f" {code.lower().replace('-', '')} ")
    assert page.one(".//*[@data-certificate]").get("data-certificate") == code
    browser.get("/xac-minh")
    wrong = browser.submit("check-code", code="K7QM-2F8D-X0", status=422)
    assert "không có O, 0, I, 1" in wrong
    assert "Anh/chị chưa điền mục này" in browser.get("/xac-minh?code=", status=422)


def test_printed_words_are_confirmed_without_being_shown(browser, province, app):
    issue_all(app, province)
    code = own_code(browser, province.anh)
    browser.get(f"/xac-minh/{code}")
    page = browser.submit(
        "confirm-field", born="17-5-1990", unit="phong kinh te xa tan lac", result="Không đạt"
    )
    assert "Ngày sinh in trên giấy: khớp." in page
    assert "Đơn vị công tác in trên giấy: khớp." in page
    assert "Kết quả in trên giấy: không khớp." in page
    assert "17/05/1990" not in page
    page = browser.submit("confirm-field", born="18/05/1990")
    assert "Ngày sinh in trên giấy: không khớp." in page
    assert "Hãy nhập ít nhất một mục" in browser.submit("confirm-field")


def test_confirming_is_limited_and_the_limit_outlives_the_refusal(browser, province, app):
    issue_all(app, province)
    code = own_code(browser, province.anh)
    address = f"/xac-minh/{code}"
    for _ in range(rules.CONFIRMATIONS):
        browser.post(address, {"born": "01/01/1990"})
    browser.post(address, {"born": "17/05/1990"}, status=429)
    browser.post(address, {"born": "17/05/1990"}, status=429)
    browser.get(address)
    with time_machine.travel(NOW + rules.CONFIRMATIONS_WINDOW + timedelta(seconds=1)):
        assert "khớp." in browser.post(address, {"born": "17/05/1990"})


def test_an_unknown_code_gets_help_and_asking_on_is_limited(browser, province):
    page = browser.get("/xac-minh/K7QM-2F8D-X0", status=404)
    assert "không bao giờ có O, 0, I hay 1" in page
    assert page.has_action("check-code")
    page = browser.get(f"/xac-minh/{codes.new_code()}", status=404)
    assert "không có trong sổ cấp nào" in page
    for _ in range(rules.UNKNOWN_CODES - 2):
        browser.get(f"/xac-minh/{codes.new_code()}", status=404)
    browser.get(f"/xac-minh/{codes.new_code()}", status=429)


def test_revoking_is_an_event_that_every_page_tells(browser, another_browser, province, app):
    issue_all(app, province)
    code = own_code(browser, province.anh)
    browser.sign_in(province.manager)
    browser.get(f"/quan-ly/giay-chung-nhan/{code}")
    assert "Anh/chị chưa điền mục này" in browser.submit("revoke", status=422)
    life = browser.submit("revoke", reason="Cấp nhầm người", decision="số 50/QĐ-TTKC")
    assert [row[0] for row in life.table("events").values()] == ["Cấp", "Thu hồi"]
    assert "Cấp nhầm người" in life.main
    assert not life.has_action("revoke")
    visitor = another_browser()
    page = visitor.get(f"/xac-minh/{code}")
    assert page.one(".//*[@data-certificate]").get("data-state") == "revoked"
    assert "đã thu hồi giấy này ngày 20/11/2026" in page.main
    assert "Cấp nhầm người" not in page.main
    visitor.sign_in(province.anh)
    own = visitor.get("/giay-chung-nhan")
    assert "Đã bị thu hồi" in own.main
    assert "Tải bản PDF" not in own.main
    assert "không in lại được nữa" in visitor.get(f"/giay-chung-nhan/{code}.pdf", status=409)


def test_who_was_recognised_meanwhile_is_not_counted_as_issued_now(browser, province, app):
    browser.sign_in(province.manager)
    browser.get("/quan-ly/cong-nhan")
    both = [str(completion.id) for completion in province.done]
    browser.submit("recognize", completions=both, **DECISION)
    with unit_of_work(app):
        actions.recognize(
            province.centre,
            [province.done[0].id],
            a_decision(number="44/QĐ-TTKC"),
            roots=[province.centre.id],
            by=province.manager,
            now=NOW,
        )
    done = browser.submit("issue")
    assert len(done.table("issued")) == 1
    assert "Đã công nhận và cấp 1 giấy chứng nhận." in done


@pytest.mark.parametrize(
    "asked",
    ["after=²~a", f"after={10**30}~a", f"unit={10**30}", f"course={10**30}", "unit=-1"],
)
def test_a_number_that_no_row_has_filters_nothing(browser, province, asked):
    browser.sign_in(province.manager)
    assert len(browser.get(f"/quan-ly/cong-nhan?{asked}").table("awaiting")) == 2


def test_guessing_codes_by_posting_is_limited_too(browser, province):
    for _ in range(rules.UNKNOWN_CODES):
        browser.post(f"/xac-minh/{codes.new_code()}", {"born": "17/05/1990"}, status=404)
    browser.post(f"/xac-minh/{codes.new_code()}", {"born": "17/05/1990"}, status=429)


def test_only_who_manages_the_issuer_takes_a_certificate_back(browser, province, app):
    issue_all(app, province)
    with unit_of_work(app):
        clerk = world.a_manager(province.office)
    code = own_code(browser, province.anh)
    browser.sign_in(clerk)
    life = browser.get(f"/quan-ly/giay-chung-nhan/{code}")
    assert not life.has_action("revoke")
    sent = {"reason": "nhầm"}
    browser.post(f"/quan-ly/giay-chung-nhan/{code}/thu-hoi", sent, status=404)
    assert "Còn hiệu lực" in browser.get(f"/xac-minh/{code}")


def test_a_manager_opens_and_ends_a_standing_decision(browser, province):
    browser.sign_in(province.manager)
    browser.get("/quan-ly/quyet-dinh")
    page = browser.submit("open-standing-decision", **DECISION)
    assert "Quyết định số 45/QĐ-TTKC ngày 18/11/2026" in page.main
    again = browser.submit("open-standing-decision", status=422, **{**DECISION, "number": "46/QĐ"})
    assert "đang có một quyết định thường xuyên" in again
    browser.get("/quan-ly/quyet-dinh")
    page = browser.submit("end-standing-decision")
    assert [row[1] for row in page.table("former-decisions").values()] == ["45/QĐ-TTKC"]


def test_the_pages_ask_no_more_of_the_database_for_a_hundred_people(browser, province, app):
    with unit_of_work(app):
        province.completions([f"Nguyễn Văn {n}" for n in ("An", "Ân", "Ăn", "Bảo") * 25])
    browser.sign_in(province.manager)
    desk = browser.get("/quan-ly/cong-nhan")  # held to 12 statements by the browser
    assert len(desk.table("awaiting")) == 100
    following = browser.follow("Trang sau")
    assert len(following.table("awaiting")) == 2


def test_a_batch_is_set_by_a_job_and_its_pages_are_the_readers(browser, province, app):
    issue_all(app, province)
    database: Database = app.extensions["database"]
    assert jobs.run_next(database, holder="thợ")
    with database.unit_of_work(write=False):
        hashes = set(session().scalars(select(CertificateFile.hash)))
    assert len(hashes) == 2
    code = own_code(browser, province.anh)
    page = browser.get(f"/giay-chung-nhan/{code}.pdf")
    assert hashlib.sha256(page.body).hexdigest() in hashes


def text_of(page):
    return " ".join(pypdfium2.PdfDocument(page)[0].get_textpage().get_text_range().split())
