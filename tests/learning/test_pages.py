"""Pages of learning through a browser without script, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.assessment.models import Attempt
from app.kernel import clock
from app.kernel.envelope import new_uuid
from app.learning.models import Completion, Enrollment
from tests.world import (
    NOW,
    RIGHT,
    WRITTEN,
    a_course,
    a_learner,
    a_published_course,
    a_written_course,
)

ADDRESS = "/khoa-hoc/khao-sat-co-so"
LESSON = f"{ADDRESS}/bai/hoi-va-ghi"
QUIZ = f"{ADDRESS}/kiem-tra"
LESSON_SECRETS = ("PHANHOI", "LOIGIAI", "DAPAN")
BANK_SECRETS = ("PHANHOI-BANK", "LOIGIAI-BANK", "DAPANBANK")


class Time:
    """The clock of a test: it stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self):
        return self.now

    def passes(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture(autouse=True)
def time(monkeypatch) -> Time:
    standing = Time()
    monkeypatch.setattr(clock, "now", standing)
    return standing


@pytest.fixture
def learner(app, database):
    with database.unit_of_work():
        a_written_course()
        return a_learner("Nguyễn Thị Hồng Ánh")


@pytest.fixture
def enrolled(browser, learner):
    """A browser of somebody who is enrolled, on the first lesson."""
    browser.sign_in(learner)
    browser.get(ADDRESS)
    browser.submit("enroll")
    return browser


def right_answers(page) -> dict[str, object]:
    """What answers the questions of a quiz page rightly, as somebody reading it would."""
    answers = {}
    for fieldset in page.all(".//fieldset[@data-question]"):
        key = fieldset.get("data-question")
        ticked = [
            label.find("input").get("value")
            for label in fieldset.iter("label")
            if label.find("input") is not None
            and "".join(label.find("span").itertext()).strip() in RIGHT[key]
        ]
        answers[key] = ticked or RIGHT[key][0]
    return answers


def choice(page, question: str, words: str) -> str:
    """The value of the choice with these words."""
    for label in page.one(f".//fieldset[@data-question='{question}']").iter("label"):
        if "".join(label.itertext()).strip().startswith(words):
            return label.find("input").get("value")
    raise AssertionError(f"{question} has no choice {words!r}")


def question_form(question: str) -> str:
    return f".//form[@id='form-{question}']"


def count(database, model) -> int:
    with database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(model))


# The whole way


def test_without_script_the_whole_way_from_catalogue_to_completion_works(browser, learner):
    browser.sign_in(learner)
    browser.get("/khoa-hoc")
    page = browser.follow("Khảo sát cơ sở công nghiệp nông thôn")
    assert "Đạt từ 50% điểm bài kiểm tra cuối khóa" in page
    page = browser.submit("enroll")
    assert page.heading == "Hỏi và ghi"
    page = browser.submit("finish-lesson")
    assert page.heading == "Giữ lời"
    page = browser.submit("finish-lesson")
    assert page.heading == "Bài kiểm tra cuối khóa"
    page = browser.submit("start-quiz")
    page = browser.submit("save-answer", right_answers(page))
    assert "Đã lưu 4 câu" in page
    page = browser.submit("submit-quiz")
    assert page.address == f"{QUIZ}/1"
    assert page.one(".//*[@data-score]").get("data-score") == "100.0"
    assert "Anh/chị đã hoàn thành khóa học" in page
    assert "Đã hoàn thành" in browser.get(ADDRESS)
    assert "Đã hoàn thành" in browser.get("/khoa-hoc")


# The catalogue


def test_a_visitor_sees_the_catalogue_and_a_course_and_is_asked_to_sign_in(browser, learner):
    browser.get("/khoa-hoc")
    page = browser.follow("Khảo sát cơ sở công nghiệp nông thôn")
    assert not page.has_action("enroll")
    assert "Học xong 2 bài" in page
    page = browser.follow("Đăng nhập để ghi danh")
    assert page.heading == "Đăng nhập"


