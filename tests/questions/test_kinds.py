"""A question can be stored, and what a learner sees of it tells nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from app.questions import kinds
from tests.questions import asking
from tests.questions.asking import read


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_a_stored_question_is_the_question(kind: str):
    question = read(asking.ALL[kind])
    stored = json.loads(json.dumps(kinds.to_json(question)))
    assert kinds.from_json(stored) == question
    assert kinds.content_hash(kinds.from_json(stored)) == kinds.content_hash(question)


SECRETS = {
    "one": ["Đúng. Giá thiết bị", "Lời giải", "right", "feedback"],
    "multiple": ["right", "feedback"],
    "number": ["12", "tolerance", "value"],
    "text": ["sản xuất", "Đúng."],
    "blanks": ["khuyến công", "right", "answer"],
    "matching": ["pairs"],
    "order": [],
    "essay": [],
}


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_a_learner_sees_no_right_answer_and_no_feedback(kind: str):
    view = json.dumps(kinds.learner_view(read(asking.ALL[kind])), ensure_ascii=False)
    assert [secret for secret in SECRETS[kind] if secret in view] == []


def test_what_is_to_be_ordered_or_paired_comes_in_an_order_that_says_nothing():
    forward = read("Xếp\n1. một\n2. hai\n3. ba\n4. bốn")
    backward = read("Xếp\n1. bốn\n2. ba\n3. hai\n4. một")
    assert kinds.learner_view(forward)["steps"] == kinds.learner_view(backward)["steps"]


def test_a_choice_is_named_by_its_words_and_not_by_its_place():
    first = read("Hỏi?\n- [x] a\n- [ ] b")
    second = read("Hỏi?\n- [ ] b\n- [x] a")
    assert {c.text: c.key for c in first.choices} == {c.text: c.key for c in second.choices}


def test_the_hash_follows_what_is_asked_and_not_where_it_stands():
    question = read(asking.ONE)
    moved = replace(question, line=99)
    reworded = replace(question, prompt="Khoản nào cần báo giá?")
    assert kinds.content_hash(moved) == kinds.content_hash(question)
    assert kinds.content_hash(reworded) != kinds.content_hash(question)


def test_only_four_kinds_are_marked_today():
    marked = {kind for kind in kinds.KINDS if read(asking.ALL[kind]).is_marked}
    assert marked == {"one", "multiple", "number", "text"}


def test_texts_are_changed_but_not_what_is_compared():
    def shout(text: str, is_label: bool) -> str:
        return f"{'L' if is_label else 'B'}:{text}"

    text = read(asking.TEXT).map_texts(shout)
    assert text.prompt == "B:SXSH là gì?"
    assert [(t.text, t.feedback) for t in text.texts] == [
        ("sản xuất sạch hơn", "B:Đúng."),
        ("sản xuất sạch", ""),
    ]
    assert read(asking.ONE).map_texts(shout).choices[1].text == "L:Phụ cấp cộng tác viên"
