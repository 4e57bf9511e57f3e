"""English is complete: every sentence of the source has its translation, with the same places."""

from __future__ import annotations

import ast
import re

from babel.messages.catalog import Message

from tests.house import sentences, tree

PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]")
MARKERS = {"_", "_l", "gettext", "lazy_gettext", "ngettext", "pgettext", "lazy_pgettext"}
VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9áàãéèíìóòõúùýÁÀÉÈÍÌÓÒÚÙÝ]")


def _sources() -> list[Message]:
    return [message for message in sentences.collected() if message.id]


def _texts(message: Message) -> list[str]:
    found = message.string if isinstance(message.string, tuple | list) else [message.string]
    return [str(text) for text in found]


def _ids(message: Message) -> list[str]:
    return list(message.id) if isinstance(message.id, tuple | list) else [message.id]


def _english(message: Message) -> Message | None:
    return sentences.english().get(_ids(message)[0], message.context)


def test_every_sentence_has_an_english_one():
    missing = [
        f"{message.locations[0][0]}:{message.locations[0][1]}: {_ids(message)[0]}"
        for message in _sources()
        if (found := _english(message)) is None or found.fuzzy or not all(_texts(found))
    ]
    assert missing == []


def test_translations_have_the_same_places_for_values():
    wrong = []
    for message in _sources():
        found = _english(message)
        if found is None or not all(_texts(found)):
            continue
        wanted = {place for text in _ids(message) for place in PLACE.findall(text)}
        for text in _texts(found):
            # "one course" may leave its number out; a place of its own it may not have.
            extra = set(PLACE.findall(text)) - wanted
            lost = wanted - set(PLACE.findall(text)) if len(_texts(found)) == 1 else set()
            if extra or lost:
                wrong.append(f"{_ids(message)[0]!r} → {text!r}")
    assert wrong == []


def test_no_translation_is_left_of_a_sentence_that_is_gone():
    alive = {(_ids(message)[0], message.context) for message in _sources()}
    assert [
        _ids(message)[0]
        for message in sentences.english()
        if message.id and (_ids(message)[0], message.context) not in alive
    ] == []


def test_every_marked_sentence_is_written_out_where_it_is_marked():
    """`_(text)` collects nothing: translators would never see the sentence."""
    wrong = []
    for path in tree.modules():
        if tree.room(path) == "kernel":
            continue  # it hands on what others marked
        for node in ast.walk(tree.parsed(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if called in MARKERS and not (
                    node.args
                    and isinstance(node.args[0], ast.Constant)
                    and isinstance(node.args[0].value, str)
                ):
                    wrong.append(f"{tree.name(path)}:{node.lineno}")
    for path in tree.templates():
        source = path.read_text("utf-8")
        for match in re.finditer(r"(?<![\w.])(_|gettext|pgettext)\(\s*(?![\"'\s])", source):
            wrong.append(f"{tree.name(path)}:{source.count(chr(10), 0, match.start()) + 1}")
    assert wrong == []


def test_views_and_forms_hold_no_vietnamese_outside_a_marker():
    """A sentence in a view or form that is not marked cannot be read in English."""
    wrong = []
    for path in tree.modules():
        if not re.search(r"/(views|forms)(\.py|/)", tree.name(path)):
            continue
        parsed = tree.parsed(path)
        marked = {
            id(inner)
            for node in ast.walk(parsed)
            if isinstance(node, ast.Call)
            and (getattr(node.func, "id", None) or getattr(node.func, "attr", None)) in MARKERS
            for inner in ast.walk(node)
        }
        documented = {
            id(node.body[0].value)
            for node in ast.walk(parsed)
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(parsed):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and VIETNAMESE.search(node.value)
                and id(node) not in marked | documented
            ):
                wrong.append(f"{tree.name(path)}:{node.lineno}: {node.value}")
    assert wrong == []