@pytest.mark.parametrize("query", ["khao sat", "KHẢO SÁT", "nong thon", "tham quyen"])
def test_search_finds_with_and_without_marks_in_titles_and_lessons(browser, learner, query):
    browser.get("/khoa-hoc")
    page = browser.submit("search", q=query)
    assert "Khảo sát cơ sở công nghiệp nông thôn" in page


def test_a_search_without_a_result_says_what_to_do(browser, learner):
    page = browser.get("/khoa-hoc?q=khong+co+gi+ca")
    assert "Chưa thấy khóa học nào" in page
    assert browser.follow("Xem mọi khóa học").address == "/khoa-hoc"


@pytest.mark.parametrize(
    ("asked", "is_there"),
    [
        ({"theme": "extension-skills"}, True),
        ({"theme": "technology-transfer"}, False),
        ({"level": "foundation", "length": "short"}, True),
        ({"length": "long"}, False),
    ],
)
def test_facets_narrow_the_catalogue(browser, learner, asked, is_there):
    browser.get("/khoa-hoc")
    page = browser.submit("search", asked)
    assert ("Khảo sát cơ sở công nghiệp nông thôn" in page) == is_there


def test_an_unknown_facet_narrows_nothing(browser, learner):
    assert "Khảo sát cơ sở" in browser.get("/khoa-hoc?theme=la&level=x&length=9&tu=abc")


def test_a_long_catalogue_is_paged_and_costs_no_more_statements(browser, app, database):
    with database.unit_of_work():
        for number in range(30):
            a_course(f"Khóa {number:02}")
        learner = a_learner()
    browser.sign_in(learner)
    page = browser.get("/khoa-hoc?theme=extension-skills")
    assert len(page.all(".//article")) == 24
    page = browser.follow("Trang sau")
    assert len(page.all(".//article")) == 6
    assert "theme=extension-skills" in page.address
    assert len(browser.follow("Trang trước").all(".//article")) == 24


def test_the_catalogue_shows_how_far_one_is(enrolled):
    enrolled.submit("finish-lesson")
    page = enrolled.get("/khoa-hoc")
    assert [bar.get("value") for bar in page.all(".//main//progress")] == ["33"]


# A course


def test_what_completion_needs_is_shown_before_one_starts_and_shrinks_on_the_way(enrolled):
    page = enrolled.get(ADDRESS)
    assert "Còn 2 bài" in page
    assert "Chưa làm" in page
    enrolled.follow("Học tiếp")
    enrolled.submit("finish-lesson")
    assert "Còn 1 bài" in enrolled.get(ADDRESS)


def test_enrolling_by_a_double_press_enrolls_once(browser, learner, database):
    browser.sign_in(learner)
    browser.get(ADDRESS)
    form = {"uuid": new_uuid()}
    first = browser.post(f"{ADDRESS}/ghi-danh", form, follow=False, status=303)
    second = browser.post(f"{ADDRESS}/ghi-danh", form, follow=False, status=303)
    assert first.headers["Location"] == second.headers["Location"]
    assert count(database, Enrollment) == 1


def test_a_course_that_comes_first_is_named_and_enrolling_refused(browser, app, database):
    with database.unit_of_work():
        a_course("Nhập môn khuyến công", slug="nhap-mon")
        a_written_course(requires="[nhap-mon]")
        learner = a_learner()
    browser.sign_in(learner)
    page = browser.get(ADDRESS)
    assert "Nhập môn khuyến công" in page
    page = browser.submit("enroll", status=409)
    assert "Anh/chị cần hoàn thành trước: Nhập môn khuyến công" in page


def test_a_closed_course_can_be_read_but_not_joined(browser, app, database):
    with database.unit_of_work():
        a_written_course(closes_on="2026-11-22")
        learner = a_learner()
    browser.sign_in(learner)
    page = browser.get(ADDRESS)
    assert "ngừng nhận người học từ sau ngày 22/11/2026" in page
    assert not page.has_action("enroll")
    browser.post(f"{ADDRESS}/ghi-danh", status=409)
    browser.get(LESSON)


