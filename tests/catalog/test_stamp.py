"""Stamping writes `of:` into translations, and nothing else."""

from __future__ import annotations

from app.catalog.stamp import stamped, with_stamp
from tests.catalog.folders import LESSON, a_bundle, checked

ENGLISH = "---\ntitle: What a budget is\n---\n\nA budget.\n"
BANK = "/// question | du-toan-01\nAsk?\n\n- [x] Right\n- [ ] Wrong\n///\n"
CHANGES = {"01-du-toan.en.md": ENGLISH, "questions/du-toan.en.md": BANK}


def test_every_translation_gets_the_name_of_its_source():
    new = stamped(a_bundle(CHANGES))
    assert set(new) == set(CHANGES)
    codes = {p.code for p in checked({**CHANGES, **new}).problems}
    assert codes & {"translation-stale", "translation-unstamped"} == set()
    assert stamped(a_bundle({**CHANGES, **new})) == {}


def test_a_stamp_goes_stale_with_its_source_and_can_be_renewed():
    new = stamped(a_bundle(CHANGES))
    moved = {**CHANGES, **new, "01-du-toan.md": LESSON + "Thêm một câu.\n"}
    assert "translation-stale" in {p.code for p in checked(moved).problems}
    assert set(stamped(a_bundle(moved))) == {"01-du-toan.en.md"}


def test_only_the_stamp_changes():
    text = "---\ntitle: 'A: b'   # giữ\nof: cũ\nminutes: 5\n---\n\nThân\n"
    assert with_stamp(text, "mới") == text.replace("cũ", "mới")
    assert with_stamp("Thân\n", "x") == "---\nof: x\n---\n\nThân\n"
    assert with_stamp("---\r\ntitle: a\r\n---\r\nb", "x") == "---\r\ntitle: a\r\nof: x\r\n---\r\nb"


def test_a_rule_in_the_text_is_no_front_matter():
    assert with_stamp("---\nchỉ một gạch", "x").startswith("---\nof: x\n---\n\n---\n")
