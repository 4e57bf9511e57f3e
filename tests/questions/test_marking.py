"""What a response earns."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.questions.kinds import Question
from app.questions.marking import Mark, NotMarked, Response, compared_text, mark, response_for
from tests.questions import asking
from tests.questions.asking import read


def ticked(question: Question, *texts: str) -> Mark:
    keys = tuple(choice.key for choice in question.choices if choice.text in texts)
    return mark(question, Response(choices=keys))


def typed(question: Question, text: str) -> Mark:
    return mark(question, Response(text=text))


def test_one_choice_is_all_or_nothing():
    question = read(asking.ONE)
    assert ticked(question, "Mua máy cắt CNC").share == 1
    assert ticked(question, "Phụ cấp cộng tác viên").share == 0
    assert ticked(question).share == 0
    assert ticked(question, "Mua máy cắt CNC", "Phụ cấp cộng tác viên").share == 0


@pytest.mark.parametrize(
    ("ticks", "share"),
    [
        (["Hỏi", "Ghi"], "1"),
        (["Hỏi"], "0.5"),
        (["Hỏi", "Đoán"], "0"),
        (["Hỏi", "Ghi", "Đoán"], "0.5"),
        (["Đoán", "Bịa"], "0"),
        (["Hỏi", "Ghi", "Đoán", "Bịa"], "0"),
        ([], "0"),
    ],
)
def test_several_choices_earn_parts_and_never_less_than_nothing(ticks: list[str], share: str):
    assert ticked(read(asking.SEVERAL), *ticks).share == Decimal(share)


def test_points_are_the_share_of_the_questions_points():
    question = read("    points: 3\n" + asking.SEVERAL)
    assert ticked(question, "Hỏi").points == Decimal("1.5")


def test_a_mark_says_of_every_choice_whether_it_was_ticked_and_right():
    question = read(asking.ONE)
    marks = ticked(question, "Phụ cấp cộng tác viên").choices
    assert [(m.is_chosen, m.is_right) for m in marks] == [
        (False, True),
        (True, False),
        (False, False),
    ]
    assert marks[0].feedback.startswith("Đúng.")


@pytest.mark.parametrize(
    "text",
    [
        "12,5",
        "12",
        "13",
        "12,4 triệu",
        "12,5 triệu đồng",
        "12.500.000 đồng",
        "12.500.000",
        "12,5tr",
        "12,5 TRIEU DONG",
        "0,0125 tỷ",
        "12,5 million dong",
    ],
)
def test_a_number_within_its_tolerance_is_right_with_or_without_its_unit(text: str):
    assert typed(read(asking.NUMBER), text).is_right, text


@pytest.mark.parametrize("text", ["13,1", "11,9", "125", "12,5 nghìn", "12,5 đồng", "-12,5", ""])
def test_a_number_outside_its_tolerance_is_wrong(text: str):
    marked = typed(read(asking.NUMBER), text)
    assert marked.share == 0
    assert marked.problem is None


@pytest.mark.parametrize("text", ["12.5", "mười hai", "12,5 %", "1,2,3"])
def test_what_is_no_number_of_that_unit_says_so(text: str):
    marked = typed(read(asking.NUMBER), text)
    assert marked.share == 0
    assert str(marked.problem)


def test_a_learner_may_write_two_hundred_million_in_words():
    question = read("Bao nhiêu?\n= 200.000.000 đồng")
    assert typed(question, "200 triệu").is_right
    assert typed(question, "0,2 tỷ đồng").is_right
    assert not typed(question, "200").is_right


def test_a_question_without_a_unit_takes_any():
    assert typed(read("Mấy bước?\n= 3"), "3 bước").is_right


@pytest.mark.parametrize(
    "text",
    [
        "sản xuất sạch hơn",
        "  Sản   XUẤT sạch hơn. ",
        "sản xuất sạchhơn",
        unicodedata.normalize("NFD", "sản xuất sạch hơn"),
        "sản xuất sạch",
    ],
)
def test_case_spacing_and_unicode_form_never_count(text: str):
    assert typed(read(asking.TEXT), text).is_right


def test_diacritics_count_unless_they_are_ignored():
    assert not typed(read(asking.TEXT), "san xuat sach hon").is_right
    ignoring = read("    diacritics: ignore\n" + asking.TEXT)
    assert typed(ignoring, "san xuat sach hon").is_right
    assert typed(ignoring, "sản xuất sạch hơn").is_right


@pytest.mark.parametrize(("one", "other"), [("hòa", "hoà"), ("khỏe", "khoẻ"), ("thủy", "thuỷ")])
def test_where_a_tone_stands_does_not_count(one: str, other: str):
    assert typed(read(f"Hỏi?\n= {one}"), other).is_right


def test_another_tone_is_another_word():
    assert not typed(read("Hỏi?\n= hòa"), "hóa").is_right


def test_the_feedback_of_the_wording_that_was_given_is_told():
    assert typed(read(asking.TEXT), "SẢN XUẤT SẠCH HƠN").feedback == "Đúng."
    assert typed(read(asking.TEXT), "sản xuất sạch").feedback == ""


@pytest.mark.parametrize("kind", ["blanks", "matching", "order", "essay"])
def test_other_kinds_are_not_marked(kind: str):
    with pytest.raises(NotMarked):
        mark(read(asking.ALL[kind]), Response(text="x"))


def test_a_response_keeps_only_what_the_question_offers():
    question = read(asking.ONE)
    key = question.choices[1].key
    assert response_for(question, [key, "bịa", key]) == Response(choices=(key,))
    assert response_for(read(asking.TEXT), ["a" * 900]).text == "a" * 500


@given(st.text(max_size=60), st.sampled_from([asking.NUMBER, asking.TEXT]))
def test_any_text_earns_between_nothing_and_all(text: str, question: str):
    marked = typed(read(question), text)
    assert 0 <= marked.share <= 1


@given(st.text(max_size=60), st.booleans())
def test_the_compared_form_is_the_same_for_both_unicode_forms(text: str, ignores: bool):
    forms = {
        compared_text(unicodedata.normalize(form, text), ignores_diacritics=ignores)
        for form in ("NFC", "NFD")
    }
    assert len(forms) == 1