def test_an_old_review_is_told(browser, learner, time):
    assert "đã quá 6 tháng" not in browser.get(ADDRESS)
    time.passes(days=200)
    assert "đã quá 6 tháng" in browser.get(ADDRESS)


def test_a_new_version_is_offered_and_taken_by_pressing(enrolled, database):
    with database.unit_of_work():
        text = WRITTEN["course.yml"] + (
            'change: substantial\nwhat_changed: {vi: "Thêm mức chi mới."}\n'
        )
        a_published_course("khao-sat-co-so", {**WRITTEN, "course.yml": text})
    page = enrolled.get(ADDRESS)
    assert "Thêm mức chi mới." in page
    page = enrolled.submit("accept-version")
    assert not page.has_action("accept-version")


def test_going_on_leads_to_the_lesson_then_to_the_quiz(enrolled):
    assert enrolled.get(f"{ADDRESS}/tiep-tuc").address == LESSON
    enrolled.submit("finish-lesson")
    enrolled.submit("finish-lesson")
    assert enrolled.get(f"{ADDRESS}/tiep-tuc").address == QUIZ


def test_what_is_not_published_is_not_there(browser, learner):
    browser.sign_in(learner)
    for address in ("/khoa-hoc/khong-co", f"{ADDRESS}/bai/khong-co", f"{QUIZ}/1"):
        browser.get(address, status=404)


# A lesson


def test_a_lesson_asks_to_sign_in_and_leads_back(browser, learner):
    page = browser.get(LESSON)
    assert page.heading == "Đăng nhập"
    browser.submit("sign-in", name=learner.staff_code, password="trâu chậm uống nước đục")
    assert browser.page.address == LESSON


def test_who_is_not_enrolled_reads_but_cannot_answer_or_finish(browser, learner, database):
    browser.sign_in(learner)
    page = browser.get(LESSON)
    assert page.heading == "Hỏi và ghi"
    assert not page.has_action("answer")
    assert not page.has_action("finish-lesson")
    for act, form in (
        (f"{LESSON}/tra-loi", {"question": "hoi-so", "hoi-so": "15"}),
        (f"{LESSON}/xong", {}),
        (f"{QUIZ}/bat-dau", {}),
        (f"{QUIZ}/luu", {}),
        (f"{QUIZ}/nop", {}),
        (f"{ADDRESS}/phien-ban", {}),
    ):
        assert "chưa ghi danh" in browser.post(act, form, status=409)
    assert count(database, Enrollment) == 0
    assert "Ghi danh khóa học để làm bài kiểm tra" in browser.get(QUIZ)


@pytest.mark.parametrize("enroll", [False, True], ids=["reading", "enrolled"])
def test_no_right_answer_reaches_the_browser_before_one_answers(browser, learner, enroll):
    browser.sign_in(learner)
    browser.get(ADDRESS)
    if enroll:
        browser.submit("enroll")
    html = browser.get(LESSON).html
    assert [secret for secret in LESSON_SECRETS if secret in html] == []
    assert "is-right" not in html
    assert 'class="choice"' in html


def test_an_answer_brings_its_feedback_and_nothing_of_other_questions(enrolled):
    page = enrolled.get(LESSON)
    wrong = choice(page, "hoi-mot", "Hợp đồng")
    page = enrolled.submit("answer", within=question_form("hoi-mot"), **{"hoi-mot": wrong})
    assert page.one(".//*[@data-share]").get("data-share") == "0"
    assert "LOIGIAI-MOT" in page
    assert "PHANHOI-MOT" in page
    assert "LOIGIAI-SO" not in page.html
    assert "DAPAN" not in page.html
    page = enrolled.submit(
        "answer", within=question_form("hoi-mot"), **{"hoi-mot": choice(page, "hoi-mot", "Phiếu")}
    )
    assert page.one(".//*[@data-share]").get("data-share") == "100"


