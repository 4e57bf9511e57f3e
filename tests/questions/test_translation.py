"""A translation lends its words; the source keeps ids, keys and marks."""

from __future__ import annotations

import pytest

from app.questions.kinds import Question
from app.questions.marking import Response, mark
from app.questions.translation import Mismatch, translated, with_answers_of
from tests.questions import asking
from tests.questions.asking import read

ENGLISH = "Choose two.\n\n- [x] Ask\n- [x] Note\n- [ ] Guess\n- [ ] Invent"


def in_english(source: Question, text: str) -> Question:
    return read(text, source=source)


def test_choices_pair_up_by_place_and_keep_the_sources_keys():
    source = read(asking.SEVERAL)
    both = translated(source, in_english(source, ENGLISH))
    assert [c.text for c in both.question.choices] == ["Ask", "Note", "Guess", "Invent"]
    assert [c.key for c in both.question.choices] == [c.key for c in source.choices]
    assert not both.disagrees


def test_where_marks_differ_the_source_marks_and_it_is_said():
    source = read(asking.SEVERAL)
    both = translated(source, in_english(source, ENGLISH.replace("- [x] Note", "- [ ] Note")))
    assert both.disagrees
    assert [c.right for c in both.question.choices] == [True, True, False, False]


@pytest.mark.parametrize("kind", ["one", "number", "text", "matching", "order", "blanks"])
def test_every_kind_can_be_translated(kind: str):
    source = read(asking.ALL[kind])
    body = asking.ALL[kind].replace("Dự toán là bao nhiêu?", "How much?")
    assert translated(source, in_english(source, body)).question.kind == kind


def test_answers_that_do_not_pair_up_are_no_translation():
    source = read(asking.SEVERAL)
    with pytest.raises(Mismatch):
        translated(source, in_english(source, "Choose.\n- [x] Ask\n- [ ] Note"))


def test_a_learner_may_answer_in_either_language():
    source = read(asking.TEXT)
    english = in_english(source, "What is CP?\n\n= cleaner production")
    marked = with_answers_of(source, [translated(source, english).question])
    assert mark(marked, Response(text="Cleaner Production")).is_right
    assert mark(marked, Response(text="sản xuất sạch hơn")).is_right


def test_a_unit_of_either_language_is_accepted():
    source = read(asking.NUMBER)
    english = in_english(source, "How much?\n\n= 12,5 ± 0,5 million dong")
    question = translated(source, english).question
    assert question.number is not None
    assert question.number.unit == "million dong"
    assert mark(question, Response(text="12,5 triệu đồng")).is_right
