"""What a page may know of a question: before it is answered nothing that gives it away."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal

import pytest

from app.learning import showing
from app.questions.kinds import Choice, NumberAnswer, Question, TextAnswer

ONE = Question(
    "mot",
    "one",
    "<p>Một?</p>",
    explanation="<p>LOIGIAI</p>",
    choices=(
        Choice("a", "An", True, "<p>NHANXET-A</p>"),
        Choice("b", "Bình", False, "<p>NHANXET-B</p>"),
        Choice("c", "Cam", False, "<p>NHANXET-C</p>"),
    ),
)
NUMBER = Question(
    "so",
    "number",
    "<p>Bao nhiêu?</p>",
    explanation="<p>LOIGIAI</p>",
    number=NumberAnswer(
        Decimal(12_500_000), Decimal(500_000), "triệu đồng", 10**6, ("dong",), "<p>NHANXET</p>"
    ),
)
TEXT = Question("chu", "text", "<p>Gì?</p>", texts=(TextAnswer("sản xuất sạch hơn"),))


@pytest.mark.parametrize("question", [ONE, NUMBER, TEXT], ids=lambda q: q.kind)
def test_a_question_to_answer_holds_no_right_answer_and_no_feedback(question):
    shown = str(asdict(showing.item_of(question)))
    for secret in ("NHANXET", "LOIGIAI", "right", "12500000", "12,5", "sản xuất"):
        assert secret not in shown


def test_choices_stand_in_the_order_of_the_attempt():
    assert [c.key for c in showing.item_of(ONE, ["c", "a", "b"]).choices] == ["c", "a", "b"]
    assert [c.key for c in showing.item_of(ONE).choices] == ["a", "b", "c"]


def test_a_wrong_choice_brings_its_own_feedback_and_the_right_ones():
    result = showing.result_of(ONE, ONE, ["b"])
    assert (result.share, result.is_right, result.right_keys) == (0, False, ("a",))
    assert set(result.choice_feedback) == {"a", "b"}
    assert result.explanation == "<p>LOIGIAI</p>"


@pytest.mark.parametrize(
    ("typed", "is_right", "told"),
    [("12,5", True, ""), ("12,9 triệu đồng", True, ""), ("14", False, "12,5 ± 0,5 triệu đồng")],
)
def test_a_number_is_told_as_people_write_it(typed, is_right, told):
    result = showing.result_of(NUMBER, NUMBER, [typed])
    assert (result.is_right, result.right_answer) == (is_right, told)


def test_what_cannot_be_read_as_a_number_gives_nothing_away():
    result = showing.result_of(NUMBER, NUMBER, ["mười hai"])
    assert result.problem is not None
    assert (result.right_answer, result.explanation, result.right_keys) == ("", "", None)


def test_the_first_accepted_text_is_the_one_told():
    assert showing.result_of(TEXT, TEXT, ["khác"]).right_answer == "sản xuất sạch hơn"
    assert showing.result_of(TEXT, TEXT, ["Sản xuất  sạch hơn."]).right_answer == ""


def test_a_translated_question_is_marked_by_its_source_and_told_in_the_readers_words():
    english = Question(
        "mot",
        "one",
        "<p>Which?</p>",
        explanation="<p>BECAUSE</p>",
        choices=(Choice("a", "Ann", True), Choice("b", "Bob", False), Choice("c", "Cy", False)),
    )
    content = {"vi": ONE, "en": english}
    asked = showing.asked(content, ["a"], "en", "vi")
    assert asked.item.choices[0].html == "Ann"
    assert asked.result is not None
    assert asked.result.is_right
    assert asked.result.explanation == "<p>BECAUSE</p>"


def test_a_question_without_a_translation_is_shown_in_its_own_language():
    assert showing.asked({"vi": ONE}, None, "en", "vi").item.prompt == "<p>Một?</p>"


@pytest.mark.parametrize(
    ("answer", "with_result", "state"),
    [
        (None, False, ""),
        (["a"], False, "answered"),
        (["a"], True, "right"),
        (["b"], True, "wrong"),
        (None, True, "wrong"),
    ],
)
def test_a_dot_says_where_a_question_stands(answer, with_result, state):
    asked = showing.quiz_question(
        {"vi": ONE}, answer, [], 1, language="vi", own="vi", with_result=with_result
    )
    assert asked.state == state


def test_a_lesson_keeps_the_order_of_text_and_questions():
    parts = showing.lesson_parts(
        [{"html": "<p>1</p>"}, {"question": "mot"}, {"question": "mat"}, {"html": "<p>2</p>"}],
        {"mot": {"vi": ONE}},
        {},
        language="vi",
        own="vi",
    )
    assert [part.html or part.asked.item.id for part in parts] == ["<p>1</p>", "mot", "<p>2</p>"]