@pytest.mark.parametrize(
    ("question", "typed", "share"),
    [
        ("hoi-so", "15 người", "100"),
        ("hoi-so", "16", "0"),
        ("hoi-chu", "DAPAN phiếu Khảo sát", "100"),
    ],
)
def test_numbers_and_texts_are_answered_in_place(enrolled, question, typed, share):
    page = enrolled.submit("answer", within=question_form(question), **{question: typed})
    assert page.one(".//*[@data-share]").get("data-share") == share


def test_several_choices_earn_part_marks(enrolled):
    page = enrolled.get(LESSON)
    half = [choice(page, "hoi-nhieu", "Số lao động")]
    page = enrolled.submit("answer", within=question_form("hoi-nhieu"), **{"hoi-nhieu": half})
    assert page.one(".//*[@data-share]").get("data-share") == "50"


def test_a_number_that_cannot_be_read_says_so_and_gives_nothing_away(enrolled):
    page = enrolled.submit("answer", within=question_form("hoi-so"), **{"hoi-so": "mười lăm"})
    assert "Chưa đọc được câu trả lời" in page
    assert "LOIGIAI-SO" not in page.html


def test_an_empty_answer_is_asked_for_again_on_the_same_page(enrolled):
    page = enrolled.submit("answer", within=question_form("hoi-so"), status=422)
    assert page.errors() == ["Anh/chị chưa trả lời câu này."]
    assert "LOIGIAI-SO" not in page.html


def test_a_script_gets_only_the_form_it_sent(enrolled):
    answer = enrolled.client.post(
        f"{LESSON}/tra-loi",
        data={"uuid": new_uuid(), "question": "hoi-so", "hoi-so": "15"},
        headers={"X-Fragment": "form-hoi-so", "Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 200
    body = answer.get_data(as_text=True).strip()
    assert body.startswith('<form id="form-hoi-so"')
    assert body.count("<form") == 1
    assert "LOIGIAI-SO" in body


def test_a_plain_answer_leads_back_to_its_question(enrolled):
    sent = {"uuid": new_uuid(), "question": "hoi-so", "hoi-so": "15"}
    page = enrolled.post(f"{LESSON}/tra-loi", sent, follow=False, status=303)
    assert page.headers["Location"].endswith("#form-hoi-so")


def test_a_question_of_another_lesson_is_not_there(enrolled):
    sent = {"uuid": new_uuid(), "question": "hoi-so", "hoi-so": "15"}
    enrolled.post(f"{ADDRESS}/bai/giu-loi/tra-loi", sent, status=404)
    enrolled.post(f"{LESSON}/tra-loi", {**sent, "question": "ks-3", "ks-3": "12"}, status=404)


def test_progress_survives_a_repeat_and_a_second_tab(enrolled, database):
    sent = {"uuid": new_uuid()}
    enrolled.post(f"{LESSON}/xong", sent)
    enrolled.post(f"{LESSON}/xong", sent)
    enrolled.post(f"{LESSON}/xong", {"uuid": new_uuid()})
    assert "Đã xong 1/2 bài" in enrolled.get(LESSON)
    enrolled.post(f"{ADDRESS}/bai/khong-co/xong", {"uuid": new_uuid()}, status=404)


def test_the_old_address_of_a_renamed_lesson_leads_to_it(enrolled, database):
    with database.unit_of_work():
        files = {path: text for path, text in WRITTEN.items() if path != "02-giu-loi.md"}
        files["02-loi-hua.md"] = WRITTEN["02-giu-loi.md"].replace(
            "minutes: 20\n", "minutes: 20\nwas: giu-loi\n"
        )
        a_published_course("khao-sat-co-so", files)
    assert enrolled.get(f"{ADDRESS}/bai/giu-loi").address == f"{ADDRESS}/bai/loi-hua"


def test_a_lesson_reads_in_the_language_of_the_interface_where_it_is_translated(enrolled):
    enrolled.submit("switch-language")
    page = enrolled.get(LESSON)
    assert page.heading == "Asking and noting"
    assert "The survey form" in page
    assert "Xưởng có 12 người" in page
    page = enrolled.get(f"{ADDRESS}/bai/giu-loi")
    article = page.one(".//article")
    assert article.get("lang") == "vi"
    assert page.heading == "Giữ lời"
    assert article.findall(".//div[@lang='en']") != []


# The quiz


@pytest.fixture
def running(enrolled):
    """A browser of somebody whose attempt at the final quiz is running."""
    enrolled.get(QUIZ)
    enrolled.submit("start-quiz")
    return enrolled


def test_the_rules_stand_before_the_start(enrolled):
    page = enrolled.get(QUIZ)
    for sentence in ("từ 50%", "20 phút", "12 giờ", "Còn 3 lượt làm", "sau khi đạt hoặc hết lượt"):
        assert sentence in page


def test_a_running_quiz_holds_no_right_answer_and_is_not_kept_by_the_browser(running):
    page = running.get(QUIZ)
    assert len(page.all(".//fieldset[@data-question]")) == 4
    assert [secret for secret in BANK_SECRETS if secret in page.html] == []
    assert page.headers["Cache-Control"] == "no-store"


def test_a_failed_attempt_shows_its_score_and_no_right_answer(running):
    page = running.submit("submit-quiz")
    assert page.one(".//*[@data-score]").get("data-score") == "0.0"
    assert "Chưa đạt" in page
    assert "Lượt tiếp theo mở lúc 21:00 23/11/2026" in page
    assert page.all(".//fieldset[@data-question]") == []
    assert [secret for secret in BANK_SECRETS if secret in page.html] == []
    assert not page.has_action("start-quiz")
    assert "Lượt làm bài tiếp theo mở lúc" in running.post(f"{QUIZ}/bat-dau", status=409)


def test_a_passed_attempt_opens_the_review_of_all_attempts(running, time):
    running.submit("submit-quiz")
    time.passes(hours=13)
    running.get(QUIZ)
    page = running.submit("start-quiz")
    page = running.submit("submit-quiz", right_answers(page))
    assert page.address == f"{QUIZ}/2"
    assert all(secret in page.html for secret in ("PHANHOI-BANK", "LOIGIAI-BANK"))
    page = running.get(f"{QUIZ}/1")
    assert "Đáp án: DAPANBANK" in page


def test_the_last_attempt_opens_the_review_too(running, time):
    for _ in range(2):
        running.submit("submit-quiz")
        time.passes(hours=13)
        running.get(QUIZ)
        running.submit("start-quiz")
    page = running.submit("submit-quiz")
    assert "Anh/chị đã dùng hết số lượt" in page
    assert "LOIGIAI-BANK" in page.html


def test_a_course_may_never_show_right_answers(browser, app, database):
    with database.unit_of_work():
        a_written_course(review="never")
        learner = a_learner()
    browser.sign_in(learner)
    browser.get(ADDRESS)
    browser.submit("enroll")
    browser.get(QUIZ)
    page = browser.submit("start-quiz")
    page = browser.submit("submit-quiz", right_answers(page))
    assert page.one(".//*[@data-score]").get("data-score") == "100.0"
    assert [secret for secret in BANK_SECRETS if secret in page.html] == []


def test_answers_saved_one_by_one_are_there_after_a_reload(running):
    json = {"Accept": "application/json"}
    saved = [
        running.post(
            f"{QUIZ}/luu",
            {"uuid": new_uuid(), "question": key, key: value, "seq": 1, "device": "may-1"},
            headers=json,
        )
        for key, value in (("ks-3", "12"), ("ks-4", "dapanbank"))
    ]
    assert [answer.body.strip() for answer in saved] == [b'{"saved":1}', b'{"saved":2}']
    page = running.get(QUIZ)
    assert "Đã lưu 2 câu" in page
    assert page.one(".//input[@name='ks-3']").get("value") == "12"


def test_a_save_for_a_question_that_was_not_drawn_is_not_there(running):
    sent = {"uuid": new_uuid(), "question": "hoi-so", "hoi-so": "15"}
    running.post(f"{QUIZ}/luu", sent, headers={"Accept": "application/json"}, status=404)


def test_two_tabs_hold_one_attempt_and_one_result(running, database):
    running.post(f"{QUIZ}/bat-dau", {"uuid": new_uuid()})
    assert count(database, Attempt) == 1
    page = running.get(QUIZ)
    first = running.submit("submit-quiz", right_answers(page))
    again = running.post(f"{QUIZ}/nop", {"uuid": new_uuid(), "question": "ks-3", "ks-3": "1"})
    assert first.address == again.address == f"{QUIZ}/1"
    assert again.one(".//*[@data-score]").get("data-score") == "100.0"
    assert "Lượt làm bài này đã kết thúc" in running.post(
        f"{QUIZ}/luu", {"uuid": new_uuid(), "question": "ks-3", "ks-3": "1"}, status=409
    )


def test_an_overdue_attempt_reads_as_over_and_only_pressing_records_it(running, time, database):
    running.submit("save-answer", {"ks-3": "12"})
    time.passes(minutes=21)
    page = running.get(QUIZ)
    assert page.heading == "Đã hết giờ làm bài"
    with database.unit_of_work(write=False) as session:
        assert session.scalar(select(Attempt.closed_at)) is None
    page = running.submit("submit-quiz")
    assert page.one(".//*[@data-score]").get("data-score") == "25.0"
    assert "Hết giờ lúc 09:20 23/11/2026" in page


def test_a_save_after_the_time_is_refused(running, time):
    time.passes(minutes=21)
    sent = {"uuid": new_uuid(), "question": "ks-3", "ks-3": "12"}
    answer = running.post(f"{QUIZ}/luu", sent, headers={"Accept": "application/json"}, status=409)
    assert "đã kết thúc" in answer


def test_submitting_asks_the_database_as_little_for_many_questions_as_for_one(running, database):
    page = running.get(QUIZ)
    sent = {"uuid": new_uuid(), "question": list(right_answers(page)), **right_answers(page)}
    answer = running.post(f"{QUIZ}/nop", sent, follow=False, status=303)
    # Who is signed in, whether this form came before, the course, the attempt with its items;
    # the journal, the items, the attempt, the enrollment, the answer to this form. PostgreSQL
    # also locks the form's UUID and the attempt, and reads the items once more under the lock.
    assert len(answer.statements) <= (9 if database.is_sqlite else 12)


def test_the_statements_of_a_learners_pages_are_counted(running):
    asked = {
        QUIZ: 3,
        LESSON: 4,
        ADDRESS: 4,
        "/khoa-hoc": 3,
        "/khoa-hoc?q=khao+sat": 4,
        "/": 6,
    }
    for address in asked:
        running.get(address)  # what is published is read once
    assert {address: len(running.get(address).statements) for address in asked} == asked


def test_nobody_reads_the_attempt_of_another(running, another_browser, database):
    running.submit("submit-quiz")
    with database.unit_of_work():
        stranger = a_learner("Trần Văn Đức")
    other = another_browser()
    other.sign_in(stranger)
    other.get(f"{QUIZ}/1", status=404)
    other.get(ADDRESS)
    other.submit("enroll")
    other.get(f"{QUIZ}/1", status=404)
    other.post(f"{QUIZ}/nop", status=404)


def test_a_running_attempt_has_no_result_yet(running):
    running.get(f"{QUIZ}/1", status=404)


def test_passing_before_the_lessons_says_what_is_left(running, database):
    page = running.submit("submit-quiz", right_answers(running.get(QUIZ)))
    assert "Còn phải học xong các bài" in page
    assert count(database, Completion) == 0
    running.follow("Học tiếp")
    running.submit("finish-lesson")
    page = running.submit("finish-lesson")
    assert "Anh/chị đã hoàn thành khóa học." in page
    assert count(database, Completion) == 1
